//! The worker as a process: readiness, metrics, shutdown.

use std::time::Duration;

use emco_stand_in::{Effect, Fault, StandIn, StandInOptions, samples};
use harness::{TemporalServer, eventually, free_port, http};
use serde_json::{Value, json};

use crate::run::SOON;
use crate::scene::{Scene, worker};

#[tokio::test]
async fn a_worker_waits_for_temporal() {
    let mut temporal = TemporalServer::start().await.unwrap();
    temporal.kill().unwrap();
    let (worker, operations) = worker(temporal.address());
    let mut worker = worker.spawn().unwrap();
    worker.wait_ready(&format!("{operations}/healthz")).await.unwrap();
    let unready = http().get(format!("{operations}/readyz")).send().await.unwrap();
    assert_eq!(unready.status(), 503);
    let report: Value = serde_json::from_str(&unready.text().await.unwrap()).unwrap();
    let failed = |name: &str| {
        json!(false)
            == report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["ready"]
    };
    assert!(failed("temporal") && failed("worker"), "{report}");
    temporal.restart().await.unwrap();
    worker.wait_ready(&format!("{operations}/readyz")).await.unwrap();
    worker.terminate().unwrap();
    assert!(worker.wait_exit(SOON).await.unwrap().success());
}

#[tokio::test]
async fn metrics_show_the_work_of_the_sdk() {
    let scene = Scene::new("metrics").await;
    scene.start(&scene.sample_params()).await.result().await;
    // The worker counts its work after Temporal has accepted it; the result may be visible before.
    eventually(SOON, "the metrics show the work", async || {
        let metrics =
            http().get(format!("{}/metrics", scene.operations)).send().await.unwrap().text().await.unwrap();
        let missing = [
            r#"activity_type="DoDigUpdate""#,
            "# TYPE temporal_activity_execution_latency_seconds ",
            "# TYPE temporal_workflow_completed_total counter",
            "# TYPE temporal_num_pollers gauge",
            "process_resident_memory_bytes ",
        ]
        .into_iter()
        .find(|line| !metrics.contains(line));
        missing.map_or(Ok(()), |line| Err(format!("no {line}")))
    })
    .await;
}

#[tokio::test]
async fn running_work_is_finished_before_shutdown() {
    let mut scene = Scene::new("drain").await;
    scene.emco.fail(Fault::on("GET", "app-intents", Effect::Delay(Duration::from_secs(1))));
    let run = scene.start(&scene.sample_params()).await;
    eventually(SOON, "the worker is at work", async || scene.emco.requests("GET", "app-intents") == 1).await;
    scene.worker.terminate().unwrap();
    assert!(scene.worker.wait_exit(SOON).await.unwrap().success());
    scene.worker.restart().unwrap();
    run.result().await;
    // The first attempt was finished and reported by the worker that was stopped.
    assert_eq!(run.attempts().await[0], ("GetDigAppIntents".to_owned(), 1));
}

#[tokio::test]
async fn work_that_cannot_be_finished_is_given_back() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut scene = Scene::on(temporal, "given-back", &[("WORKER_DRAIN", "100ms")]).await;
    scene.emco.fail(Fault::on("GET", "app-intents", Effect::Silence));
    let run = scene.start(&scene.sample_params()).await;
    eventually(SOON, "the worker is at work", async || scene.emco.requests("GET", "app-intents") == 1).await;
    scene.worker.terminate().unwrap();
    assert!(scene.worker.wait_exit(SOON).await.unwrap().success());
    scene.worker.restart().unwrap();
    run.result().await;
    // Not by a timeout: the stopped worker reported it.
    assert_eq!(run.first_failure().await.as_deref(), Some("WorkerShutdown"));
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    let (worker, _) = worker("127.0.0.1:1");
    let mut worker = worker.env("WORKER_DRAIN", "soon").spawn().unwrap();
    assert_eq!(worker.wait_exit(SOON).await.unwrap().code(), Some(2));
    assert!(worker.log().contains("WORKER_DRAIN"), "{}", worker.log());
}

#[tokio::test]
async fn a_token_without_a_list_of_emcos_is_refused() {
    let (worker, _) = worker("127.0.0.1:1");
    let mut worker = worker.env("EMCO_TOKEN_FILE", "/run/token").spawn().unwrap();
    assert_eq!(worker.wait_exit(SOON).await.unwrap().code(), Some(2));
    assert!(worker.log().contains("EMCO_URLS is missing"), "{}", worker.log());
}

#[tokio::test]
async fn only_listed_emcos_are_called() {
    let token = std::env::temp_dir().join(format!("worker-token-{}", std::process::id()));
    std::fs::write(&token, "let-me-in\n").unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let variables =
        [("EMCO_URLS", format!("http://{listen}")), ("EMCO_TOKEN_FILE", token.display().to_string())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let scene = Scene::on(TemporalServer::shared().await.unwrap(), "listed", &variables).await;

    let failure = scene.start(&scene.sample_params()).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("EmcoNotAllowed", true));
    assert_eq!(scene.emco.requests("GET", ""), 0);

    let options = StandInOptions {
        listen: listen.parse().unwrap(),
        token: Some("let-me-in".to_owned()),
        ..StandInOptions::default()
    };
    let guarded = StandIn::start(options.clone()).await.unwrap();
    guarded.load_samples().await.unwrap();
    guarded.advance(options.settle_time);
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["emcoURL"] = json!(guarded.url());
    scene.start(&params).await.result().await;
    guarded.advance(options.settle_time);
    assert_eq!(guarded.applied(&samples::dig())["collectd"][0].to_string(), "provider2/cluster2");
    std::fs::remove_file(&token).unwrap();
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    let variables = [("http_proxy", nowhere.as_str()), ("all_proxy", &nowhere), ("no_proxy", "")];
    let scene = Scene::on(TemporalServer::shared().await.unwrap(), "proxy", &variables).await;
    scene.start(&scene.sample_params()).await.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}

#[tokio::test]
async fn metadata_addresses_in_intents_are_not_called() {
    let scene = Scene::new("metadata").await;
    let mut runs = Vec::new();
    for url in ["http://169.254.169.254/latest", "http://2852039166/", "http://[::ffff:169.254.169.254]:80"] {
        for name in ["emcoURL", "emcoClmEndpoint", "emcoDcmEndpoint"] {
            let mut params = scene.sample_params();
            params["activityParams"]["all-activities"][name] = json!(url);
            runs.push((url, name, scene.start(&params).await));
        }
    }
    for (url, name, run) in runs {
        let failure = run.failure().await;
        assert_eq!((failure.kind.as_str(), failure.non_retryable), ("EmcoNotAllowed", true), "{name} {url}");
        assert!(failure.text.contains("link-local, metadata"), "{name} {url}: {}", failure.text);
    }
    assert!(scene.worker.log().contains("EMCO_URLS is not set"), "{}", scene.worker.log());
}
