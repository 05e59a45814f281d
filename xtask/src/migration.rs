//! EMCO's sample migration and the relocation of its app, driven through the bridge as emcoctl does, and their outcome.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{SAMPLE_INTENT, SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, Stack, call, placements};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::progress::Progress;

const MIGRATED_WITHIN: Duration = Duration::from_secs(120);
const POLL_EVERY: Duration = Duration::from_millis(100);

/// Apps and the clusters they run on, as `provider/cluster`.
type Placements = BTreeMap<String, Vec<String>>;

/// A workflow intent, and the cluster that it moves apps to.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// The intent, as it is registered.
    intent: Value,
    name: &'static str,
    workflow_id: &'static str,
    /// The target cluster, as `provider/cluster`.
    pub(crate) target: &'static str,
}

impl Act {
    /// EMCO's own sample intent, which moves every app to its target.
    pub(crate) fn migration(stack: &Stack) -> Self {
        let intent = stack.sample_intent();
        Self { intent, name: SAMPLE_INTENT, workflow_id: SAMPLE_WORKFLOW_ID, target: SAMPLE_TARGET }
    }

    /// An intent that moves the sample app to `target`, without downtime.
    pub(crate) fn relocation(stack: &Stack, target: &'static str, ready_timeout: &str) -> Self {
        let (name, workflow_id) = ("dig1-relocate-intent", "relocate-collectd-1");
        let mut intent = stack.sample_intent();
        intent["metadata"]["name"] = json!(name);
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowClientName"] = json!("relocate_workflowclient");
        temporal["workflowStartOptions"]["id"] = json!(workflow_id);
        let params = &mut temporal["workflowParams"]["activityParams"]["all-activities"];
        let (provider, cluster) = target.split_once('/').unwrap_or_default();
        params["app"] = json!("collectd");
        params["targetClusterProvider"] = json!(provider);
        params["targetClusterName"] = json!(cluster);
        params["readyTimeout"] = json!(ready_timeout);
        Self { intent, name, workflow_id, target }
    }
}

/// The outcome of an act.
#[derive(Debug)]
pub(crate) struct Migration {
    act: Act,
    run_id: String,
    state: String,
    from: Placements,
    to: Placements,
    /// Why the workflow failed, if it did.
    failure: String,
    seconds: f64,
}

impl Migration {
    /// Reports whether every app is on the target cluster.
    pub(crate) fn moved(&self) -> bool {
        self.state == "Completed" && !self.to.is_empty() && arrived(&self.to, self.act.target)
    }

    /// Reports whether the workflow failed after it had taken everything back.
    pub(crate) fn rolled_back(&self) -> bool {
        let undone = self.failure.contains("undone: ") && !self.failure.contains("could not be undone");
        self.state == "Failed" && self.to == self.from && undone
    }

    /// Returns the object that `demo --json` prints.
    pub(crate) fn to_json(&self) -> Value {
        let app = |(app, to)| json!({"app": app, "from": self.from.get(app), "to": to});
        json!({
            "intent": self.act.name,
            "workflowID": self.act.workflow_id,
            "runID": self.run_id,
            "state": self.state,
            "apps": self.to.iter().map(app).collect::<Vec<_>>(),
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        })
    }
}

/// Registers the intent, starts it and follows it to its end.
pub(crate) async fn perform(stack: &Stack, act: Act, progress: &mut Progress) -> Result<Migration> {
    let from = placements(&stack.dig_status().await?);
    ensure!(!from.is_empty(), "EMCO's stand-in knows no app to move");
    progress.done(format!("EMCO has {}", shown(&from)));

    let started = Instant::now();
    let intents = stack.intents_url();
    let intent = format!("{intents}/{}", act.name);
    call(Method::POST, &intents, &act.intent, StatusCode::CREATED).await?;
    progress.done(format!("registered the workflow intent {}", act.name));
    // The body that emcoctl sends for a document without one (EMCO-API §5.6).
    let nothing = json!({"metadata": {"name": ""}});
    call(Method::POST, &format!("{intent}/start"), &nothing, StatusCode::NO_CONTENT).await?;
    progress.done(format!("started it as workflow {}", act.workflow_id));

    let (run_id, state) = follow_workflow(stack, &intent, progress).await?;
    let described = ["workflow", "describe", "--workflow-id", act.workflow_id, "--run-id", &run_id];
    let described = stack.temporal.cli(&described).await?;
    let status = described["workflowExecutionInfo"]["status"].as_str().unwrap_or_default();
    let same = status.trim_start_matches("WORKFLOW_EXECUTION_STATUS_").eq_ignore_ascii_case(&state);
    ensure!(same, "the bridge reports {state} for run {run_id}, Temporal reports {status}");
    progress.done(format!("workflow {state}; Temporal's own command line reports the same of run {run_id}"));
    // The failure is only in responses to callers that wait for the result.
    let ended = format!("{intent}/status?waitForResult=true&temporalServer={}", stack.temporal.address());
    let ended = call(Method::GET, &ended, &Value::Null, StatusCode::OK).await?;
    let failure = ended["workflowFailure"]["message"].as_str().unwrap_or_default().to_owned();
    if !failure.is_empty() {
        progress.done(format!("its failure: {failure}"));
    }
    let to = if state == "Completed" {
        follow_apps(stack, act.target, progress).await?
    } else {
        placements(&stack.dig_status().await?)
    };
    progress.done(format!("EMCO has {}", shown(&to)));
    Ok(Migration { act, run_id, state, from, to, failure, seconds: started.elapsed().as_secs_f64() })
}

