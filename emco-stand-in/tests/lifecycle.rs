//! From the samples to an app on another cluster, as the migration workflow does it.

use std::time::Duration;

use emco::{
    AppIntent, Clause, Client, ClusterRef, Deployed, DigState, Kind, Readiness, Revision, StatusQuery,
};
use emco_stand_in::{Effect, Fault, StandIn, StandInOptions, samples};
use harness::eventually;

use crate::support::{A_WHILE, DIG, GPI, ask, client, loaded, quick};

fn first() -> ClusterRef {
    ClusterRef::new("provider1", "cluster1")
}

fn second() -> ClusterRef {
    ClusterRef::new("provider2", "cluster2")
}

/// Points the app at the clauses, updates the DIG, and returns the revision.
async fn place(emco: &Client, clauses: Vec<Clause>) -> Revision {
    let dig = samples::dig();
    let mut intent = emco.list_app_intents(&dig, GPI).await.unwrap().remove(0);
    intent.spec.intent.all_of = clauses;
    emco.put_app_intent(&dig, GPI, &intent).await.unwrap();
    emco.update_dig(&dig).await.unwrap()
}

/// With `EMCO_URL` set this runs against that EMCO, to which the sample documents must have been applied with
/// emcoctl; the app ends where it began.
#[tokio::test]
async fn an_app_moves_and_moves_back() {
    let real = std::env::var("EMCO_URL").ok();
    let settle_time = Duration::from_millis(50);
    let stand_in = StandIn::start(StandInOptions { settle_time, ..StandInOptions::default() }).await.unwrap();
    let (url, patience) = match &real {
        Some(url) => (url.as_str(), Duration::from_secs(300)),
        None => {
            stand_in.load_samples().await.unwrap();
            (stand_in.url(), Duration::from_secs(10))
        }
    };
    let emco = Client::new(url, quick()).unwrap();
    let dig = samples::dig();
    assert_eq!(emco.get_dig(&dig).await.unwrap().spec.logical_cloud, "default");
    let intents = emco.list_generic_placement_intents(&dig).await.unwrap();
    assert_eq!(intents.iter().map(|intent| intent.metadata.name.as_str()).collect::<Vec<_>>(), [GPI]);

    for (clause, cluster) in [
        (Clause::cluster("provider2", "cluster2"), second()),
        (Clause::label("provider1", "edge-cluster"), first()),
    ] {
        let revision = place(&emco, vec![clause]).await;
        eventually(patience, "the app is where it was put", async || {
            let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
            assert_eq!(status.revision(), Some(revision));
            (status.is_ready() && status.is_ready_on("collectd", &cluster)).then_some(())
        })
        .await;
        if real.is_none() {
            let left = async || stand_in.applied(&dig)["collectd"] == [cluster.clone()];
            eventually(patience, "the app has left the other", left).await;
        }
    }
}

#[tokio::test]
async fn the_status_shows_that_an_app_has_not_moved_yet() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    assert_eq!(place(&emco, vec![Clause::cluster("provider2", "cluster2")]).await, Revision(2));

    let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    assert!(!status.is_ready());
    assert_eq!(status.ready_status, Some(Readiness::NotPresent));
    assert_eq!(status.deployed_status, Some(Deployed::Instantiating));
    assert_eq!(status.ready_counts, [("NotPresent".to_owned(), 2)].into());
    assert_eq!(status.apps[0].clusters[0].resources[0].ready_status, Some(Readiness::NotPresent));
    assert_eq!(stand_in.placement(&dig)["collectd"], [first()]);

    stand_in.advance(A_WHILE);
    let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    assert!(status.is_ready() && status.is_ready_on("collectd", &second()));
    assert_eq!(status.deployed_status, Some(Deployed::Instantiated));
    assert_eq!(status.ready_counts, [("Ready".to_owned(), 2)].into());
    assert_eq!(stand_in.placement(&dig)["collectd"], [second()]);
}

#[tokio::test]
async fn the_history_holds_every_revision() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    place(&emco, vec![Clause::cluster("provider2", "cluster2")]).await;
    let states = emco.dig_status(&dig, &StatusQuery::default()).await.unwrap().states;
    let history: Vec<_> =
        states.actions.iter().map(|action| (action.state.clone(), action.revision.0)).collect();
    let expected = [
        (DigState::Created, 0),
        (DigState::Approved, 0),
        (DigState::Instantiated, 1),
        (DigState::Updated, 1),
        (DigState::Instantiated, 2),
    ];
    assert_eq!(history, expected);
    let [.., before, after] = states.actions.as_slice() else { panic!("{states:?}") };
    assert_ne!(before.instance, after.instance);
    assert_eq!(states.status_context_id, before.instance);
    assert_eq!(before.time, after.time);
    assert!(after.time > states.actions[2].time && after.time.ends_with('Z'), "{states:?}");
}

