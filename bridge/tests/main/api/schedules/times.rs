//! The times of schedules.

use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::{SOON, Scene, never, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_hour_that_a_day_lacks_or_has_twice() {
    let scene = Scene::new("Echo").await;
    let night = json!({
        "crons": ["30 1 * * *", "30 2 * * *"], "timeZone": "America/New_York", "startTime": "2020-01-01T00:00:00Z",
    });
    scene.kept("s", night).await;
    // 2:30 on 8 March 2026 does not exist; 2 November 2025 has 1:30 twice.
    for day in ["2026-03-08", "2025-11-02"] {
        let span = json!({"from": format!("{day}T05:00:00Z"), "to": format!("{day}T12:00:00Z")});
        assert_eq!(scene.post("/s/backfill", span).await.status(), 204);
    }
    let runs = scene.ran(&["Completed"; 4]).await;
    let mut keys: Vec<_> = runs.iter().map(|run| run["idempotencyKey"].as_str().unwrap()).collect();
    keys.sort_unstable();
    let times: Vec<_> = keys.iter().map(|key| key.split_once('@').unwrap().1).collect();
    let expected =
        ["2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z", "2025-11-02T07:30:00Z", "2026-03-08T06:30:00Z"];
    assert_eq!(times, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_hundred_past_times_are_made_up_for_once() {
    let scene = Scene::new("Echo").await;
    scene.kept("s", json!({"intervals": [{"every": "1h"}], "startTime": "2026-01-01T00:00:00Z"})).await;
    // What is due now is not what is counted.
    assert_eq!(scene.post("/s/pause", json!({})).await.status(), 204);
    // The last five of the first hundred are asked for again.
    for (from, to) in
        [("2026-01-01T00:00:00Z", "2026-01-05T03:00:00Z"), ("2026-01-04T23:00:00Z", "2026-01-05T03:00:00Z")]
    {
        let filled = scene.post("/s/backfill", json!({"from": from, "to": to})).await;
        assert_eq!(filled.status(), 204, "{}", filled.text().await.unwrap());
    }
    let states = async || -> Vec<Value> {
        let url = format!("/{SAMPLE_INTENT}/runs?limit=200");
        let runs: Value = scene.api.get(&url).await.json().await.unwrap();
        runs.as_array().unwrap().iter().map(|run| run["workflowState"].clone()).collect()
    };
    let all = vec![json!("Completed"); 100];
    eventually(SOON * 4, "100 runs", async || {
        let status = scene.status("s").await;
        let found = states().await;
        let done = found == all && status["started"] == 105 && status["waiting"] == 0;
        if done { Ok(()) } else { Err(format!("{} runs, {status}", found.len())) }
    })
    .await;
    assert_eq!(states().await, all);
}

/// Temporal describes a schedule with ten of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_starts_at_once() {
    let scene = Scene::new("Echo").await;
    scene.kept("s", json!({"intervals": [{"every": "1h"}], "startTime": "2026-01-01T00:00:00Z"})).await;
    assert_eq!(scene.post("/s/pause", json!({})).await.status(), 204);
    let span = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T15:00:00Z", "overlap": "AllowAll"});
    assert_eq!(scene.post("/s/backfill", span).await.status(), 204);
    scene.ran(&["Completed"; 40]).await;
    assert_eq!(scene.status("s").await["started"], 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_has_the_times_that_temporal_computes() {
    let scene = Scene::new("Echo").await;
    let mut specs = Vec::new();
    for zone in ["", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"] {
        for times in [
            json!({"crons": ["30 2 * * 1-5"]}),
            json!({"crons": ["*/15 0-3 1,15 * *", "@monthly"]}),
            json!({"crons": ["0 30 1 * * SUN 2026-2028"]}),
            json!({"calendars": [{"hour": "1-3", "minute": "0,30", "dayOfMonth": "25-31", "month": "3,10"}]}),
            json!({"calendars": [{"dayOfWeek": "Mon,Wed", "hour": "*/6"}], "except": [{"dayOfMonth": "1-7", "hour": "*", "minute": "*"}]}),
            json!({"intervals": [{"every": "90m", "offset": "5m"}]}),
            json!({"intervals": [{"every": "36h"}], "except": [{"month": "4-9", "hour": "*"}]}),
            json!({"intervals": [{"every": "7h"}], "startTime": "2026-02-03T00:00:00Z", "endTime": "2026-02-10T00:00:00Z"}),
            json!({"crons": ["0 12 29 2 *"]}),
            json!({"crons": ["15 14 * * *"], "intervals": [{"every": "24h", "offset": "1h"}]}),
        ] {
            specs.push(with(times, json!({"timeZone": zone})));
        }
    }
    assert_eq!(specs.len(), 50);
    let span = "from=2026-01-01T00:00:00Z&to=2028-03-01T00:00:00Z&limit=1000";
    let installation = scene.api.parts().store.installation().await.unwrap();
    let id = format!("emco-bridge-{installation}/proj1/capp1/v1/dig1/{}/s", SAMPLE_INTENT);
    for spec in specs {
        let body = json!({"metadata": {}, "spec": spec}).to_string();
        let preview =
            scene.request(Method::POST, &format!("/s/preview?{span}")).body(body).send().await.unwrap();
        let preview: Value = preview.json().await.unwrap();
        assert!(!preview.as_array().unwrap().is_empty(), "{spec}");
        scene.kept("s", spec.clone()).await;
        assert_eq!(scene.post("/s/pause", json!({})).await.status(), 204);
        assert_eq!(preview, matching(&scene, &id).await, "{spec}");
        assert_eq!(preview, scene.json(&format!("/s/preview?{span}")).await, "{spec}");
    }
}

/// Returns the times of a schedule, from Temporal itself.
async fn matching(scene: &Scene, id: &str) -> Value {
    use temporalio_common::protos::temporal::api::workflowservice::v1::ListScheduleMatchingTimesRequest;

    let time = |text: &str| {
        let time: jiff::Timestamp = text.parse().unwrap();
        Some(prost_wkt_types::Timestamp { seconds: time.as_second(), nanos: 0 })
    };
    let target = temporal::TemporalTarget::new(scene.temporal.address(), "default").unwrap();
    let request = ListScheduleMatchingTimesRequest {
        namespace: "default".to_owned(),
        schedule_id: id.to_owned(),
        start_time: time("2026-01-01T00:00:00Z"),
        end_time: time("2028-03-01T00:00:00Z"),
    };
    let found = temporal::TemporalConnection::new(target).ask("times", SOON, request).await.unwrap();
    let text =
        |time: prost_wkt_types::Timestamp| jiff::Timestamp::from_second(time.seconds).unwrap().to_string();
    found.start_time.into_iter().map(text).collect::<Vec<_>>().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_schedule_ends_after_its_last_start() {
    let scene = Scene::new("Echo").await;
    scene.kept("s", json!({"intervals": [{"every": "1s"}], "maxStarts": 2, "overlap": "BufferAll"})).await;
    scene.ran(&["Completed", "Completed"]).await;
    let status = scene.status("s").await;
    assert_eq!((&status["startsLeft"], &status["started"]), (&json!(0), &json!(2)), "{status}");
    // Another number begins a new count.
    scene.kept("s", json!({"intervals": [{"every": "1s"}], "maxStarts": 1, "overlap": "BufferAll"})).await;
    scene.ran(&["Completed", "Completed", "Completed"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pinned_revision_is_started() {
    let scene = Scene::new("Echo").await;
    let path = format!("/{}", SAMPLE_INTENT);
    let mut intent: Value = scene.api.get(&path).await.json().await.unwrap();
    intent["spec"]["temporal"]["workflowParams"]["activityParams"] =
        json!({"all-activities": {"kind": "Nothing"}});
    let replaced = scene.api.request(Method::PUT, &path).body(intent.to_string()).send().await.unwrap();
    assert_eq!(replaced.status(), 200);
    scene.kept("pinned", with(never(), json!({"revision": 1}))).await;
    scene.kept("latest", never()).await;
    scene.trigger("pinned").await;
    let runs = scene.ran(&["Completed"]).await;
    assert_eq!(runs[0]["revision"], 1);
    scene.trigger("latest").await;
    let runs = scene.ran(&["Completed", "Completed"]).await;
    assert_eq!(runs[1]["revision"], 2);
}
