//! Generated code uses full paths, and does not collide with names of the author.

#![no_implicit_prelude]
#![deny(warnings)]

use ::client_kit::{ClientError, Params, StartContext, WorkflowStart};

// Outside, because `JsonSchema` cannot be derived without a prelude.
use super::arguments::Migration;

/// Names with which the generated code must not collide.
#[expect(dead_code, reason = "they only stand here")]
mod in_the_way {
    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) fn argument() {}
}
#[expect(unused_imports, reason = "they only stand here")]
use in_the_way::{Option, Result, argument};

/// Starts it.
#[::client_kit::workflow_client(
    workflow = "EmcoMigrateWorkflow",
    task_queue = "Q",
    activity(call = "doDIGUpdate")
)]
async fn migrate(
    outcome: Params<Migration>,
    call: Params<Migration>,
    visible: StartContext,
) -> ::core::result::Result<WorkflowStart, ClientError> {
    ::core::result::Result::Ok(
        visible.start_of::<migrate>().with_input((&outcome.application, &call.application)),
    )
}

#[::client_kit::workflow_client]
async fn alone(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

#[::core::prelude::v1::test]
fn nothing_is_taken_from_a_prelude() {
    ::core::assert_eq!(::client_kit::clients![migrate, alone].len(), 2);
}
