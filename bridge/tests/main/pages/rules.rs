//! The pages of rules.

use bridge_core::App;
use bridge_core::model::RuleKey;
use harness::{Browser, eventually, http};
use serde_json::json;
use tempfile::NamedTempFile;

use super::{ODD, Scene, door};
use crate::api::SOON;

/// A rule that acts on failed runs.
const FAILED: &str = "metadata:
  name: on.failure-1
  description: A move has failed
spec:
  when:
    all:
      - state: [Failed]
      - not: {state: [Running]}
  then:
    - alarm: {probableCause: workflowFailed}
";

const LATE: &str = r#"{"metadata":{"name":"late"},"spec":{"when":{"runningFor":"30m"},"then":[{"notify":{"text":"late"}}]}}"#;

/// All may do everything, but one may only look.
const RIGHTS: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = ["anonymous"]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "administrators"
role = "administrator"
subjects = ["anonymous", "rules"]
scope = "**"

[[binding]]
name = "viewers"
role = "viewer"
subjects = [{ proxyUser = "alice" }]
scope = "**"
"#;

impl Scene {
    /// Keeps a rule over all projects as somebody else would.
    async fn late(&self, json: &str) {
        let kept = http().put(self.at("/v2/workflow-rules/late")).body(json.to_owned());
        let kept = kept.send().await.unwrap();
        assert!(kept.status().is_success(), "{}", kept.text().await.unwrap());
    }

    /// Rehearses what is in the form until the page shows these words: a list of Temporal can be late.
    async fn rehearse(&self, words: &str) {
        let sent = eventually(SOON, words, async || {
            self.click("button[value=rehearse]").await;
            let text = self.text().await;
            if text.contains(words) { Ok(()) } else { Err(text) }
        });
        sent.await;
    }

    /// Expects that the differences on the page have a line that was removed.
    async fn removes(&self, line: &str) {
        let script =
            "return [...document.querySelectorAll('.removed')].map(line => line.innerText.slice(1).trim())";
        let removed = self.browser.script(script).await.unwrap();
        assert!(removed.as_array().unwrap().contains(&json!(line)), "{removed}");
    }

