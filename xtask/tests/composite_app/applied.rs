//! The documents, applied to EMCO's stand-in in the order that the README gives, and deleted in reverse.

use std::collections::BTreeMap;

use emco::DigKey;
use emco_stand_in::Reply;
use reqwest::StatusCode;

use crate::site::{A_WHILE, Folder, Site, assert_done, run};

/// All documents except those for the bridge.
fn without_workflows(command: &str) -> bool {
    !command.contains(" 4")
}

/// The first document of the second deployment.
fn of_a_deployment(command: &str) -> bool {
    command.contains(" 3") || command.ends_with("/status") && command.contains("deployment-intent-groups")
}

fn dig(name: &str) -> DigKey {
    DigKey::new("workflows", "temporal-workflows", "v1", name)
}

/// Returns `app: clusters` as text.
fn placement(site: &Site, dig: &DigKey) -> BTreeMap<String, String> {
    let placement = site.stand_in.placement(dig);
    let text = |clusters: Vec<emco::ClusterRef>| {
        clusters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    placement.into_iter().map(|(app, clusters)| (app, text(clusters))).collect()
}

async fn assert_empty(site: &Site) {
    let emcoctl = site.emcoctl();
    for (anchor, nothing) in
        [("projects", "null\n"), ("controllers", "null\n"), ("cluster-providers", "[]\n")]
    {
        let left = emcoctl.get_anchor(anchor).await.unwrap();
        assert_eq!(left.body, nothing, "{anchor}");
    }
}

#[tokio::test]
async fn each_environment_is_applied_and_deleted_in_reverse() {
    for environment in ["dev", "test", "prod"] {
        let site = Site::new(&["--env", environment]).await;
        let replies = site.follow(&site.folder, "Apply", |_| true).await;
        let sections: Vec<&str> = ["orchestrator", "clm", "dcm", "gac"]
            .into_iter()
            .filter(|section| replies.iter().any(|reply| reply.section == *section))
            .collect();
        assert_eq!(sections.len(), 4, "every service of EMCO has its part: {sections:?}");

        let expected = [
            ("bridge", "provider1/cluster1"),
            ("worker", "provider1/cluster1 provider1/cluster2"),
            ("workflow-client", "provider1/cluster1"),
        ];
        let expected = expected.map(|(app, clusters)| (app.to_owned(), clusters.to_owned())).into();
        assert_eq!(placement(&site, &dig("workflows")), expected);

        site.follow(&site.folder, "Delete", without_workflows).await;
        assert_empty(&site).await;
    }
}

#[tokio::test]
async fn an_upgrade_makes_a_revision_and_a_rollback_another() {
    let site = Site::new(&["--env", "test"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    let replies = site.follow(&site.folder, "Upgrade, and back", |_| true).await;
    let of = |operation: &str| {
        let reply = replies.iter().find(|reply| reply.anchor.ends_with(operation)).unwrap();
        (reply.status.as_u16(), reply.body.as_str())
    };
    assert_eq!((of("/update"), of("/rollback")), ((202, "2\n"), (202, "")));
    let status =
        "projects/workflows/composite-apps/temporal-workflows/v1/deployment-intent-groups/workflows/status";
    let status = site.emcoctl().get_anchor(status).await.unwrap();
    assert!(status.body.contains(r#""revision":3"#), "{}", status.body);

    // A cluster where Temporal has another name and another port.
    site.folder.set(&[("TemporalServer2", "other.example"), ("TemporalPort2", "7234")]);
    for command in
        ["update -f 31-temporal-server.yaml -v values.yaml", "apply -f 50-update.yaml -v values.yaml"]
    {
        assert_done(command, &run(&site.emcoctl(), command).await);
    }
    let changed = run(&site.emcoctl(), "get -f 31-temporal-server.yaml -v values.yaml").await;
    let told = |reply: &&Reply| reply.anchor.ends_with("/customizations/cluster2");
    let changed: Vec<&str> = changed.iter().filter(told).map(|reply| reply.body.as_str()).collect();
    // For each app its ConfigMap, and its NetworkPolicy, which has only the port.
    let with = |text: &str| changed.iter().filter(|body| body.contains(text)).count();
    assert_eq!((with("other.example"), with("7234")), (3, 6), "{changed:?}");
    let group = run(&site.emcoctl(), "update -f 30-deployment.yaml -v values.yaml").await;
    assert_eq!(group[0].status, StatusCode::CONFLICT, "{}", group[0].body);
    // Placements by label are expanded when they are written again.
    let placed: Vec<&Reply> = group.iter().filter(|reply| reply.anchor.contains("/app-intents/")).collect();
    assert!(placed.len() == 3 && placed.iter().all(|reply| reply.status == 200), "{placed:?}");

    site.folder.set(&[("RollbackRevision", "9")]);
    let refused = run(&site.emcoctl(), "apply -f 51-rollback.yaml -v values.yaml").await;
    assert_eq!(refused[0].status, StatusCode::INTERNAL_SERVER_ERROR, "there is no such revision");
}

/// Reports whether EMCO has finished with the deployment intent group, and its status.
async fn deployed(site: &Site) -> Option<String> {
    site.stand_in.advance(A_WHILE);
    let anchor =
        "projects/workflows/composite-apps/temporal-workflows/v1/deployment-intent-groups/workflows/status";
    let status = site.emcoctl().get_anchor(&format!("{anchor}?status=deployed")).await.unwrap();
    let status: serde_json::Value = serde_json::from_str(&status.body).unwrap();
    status["deployedStatus"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn update_rollback_and_termination_come_to_their_end() {
    let site = Site::new(&["--env", "test"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    for command in ["apply -f 50-update.yaml -v values.yaml", "apply -f 51-rollback.yaml -v values.yaml"] {
        assert_done(command, &run(&site.emcoctl(), command).await);
        assert_eq!(deployed(&site).await.as_deref(), Some("Instantiated"), "{command}");
        let all = dig("workflows");
        assert_eq!(site.stand_in.placement(&all), site.stand_in.applied(&all), "{command}");
    }
    let command = "delete -f 32-instantiate.yaml -v values.yaml";
    assert_done(command, &run(&site.emcoctl(), command).await);
    assert_eq!(deployed(&site).await.as_deref(), Some("Terminated"));
    let left = site.stand_in.applied(&dig("workflows"));
    assert!(left.values().all(Vec::is_empty), "{left:?} is left behind");
}

#[tokio::test]
async fn a_second_deployment_stands_beside_the_first() {
    let site = Site::new(&["--env", "test"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    let second = Folder::new(&["--env", "test", "--dig", "second"]);
    site.follow(&second, "Apply", of_a_deployment).await;
    assert_eq!(placement(&site, &dig("workflows")), placement(&site, &dig("second")));

    // Names that must differ in a namespace, in a Temporal or in a cluster.
    let (first_values, second_values) = (site.folder.values(), second.values());
    for name in
        ["DIG", "Release", "TaskQueue", "WorkflowID", "WorkflowIntent", "BridgeService", "WorkflowClientHost"]
    {
        assert_ne!(first_values[name], second_values[name], "{name}");
    }

    site.follow(&second, "Delete", of_a_deployment).await;
    assert_eq!(site.stand_in.placement(&dig("second")).len(), 0);
    assert_eq!(placement(&site, &dig("workflows")).len(), 3, "the first is as it was");
    site.follow(&site.folder, "Delete", without_workflows).await;
    assert_empty(&site).await;
}

#[tokio::test]
async fn the_first_files_do_no_harm_when_they_are_applied_again() {
    let site = Site::new(&["--env", "dev"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    for file in ["00-administrator", "10-project", "20-composite-app"] {
        for reply in run(&site.emcoctl(), &format!("apply -f {file}.yaml -v values.yaml")).await {
            // EMCO's table of errors has no entry for a dependency that exists.
            let expected = if reply.anchor.ends_with("/dependency") { 500 } else { 409 };
            assert_eq!(reply.status, expected, "{}: {}", reply.anchor, reply.body);
        }
    }
}

#[tokio::test]
async fn nothing_is_deleted_while_something_depends_on_it() {
    let site = Site::new(&["--env", "dev"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    let (children, references) = (
        "Cannot delete parent without deleting child references first\n",
        "Cannot delete without deleting or updating referencing resources first\n",
    );
    let internal = "The server encountered an internal error and was unable to complete your request.\n";
    let capp = "projects/workflows/composite-apps/temporal-workflows/v1";
    let dig = format!("{capp}/deployment-intent-groups/workflows");
    let emcoctl = site.emcoctl();
    for (anchor, status, body) in [
        ("projects/workflows", 409, children),
        (capp, 409, children),
        (&format!("{capp}/apps/bridge"), 409, children),
        (&format!("{capp}/apps/worker"), 409, references),
        (&format!("{capp}/composite-profiles/temporal-workflows-dev"), 409, children),
        (&format!("{dig}/generic-k8s-intents/workflows-temporal-server"), 409, children),
        (&dig, 500, internal),
        ("controllers/gac", 409, references),
        ("cluster-providers/provider1", 409, children),
        ("cluster-providers/provider1/clusters/cluster2/labels/workflow-worker", 409, references),
        ("cluster-providers/provider1/clusters/cluster2", 409, children),
    ] {
        let reply = emcoctl.delete_anchor(anchor).await.unwrap();
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, body), "{anchor}");
    }
    let used = run(&emcoctl, "delete -f 11-logical-cloud.yaml -v values.yaml").await;
    assert_eq!((used[0].status.as_u16(), used[0].anchor.ends_with("/terminate")), (400, true));
}

#[tokio::test]
async fn a_deployment_that_is_still_going_cannot_be_deleted() {
    let site = Site::new(&["--env", "dev"]).await;
    site.follow(&site.folder, "Apply", |_| true).await;
    let emcoctl = site.emcoctl();
    for file in ["32-instantiate", "31-temporal-server"] {
        let command = format!("delete -f {file}.yaml -v values.yaml");
        assert_done(&command, &run(&emcoctl, &command).await);
    }
    let delete = "delete -f 30-deployment.yaml -v values.yaml";
    let early = run(&emcoctl, delete).await;
    assert_eq!(early.last().unwrap().status, StatusCode::INTERNAL_SERVER_ERROR);
    site.stand_in.advance(A_WHILE);
    let late = run(&emcoctl, delete).await;
    assert_eq!(late.last().unwrap().status, StatusCode::NO_CONTENT);
}
