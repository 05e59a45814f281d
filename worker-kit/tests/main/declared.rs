//! The registration of a workflow that has a declaration.

use schemars::JsonSchema;
use serde::Deserialize;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    SyncWorkflowContext, WorkerOptions, WorkflowContext, WorkflowContextView, WorkflowResult,
};
use worker_kit::{Argument, Declaration, Message, NamedActivity, SignalArgument, register};

const GREET: &str = "Greet";
const STOP: &str = "stop";
const RENAME: &str = "rename";
const NAME: &str = "name";

const HELLO: Declaration = Declaration::new("Hello", "HELLO_Q")
    .with_activities(&[GREET])
    .with_signals(&[Message::of::<Stop>(STOP)])
    .with_updates(&[Message::new(RENAME, &[Argument::of::<String>()])])
    .with_queries(&[Message::any(NAME)]);

#[derive(Deserialize, JsonSchema)]
struct Stop {
    reason: String,
}

struct Greetings;

#[activities]
impl Greetings {
    #[activity(name = GREET)]
    async fn greet(_ctx: ActivityContext, name: String) -> Result<String, ActivityError> {
        Ok(name)
    }
}

#[workflow]
#[derive(Default)]
struct Hello {
    name: String,
}

#[workflow_methods]
impl Hello {
    #[run(name = HELLO.workflow)]
    async fn run(_ctx: &mut WorkflowContext<Self>, _input: RawValue) -> WorkflowResult<()> {
        Ok(())
    }

    #[signal(name = STOP)]
    fn stop(&mut self, _ctx: &mut SyncWorkflowContext<Self>, argument: SignalArgument<Stop>) {
        self.name = argument.into_result().map_or_else(|_| String::new(), |stop| stop.reason);
    }

    #[update(name = RENAME)]
    fn rename(&mut self, _ctx: &mut SyncWorkflowContext<Self>, name: String) {
        self.name = name;
    }

    #[query(name = NAME)]
    fn name_now(&self, _ctx: &WorkflowContextView) -> String {
        self.name.clone()
    }
}

fn with_activities() -> WorkerOptions {
    let mut worker = WorkerOptions::new("q").build();
    worker.register_activities(Greetings);
    worker
}

#[test]
fn a_workflow_as_declared_is_registered_once() {
    let mut worker = with_activities();
    register::<Hello>(&mut worker, &HELLO).unwrap();
    let types: Vec<_> =
        worker.workflows().workflow_definitions().map(|it| it.workflow_type.clone()).collect();
    assert_eq!(types, ["Hello"]);
    assert_eq!(Greetings::greet.activity_name(), GREET);
    register::<Hello>(&mut worker, &HELLO).unwrap_err();
}

#[test]
fn every_difference_from_the_declaration_is_named() {
    const OTHER: Declaration = Declaration::new("Hallo", "HELLO_Q")
        .with_activities(&[GREET, "Gre"])
        .with_signals(&[Message::new("halt", &[])])
        .with_queries(&[Message::any(NAME), Message::any("state")]);
    let mut worker = with_activities();
    let text = register::<Hello>(&mut worker, &OTHER).unwrap_err().to_string();
    assert_eq!(
        text,
        "workflow `Hallo` differs from its declaration: its type is `Hello`; it has no signal `halt`; \
         its signal `stop` is not declared; its update `rename` is not declared; it has no query `state`; \
         activity `Gre` is not registered (register the activities before the workflow)"
    );
    assert!(worker.workflows().is_empty());
}

#[test]
fn declared_activities_must_be_registered_before() {
    let text = register::<Hello>(&mut WorkerOptions::new("q").build(), &HELLO).unwrap_err().to_string();
    assert!(text.contains("activity `Greet` is not registered"), "{text}");
}
