//! The workflow client: `POST /invoke/my-workflow` starts the workflow.

use std::process::ExitCode;

use client_kit::{Params, StartContext, WorkflowStart, clients, workflow_client};
use my_workflow::{Guests, WORKFLOW};

/// Greets guests.
#[workflow_client(name = "my-workflow", declaration = WORKFLOW)]
async fn invite(Params(guests): Params<Guests>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<invite>()
        .with_static_summary(format!("{} guests", guests.names.len()))
}

fn main() -> ExitCode {
    client_kit::main(clients![invite])
}

#[cfg(test)]
mod tests {
    use client_kit::testing::{App, TestServer, assert_compliant};
    use serde_json::{Value, json};

    use super::*;

    fn spec(params: Value) -> Value {
        json!({"workflowParams": {"activityParams": {"all-activities": params}}})
    }

    #[tokio::test]
    async fn the_parameters_reach_the_workflow() {
        let server = TestServer::new(clients![invite]);
        let params = json!({"names": "Ann, Ben", "polite": "true"});
        let answer = server.call("my-workflow", spec(params.clone())).await;
        answer.assert_started();
        let started = server.temporal().started().workflow_type(WORKFLOW.workflow);
        let started = started.task_queue(WORKFLOW.task_queue);
        started.with_params(params).once();
    }

    #[tokio::test]
    async fn nothing_starts_with_wrong_parameters() {
        let server = TestServer::new(clients![invite]);
        let answer = server
            .call("my-workflow", spec(json!({"polite": "very"})))
            .await;
        answer.assert_problem(422, "invalid_params");
        assert_eq!(answer.fault_paths().len(), 2);
        server.temporal().asked().none();
    }

    #[tokio::test]
    async fn the_client_meets_emcos_contract() {
        let app = App::from(clients![invite]).client("my-workflow");
        assert_compliant(app.spec(spec(json!({"names": "Ann"})))).await;
    }
}
