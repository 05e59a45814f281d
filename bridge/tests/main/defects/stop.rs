//! Cancelling workflows: defects 1 and 2.

use super::{Served, running, temporals_word};
use crate::api::unique;

#[tokio::test]
async fn d01_a_cancel_cancels() {
    let (bridge, temporal) = Served::start().await;
    let id = unique("d01");
    bridge.create(&id, 9090).await;
    running(temporal, &id).await;
    let cancelled = bridge.cancel_sample(r#"{"spec":{"reason":"please"}}"#).await;
    assert_eq!((cancelled.status, cancelled.text.as_str()), (204, ""));
    let history = temporal.cli(&["workflow", "show", "-w", &id]).await.unwrap().to_string();
    assert!(history.contains("EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED"), "{history}");

    let terminate = r#"{"spec":{"terminate":true,"reason":"enough","details":[1,{"a":2}]}}"#;
    assert_eq!(bridge.cancel_sample(terminate).await.status, 204);
    assert_eq!(temporals_word(temporal, &id).await, "WORKFLOW_EXECUTION_STATUS_TERMINATED");
}

#[tokio::test]
async fn d02_a_cancel_as_emcoctl_sends_it_is_taken() {
    let (bridge, temporal) = Served::start().await;
    let id = unique("d02");
    bridge.create(&id, 9090).await;
    running(temporal, &id).await;
    let body = format!(
        r#"{{"metadata":{{"name":""}},"spec":{{"reason":"Need to upgrade workflow version","temporalServer":"{}","terminate":true}}}}"#,
        temporal.address()
    );
    assert_eq!(bridge.cancel_sample(&body).await.status, 204);
    assert_eq!(temporals_word(temporal, &id).await, "WORKFLOW_EXECUTION_STATUS_TERMINATED");

    // An address of more than 16 characters is accepted; these are only not among the allowed ones.
    for server in ["192.168.0.33:7233", "temporal.temporal.svc.cluster.local:7233"] {
        let body = format!(r#"{{"metadata":{{"name":""}},"spec":{{"temporalServer":"{server}"}}}}"#);
        bridge.cancel_sample(&body).await.problem(403, "temporal_not_allowed");
    }
}
