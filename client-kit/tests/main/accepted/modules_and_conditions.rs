//! Clients in modules, and with `#[cfg]`, which also applies to the generated items.

#![deny(unreachable_pub, warnings)]

mod others {
    use client_kit::{StartContext, WorkflowStart, workflow_client};

    #[workflow_client]
    #[cfg(any())]
    pub(super) async fn absent(ctx: StartContext) -> WorkflowStart {
        ctx.start("Absent")
    }

    #[workflow_client]
    pub(super) async fn present(ctx: StartContext) -> WorkflowStart {
        ctx.start("Present")
    }
}

#[test]
fn clients_are_listed_by_path() {
    assert_eq!(client_kit::clients![others::present,].map(|client| client.name()), ["present"]);
}
