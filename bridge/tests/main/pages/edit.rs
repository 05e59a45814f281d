//! The pages that write an intent.

use client_kit::{Params, StartContext, WorkflowStart, workflow_client};
use harness::SAMPLE_INTENT;
use sample_params::MigrateParams;
use serde_json::{Value, json};

use super::{ODD, Scene};
use crate::api::sample_key;

/// A client that describes its parameters.
#[workflow_client(name = "typed")]
pub(super) async fn typed(_: Params<MigrateParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start("Obedient")
}

impl Scene {
    /// Fills the field with this label.
    async fn enter(&self, label: &str, text: &str) {
        let find = format!(
            "const label = [...document.querySelectorAll('label')].find(label => label.innerText.trim() === {});
            const field = document.getElementById(label.htmlFor);
            field.value = {};
            return field.value",
            json!(label),
            json!(text)
        );
        assert_eq!(self.browser.script(&find).await.unwrap(), text, "{label}");
    }

    async fn press(&self, what: &str) {
        self.click(&format!("button[value={what}]")).await;
    }

    /// Returns the faults that are beside fields, with the labels of these.
    async fn faults(&self) -> Value {
        let faults = "
            return [...document.querySelectorAll('.fault')].map(fault =>
                fault.closest('.field').querySelector('label').innerText.trim() + ': ' + fault.innerText)";
        self.browser.script(faults).await.unwrap()
    }

    /// Fills the fields of a new intent, except those of its parameters.
    async fn describe(&self, name: &str) {
        let (port, queue) = (self.client.port.to_string(), "MIGRATION_TASK_Q");
        let fields = [
            ("Project", "proj1"),
            ("Composite app", "capp1"),
            ("Version of the composite app", "v1"),
            ("Deployment intent group", "dig1"),
            ("Name", name),
            ("Host of the workflow client", "127.0.0.1"),
            ("Port of the workflow client", &port),
            ("Name of the workflow client", "typed"),
            ("Task queue", queue),
            ("Workflow ID", "edited-{{run}}"),
        ];
        for (label, text) in fields {
            self.enter(label, text).await;
        }
    }

    /// Returns the document of an intent, to the letter.
    async fn kept(&self, name: &str) -> String {
        let key = sample_key().dig.intent(name);
        let kept = self.api.parts().store.latest_revision(&key).await.unwrap().unwrap();
        serde_json::to_string(&*kept.intent.unwrap()).unwrap()
    }

    async fn kept_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.kept(name).await).unwrap()
    }
}

#[tokio::test]
async fn an_intent_is_written_by_the_form_that_its_client_describes() {
    let scene = Scene::new("Obedient").await;
    scene.open("/ui/intents").await;
    scene.click(".head .actions a[href='/ui/new-intent']").await;
    scene.describe("by-form").await;
    scene.enter("Port of the workflow client", "many").await;
    scene.press("check").await;
    scene.shows("some fields cannot be read").await;
    let faults = scene.faults().await.to_string();
    assert!(faults.contains("Port of the workflow client: is not a number"), "{faults}");

    scene.enter("Port of the workflow client", &scene.client.port.to_string()).await;
    scene.press("check").await;
    // The client describes its parameters, and what is missing is beside them.
    scene.shows("The URL of EMCO's orchestrator").await;
    let faults = scene.faults().await.to_string();
    assert!(faults.contains("targetClusterName (required): is missing"), "{faults}");
    let values = [
        ("emcoURL", "http://emco"),
        ("project", "proj1"),
        ("compositeApp", "capp1"),
        ("compositeAppVersion", "v1"),
        ("deploymentIntentGroup", "dig1"),
        ("targetClusterProvider", "provider1"),
        ("targetClusterName", "cluster2"),
    ];
    for (name, value) in values {
        scene.enter(&format!("{name} (required)"), value).await;
    }
    scene.enter("dryRun", "true").await;
    scene.press("check").await;
    scene.shows("Nothing was saved.").await;
    assert_eq!(scene.faults().await, json!([]));
    scene.press("save").await;
    scene.shows("The intent was saved.").await;
    let kept = scene.kept_json("by-form").await;
    let params = &kept["spec"]["temporal"]["workflowParams"]["activityParams"]["all-activities"];
    let mut expected: serde_json::Map<_, _> =
        values.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    expected.insert("dryRun".to_owned(), json!("true"));
    assert_eq!(*params, Value::Object(expected));
}

