//! A bridge with a workflow that waits at a gate, and what is seen of its answers.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use bridge_client::{Answer, Bridge, DigKey, Error, IntentKey, Settings};
use harness::{Process, Stack, StackOptions, python_with_temporalio};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for what Temporal and the bridge do by themselves, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(90);
/// The task queue of the worker, and the type of its workflow.
const QUEUE: &str = "gate";

pub(crate) struct Scene {
    pub(crate) bridge: Bridge,
    pub(crate) stack: Stack,
    _worker: Process,
    _directory: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let notify = directory.path().join("notify.toml");
        std::fs::write(&notify, "consumers = \"127.0.0.1\"\n").unwrap();
        let env = vec![
            ("BRIDGE_NOTIFY".into(), notify.into_os_string()),
            ("BRIDGE_ALARM_HOLD".into(), "0s".into()),
        ];
        let stack = StackOptions { env, ..StackOptions::default() }.start().await.unwrap();
        let worker = python_with_temporalio().unwrap();
        let worker = worker.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gate.py"));
        let worker = worker.args([stack.temporal.address(), QUEUE]).spawn().unwrap();
        let bridge = Bridge::new(&stack.bridge.url(), Settings::default()).unwrap();
        Self { bridge, stack, _worker: worker, _directory: directory }
    }

    /// An intent whose workflow waits at a gate. `name` is the workflow ID too.
    pub(crate) fn intent(&self, name: &str) -> Value {
        let mut intent = self.stack.sample_intent();
        intent["metadata"]["name"] = name.into();
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowClientName"] = "workflowclient".into();
        temporal["workflowStartOptions"] = json!({"ID": name, "TaskQueue": QUEUE});
        temporal["workflowParams"] = json!({"activityParams": {"all-activities": {"color": "red"}}});
        intent
    }
}

pub(crate) fn dig() -> DigKey {
    DigKey::new("proj1", "capp1", "v1", "dig1")
}

pub(crate) fn key(name: &str) -> IntentKey {
    dig().intent(name)
}

/// The operations that were called, and the document that describes their answers.
pub(crate) struct Seen {
    document: Value,
    pub(crate) called: BTreeSet<String>,
}

impl Seen {
    pub(crate) fn new(document: Value) -> Self {
        Self { document, called: BTreeSet::new() }
    }

    /// Takes the answer of an operation, and holds it against the document.
    #[track_caller]
    pub(crate) fn take<T: Debug>(&mut self, id: &str, answer: Result<Answer<T>, Error>) -> Answer<T> {
        let answer = answer.unwrap_or_else(|error| panic!("{id}: {error}: {error:?}"));
        let responses = &self.operation(id)["responses"];
        let response = &responses[answer.status.as_str()];
        assert!(response.is_object(), "{id}: {} is not in the document", answer.status);
        match response["content"].as_object() {
            None => assert_eq!(answer.text(), "", "{id}: {}", answer.status),
            Some(content) => {
                let media = answer.header("content-type").unwrap().split(';').next().unwrap();
                let schema = &content.get(media).unwrap_or_else(|| panic!("{id}: {media}"))["schema"];
                let value = match media.starts_with("text/") {
                    true => Value::String(answer.text().to_owned()),
                    false => serde_json::from_str(answer.text()).unwrap(),
                };
                self.fits(id, schema, &value);
            }
        }
        self.called.insert(id.to_owned());
        answer
    }

    fn operation(&self, id: &str) -> &Value {
        let items = self.document["paths"].as_object().unwrap().values();
        let mut operations = items.flat_map(|item| item.as_object().unwrap().values());
        operations.find(|operation| operation["operationId"] == id).unwrap_or_else(|| panic!("no {id}"))
    }

    #[track_caller]
    fn fits(&self, id: &str, schema: &Value, value: &Value) {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<_> =
            validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{id}: {faults:?}: {value}");
    }
}

/// Makes a call, and takes its answer.
macro_rules! call {
    ($seen:ident, $bridge:ident.$id:ident($($arg:expr),*) $(.$more:ident($($value:expr),*))*) => {
        $seen.take(stringify!($id), $bridge.$id($($arg),*)$(.$more($($value),*))*.await)
    };
}
pub(crate) use call;
