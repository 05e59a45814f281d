//! The workflow, and the activity that does its work.

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};
use worker_kit::{
    ActivityPlan, CURRENT_STATE, PROGRESS, Params, Progress, SignalArgument, Steps, heartbeating,
    non_retryable,
};

use crate::{GREET, Guests, STOP, Stop, WORKFLOW};

/// The work outside the workflow. It may fail, be retried, and run twice.
pub struct Activities;

#[activities]
impl Activities {
    /// Greets one guest.
    #[activity(name = GREET)]
    pub async fn greet(
        ctx: ActivityContext,
        name: String,
        polite: bool,
    ) -> Result<String, ActivityError> {
        heartbeating(&ctx, greeting(&name, polite)).await
    }
}

async fn greeting(name: &str, polite: bool) -> Result<String, ActivityError> {
    if name.is_empty() {
        // Retrying does not give it a name.
        return Err(non_retryable("NoName", "a guest has no name").into());
    }
    let more = if polite { " How do you do?" } else { "" };
    Ok(format!("Hello, {name}!{more}"))
}

/// Greets the guests one after the other.
#[workflow]
#[derive(Default)]
pub struct MyWorkflow {
    progress: Progress,
    stopped: Option<Stop>,
}

#[workflow_methods]
impl MyWorkflow {
    #[run(name = WORKFLOW.workflow)]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<Vec<String>> {
        let params = worker_kit::params(&input)?;
        let (plan, Params(guests)) = worker_kit::both(
            ActivityPlan::new(&params, &[&Activities::greet]),
            Params::<Guests>::for_all(&params),
        )?;

        let polite = guests.polite.unwrap_or_default();
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress);
        let steps = steps.of(guests.names.len());
        let ctx = ctx.clone();
        let greet_all = async |steps: &Steps<Self>| {
            let mut greetings = Vec::new();
            for name in guests.names {
                if ctx.state(|workflow| workflow.stopped.is_some()) {
                    break;
                }
                greetings.push(steps.run(Activities::greet, (name, polite)).await?);
            }
            Ok(greetings)
        };
        steps.finish(greet_all).await
    }

    /// Greets no more guests. An argument that is no [`Stop`] is logged, and shown in the progress.
    #[signal(name = STOP)]
    pub fn stop(&mut self, ctx: &mut SyncWorkflowContext<Self>, argument: SignalArgument<Stop>) {
        if let Some(stop) = self.progress.received(ctx, STOP, argument) {
            self.stopped = Some(stop);
        }
    }

    /// Returns `started`, then the activity, then `completed`. EMCO uses this query.
    #[query(name = CURRENT_STATE)]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Returns the current step, the number of steps, and the time since when.
    #[query(name = PROGRESS)]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use worker_kit::testing::{TestActivity, TestWorker};

    use super::*;

    async fn worker() -> TestWorker {
        let started = TestWorker::start(|worker| {
            worker.register_activities(Activities);
            worker_kit::register::<MyWorkflow>(worker, &WORKFLOW)
        });
        started.await.unwrap()
    }

    fn guests(names: &str) -> Value {
        json!({"activityParams": {"all-activities": {"names": names}}})
    }

    #[tokio::test]
    async fn a_polite_greeting_has_a_question() {
        let (activity, ann) = (TestActivity::of(Activities), "Ann".to_owned());
        let greeting = activity.run(Activities::greet, (ann, true)).await;
        assert_eq!(greeting.unwrap(), "Hello, Ann! How do you do?");
    }

    #[tokio::test]
    async fn every_guest_is_greeted_in_turn() {
        let worker = worker().await;
        let run = worker
            .run(WORKFLOW.workflow, guests("Ann, Ben"))
            .await
            .unwrap();
        let result = run.result().await.unwrap();
        assert_eq!(result, json!(["Hello, Ann!", "Hello, Ben!"]));
        assert_eq!(run.query(PROGRESS).await.unwrap()["of"], 2);
    }

    #[tokio::test]
    async fn no_more_guests_are_greeted_after_a_stop() {
        let worker = worker().await;
        let many = guests(&vec!["Ann"; 500].join(","));
        let run = worker.run(WORKFLOW.workflow, many).await.unwrap();
        run.signal(STOP, json!("no reason")).await.unwrap();
        let refused = &run.query(PROGRESS).await.unwrap()["refusedSignal"];
        assert_eq!(refused["faults"][0]["message"], "must be a JSON object");
        let late = json!({"reason": "it is late"});
        run.signal(STOP, late).await.unwrap();
        let greetings = run.result().await.unwrap();
        assert!(greetings.as_array().unwrap().len() < 500);
    }

    #[tokio::test]
    async fn a_guest_without_a_name_fails_the_workflow() {
        let worker = worker().await;
        let nobody = guests(r#"["Ann", ""]"#);
        let run = worker.run(WORKFLOW.workflow, nobody).await.unwrap();
        let failure = run.failure().await.unwrap();
        let caused_by = |kind| failure.chain().any(|failure| failure.kind == kind);
        assert!(caused_by("NoName"), "{failure:?}");
    }
}
