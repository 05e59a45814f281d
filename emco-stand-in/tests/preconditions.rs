//! What operations on groups and logical clouds need first, in EMCO's codes and texts (EMCO-API §6.5, §6.10,
//! §9.2), word for word.

use emco::{Clause, Kind};
use emco_stand_in::{StandIn, StandInOptions, samples};

use crate::support::{A_WHILE, DIG, GPI, ask, assert_refused, bare, client, loaded};

const INTERNAL: &str = "The server encountered an internal error and was unable to complete your request.";

#[tokio::test]
async fn operations_need_the_right_state() {
    let stand_in = bare().await;
    let mut documents = samples::documents().unwrap();
    documents.truncate(documents.find("# Both are single POSTs").unwrap());
    stand_in.load(&documents).await.unwrap();
    let absent = DIG.replace("dig1", "dig9");
    let not_updatable = "The specified DeploymentIntentGroup is not in Created status";
    let dig = ask(&stand_in, "GET", DIG, "").await.body;
    for (method, path, status, text) in [
        ("POST", format!("{DIG}/update"), 500, "DeploymentIntentGroup is not instantiated :dig1"),
        ("POST", format!("{DIG}/terminate"), 500, "DeploymentIntentGroup is not instantiated :dig1"),
        (
            "POST",
            format!("{DIG}/instantiate"),
            500,
            "DeploymentIntentGroup must be Approved before instantiatingdig1",
        ),
        ("PUT", DIG.to_owned(), 200, ""),
        ("POST", format!("{DIG}/approve"), 202, ""),
        ("POST", format!("{DIG}/approve"), 202, ""),
        ("PUT", DIG.to_owned(), 409, not_updatable),
        ("POST", format!("{DIG}/instantiate"), 202, ""),
        (
            "POST",
            format!("{DIG}/instantiate"),
            500,
            "DeploymentIntentGroup has already been instantiateddig1",
        ),
        ("POST", format!("{DIG}/approve"), 500, "DeploymentIntentGroup has already been instantiateddig1"),
        ("POST", format!("{absent}/update"), 500, "DeploymentIntentGroup StateInfo not found"),
        ("POST", format!("{absent}/instantiate"), 404, "DeploymentIntentGroup not found"),
        ("POST", format!("{absent}/approve"), 404, "DeploymentIntentGroup not found"),
        (
            "GET",
            format!("{absent}/status"),
            400,
            "DeploymentIntentGroup not found: DeploymentIntentGroup not found",
        ),
    ] {
        let answer = ask(&stand_in, method, &path, if method == "PUT" { &dig } else { "" }).await;
        let what = format!("{method} {path}");
        match status {
            200 | 202 => assert_eq!(answer.status, status, "{what}: {}", answer.body),
            _ => assert_refused(&answer, status, text, &what),
        }
    }
}

#[tokio::test]
async fn a_placement_must_fit_the_logical_cloud() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let mut intent = emco.list_app_intents(&dig, GPI).await.unwrap().remove(0);
    // Refused when it is written; its words are in no table of EMCO's.
    for clause in [
        Clause::cluster("provider2", "cluster9"),
        Clause::cluster("provider1", "cluster2"),
        Clause::label("provider2", "no-such-label"),
        Clause::label("provider9", "edge-cluster"),
    ] {
        intent.spec.intent.all_of = vec![clause.clone()];
        let error = emco.put_app_intent(&dig, GPI, &intent).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{clause:?}: {error}");
    }
    for (clauses, kind, status) in [
        // Named twice, once by name and once by label: each cluster of the cloud counts once.
        (
            vec![Clause::cluster("provider1", "cluster1"), Clause::label("provider1", "edge-cluster")],
            Kind::OutsideLogicalCloud,
            400,
        ),
        (vec![], Kind::NoClusters, 500),
    ] {
        intent.spec.intent.all_of = clauses.clone();
        emco.put_app_intent(&dig, GPI, &intent).await.unwrap();
        let error = emco.update_dig(&dig).await.unwrap_err();
        let got = (error.kind(), error.status().map(|status| status.as_u16()));
        assert_eq!(got, (kind, Some(status)), "{clauses:?}: {error}");
        assert!(!error.is_retryable());
    }
    intent.spec.intent.all_of = vec![Clause::cluster("provider2", "cluster2")];
    emco.put_app_intent(&dig, GPI, &intent).await.unwrap();
    emco.update_dig(&dig).await.unwrap();
}

