//! Scenarios that run with any EMCO: the one that `EMCO_URL` names, or a stand-in. They restore everything that they
//! change. Tests that need faults are in the other modules, and always use a stand-in.

use emco::{Client, ClusterRef, Settings, StatusQuery};
use emco_stand_in::samples;
use harness::{Process, TemporalServer, eventually, program};
use serde_json::{Value, json};

use crate::run::{Run, SOON};
use crate::scene::{Scene, anywhere};
use crate::site::Site;

fn home(site: &Site) -> [(&'static str, &str); 2] {
    [("targetClusterProvider", &site.source.provider), ("targetClusterName", &site.source.cluster)]
}

/// Moves the app to the target and back with workflows of this type.
async fn there_and_back(scene: &Scene<Site>, workflow: &str) {
    let (site, app) = (&scene.emco, ("app", scene.emco.app.as_str()));
    let app = if workflow == "EmcoRelocateWorkflow" { vec![app] } else { Vec::new() };
    let result = scene.start_once(workflow, &scene.params(&app)).await.result().await;
    assert_eq!(result["ReadyOn"][&site.app], json!([site.target.to_string()]));
    assert_eq!(site.app_runs_on().await, [site.target.to_string()]);
    let back = [&app[..], &home(site)].concat();
    let result = scene.start_once(workflow, &scene.params(&back)).await.result().await;
    assert_eq!(result["ReadyOn"][&site.app], json!([site.source.to_string()]));
    assert_eq!(site.app_runs_on().await, [site.source.to_string()]);
}

/// Checks that nothing in the EMCO has changed.
async fn untouched(site: &Site) {
    assert_eq!(site.intents().await, site.found());
    assert_eq!(site.app_runs_on().await, [site.source.to_string()]);
}

#[tokio::test]
async fn a_migration_moves_the_apps_and_another_moves_them_back() {
    anywhere("any-migrate", async |scene: &Scene<Site>| {
        there_and_back(scene, "EmcoMigrateWorkflow").await;
    })
    .await;
}

#[tokio::test]
async fn a_relocation_moves_the_app_and_another_moves_it_back() {
    anywhere("any-relocate", async |scene: &Scene<Site>| {
        there_and_back(scene, "EmcoRelocateWorkflow").await;
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_names_source_and_target_and_changes_nothing() {
    anywhere("any-dry", async |scene: &Scene<Site>| {
        let site = &scene.emco;
        for workflow in ["EmcoMigrateWorkflow", "EmcoRelocateWorkflow"] {
            let app = [("dryRun", "true"), ("app", &*site.app)];
            let changes = if workflow == "EmcoRelocateWorkflow" { &app[..] } else { &app[..1] };
            let result = scene.start_once(workflow, &scene.params(changes)).await.result().await;
            let plan = result["Plan"].as_array().unwrap();
            let planned = plan.iter().find(|planned| planned["App"] == site.app).unwrap();
            assert_eq!(planned["From"], json!([site.source.to_string()]));
            assert_eq!(planned["To"], json!([site.target.to_string()]));
        }
        untouched(site).await;
    })
    .await;
}

#[tokio::test]
async fn what_does_not_exist_is_refused_and_nothing_changes() {
    anywhere("any-refused", async |scene: &Scene<Site>| {
        let site = &scene.emco;
        let instead = |kind: &str| format!("but {kind}");
        for (changes, kind, words) in [
            (("targetClusterName", "no-such-cluster"), "NoSuchCluster", "no cluster no-such-cluster, but"),
            (("targetClusterProvider", "no-such-provider"), "NoSuchCluster", "no cluster provider"),
            (("deploymentIntentGroup", "no-such-dig"), "NoAppIntents", "Its composite app has"),
        ] {
            let failure =
                scene.start_once("EmcoMigrateWorkflow", &scene.params(&[changes])).await.failure().await;
            assert_eq!((failure.kind.as_str(), failure.non_retryable), (kind, true), "{}", failure.text);
            assert!(failure.text.contains(words), "{words} in {}", failure.text);
        }
        let no_app = scene.params(&[("app", "no-such-app")]);
        let failure = scene.start_once("EmcoRelocateWorkflow", &no_app).await.failure().await;
        assert_eq!(failure.kind, "NoSuchApp");
        assert!(failure.text.contains(&instead(&site.app)), "{}", failure.text);
        let same = [&home(site)[..], &[("app", &site.app)]].concat();
        let failure = scene.start_once("EmcoRelocateWorkflow", &scene.params(&same)).await.failure().await;
        assert_eq!(failure.kind, "AlreadyThere");
        untouched(site).await;
    })
    .await;
}

/// Returns the parameters of an evacuation of this cluster, limited to the composite app of the site.
fn evacuation(scene: &Scene<Site>, of: &ClusterRef, to: &ClusterRef, changes: &[(&str, &str)]) -> Value {
    let site = &scene.emco;
    let names = [
        ("compositeApps", site.dig.composite_app.as_str()),
        ("sourceClusterProvider", &of.provider),
        ("sourceClusterName", &of.cluster),
        ("targetClusterProvider", &to.provider),
        ("targetClusterName", &to.cluster),
    ];
    let mut params = scene.params(&[&names[..], changes].concat());
    let all = params["activityParams"]["all-activities"].as_object_mut().unwrap();
    for name in ["compositeApp", "compositeAppVersion", "deploymentIntentGroup", "emcoDcmEndpoint"] {
        all.remove(name);
    }
    params
}

#[tokio::test]
async fn an_evacuation_empties_a_cluster_and_another_fills_it_again() {
    anywhere("any-evacuate", async |scene: &Scene<Site>| {
        let site = &scene.emco;
        let run = async |of, to, changes: &[(&str, &str)]| -> Run {
            scene.start_once("EmcoEvacuateClusterWorkflow", &evacuation(scene, of, to, changes)).await
        };
        let plan = run(&site.source, &site.target, &[("dryRun", "true")]).await.result().await;
        // Other groups must not be moved.
        assert_eq!(
            plan["Counts"],
            json!({"planned": 1}),
            "the composite app must have no other group on the cluster: {plan}"
        );
        assert_eq!(plan["Digs"][0]["Dig"], site.dig.to_string());
        untouched(site).await;
        for (of, to) in [(&site.source, &site.target), (&site.target, &site.source)] {
            let report = run(of, to, &[]).await.result().await;
            assert_eq!(report["Counts"], json!({"moved": 1}), "{report}");
            assert_eq!(site.app_runs_on().await, [to.to_string()]);
        }
    })
    .await;
}

/// Runs all other scenarios of this module, configured by the variables only, so that they keep working with a real
/// EMCO.
#[tokio::test]
async fn the_variables_select_the_emco_of_all_scenarios() {
    let listen = format!("127.0.0.1:{}", harness::free_port());
    let url = format!("http://{listen}");
    let mut emco = Process::builder(program("emco-stand-in").unwrap())
        .args(["--load", "samples", "--settle-time", "300ms", "--listen", &listen])
        .spawn()
        .unwrap();
    emco.wait_ready(&format!("{url}/stand-in/placements")).await.unwrap();
    let client = Client::new(&url, Settings::default()).unwrap();
    eventually(SOON, "the samples are there", async || {
        client.dig_status(&samples::dig(), &StatusQuery::ready()).await.is_ok_and(|status| status.is_ready())
    })
    .await;
    let temporal = TemporalServer::shared().await.unwrap();
    let mut scenarios = Process::builder(std::env::current_exe().unwrap())
        .args(["anywhere::a", "anywhere::what"])
        .env("TEMPORAL_TEST_ADDRESS", temporal.address())
        .env("EMCO_URL", &url)
        .env("EMCO_PROJECT", "proj1")
        .env("EMCO_COMPOSITE_APP", "capp1")
        .env("EMCO_COMPOSITE_APP_VERSION", "v1")
        .env("EMCO_DIG", "dig1")
        .env("EMCO_APP", "collectd")
        .env("EMCO_SOURCE_PROVIDER", "provider1")
        .env("EMCO_SOURCE_CLUSTER", "cluster1")
        .env("EMCO_TARGET_PROVIDER", "provider2")
        .env("EMCO_TARGET_CLUSTER", "cluster2")
        .env("EMCO_CLM_URL", &url)
        .env("EMCO_DCM_URL", &url)
        .spawn()
        .unwrap();
    let status = scenarios.wait_exit(5 * SOON).await.unwrap();
    assert!(status.success(), "{}", scenarios.log());
    assert!(scenarios.log().contains("test result: ok. 5 passed"), "{}", scenarios.log());
    // The app of that EMCO was moved, and moved back.
    let status = client.dig_status(&samples::dig(), &StatusQuery::ready()).await.unwrap();
    assert!(status.revision().unwrap().0 >= 7, "{:?}", status.states);
    assert!(status.is_ready_on("collectd", &ClusterRef::new("provider1", "cluster1")));
    let intents = client.list_app_intents(&samples::dig(), "dig1-placement-intent").await.unwrap();
    assert_eq!(intents[0].spec.intent.all_of[0].cluster_label, "edge-cluster");
}