#[tokio::test]
async fn a_relocation_keeps_the_app_running_on_both_clusters() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let both = vec![Clause::label("provider1", "edge-cluster"), Clause::cluster("provider2", "cluster2")];
    place(&emco, both).await;
    let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    assert!(status.is_ready_on("collectd", &first()) && !status.is_ready_on("collectd", &second()));
    stand_in.advance(A_WHILE);
    assert_eq!(stand_in.placement(&dig)["collectd"], [first(), second()]);
    assert_eq!(place(&emco, vec![Clause::cluster("provider2", "cluster2")]).await, Revision(3));
    stand_in.advance(A_WHILE);
    // EMCO believes that the app has left, and rsync forgot it.
    let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    assert!(status.is_ready() && !status.is_ready_on("collectd", &first()));
    assert_eq!(stand_in.applied(&dig)["collectd"], [first(), second()]);
    let restart = ask(&stand_in, "POST", "/stand-in/rsync/restart", "").await;
    stand_in.advance(A_WHILE);
    assert_eq!((restart.status, &*stand_in.applied(&dig)["collectd"]), (204, &[second()][..]));
}

#[tokio::test]
async fn a_former_context_shows_whether_it_was_left() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let (one, two) = (Clause::cluster("provider1", "cluster1"), Clause::cluster("provider2", "cluster2"));
    place(&emco, vec![one, two.clone()]).await;
    let both = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    let instance = both.states.actions.last().unwrap().instance.clone();
    stand_in.advance(A_WHILE);
    place(&emco, vec![two]).await;
    let of = StatusQuery { instance: Some(instance), ..StatusQuery::deployed() };
    let progress = async || emco.dig_status(&dig, &of).await.unwrap().deployed_status;
    assert_eq!(progress().await, Some(Deployed::Instantiated));
    stand_in.restart_rsync();
    assert_eq!(progress().await, Some(Deployed::Updating));
    stand_in.advance(A_WHILE);
    assert_eq!(progress().await, Some(Deployed::Updated));
    let former = emco.dig_status(&dig, &of).await.unwrap();
    assert_eq!(former.apps[0].clusters.len(), 2);
    let absent = StatusQuery { instance: Some("5".to_owned()), ..StatusQuery::deployed() };
    assert!(emco.dig_status(&dig, &absent).await.is_err());
}

#[tokio::test]
async fn of_a_group_of_alternatives_one_cluster_is_taken() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let mut intent = emco.list_app_intents(&dig, GPI).await.unwrap().remove(0);
    let alternatives = r#"{"anyOf": [
        {"clusterProvider": "provider2", "cluster": "cluster2"},
        {"clusterProvider": "provider1", "clusterLabel": "edge-cluster"}]}"#;
    intent.spec.intent = serde_json::from_str(alternatives).unwrap();
    emco.put_app_intent(&dig, GPI, &intent).await.unwrap();
    emco.update_dig(&dig).await.unwrap();
    stand_in.advance(A_WHILE);
    assert_eq!(stand_in.placement(&dig)["collectd"], [first()]);
}

#[tokio::test]
async fn the_status_can_be_requested_in_parts() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let ask = async |query: StatusQuery| emco.dig_status(&dig, &query).await;

    let summary = ask(StatusQuery { summary: true, ..StatusQuery::ready() }).await.unwrap();
    assert!(summary.is_ready() && summary.apps.is_empty());
    let deployed = ask(StatusQuery::deployed()).await.unwrap();
    assert_eq!(deployed.deployed_counts, [("Applied".to_owned(), 2)].into());
    assert_eq!(deployed.apps[0].clusters[0].connectivity, "Available");
    assert_eq!(ask(StatusQuery::default()).await.unwrap().status, Some(Deployed::Instantiated));

    // The `+` between provider and cluster must not arrive as a blank.
    let on = |cluster| StatusQuery { clusters: vec![cluster], ..StatusQuery::ready() };
    assert!(ask(on(first())).await.unwrap().is_ready_on("collectd", &first()));
    assert!(ask(on(second())).await.unwrap().apps.is_empty());
    let app = |name: &str| StatusQuery { apps: vec![name.to_owned()], ..StatusQuery::ready() };
    assert_eq!(ask(app("collectd")).await.unwrap().apps.len(), 1);
    let error = ask(app("prometheus")).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert!(error.to_string().contains("Filter app prometheus not in list of apps for composite app capp1"));
}

