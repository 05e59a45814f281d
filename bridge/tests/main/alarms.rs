//! Alarms, over HTTP and to receivers that misbehave.

mod alertmanager;
mod deliveries;
mod follow;
mod list;
mod own;
pub(crate) mod receiver;
mod standard;
mod subscriptions;

use bridge_core::model::{AlarmId, AlarmObject, ProbableCause, Raised};
use bridge_core::{Alarms, App};
use harness::http;
use jiff::SignedDuration;
use reqwest::{Method, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::api::{Api, ScriptedEngine, sample_dig};

/// A bridge with targets, whose callers may do everything.
struct Scene {
    api: Api,
    alarms: Alarms,
    files: TempDir,
}

impl Scene {
    /// Starts it with this file of targets.
    async fn new(targets: &str) -> Self {
        Self::with(targets, &[]).await
    }

    async fn with(targets: &str, flags: &[&str]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = files.path().join("notify.toml");
        std::fs::write(&file, targets).unwrap();
        let mut all = vec!["--notify", file.to_str().unwrap()];
        all.extend(flags);
        if !flags.contains(&"--alarm-hold") {
            all.extend(["--alarm-hold", "0s"]);
        }
        let api = Api::on_engine_with(ScriptedEngine::default(), &all).await;
        let alarms = App::new(api.parts()).alarms;
        Self { api, alarms, files }
    }

    async fn raise(&self, intent: &str) -> AlarmId {
        self.alarms.raise(&about(intent)).await.unwrap()
    }

    async fn clear(&self, intent: &str) {
        let Raised { object, cause, .. } = about(intent);
        self.alarms.clear(&object, cause, "", None).await.unwrap();
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        let request = http().request(method, format!("{}{path}", self.api.url()));
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

/// Returns a condition of an intent in the sample's group.
fn about(intent: &str) -> Raised {
    let object = AlarmObject::intent(&sample_dig().intent(intent));
    Raised::new(object, ProbableCause::WorkflowFailed, "The workflow has failed")
}

/// Replaces the values at these pointers by what they are.
fn redacted(mut value: Value, pointers: &[&str]) -> Value {
    for pointer in pointers {
        let what = pointer.rsplit('/').next().unwrap_or_default();
        *value.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = format!("({what})").into();
    }
    value
}

/// At once.
const NOW: Option<SignedDuration> = Some(SignedDuration::ZERO);
