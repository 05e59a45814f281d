//! What is generated names everything in full.

#![no_implicit_prelude]
#![deny(warnings)]

#[::client_kit::workflow_client]
async fn migrate(ctx: ::client_kit::StartContext) -> ::client_kit::WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

#[::core::prelude::v1::test]
fn nothing_is_taken_from_a_prelude() {
    ::core::assert_eq!(::client_kit::clients![migrate].len(), 1);
}
