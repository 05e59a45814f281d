//! Migrations.

use emco::{Client, Settings};
use emco_stand_in::{Effect, Fault, samples};
use serde_json::json;
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use crate::scene::Scene;

#[tokio::test]
async fn emcos_sample_intent_moves_the_app() {
    let scene = Scene::new("sample").await;
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    let params = scene.sample_params();
    let run = scene.start(&params).await;
    let result = run.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    assert_eq!(
        result,
        json!({
            "InParams": params["activityParams"]["all-activities"],
            "GenericPlacementIntentURL": format!(
                "{}/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/generic-placement-intents",
                scene.emco.url()
            ),
            "GenericPlacementIntents": null,
            "AppNameIntentPairs": {"dig1-placement-intent": [
                {"AppName": "collectd", "AppIntentName": "collectd-placement-intent"},
            ]},
            "ReadyOn": {"collectd": ["provider2/cluster2"]},
        })
    );
    // No second attempt, although the intent asks for heartbeats every 5 ms.
    let half = ["UpdateAppIntents", "DoDigUpdate", "CheckReadinessStatus"];
    let steps = [&["GetDigAppIntents", "PreflightCheck"], &half[..], &half].concat();
    assert_eq!(run.attempts().await, steps.iter().map(|name| ((*name).to_owned(), 1)).collect::<Vec<_>>());
    run.replays("seen-migration").await;
}

#[tokio::test]
async fn what_else_an_app_intent_says_is_kept() {
    let scene = Scene::new("kept").await;
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    let (dig, gpi) = (samples::dig(), "dig1-placement-intent");
    let mut intent = emco.list_app_intents(&dig, gpi).await.unwrap().remove(0);
    intent.metadata.user_data1 = "ours".to_owned();
    emco.put_app_intent(&dig, gpi, &intent).await.unwrap();

    scene.start(&scene.sample_params()).await.result().await;
    let after = emco.list_app_intents(&dig, gpi).await.unwrap().remove(0);
    assert_eq!(after.metadata, intent.metadata);
    assert_eq!(after.metadata.description, "description of placement_intent");
    assert_eq!(after.spec.app, intent.spec.app);
}

#[tokio::test]
async fn the_state_names_the_running_activity() {
    let scene = Scene::new("state").await;
    let unavailable = |method, part| {
        let answer = Effect::Answer { status: 503, content_type: "text/plain", body: String::new() };
        scene.emco.fail(Fault::on(method, part, answer).always());
    };
    let mut params = scene.sample_params();
    params["activityOptions"]["all-activities"]["RetryPolicy"] =
        json!({"InitialInterval": "100ms", "BackoffCoefficient": 1});
    unavailable("GET", "generic-placement-intents");
    let run = scene.start(&params).await;
    run.reaches("GetDigAppIntents").await;
    scene.emco.heal();
    unavailable("PUT", "app-intents");
    run.reaches("UpdateAppIntents").await;
    scene.emco.heal();
    unavailable("POST", "update");
    run.reaches("DoDigUpdate").await;
    // Like EMCO's status, and with an argument.
    let argument = RawValue::from_value(&json!({"any": "thing"}), &PayloadConverter::default());
    assert_eq!(run.current_state(argument).await, "DoDigUpdate");
    scene.emco.heal();
    run.result().await;
    assert_eq!(run.current_state(RawValue::default()).await, "completed");
    run.replays("seen-retries").await;
}

#[tokio::test]
async fn a_migration_can_be_repeated() {
    let scene = Scene::new("repeat").await;
    scene.emco.forget_bare_removals(false);
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["preflight"] = json!("false");
    for _ in 0..2 {
        scene.start(&params).await.result().await;
        assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    }
    // The first in two steps; the second finds everything as it should be.
    assert_eq!(scene.emco.requests("PUT", "app-intents"), 2);
    assert_eq!(scene.emco.requests("POST", "/update"), 2);
    let failure = scene.start(&scene.sample_params()).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("AlreadyThere", true));
}

#[tokio::test]
async fn emcos_own_steps_are_to_be_had() {
    let scene = Scene::new("emcos").await;
    let mut params = scene.sample_params();
    for name in ["preflight", "waitReady", "compensate"] {
        params["activityParams"]["all-activities"][name] = json!("false");
    }
    let run = scene.start(&params).await;
    let result = run.result().await;
    assert_eq!(result.get("ReadyOn"), None, "{result}");
    // The last one checks the removal.
    let steps = ["GetDigAppIntents", "UpdateAppIntents", "DoDigUpdate", "CheckReadinessStatus"];
    assert_eq!(run.attempts().await, steps.map(|name| (name.to_owned(), 1)));
    run.replays("seen-emcos-steps").await;
}

#[tokio::test]
async fn a_dry_run_returns_the_plan_and_writes_nothing() {
    let scene = Scene::new("dry").await;
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["dryRun"] = json!("true");
    let run = scene.start(&params).await;
    let result = run.result().await;
    assert_eq!(
        result["Plan"],
        json!([{
            "App": "collectd",
            "GenericPlacementIntent": "dig1-placement-intent",
            "AppIntent": "collectd-placement-intent",
            "From": ["provider1/cluster1"],
            "To": ["provider2/cluster2"],
            "ClausesBefore": {
                "allOf": [{"clusterProvider": "provider1", "clusterLabel": "edge-cluster"}], "selector": "label",
            },
            "ClausesAfter": {
                "allOf": [{"clusterProvider": "provider2", "cluster": "cluster2"}], "selector": "label",
            },
        }])
    );
    assert_eq!((scene.emco.requests("PUT", ""), scene.emco.requests("POST", "/update")), (0, 0));
    run.replays("dry-run").await;
}
