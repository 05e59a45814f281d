//! How the pages look: in any size and colour, for everybody, and without a script.

use std::sync::LazyLock;

use bridge_core::App;
use bridge_core::model::{AlarmObject, ProbableCause, Raised, RuleKey};
use harness::{Browser, eventually, http};
use serde_json::{Value, json};

use super::{INTENT, ODD, Scene};
use crate::api::{SOON, sample_key};
use crate::login::browser::keep;

/// What is transferred for a first page, in bytes.
const FIRST_LOAD: usize = 100 << 10;
const SIZES: [(u32, u32); 3] = [(1440, 900), (1024, 768), (390, 844)];

static AXE: LazyLock<String> = LazyLock::new(|| harness::axe_core().unwrap());

/// Returns what hinders somebody in a page, and what is wider than the window.
async fn faults(browser: &Browser) -> Vec<String> {
    let run = "
        return axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
            fault => `${fault.id}: ${fault.nodes.map(node => node.html).join(' | ')}`))";
    let found = browser.script(&format!("{};{run}", *AXE)).await.unwrap();
    let mut faults: Vec<_> = found.as_array().unwrap().iter().map(Value::to_string).collect();
    let wide = "
        const main = document.querySelector('main'), padding = parseFloat(getComputedStyle(main).paddingRight);
        const edge = main.getBoundingClientRect().right - padding + 1;
        const wide = [...main.querySelectorAll('*')].filter(element =>
            element.getBoundingClientRect().right > edge && !element.closest('pre'));
        return wide.map(element => `wider than its place: ${element.outerHTML.slice(0, 200)}`)";
    let wide = browser.script(wide).await.unwrap();
    faults.extend(wide.as_array().unwrap().iter().map(Value::to_string));
    faults
}

/// Keeps a rule, changes it, and lets it act on what runs.
async fn rule_that_acts(scene: &Scene) {
    let rule = scene.at("/v2/projects/proj1/workflow-rules/stuck");
    for least in ["1s", "1ms"] {
        let when = json!({"all": [
            {"runningFor": least},
            {"any": [{"taskFailingAttempt": 5}, {"pendingActivity": {"attempt": 2, "type": "To*"}}]},
        ]});
        let then = json!([
            {"alarm": {"probableCause": "workflowStuck", "severity": "MAJOR"}},
            {"notify": {"text": "{{seen.workflowID}} makes no progress"}, "once": "Run"},
        ]);
        let metadata = json!({"name": "stuck", "description": "A move makes no progress"});
        let body = json!({"metadata": metadata, "spec": {"when": when, "clearFor": "1m", "then": then}});
        let kept = http().put(&rule).body(body.to_string()).send().await.unwrap();
        assert!(kept.status().is_success(), "{}", kept.text().await.unwrap());
    }
    let (rules, key) = (App::new(scene.api.parts()).rules, RuleKey::of("proj1", "stuck"));
    let decisions = scene.at("/v2/projects/proj1/workflow-rules/stuck/decisions");
    eventually(SOON, "the rule has acted", async || {
        rules.turn(&key).await.unwrap();
        let decisions = http().get(&decisions).send().await.unwrap().text().await.unwrap();
        if decisions.contains("\"Done\"") { Ok(()) } else { Err(decisions) }
    })
    .await;
}

