//! A thousand waits: few long polls, little memory, the right response for each.

use std::time::Duration;

use anyhow::{Context, Result};
use bridge_core::model::WorkflowRun;
use futures::future::{join_all, select_all};
use serde_json::{Value, json};

use super::LiveBridge;
use super::sockets::Call;
use crate::api::SOON;
use crate::temporal::Fixture;

/// The timeout of the run that is to time out: it starts when all other waits are open, and must outlast the
/// rest of the test.
const RUN_TIMEOUT: &str = "45s";
/// Time for opening a thousand waits, and ending their runs, on a busy machine.
const IN_THE_END: Duration = Duration::from_secs(120);
/// Time for the bridge to notice that a caller has left.
const AT_ONCE: Duration = Duration::from_secs(1);
const WAITS_PER_RUN: usize = 100;

/// How a run ends, and the response that its waiters get.
struct Course {
    run: WorkflowRun,
    ending: Ending,
}

#[derive(Clone, Copy, PartialEq)]
enum Ending {
    Complete,
    Fail,
    Cancel,
    Terminate,
    TimeOut,
    Again,
}

impl Course {
    async fn set(fixture: &Fixture, ending: Ending) -> Result<Self> {
        let run = match ending {
            Ending::TimeOut => {
                fixture.start_with("Gate", &Value::Null, &["--run-timeout", RUN_TIMEOUT]).await?
            }
            _ => fixture.closed_gate().await?,
        };
        Ok(Self { run, ending })
    }

    async fn run(&self, fixture: &Fixture) -> Result<()> {
        let id = ["-w", self.run.workflow_id.as_str()];
        match self.ending {
            Ending::Complete => fixture.open_gate(&self.run, &json!({"through": 1})).await,
            Ending::Fail => fixture.open_gate(&self.run, &json!("fail")).await,
            Ending::Cancel => {
                fixture.server.cli(&[&["workflow", "cancel"], &id[..]].concat()).await.map(drop)
            }
            Ending::Terminate => fixture
                .server
                .cli(&[&["workflow", "terminate", "--reason", "enough"], &id[..]].concat())
                .await
                .map(drop),
            Ending::TimeOut => Ok(()),
            Ending::Again => {
                fixture.open_gate(&self.run, &json!("again")).await?;
                super::next_run(fixture, &self.run).await;
                fixture.open_gate(&self.run, &json!("at last")).await
            }
        }
    }

    /// Returns the state, result and failure for the waiters.
    fn expected(&self) -> (&str, Value, Value) {
        let failure = |kind: &str, message: &str| json!({"message": message, "type": kind});
        match self.ending {
            Ending::Complete => ("Completed", json!({"through": 1}), Value::Null),
            Ending::Again => ("Completed", json!("at last"), Value::Null),
            Ending::Fail => ("Failed", Value::Null, failure("BrokenHinge", "the hinge broke")),
            Ending::Cancel => (
                "Canceled",
                Value::Null,
                failure("CanceledFailure", "the workflow was cancelled; no reason was given"),
            ),
            Ending::Terminate => ("Terminated", Value::Null, failure("TerminatedFailure", "enough")),
            Ending::TimeOut => {
                let message = "the workflow exceeded its run or execution timeout";
                ("TimedOut", Value::Null, failure("WorkflowTimeout", message))
            }
        }
    }

    /// Opens waits: half of them name the run, half only the workflow.
    async fn waits(&self, bridge: &LiveBridge) -> Vec<Call> {
        let latest = super::run_of(&self.run, "");
        join_all((0..WAITS_PER_RUN).map(|wait| {
            let run = if wait % 2 == 0 { &self.run } else { &latest };
            let path = LiveBridge::path(run, "waitForResult=true&timeout=280");
            async move { Call::get(bridge.port, &path, &[]).await }
        }))
        .await
    }
}

/// Waits until all calls for so many runs are open. None of them may end before.
async fn all_wait(bridge: &LiveBridge, waits: &mut [(Course, Vec<Call>)], runs: f64) {
    let calls = waits.iter_mut().flat_map(|(_, calls)| calls);
    let ended = select_all(calls.map(|call| Box::pin(call.ended())));
    let open = [("bridge_open_waits", runs * WAITS_PER_RUN as f64), ("bridge_long_polls", runs)];
    tokio::select! {
        (answer, ..) = ended => panic!("a wait has ended: {answer:?}"),
        () = bridge.stands(IN_THE_END, &open) => {}
    }
}

#[tokio::test]
async fn a_thousand_waits_on_ten_runs_share_ten_long_polls() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let mut courses = Vec::new();
    for ending in [Ending::Complete, Ending::Fail, Ending::Cancel, Ending::Terminate] {
        courses.extend([Course::set(&fixture, ending).await?, Course::set(&fixture, ending).await?]);
    }
    courses.push(Course::set(&fixture, Ending::Again).await?);
    let left = Course::set(&fixture, Ending::Complete).await?;

    // A first wait, so that connections and metrics exist before memory is measured.
    let first =
        Call::get(bridge.port, &LiveBridge::path(&left.run, "waitForResult=true&timeout=60"), &[]).await;
    bridge.stands(SOON, &[("bridge_open_waits", 1.0), ("bridge_long_polls", 1.0)]).await;
    drop(first);
    bridge.stands(AT_ONCE, &[("bridge_open_waits", 0.0), ("bridge_long_polls", 0.0)]).await;

    let before = bridge.resident_kib();
    let mut waits = Vec::new();
    for course in courses {
        let calls = course.waits(&bridge).await;
        waits.push((course, calls));
    }
    all_wait(&bridge, &mut waits, 9.0).await;
    let last = Course::set(&fixture, Ending::TimeOut).await?;
    let calls = last.waits(&bridge).await;
    waits.push((last, calls));
    all_wait(&bridge, &mut waits, 10.0).await;
    let kib = (bridge.resident_kib().saturating_sub(before)) as f64 / 1000.0;
    eprintln!("one open wait takes {kib:.1} KiB");
    assert!(kib < 64.0, "one open wait takes {kib} KiB");

    // Callers that leave end their long poll, and do not affect the others.
    let leaving = left.waits(&bridge).await;
    bridge.stands(IN_THE_END, &[("bridge_open_waits", 1100.0), ("bridge_long_polls", 11.0)]).await;
    drop(leaving);
    bridge.stands(AT_ONCE, &[("bridge_open_waits", 1000.0), ("bridge_long_polls", 10.0)]).await;

    for (course, _) in &waits {
        course.run(&fixture).await?;
    }
    for (course, calls) in waits {
        let (state, result, failure) = course.expected();
        let answers = tokio::time::timeout(IN_THE_END, join_all(calls.into_iter().map(Call::answer)));
        for (code, answer) in answers.await.with_context(|| format!("{state} reached no waiter"))? {
            assert_eq!(code, 200, "{answer}");
            assert_eq!(answer["workflowState"], state, "{answer}");
            assert_eq!(answer["workflowResult"], result, "{answer}");
            assert_eq!(answer["workflowFailure"], failure, "{answer}");
            // If a run continued as new, the response has the last run.
            let same = answer["runID"] == course.run.run_id.as_str();
            assert_eq!(same, course.ending != Ending::Again, "{answer}");
        }
    }
    bridge.stands(SOON, &[("bridge_open_waits", 0.0), ("bridge_long_polls", 0.0)]).await;
    Ok(())
}