/// Polls the bridge until the run has closed, and returns run ID and state. Meanwhile it shows the current
/// activity, and where EMCO has the apps.
async fn follow_workflow(stack: &Stack, intent: &str, progress: &mut Progress) -> Result<(String, String)> {
    let server = stack.temporal.address();
    let url =
        format!("{intent}/status?runDescribeWfExec=true&queryType=current-state&temporalServer={server}");
    let deadline = Instant::now() + MIGRATED_WITHIN;
    loop {
        let status = call(Method::GET, &url, &Value::Null, StatusCode::OK).await;
        let text = |key: &str| status.as_ref().ok().and_then(|status| status[key].as_str());
        match (text("workflowState"), text("runID")) {
            (Some("Running"), _) => {
                let activity = text("workflowQueryResult").unwrap_or("…");
                let apps = placements(&stack.dig_status().await?);
                progress.doing(format!("workflow Running: {activity}; EMCO has {}", shown(&apps)));
            }
            (Some(state), Some(run_id)) => return Ok((run_id.to_owned(), state.to_owned())),
            // The worker may not answer the query yet; if it never does, the deadline passes.
            _ => progress.doing("the workflow does not answer yet"),
        }
        ensure!(
            Instant::now() < deadline,
            "the workflow has not ended within {MIGRATED_WITHIN:?}; the last response of the bridge: {status:?}"
        );
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Polls EMCO until every app is ready on the target, or the deadline has passed.
async fn follow_apps(stack: &Stack, target: &str, progress: &mut Progress) -> Result<Placements> {
    let deadline = Instant::now() + MIGRATED_WITHIN;
    loop {
        let status = stack.dig_status().await?;
        let apps = placements(&status);
        let readiness = status["readyStatus"].as_str().unwrap_or("no readiness");
        if (readiness == "Ready" && arrived(&apps, target)) || Instant::now() > deadline {
            return Ok(apps);
        }
        progress.doing(format!("EMCO reports {readiness}: {}", shown(&apps)));
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Keeps the apps of a cluster from getting ready, for this time or without end.
pub(crate) async fn hold(stack: &Stack, cluster: &str, time: Option<&str>) -> Result<()> {
    let time = time.map(|time| format!("?for={time}")).unwrap_or_default();
    let url = format!("{}/stand-in/holds/{cluster}{time}", stack.emco.url());
    call(Method::PUT, &url, &Value::Null, StatusCode::NO_CONTENT).await.map(drop)
}

fn arrived(apps: &Placements, target: &str) -> bool {
    apps.values().all(|clusters| clusters == &[target])
}

fn shown(apps: &Placements) -> String {
    let app = |(app, clusters): (&String, &Vec<String>)| format!("{app} on {}", clusters.join(", "));
    apps.iter().map(app).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(cluster: &str) -> Placements {
        Placements::from([("collectd".to_owned(), vec![cluster.to_owned()])])
    }

    fn migration(state: &str, to: Placements) -> Migration {
        Migration {
            act: Act {
                intent: Value::Null,
                name: SAMPLE_INTENT,
                workflow_id: SAMPLE_WORKFLOW_ID,
                target: SAMPLE_TARGET,
            },
            run_id: "01a2".to_owned(),
            state: state.to_owned(),
            from: on("provider1/cluster1"),
            to,
            failure: String::new(),
            seconds: 1.23456,
        }
    }

    #[test]
    fn apps_have_moved_if_completed_and_on_the_target() {
        assert!(migration("Completed", on("provider2/cluster2")).moved());
        assert!(!migration("Failed", on("provider2/cluster2")).moved());
        assert!(!migration("Completed", on("provider1/cluster1")).moved());
        assert!(!migration("Completed", Placements::new()).moved());
    }

    #[test]
    fn a_failure_has_rolled_back_if_it_says_so_and_apps_are_back() {
        let failed = |to: &str, failure: &str| {
            let failure = failure.to_owned();
            Migration { failure, ..migration("Failed", on(to)) }.rolled_back()
        };
        assert!(failed("provider1/cluster1", "not ready; undone: app intents (a), deployment (b)"));
        assert!(!failed("provider2/cluster2", "not ready; undone: app intents (a), deployment (b)"));
        assert!(!failed(
            "provider1/cluster1",
            "undone: app intents (a); could not be undone: deployment (b)"
        ));
        assert!(!failed("provider1/cluster1", "not ready"));
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