/// Returns pages of each kind, with something on them.
async fn pages(scene: &Scene) -> Vec<(&'static str, String)> {
    scene.put(scene.intent("Stubborn")).await;
    let schedule = r#"{"metadata":{"name":"nightly","description":"Moves the app at night"},
        "spec":{"crons":["30 2 * * *"],"timeZone":"Europe/Vienna"}}"#;
    let intent = format!("{}/temporal-workflow-intents/{}", harness::SAMPLE_DIG, harness::SAMPLE_INTENT);
    let schedules = scene.at(&format!("{intent}/schedules/nightly"));
    assert_eq!(http().put(schedules).body(schedule).send().await.unwrap().status(), 201);
    let raised = Raised {
        text: "The move of app `web` has failed twice: no cluster has room for it.".to_owned(),
        ..Raised::new(AlarmObject::intent(&sample_key()), ProbableCause::WorkflowFailed, "")
    };
    let alarm = App::new(scene.api.parts()).alarms.raise(&raised).await.unwrap();
    scene.start(&format!("looks {ODD}")).await;
    scene.shows("the cluster is away").await;
    let run = scene.browser.url().await.unwrap();
    Box::pin(rule_that_acts(scene)).await;
    let of_rule = |page: &str| scene.at(&format!("/ui/rules/proj1/stuck{page}"));
    let of_run = |page: &str| run.replace("/run?", &format!("/run/{page}?"));
    let of_intent = |page: &str| scene.at(&format!("{INTENT}{page}"));
    let mut pages = vec![
        ("overview", scene.at("/ui/")),
        ("intents", scene.at("/ui/intents")),
        ("no-intents", scene.at("/ui/intents?project=none")),
        ("runs", scene.at("/ui/runs")),
        ("alarms", scene.at("/ui/alarms")),
        ("no-alarms", scene.at("/ui/alarms?severity=MINOR")),
        ("alarm", scene.at(&format!("/ui/alarms/{}?done=comment", alarm.as_str()))),
        ("schedules", scene.at("/ui/schedules")),
        ("no-schedules", scene.at("/ui/schedules?project=none")),
        ("schedule", of_intent("/schedules/nightly")),
        ("new-schedule", of_intent("/new-schedule")),
        ("edit-schedule", of_intent("/schedules/nightly/edit")),
        ("pause-schedule", of_intent("/schedules/nightly/pause")),
        ("resume-schedule", of_intent("/schedules/nightly/resume")),
        ("trigger", of_intent("/schedules/nightly/trigger")),
        ("backfill", of_intent("/schedules/nightly/backfill")),
        ("delete-schedule", of_intent("/schedules/nightly/delete")),
        ("rules", scene.at("/ui/rules")),
        ("no-rules", scene.at("/ui/rules?project=none")),
        ("new-rule", scene.at("/ui/rules/new?project=proj1&sample=stuck")),
        ("rule", of_rule("")),
        ("edit-rule", of_rule("/edit")),
        ("rehearse-rule", of_rule("/rehearse")),
        ("rule-revisions", of_rule("/revisions?from=1&to=2")),
        ("delete-rule", of_rule("/delete")),
        ("audit", scene.at("/ui/audit")),
        ("no-events", scene.at("/ui/audit?actor=nobody&since=2026-01-02T00:00:00Z")),
        ("wrong-filter", scene.at("/ui/audit?since=yesterday")),
        ("settings", scene.at("/ui/settings")),
        ("no-settings", scene.at("/ui/settings?name=none")),
        ("clients", scene.at("/ui/clients")),
        ("no-clients", scene.at("/ui/clients?project=none")),
        ("missing", scene.at("/ui/missing")),
        ("intent", of_intent("")),
        ("new-intent", scene.at("/ui/new-intent")),
        ("edit", of_intent("/edit")),
        ("start", of_intent("/start")),
        ("revisions", of_intent("/revisions?from=1&to=2")),
        ("rollback", of_intent("/rollback?revision=1")),
        ("delete", of_intent("/delete")),
        ("check", of_intent("/check")),
        ("run", run.clone()),
    ];
    let acts = [
        "timeline",
        "history",
        "cancel",
        "terminate",
        "pause",
        "unpause",
        "reset",
        "signal",
        "query",
        "update",
    ];
    pages.extend(acts.map(|act| (act, of_run(act))));
    pages
}

