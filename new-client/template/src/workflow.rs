//! The workflow, and the activity that does its work.

use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult};
use worker_kit::{ActivityPlan, Params, Progress, Steps, heartbeating};

use crate::Guests;

/// The work outside the workflow. It may fail, be retried, and run twice.
pub struct Activities;

#[activities]
impl Activities {
    /// Greets one guest.
    #[activity(name = "Greet")]
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
        let failure = ApplicationFailure::builder("a guest has no name")
            .type_name("NoName".to_owned())
            .non_retryable(true)
            .build();
        return Err(ActivityError::application(failure));
    }
    let more = if polite { " How do you do?" } else { "" };
    Ok(format!("Hello, {name}!{more}"))
}

/// Greets the guests one after the other.
#[workflow]
#[derive(Default)]
pub struct MyWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl MyWorkflow {
    #[run(name = crate::WORKFLOW)]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<Vec<String>> {
        let params = worker_kit::params(&input)?;
        let (plan, Params(guests)) = worker_kit::both(
            ActivityPlan::new(&params, &["Greet"]),
            Params::<Guests>::for_all(&params),
        )?;

        let polite = guests.polite.unwrap_or_default();
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress);
        let steps = steps.of(guests.names.len());
        let greet_all = async |steps: &Steps<Self>| {
            let mut greetings = Vec::new();
            for name in guests.names {
                greetings.push(steps.run(Activities::greet, (name, polite)).await?);
            }
            Ok(greetings)
        };
        steps.finish(greet_all).await
    }

    /// Returns `started`, then the activity, then `completed`. EMCO uses this query.
    #[query(name = "current-state")]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Returns the current step, the number of steps, and the time since when.
    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use worker_kit::testing::{TestActivity, TestWorker};

    use super::*;
    use crate::WORKFLOW;

    async fn worker() -> TestWorker {
        let started = TestWorker::start(|worker| {
            worker.register_workflow::<MyWorkflow>()?;
            worker.register_activities(Activities);
            Ok(())
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
        let run = worker.run(WORKFLOW, guests("Ann, Ben")).await.unwrap();
        let result = run.result().await.unwrap();
        assert_eq!(result, json!(["Hello, Ann!", "Hello, Ben!"]));
        assert_eq!(run.query("progress").await.unwrap()["of"], 2);
    }

    #[tokio::test]
    async fn a_guest_without_a_name_fails_the_workflow() {
        let worker = worker().await;
        let nobody = guests(r#"["Ann", ""]"#);
        let run = worker.run(WORKFLOW, nobody).await.unwrap();
        let failure = run.failure().await.unwrap();
        let caused_by = |kind| failure.chain().any(|failure| failure.kind == kind);
        assert!(caused_by("NoName"), "{failure:?}");
    }
}
