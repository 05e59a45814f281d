//! EMCO's sample migration, driven through the bridge as emcoctl drives it, and what came of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::{SAMPLE_INTENT, SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, Stack, http, placements};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::progress::Progress;

const MIGRATED_WITHIN: Duration = Duration::from_secs(120);
const POLL_EVERY: Duration = Duration::from_millis(100);

/// Apps and the clusters they run on, as `provider/cluster`.
type Placements = BTreeMap<String, Vec<String>>;

/// How the sample migration went.
#[derive(Debug)]
pub(crate) struct Migration {
    run_id: String,
    state: String,
    from: Placements,
    to: Placements,
    seconds: f64,
}

impl Migration {
    /// Whether every app is where the intent wants it.
    pub(crate) fn moved(&self) -> bool {
        self.state == "Completed" && !self.to.is_empty() && arrived(&self.to)
    }

    /// The object of DESIGN §6.
    pub(crate) fn to_json(&self) -> Value {
        let apps: Vec<Value> = self
            .to
            .iter()
            .map(|(app, to)| json!({"app": app, "from": self.from.get(app), "to": to}))
            .collect();
        json!({
            "intent": SAMPLE_INTENT,
            "workflowID": SAMPLE_WORKFLOW_ID,
            "runID": self.run_id,
            "state": self.state,
            "apps": apps,
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        })
    }
}

/// Registers the sample intent, starts it and follows it to its end.
pub(crate) async fn migrate(stack: &Stack, progress: &mut Progress) -> Result<Migration> {
    let from = placements(&stack.dig_status().await?);
    ensure!(!from.is_empty(), "EMCO's stand-in knows no app to move");
    progress.done(format!("EMCO has {}", shown(&from)));

    let started = Instant::now();
    let intents = stack.intents_url();
    let intent = format!("{intents}/{SAMPLE_INTENT}");
    send(Method::POST, &intents, &stack.sample_intent(), StatusCode::CREATED).await?;
    progress.done(format!("registered the workflow intent {SAMPLE_INTENT}"));
    // The body that emcoctl sends where a document has none (EMCO-API §5.6).
    let nothing = json!({"metadata": {"name": ""}});
    send(Method::POST, &format!("{intent}/start"), &nothing, StatusCode::NO_CONTENT).await?;
    progress.done(format!("started it as workflow {SAMPLE_WORKFLOW_ID}"));

    let (run_id, state) = follow_workflow(stack, &intent, progress).await?;
    confirm(stack, &run_id, &state).await?;
    progress.done(format!("workflow {state}, as Temporal's own command line says of run {run_id}"));
    let to = if state == "Completed" {
        follow_apps(stack, progress).await?
    } else {
        placements(&stack.dig_status().await?)
    };
    progress.done(format!("EMCO has {}", shown(&to)));
    Ok(Migration { run_id, state, from, to, seconds: started.elapsed().as_secs_f64() })
}

/// Asks the bridge until the run has ended; shows the activity that it is in.
async fn follow_workflow(stack: &Stack, intent: &str, progress: &mut Progress) -> Result<(String, String)> {
    let server = stack.temporal.address();
    let url =
        format!("{intent}/status?runDescribeWfExec=true&queryType=current-state&temporalServer={server}");
    let deadline = Instant::now() + MIGRATED_WITHIN;
    loop {
        let status = send(Method::GET, &url, &Value::Null, StatusCode::OK).await;
        let text = |key: &str| status.as_ref().ok().and_then(|status| status[key].as_str());
        match (text("workflowState"), text("runID")) {
            (Some("Running"), _) => {
                progress.doing(format!("workflow Running: {}", text("workflowQueryResult").unwrap_or("…")));
            }
            (Some(state), Some(run_id)) => return Ok((run_id.to_owned(), state.to_owned())),
            // Just started: the worker may not answer the query yet. The deadline tells that from a fault.
            _ => progress.doing("the workflow does not answer yet"),
        }
        if Instant::now() > deadline {
            bail!("the workflow has not ended within {MIGRATED_WITHIN:?}; the bridge last said: {status:?}");
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Holds what the bridge said of the run against Temporal's own command line.
async fn confirm(stack: &Stack, run_id: &str, state: &str) -> Result<()> {
    let args = ["workflow", "describe", "--workflow-id", SAMPLE_WORKFLOW_ID, "--run-id", run_id];
    let described = stack.temporal.cli(&args).await?;
    let status = described["workflowExecutionInfo"]["status"].as_str().unwrap_or_default();
    let word = status.trim_start_matches("WORKFLOW_EXECUTION_STATUS_").replace('_', "");
    ensure!(
        word.eq_ignore_ascii_case(state),
        "the bridge says {state} of run {run_id}, Temporal says {status}"
    );
    Ok(())
}

/// Asks EMCO until every app is ready on the target, or time is up.
async fn follow_apps(stack: &Stack, progress: &mut Progress) -> Result<Placements> {
    let deadline = Instant::now() + MIGRATED_WITHIN;
    loop {
        let status = stack.dig_status().await?;
        let apps = placements(&status);
        let readiness = status["readyStatus"].as_str().unwrap_or("no readiness");
        if (readiness == "Ready" && arrived(&apps)) || Instant::now() > deadline {
            return Ok(apps);
        }
        progress.doing(format!("EMCO says {readiness}: {}", shown(&apps)));
        tokio::time::sleep(POLL_EVERY).await;
    }
}

fn arrived(apps: &Placements) -> bool {
    apps.values().all(|clusters| clusters == &[SAMPLE_TARGET])
}

fn shown(apps: &Placements) -> String {
    let app = |(app, clusters): (&String, &Vec<String>)| format!("{app} on {}", clusters.join(", "));
    apps.iter().map(app).collect::<Vec<_>>().join("; ")
}

/// One request to the bridge; any other status than `expected` is an error with the bridge's words.
async fn send(method: Method, url: &str, body: &Value, expected: StatusCode) -> Result<Value> {
    let mut request = http().request(method.clone(), url);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await.with_context(|| format!("{method} {url}"))?;
    let (status, bytes) = (answer.status(), answer.bytes().await?);
    ensure!(status == expected, "{method} {url}: {status}: {}", String::from_utf8_lossy(&bytes));
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(cluster: &str) -> Placements {
        Placements::from([("collectd".to_owned(), vec![cluster.to_owned()])])
    }

    fn migration(state: &str, to: Placements) -> Migration {
        let run_id = "01a2".to_owned();
        Migration { run_id, state: state.to_owned(), from: on("provider1/cluster1"), to, seconds: 1.23456 }
    }

    #[test]
    fn only_a_completed_workflow_with_its_apps_on_the_target_has_moved_them() {
        assert!(migration("Completed", on("provider2/cluster2")).moved());
        assert!(!migration("Failed", on("provider2/cluster2")).moved());
        assert!(!migration("Completed", on("provider1/cluster1")).moved());
        assert!(!migration("Completed", Placements::new()).moved());
    }

    #[test]
    fn the_outcome_is_one_object_in_a_fixed_order() {
        let text = migration("Completed", on("provider2/cluster2")).to_json().to_string();
        let expected = concat!(
            r#"{"intent":"dig1-workflow-intent","workflowID":"migrate-apps-1","runID":"01a2","state":"Completed","#,
            r#""apps":[{"app":"collectd","from":["provider1/cluster1"],"to":["provider2/cluster2"]}],"seconds":1.235}"#,
        );
        assert_eq!(text, expected);
    }
}