#[tokio::test]
async fn nothing_hinders_anybody_in_light_and_dark_and_on_small_screens() {
    let scene = Scene::new("Obedient").await;
    let mut wrong = Vec::new();
    for (name, url) in Box::pin(pages(&scene)).await {
        for size in SIZES {
            for dark in [false, true] {
                scene.browser.looks(size, dark).await.unwrap();
                scene.browser.open(&url).await.unwrap();
                let found = faults(&scene.browser).await;
                let look = format!("{name}-{}-{}", size.0, if dark { "dark" } else { "light" });
                wrong.extend(found.into_iter().map(|fault| format!("{look}: {fault}")));
                keep_whole(&scene.browser, &look, size, dark).await;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn the_result_of_a_rehearsal_hinders_nobody() {
    let scene = Scene::new("Stubborn").await;
    scene.start(&format!("rehearsed {ODD}")).await;
    scene.shows("the cluster is away").await;
    Box::pin(rule_that_acts(&scene)).await;
    let mut wrong = Vec::new();
    for size in SIZES {
        for dark in [false, true] {
            scene.browser.looks(size, dark).await.unwrap();
            scene.open("/ui/rules/proj1/stuck/rehearse").await;
            scene.send().await;
            scene.shows("It would have acted once.").await;
            wrong.extend(faults(&scene.browser).await);
            let name = format!("rehearsal-{}-{}", size.0, if dark { "dark" } else { "light" });
            keep_whole(&scene.browser, &name, size, dark).await;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Keeps a picture of the whole page.
async fn keep_whole(browser: &Browser, name: &str, (width, height): (u32, u32), dark: bool) {
    let whole = browser.script("return document.documentElement.scrollHeight").await.unwrap();
    let whole = u32::try_from(whole.as_u64().unwrap()).unwrap().clamp(height, 4000);
    browser.looks((width, whole), dark).await.unwrap();
    keep(browser, name).await;
}

#[tokio::test]
async fn without_a_script_all_is_there_and_times_are_in_utc() {
    let scene = Scene::new("Obedient").await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    scene.open_intent("/start").await;
    scene.click("button[value=start]").await;
    scene.shows("The workflow was started.").await;
    scene.shows(" UTC").await;
    scene.act("signal").await;
    scene.fill("#name", "finish").await;
    scene.send().await;
    scene.shows("The signal was sent.").await;
    let run = scene.browser.url().await.unwrap();
    eventually(SOON, "the run has ended", async || {
        scene.browser.open(&run).await.unwrap();
        scene.text().await.contains("Completed")
    })
    .await;
    scene.open("/ui/intents").await;
    scene.fill("#name", "none").await;
    scene.click(".filters button").await;
    scene.shows("No intent fits the filter.").await;
}

#[tokio::test]
async fn times_are_in_the_zone_of_the_viewer() {
    let scene = Scene::new("Obedient").await;
    scene.browser.in_zone("Asia/Kolkata").await.unwrap();
    scene.open_intent("").await;
    let times = "
        const time = document.querySelector('td.when time'), minute = time.textContent.match(/:(\\d\\d):/)[1];
        return (minute - new Date(time.dateTime).getUTCMinutes() + 60) % 60 + ' ' + time.title";
    // The zone is 5 h 30 min before UTC.
    let shown = scene.browser.script(times).await.unwrap().to_string();
    assert!(shown.starts_with("\"30 "), "{shown}");
}

#[tokio::test]
async fn a_first_page_is_small_and_the_next_ones_are_smaller() {
    let scene = Scene::new("Obedient").await;
    scene.open("/ui/").await;
    let sizes = "
        const all = [performance.getEntriesByType('navigation'), performance.getEntriesByType('resource')].flat();
        return all.map(entry => entry.transferSize).reduce((sum, size) => sum + size)";
    let first = scene.browser.script(sizes).await.unwrap().as_u64().unwrap();
    assert!(first > 1000 && first < FIRST_LOAD as u64, "{first}");
    let page = http().get(scene.at("/ui/")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = page.text().await.unwrap();
    let style = text.split("href=\"").find(|part| part.contains(".css\"")).unwrap();
    let style = scene.at(style.split('"').next().unwrap());
    let asset = http().get(&style).header("accept-encoding", "gzip").send().await.unwrap();
    let header = |name: &str| asset.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("content-encoding").as_str(), header("cache-control").contains("immutable")),
        ("gzip", true)
    );
    let again = http().get(&style).header("if-none-match", header("etag")).send().await.unwrap();
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn a_page_follows_what_runs_by_itself() {
    let scene = Scene::new("Obedient").await;
    scene.start("").await;
    let [start] = scene.starts().await.try_into().unwrap();
    scene.open("/ui/").await;
    scene.shows(start.workflow_id.as_str()).await;
    let id = start.workflow_id.as_str();
    scene.temporal.cli(&["workflow", "signal", "--name", "finish", "-w", id]).await.unwrap();
    scene.shows("Nothing runs.").await;
}

#[tokio::test]
async fn seven_tabs_are_open_at_once() {
    let scene = Scene::new("Obedient").await;
    scene.start("seven").await;
    for _ in 0..6 {
        scene.open("/ui/").await;
        scene.shows("seven").await;
        scene.browser.another_tab().await.unwrap();
    }
    scene.open("/ui/").await;
    scene.shows("seven").await;
    scene.temporal.cli(&["workflow", "signal", "--name", "finish", "-w", "seven"]).await.unwrap();
    scene.shows("Nothing runs.").await;
}

#[tokio::test]
async fn a_page_goes_on_after_the_bridge_was_away() {
    let scene = Scene::new("Obedient").await;
    scene.start("away").await;
    scene.shows("Running").await;
    scene
        .browser
        .script(
            "window.failed = 0; const ask = window.fetch; window.fetch = async (...all) => {
        try { return await ask(...all) } catch (error) { window.failed += 1; throw error } }",
        )
        .await
        .unwrap();
    scene.browser.blocks(&["*"]).await.unwrap();
    eventually(SOON, "the page has asked in vain", async || {
        scene.browser.script("return window.failed").await.unwrap().as_u64() > Some(0)
    })
    .await;
    // It shows what it had.
    assert!(scene.text().await.contains("Running"));
    scene.browser.blocks(&[]).await.unwrap();
    scene.temporal.cli(&["workflow", "signal", "--name", "finish", "-w", "away"]).await.unwrap();
    scene.shows("Completed").await;
}