#[tokio::test]
async fn the_logical_cloud_must_be_instantiated() {
    let options = StandInOptions {
        settle_time: A_WHILE,
        logical_cloud_settle_time: A_WHILE,
        ..StandInOptions::default()
    };
    let stand_in = StandIn::start(options).await.unwrap();
    let error = stand_in.load_samples().await.unwrap_err().to_string();
    assert!(
        error.contains("The Logical Cloud is still instantiating, please wait and try again."),
        "{error}"
    );
    let cloud = "/v2/projects/proj1/logical-clouds/default/instantiate";
    let answer = ask(&stand_in, "POST", cloud, "").await;
    assert_refused(&answer, 409, "The Logical Cloud is already instantiating", cloud);
    stand_in.advance(A_WHILE);
    let answer = ask(&stand_in, "POST", cloud, "").await;
    assert_refused(&answer, 409, "The Logical Cloud is already instantiated", cloud);
    assert_eq!(ask(&stand_in, "POST", &format!("{DIG}/instantiate"), "").await.status, 202);

    let empty = "/v2/projects/proj1/logical-clouds/empty";
    assert_eq!(
        ask(&stand_in, "POST", "/v2/projects/proj1/logical-clouds", r#"{"metadata":{"name":"empty"}}"#)
            .await
            .status,
        201
    );
    let answer = ask(&stand_in, "POST", &format!("{empty}/instantiate"), "").await;
    assert_refused(&answer, 400, "No Cluster References associated", empty);
}

#[tokio::test]
async fn a_missing_or_new_logical_cloud_is_refused_in_its_own_words() {
    let stand_in = bare().await;
    let documents = samples::documents().unwrap();
    let instantiate = documents.find("# A real EMCO answers").unwrap();
    let next = documents.find("# One app with its profile").unwrap();
    let without_cloud = format!("{}{}", &documents[..instantiate], &documents[next..]);
    let error = stand_in.load(&without_cloud).await.unwrap_err().to_string();
    assert!(
        error.contains("500") && error.ends_with("The Logical Cloud has never been instantiated"),
        "{error}"
    );

    let stand_in = bare().await;
    let other = documents.replace("logicalCloud: default", "logicalCloud: other");
    let error = stand_in.load(&other).await.unwrap_err().to_string();
    assert!(error.contains("app-intents") && error.ends_with(INTERNAL), "{error}");
    assert_eq!(ask(&stand_in, "POST", &format!("{DIG}/approve"), "").await.status, 202);
    let answer = ask(&stand_in, "POST", &format!("{DIG}/instantiate"), "").await;
    assert_refused(&answer, 400, "Failed to obtain Logical Cloud specified", "instantiate");
}

#[tokio::test]
async fn status_queries_are_checked() {
    let stand_in = loaded().await;
    for (query, text) in [
        ("status=maybe", "Invalid query status"),
        ("type=maybe", "Invalid query type"),
        ("output=some", "Invalid query output"),
        ("instance=", "Invalid query instance"),
        ("app=-a", "Invalid app query"),
        ("resource=-a", "Invalid resources query"),
        ("cluster=provider1", "Invalid cluster query"),
        ("cluster=provider1+cluster1", "Invalid cluster query"),
    ] {
        let path = format!("{DIG}/status?{query}");
        assert_refused(&ask(&stand_in, "GET", &path, "").await, 400, text, query);
    }
}
