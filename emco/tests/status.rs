//! The status of a deployment intent group.

use emco::{AppStatus, ClusterRef, ClusterStatus, Deployed, DigStatus, Readiness, ResourceStatus};
use serde_json::json;

#[test]
fn unknown_states_are_kept() {
    let status: DigStatus = serde_json::from_value(json!({
        "name": "dig1",
        "states": {"statusctxid": "", "actions": null},
        "deployedStatus": "Paused",
        "digId": "",
    }))
    .unwrap();
    assert_eq!(status.deployed_status, Some(Deployed::Other("Paused".to_owned())));
    assert_eq!((status.state(), status.revision()), (None, None));
}

#[test]
fn ready_needs_both_the_operation_and_the_resources() {
    let status = |deployed, ready| DigStatus {
        deployed_status: Some(deployed),
        ready_status: Some(ready),
        ..DigStatus::default()
    };
    assert!(status(Deployed::Updated, Readiness::Ready).is_ready());
    assert!(!status(Deployed::Updating, Readiness::Ready).is_ready());
    assert!(!status(Deployed::Updated, Readiness::NotReady).is_ready());
}

#[test]
fn an_app_without_resources_is_not_ready_on_its_cluster() {
    let on = ClusterRef::new("p", "c");
    let app = |resources| AppStatus {
        name: "a".to_owned(),
        clusters: vec![ClusterStatus {
            cluster_provider: "p".to_owned(),
            cluster: "c".to_owned(),
            resources,
            ..ClusterStatus::default()
        }],
    };
    let ready = ResourceStatus { ready_status: Some(Readiness::Ready), ..ResourceStatus::default() };
    let status = |resources| DigStatus { apps: vec![app(resources)], ..DigStatus::default() };
    assert!(!status(Vec::new()).is_ready_on("a", &on));
    assert!(status(vec![ready.clone()]).is_ready_on("a", &on));
    assert!(!status(vec![ready, ResourceStatus::default()]).is_ready_on("a", &on));
}
