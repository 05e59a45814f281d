#![deny(missing_docs, unreachable_pub, warnings)]
//! Clients in modules.

/// Clients of others.
pub mod others {
    use client_kit::{StartContext, WorkflowStart, workflow_client};

    /// Is not there.
    #[workflow_client]
    #[cfg(any())]
    pub async fn absent(ctx: StartContext) -> WorkflowStart {
        ctx.start("Absent")
    }

    /// Is there.
    #[workflow_client]
    pub async fn present(ctx: StartContext) -> WorkflowStart {
        ctx.start("Present")
    }
}

fn main() {
    let _ = client_kit::clients![others::present,];
}