#[tokio::test]
async fn a_form_keeps_what_it_does_not_show() {
    let scene = Scene::new("Obedient").await;
    let mut intent = scene.intent("Obedient");
    intent["metadata"]["description"] = json!("one\ntwo");
    intent["spec"]["temporal"]["workflowParams"]["activityParams"]["all-activities"][ODD] = json!("a\nb");
    intent["spec"]["temporal"]["workflowStartOptions"]["Memo"] = json!({"big": 9007199254740992_i64});
    scene.put(intent).await;
    let before = scene.kept(SAMPLE_INTENT).await;
    scene.open_intent("").await;
    scene.click(".head .actions a[href$='/edit']").await;
    scene.enter("Timeout of each run", "1h").await;
    scene.press("save").await;
    scene.shows("The intent was saved.").await;
    let expected = before.replace("\"WorkflowRunTimeout\":0", "\"WorkflowRunTimeout\":3600000000000");
    assert!(before.contains("9007199254740992") && before != expected, "{before}");
    assert_eq!(scene.kept(SAMPLE_INTENT).await, expected);
}

#[tokio::test]
async fn a_form_becomes_a_document_and_a_document_a_form() {
    let scene = Scene::new("Obedient").await;
    scene.open("/ui/new-intent?project=proj1").await;
    scene.describe("as-yaml").await;
    scene.press("document").await;
    scene.shows("JSON or YAML.").await;
    let document = scene.browser.script("return document.querySelector('#document').value").await.unwrap();
    assert!(document.as_str().unwrap().contains("\"workflowClientName\": \"typed\""), "{document}");
    let yaml = format!(
        "metadata: {{name: as-yaml}}\nspec:\n  workflowClient: {{clientEndpointName: 127.0.0.1, \
         clientEndpointPort: {}}}\n  temporal:\n    workflowClientName: migrate_workflowclient\n    \
         workflowStartOptions: {{ID: x, TaskQueue: q, Colour: blue}}\n",
        scene.client.port
    );
    scene.type_document(&yaml).await;
    scene.press("save").await;
    scene.shows("$.spec.temporal.workflowStartOptions.Colour").await;
    scene.type_document(&yaml.replace(", Colour: blue", "")).await;
    scene.press("form").await;
    scene.shows("Name of the workflow client").await;
    scene.press("save").await;
    scene.shows("The intent was saved.").await;
    let kept = scene.kept_json("as-yaml").await;
    assert_eq!(kept["spec"]["temporal"]["workflowStartOptions"]["TaskQueue"], "q");
}

#[tokio::test]
async fn two_who_edit_an_intent_at_once_see_what_the_other_has_changed() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("/edit").await;
    scene.enter("Description", "mine").await;
    scene.put(scene.intent("Stubborn")).await;
    scene.press("save").await;
    scene.shows("What others have changed").await;
    scene.shows("Stubborn").await;
    scene.press("save").await;
    scene.shows("The intent was saved.").await;
    let kept = scene.kept_json(SAMPLE_INTENT).await;
    let kind = &kept["spec"]["temporal"]["workflowParams"]["activityParams"]["all-activities"]["kind"];
    // What is entered counts: the form had the former value.
    assert_eq!((&kept["metadata"]["description"], kind), (&json!("mine"), &json!("Obedient")));

    // A name that somebody else has taken meanwhile is not taken away.
    scene.open("/ui/new-intent").await;
    scene.describe(SAMPLE_INTENT).await;
    scene.enter("Name of the workflow client", "migrate_workflowclient").await;
    scene.press("save").await;
    scene.shows("What others have changed").await;
}