#[tokio::test]
async fn a_terminated_dig_is_instantiated_again_but_not_updated() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let post = async |operation: &str| ask(&stand_in, "POST", &format!("{DIG}/{operation}"), "").await.status;
    assert_eq!(post("terminate").await, 202);
    let status = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap();
    assert_eq!(
        (status.state(), status.deployed_status.clone()),
        (Some(&DigState::Terminated), Some(Deployed::Terminating))
    );
    stand_in.advance(A_WHILE);
    assert!(stand_in.placement(&dig)["collectd"].is_empty());
    assert_eq!(emco.update_dig(&dig).await.unwrap_err().kind(), Kind::NotInstantiated);

    assert_eq!((post("approve").await, post("instantiate").await), (202, 202));
    stand_in.advance(A_WHILE);
    assert_eq!(stand_in.placement(&dig)["collectd"], [first()]);
}

#[tokio::test]
async fn missing_resources_are_reported_in_emcos_words() {
    let stand_in = loaded().await;
    let emco = client(&stand_in);
    let mut absent = samples::dig();
    absent.dig = "dig9".to_owned();
    assert_eq!(emco.get_dig(&absent).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(emco.update_dig(&absent).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(emco.dig_status(&absent, &StatusQuery::ready()).await.unwrap_err().kind(), Kind::NotFound);
    // Both lists are `null`, not an error.
    assert_eq!(emco.list_generic_placement_intents(&absent).await.unwrap(), []);
    assert_eq!(emco.list_app_intents(&absent, GPI).await.unwrap(), []);
    assert_eq!(emco.put_app_intent(&absent, GPI, &intent()).await.unwrap_err().kind(), Kind::NotFound);
    absent.project = "proj9".to_owned();
    assert_eq!(emco.list_generic_placement_intents(&absent).await.unwrap_err().kind(), Kind::NotFound);
}

fn intent() -> AppIntent {
    let mut intent = AppIntent::default();
    intent.metadata.name = "x".to_owned();
    intent.spec.app = "collectd".to_owned();
    intent.spec.intent.all_of = vec![Clause::cluster("provider2", "cluster2")];
    intent
}

#[tokio::test]
async fn clusters_are_found_by_label() {
    let stand_in = loaded().await;
    let emco = client(&stand_in);
    assert_eq!(emco.clusters_with_label("provider1", "edge-cluster").await.unwrap(), ["cluster1"]);
    assert!(emco.clusters_with_label("provider2", "edge-cluster").await.unwrap().is_empty());
    assert_eq!(emco.clusters_with_label("provider9", "x").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn projects_and_composite_apps_are_listed() {
    let stand_in = loaded().await;
    let emco = client(&stand_in);
    assert_eq!(emco.project_names().await.unwrap(), ["proj1"]);
    let app = ("capp1".to_owned(), "v1".to_owned());
    assert_eq!(emco.composite_apps("proj1").await.unwrap(), [app]);
}

#[tokio::test]
async fn a_withheld_update_has_the_intents_of_its_request() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let mut before = emco.list_app_intents(&dig, GPI).await.unwrap().remove(0);
    before.spec.intent.all_of = vec![Clause::label("provider1", "edge-cluster")];
    let mut moved = before.clone();
    moved.spec.intent.all_of = vec![Clause::cluster("provider2", "cluster2")];
    emco.put_app_intent(&dig, GPI, &moved).await.unwrap();
    stand_in.fail(Fault::on("POST", "/update", Effect::Withhold));
    assert_eq!(emco.update_dig(&dig).await.unwrap_err().kind(), Kind::Interrupted);
    emco.put_app_intent(&dig, GPI, &before).await.unwrap();
    assert_eq!(emco.update_dig(&dig).await.unwrap(), Revision(2));
    assert_eq!(stand_in.commit_withheld(), 1);
    stand_in.advance(A_WHILE);
    assert_eq!(stand_in.placement(&dig)["collectd"], [second()]);
    let status = emco.dig_status(&dig, &StatusQuery::default()).await.unwrap();
    assert_eq!(status.revision(), Some(Revision(3)));
    assert_eq!(stand_in.commit_withheld(), 0);
}
