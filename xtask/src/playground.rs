//! What the pages of the demo show: two deployment intent groups on three clusters, a running evacuation, a relocation
//! that failed and its alarm, a schedule, and roles to log in as.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use harness::{SAMPLE_INTENT, Stack, StackOptions, call, free_port};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use crate::migration::hold;
use crate::progress::Progress;

const EMCO: &str = include_str!("playground/emco.yaml");
const RIGHTS: &str = include_str!("playground/rights.toml");
/// The names to log in as. Each is its token as well: only this machine can use them.
pub(crate) const ROLES: [&str; 3] = ["author", "operator", "administrator"];

const DIG2: &str = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig2";
/// The clusters where nothing gets ready from now on.
const HELD: [&str; 2] = ["provider2/cluster2", "provider3/cluster3"];

/// The files of the playground. They are removed with it.
pub(crate) struct Playground {
    folder: TempDir,
}

impl Playground {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir().context("cannot make a folder for the playground")? })
    }

    /// Sets what the playground needs beside the other options.
    pub(crate) fn options(&self, options: StackOptions) -> Result<StackOptions> {
        let port = free_port();
        let token = |name| format!("{name}:{}\n", hex::encode(Sha256::digest(name)));
        let key = BASE64_STANDARD.encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat());
        let env: [(&str, OsString); 6] = [
            ("BRIDGE_PUBLIC_URL", format!("http://127.0.0.1:{port}").into()),
            ("BRIDGE_BEARER_TOKENS", self.write("tokens", &ROLES.map(token).concat())?),
            ("BRIDGE_SESSION_KEYS", self.write("session-keys", &key)?),
            ("BRIDGE_RIGHTS", self.write("rights.toml", RIGHTS)?),
            ("BRIDGE_ANONYMOUS_NETWORKS", "127.0.0.0/8".into()),
            ("BRIDGE_ALARM_HOLD", "0s".into()),
        ];
        Ok(StackOptions {
            env: env.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            load: vec![self.write("emco.yaml", EMCO)?],
            bridge_port: Some(port),
            ..options
        })
    }

    fn write(&self, name: &str, text: &str) -> Result<OsString> {
        let file = self.folder.path().join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file.into())
    }
}

/// Makes what there is to see.
pub(crate) async fn furnish(stack: &Stack, progress: &mut Progress) -> Result<()> {
    let bridge = stack.bridge.url();
    let of_dig2 = format!("{bridge}{DIG2}/temporal-workflow-intents");
    let rule = format!("{bridge}/v2/projects/proj1/workflow-rules/failed");
    put(&rule, &failed_rule()).await?;
    for cluster in HELD {
        hold(stack, cluster, None).await?;
    }

    let relocate = intent(
        stack,
        ("relocate-collectd", "relocate_workflowclient", "Moves collectd to cluster3 without downtime"),
        &[
            ("compositeApp", "capp1"),
            ("compositeAppVersion", "v1"),
            ("deploymentIntentGroup", "dig2"),
            ("app", "collectd"),
            ("targetClusterProvider", "provider3"),
            ("targetClusterName", "cluster3"),
            ("readyTimeout", "3s"),
        ],
    );
    put(&format!("{of_dig2}/relocate-collectd"), &relocate).await?;
    start(&format!("{of_dig2}/relocate-collectd")).await?;
    let status = format!("{of_dig2}/relocate-collectd/status?waitForResult=true");
    call(Method::GET, &status, &Value::Null, StatusCode::OK).await?;
    progress.done("a relocation failed: nothing gets ready on provider3/cluster3");

    let evacuate = intent(
        stack,
        (
            "evacuate-cluster1",
            "evacuate_workflowclient",
            "Moves everything away from cluster1, group by group",
        ),
        &[
            ("sourceClusterProvider", "provider1"),
            ("sourceClusterName", "cluster1"),
            ("targetClusterProvider", "provider2"),
            ("targetClusterName", "cluster2"),
            ("readyTimeout", "24h"),
        ],
    );
    put(&format!("{of_dig2}/evacuate-cluster1"), &evacuate).await?;
    start(&format!("{of_dig2}/evacuate-cluster1")).await?;
    progress.done("an evacuation runs: nothing gets ready on provider2/cluster2 either, so it waits");

    let schedule = format!("{}/{SAMPLE_INTENT}/schedules/nightly", stack.intents_url());
    put(&schedule, &nightly()).await?;
    progress.done("a schedule starts the migration at night");
    Ok(())
}

/// Returns an intent of one of the sample's workflow clients: name, client and description.
fn intent(stack: &Stack, (name, client, description): (&str, &str, &str), params: &[(&str, &str)]) -> Value {
    let mut intent = stack.sample_intent();
    intent["metadata"] = json!({"name": name, "description": description});
    let temporal = &mut intent["spec"]["temporal"];
    temporal["workflowClientName"] = json!(client);
    temporal["workflowStartOptions"]["id"] = json!(name);
    let mut all = json!({"emcoURL": stack.emco.url(), "project": "proj1"});
    for (name, value) in params {
        all[*name] = json!(value);
    }
    temporal["workflowParams"]["activityParams"]["all-activities"] = all;
    intent
}

fn failed_rule() -> Value {
    json!({
        "metadata": {"name": "failed", "description": "A workflow has failed"},
        "spec": {
            "when": {"state": ["Failed"]},
            "every": "10s",
            "then": [{"alarm": {"probableCause": "workflowFailed", "severity": "MAJOR", "text": "A workflow has failed"}}],
        },
    })
}

fn nightly() -> Value {
    json!({
        "metadata": {"name": "nightly", "description": "Moves the app when few people use it"},
        "spec": {"crons": ["30 2 * * *"], "timeZone": "Europe/Berlin", "overlap": "Skip"},
    })
}

async fn put(url: &str, document: &Value) -> Result<()> {
    call(Method::PUT, url, document, StatusCode::CREATED).await.map(drop)
}

async fn start(intent: &str) -> Result<()> {
    call(Method::POST, &format!("{intent}/start"), &json!({}), StatusCode::NO_CONTENT).await.map(drop)
}
