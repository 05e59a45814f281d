#![no_implicit_prelude]
#![deny(warnings)]

#[::client_kit::workflow_client]
async fn migrate(ctx: ::client_kit::StartContext) -> ::client_kit::WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {
    let _ = ::client_kit::clients![migrate];
}