    async fn number_of(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll(\"{selector}\").length");
        self.browser.script(&script).await.unwrap().as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_rule_is_written_rehearsed_and_explains_what_it_has_decided() {
    let scene = Scene::new("Doomed").await;
    // All of it without a script.
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    let id = format!("doomed {ODD}");
    scene.start(&id).await;
    scene.open("/ui/rules?project=proj1").await;
    scene.shows("No rule watches the project.").await;
    scene.click("a[href*='sample=drift']").await;
    assert!(scene.document().await.as_str().unwrap().contains("\"drifted\": true"));

    scene.open("/ui/rules").await;
    scene.click(".head .actions a").await;
    scene.fill("#project", "proj1").await;
    scene.type_document(&FAILED.replace("scope", "night").replace("then:", "night: 1\n  then:")).await;
    scene.click("button[value=save]").await;
    scene.shows("$.spec.night").await;
    scene.type_document(&FAILED.replace("state: [Failed]", "state: [Broken]")).await;
    scene.click("button[value=rehearse]").await;
    scene.shows("$.spec.when.all[0].state[0]").await;
    scene.type_document(FAILED).await;
    scene.rehearse("It would have acted once.").await;
    scene.shows("Would be done").await;
    scene.shows("state Failed – is Failed").await;
    assert_eq!(scene.number_of("#document").await, 1);
    scene.click("button[value=save]").await;
    scene.shows("The rule was saved.").await;
    scene.shows("Raises the alarm “Workflow failed”").await;

    let rules = App::new(scene.api.parts()).rules;
    let page = scene.at("/ui/rules/proj1/on.failure-1");
    eventually(SOON, "the rule has acted", async || {
        rules.turn(&RuleKey::of("proj1", "on.failure-1")).await.unwrap();
        scene.browser.open(&page).await.unwrap();
        scene.text().await.contains("Alarm – workflowFailed")
    })
    .await;
    scene.shows("Fired").await;
    scene.shows("This does not hold").await;
    scene.shows("state Running – is Failed").await;
    scene.click("ol.decisions a.name").await;
    let title = scene.browser.script("return document.querySelector('h1').innerText").await.unwrap();
    assert_eq!(title, id);
    scene.open("/ui/rules").await;
    scene.shows("1 decision").await;
    scene.shows("the run is Failed and (not: the run is Running)").await;
}

#[tokio::test]
async fn a_rule_is_rehearsed_as_it_is_kept_and_as_it_is_edited() {
    let scene = Scene::new("Obedient").await;
    scene.start("").await;
    scene.late(LATE).await;
    scene.open("/ui/rules").await;
    scene.click("tbody a.name").await;
    scene.shows("All projects").await;
    scene.click(".head .actions a[href$='/rehearse']").await;
    assert!(scene.document().await.as_str().unwrap().contains("\"runningFor\": \"30m\""));
    scene.send().await;
    scene.shows("It would have done nothing.").await;
    scene.type_document(&LATE.replace("30m", "1ms")).await;
    scene.send().await;
    scene.shows("It would have acted once.").await;
    scene.type_document("{").await;
    scene.send().await;
    scene.shows("Not json").await;
    scene.open("/ui/rules/%2A/late").await;
    scene.shows("the run has been running for longer than 30m").await;
    scene.shows("The rule has decided nothing.").await;
}

#[tokio::test]
async fn of_two_who_edit_a_rule_at_once_one_sees_what_has_changed() {
    let scene = Scene::new("Obedient").await;
    scene.late(LATE).await;
    scene.open("/ui/rules/*/late/edit").await;
    scene.late(&LATE.replace("30m", "40m")).await;
    let typed = LATE.replace("30m", "50m");
    scene.type_document(&typed).await;
    scene.send().await;
    scene.shows("What others have changed").await;
    scene.shows("\"runningFor\": \"40m\"").await;
    assert_eq!(scene.document().await, typed);
    scene.send().await;
    scene.shows("The rule was saved.").await;
    scene.click("a[href*='from=2&to=3']").await;
    scene.shows("From revision 2 to 3").await;
    scene.removes("\"runningFor\": \"40m\"").await;
}

#[tokio::test]
async fn a_rule_that_has_changed_is_not_deleted_unseen() {
    let scene = Scene::new("Obedient").await;
    scene.late(LATE).await;
    scene.open("/ui/rules/%2A/late").await;
    scene.click(".head .actions a[href$='/delete']").await;
    scene.shows("It is at revision 1.").await;
    scene.late(&LATE.replace("30m", "40m")).await;
    scene.send().await;
    scene.shows("does not meet the request's conditions").await;
    scene.shows("It is at revision 2.").await;
    scene.send().await;
    scene.shows("The rule was deleted.").await;
    scene.shows("There is no rule that you may see.").await;
    scene.open("/ui/rules/%2A/late/revisions?from=2&to=3").await;
    scene.shows("Deleted").await;
    scene.removes("\"runningFor\": \"40m\"").await;
}

#[tokio::test]
async fn who_may_only_see_rules_learns_what_is_missing() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, RIGHTS).unwrap();
    let flags = ["--rights", file.path().to_str().unwrap()];
    let scene = Scene::with("Obedient", &flags).await;
    scene.late(LATE).await;
    let get = async |path: &str| {
        let request = http().get(scene.at(path)).header("x-forwarded-user", "alice");
        request.header("accept", "text/html").send().await.unwrap().text().await.unwrap()
    };
    let list = get("/ui/rules").await;
    assert!(list.contains("/ui/rules/%2A/late\"") && !list.contains("/ui/rules/new"), "{list}");
    let detail = get("/ui/rules/*/late").await;
    for words in ["<strong>put-rule</strong>: the binding `viewers`", "You may not see them", "30m"] {
        assert!(detail.contains(words), "{detail}");
    }
    assert!(!detail.contains("late/edit\""), "{detail}");
    for page in ["*/late/edit", "*/late/delete", "*/late/rehearse", "new", "new?project=proj1"] {
        let page = get(&format!("/ui/rules/{page}")).await;
        assert!(page.contains("lacks the right") && !page.contains("<form class=\"act\""), "{page}");
    }
}

#[tokio::test]
async fn who_may_see_rules_of_one_project_sees_no_others() {
    let (place, browser) = (door::place().await, Browser::start().await.unwrap());
    browser.open(&place.at("/ui/rules")).await.unwrap();
    browser.fill("#token", "one").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("There is no rule that you may see.").await;
    for (path, words) in [
        ("proj1/none", "does not exist"),
        ("proj2/none", "lacks the right"),
        ("*/none", "lacks the right"),
        ("a%2Fb%20%23/none", "lacks the right"),
    ] {
        browser.open(&place.at(&format!("/ui/rules/{path}"))).await.unwrap();
        browser.shows(words).await;
    }
}

#[tokio::test]
async fn decisions_of_many_runs_are_on_several_pages() {
    let scene = Scene::new("Obedient").await;
    for number in 0..21 {
        let mut intent = scene.intent("Obedient");
        intent["metadata"]["name"] = json!(format!("intent-{number}"));
        scene.put(intent).await;
    }
    scene.late(&LATE.replace("\"runningFor\":\"30m\"", "\"notStartedFor\":\"1ms\"")).await;
    App::new(scene.api.parts()).rules.turn(&RuleKey::of("*", "late")).await.unwrap();
    scene.open("/ui/rules/*/late").await;
    scene.shows("22 in all").await;
    assert_eq!(scene.number_of("ol.decisions > li").await, 20);
    scene.click("a[rel=next]").await;
    assert_eq!(scene.number_of("ol.decisions > li").await, 2);
}
