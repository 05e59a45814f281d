//! A cluster nears its limit: the shipped rule raises an alarm and moves a wave away, once.

use anyhow::{Result, ensure};
use harness::{Stack, StackOptions, eventually, placements};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{SOON, get, intent_url, post, send};

const RULE: &str = include_str!("../../docs/samples/rules/cluster-near-limit.json");

/// Returns the shipped rule, with times for a test.
fn rule() -> Result<Value> {
    let mut rule: Value = serde_json::from_str(RULE)?;
    rule["spec"]["when"]["all"][0]["runningFor"] = json!("1s");
    for (name, time) in [("for", "1s"), ("clearFor", "1s"), ("every", "10s")] {
        rule["spec"][name] = json!(time);
    }
    Ok(rule)
}

/// Returns an intent of one of the sample's workflow clients, with these parameters.
fn intent(stack: &Stack, name: &str, client: &str, params: &[(&str, &str)]) -> Value {
    let mut intent = stack.sample_intent();
    intent["metadata"]["name"] = json!(name);
    let temporal = &mut intent["spec"]["temporal"];
    temporal["workflowClientName"] = json!(client);
    temporal["workflowStartOptions"]["id"] = json!(name);
    let mut all = json!({"emcoURL": stack.emco.url()});
    for (name, value) in params {
        all[*name] = json!(value);
    }
    temporal["workflowParams"]["activityParams"]["all-activities"] = all;
    intent
}

#[tokio::test]
async fn a_cluster_near_its_limit_is_relieved_by_one_wave() -> Result<()> {
    let at_once = vec![("BRIDGE_ALARM_HOLD".into(), "0s".into())];
    let stack = StackOptions { env: at_once, ..StackOptions::default() }.start().await?;
    let watched = [("clusterProvider", "provider1"), ("clusterName", "cluster1")];
    let capacity = [&watched[..], &[("limit", "1"), ("interval", "1s")]].concat();
    let capacity = intent(&stack, "capacity-cluster1", "capacity_workflowclient", &capacity);
    let wave = [
        ("project", "proj1"),
        ("sourceClusterProvider", "provider1"),
        ("sourceClusterName", "cluster1"),
        ("targetClusterProvider", "provider2"),
        ("targetClusterName", "cluster2"),
        ("maxGroups", "1"),
    ];
    let wave = intent(&stack, "evacuate-wave", "evacuate_workflowclient", &wave);
    for intent in [&capacity, &wave] {
        post(&stack.intents_url(), intent).await?.expect(201)?;
    }
    let url = format!("{}/v2/projects/proj1/workflow-rules/cluster-near-limit", stack.bridge.url());
    send(Method::PUT, &url, rule()?.to_string()).await?.expect(201)?;
    post(&intent_url(&stack, "capacity-cluster1", "/start"), &json!({})).await?.expect(204)?;

    // Six looks of the rule, and an evacuation.
    let decided = eventually(SOON * 3, "the wave has brought the cluster below its limit", async || {
        let decisions = get(&format!("{url}/decisions")).await?.expect(200)?.body;
        ensure!(decisions[0]["state"] == "Cleared", "{decisions}");
        Ok(decisions)
    })
    .await;
    let states: Vec<_> =
        decided[0]["actions"].as_array().into_iter().flatten().map(|one| &one["state"]).collect();
    ensure!(states == ["Done", "Done"], "{decided}");
    let apps = placements(&stack.dig_status().await?);
    ensure!(apps.values().all(|clusters| *clusters == ["provider2/cluster2"]), "{apps:?}");
    let runs = get(&intent_url(&stack, "evacuate-wave", "/runs")).await?.expect(200)?.body;
    ensure!(runs.as_array().is_some_and(|runs| runs.len() == 1), "{runs}");
    ensure!(runs[0]["startedBy"] == "rule/proj1/cluster-near-limit", "{runs}");
    let alarms =
        get(&format!("{}/v2/alarms?probableCause=capacityLow", stack.bridge.url())).await?.expect(200)?;
    ensure!(alarms.body[0]["perceivedSeverity"] == "CLEARED", "{}", alarms.body);
    ensure!(alarms.body[0]["additionalText"] == "The cluster is nearly full", "{}", alarms.body);
    post(&intent_url(&stack, "capacity-cluster1", "/cancel"), &json!({})).await?.expect(204)?;
    stack.stop().await
}
