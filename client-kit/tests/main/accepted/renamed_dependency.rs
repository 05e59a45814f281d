//! The crate under another name, as a dependency may have it.

#![deny(warnings)]

mod elsewhere {
    pub(super) use client_kit as kit;
}

use elsewhere::kit;

#[kit::workflow_client(crate = kit)]
async fn by_path(ctx: kit::StartContext) -> kit::WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

#[kit::workflow_client(crate = "super::renamed_dependency::elsewhere::kit")]
async fn by_text(ctx: kit::StartContext) -> kit::WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

#[test]
fn the_crate_may_have_another_name() {
    assert_eq!(kit::clients![by_path, by_text].map(|client| client.name()), ["by_path", "by_text"]);
}
