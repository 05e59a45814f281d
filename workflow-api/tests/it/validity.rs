//! The rules for a valid intent.

use workflow_api::{WorkflowIntent, read, rules};

use crate::reading::CREATE;

fn faults(body: &str) -> Vec<String> {
    read::<WorkflowIntent>(body.as_bytes()).unwrap().value.faults().iter().map(ToString::to_string).collect()
}

#[test]
fn the_sample_is_sound() {
    assert_eq!(faults(CREATE), Vec::<String>::new());
}

#[test]
fn an_empty_spec_lacks_everything_a_start_needs() {
    assert_eq!(
        faults(r#"{"metadata": {"name": "i"}}"#),
        [
            "$.spec.workflowClient.clientEndpointName: is missing: write the host of the workflow client",
            "$.spec.workflowClient.clientEndpointPort: 0 is not a port: write 1 to 65535",
            "$.spec.temporal.workflowClientName: is missing: write the name of the workflow client",
            "$.spec.temporal.workflowStartOptions.ID: is missing: write the workflow ID, or `{{uuid}}` for a new workflow with each start",
            "$.spec.temporal.workflowStartOptions.TaskQueue: is missing: write the worker's task queue",
        ]
    );
}

#[test]
fn each_wrong_value_is_named() {
    for (right, wrong, path) in [
        ("dig1-workflow-intent", "-dig1", "$.metadata.name"),
        (
            "demo-workflowclient.demo.svc.cluster.local",
            "http://demo:9090/x",
            "$.spec.workflowClient.clientEndpointName",
        ),
        (
            "demo-workflowclient.demo.svc.cluster.local",
            "user@demo",
            "$.spec.workflowClient.clientEndpointName",
        ),
        ("demo-workflowclient.demo.svc.cluster.local", "[::1]", "$.spec.workflowClient.clientEndpointName"),
        (":9090", ":65536", "$.spec.workflowClient.clientEndpointPort"),
        (":9090", ":-1", "$.spec.workflowClient.clientEndpointPort"),
        ("migrate_workflowclient", "../admin", "$.spec.temporal.workflowClientName"),
        (
            ":60000000000",
            ":-5",
            "$.spec.temporal.workflowParams.activityOptions.all-activities.StartToCloseTimeout",
        ),
        (
            "\"initialInterval\":10",
            "\"backoffCoefficient\":0.5",
            "$.spec.temporal.workflowParams.activityOptions.all-activities.RetryPolicy.BackoffCoefficient",
        ),
        (
            "\"maximumAttempts\":2",
            "\"maximumAttempts\":-2",
            "$.spec.temporal.workflowStartOptions.RetryPolicy.MaximumAttempts",
        ),
    ] {
        let body = CREATE.replacen(right, wrong, 1);
        assert_ne!(body, CREATE);
        let faults = faults(&body);
        assert!(faults.len() == 1 && faults[0].starts_with(&format!("{path}: ")), "{wrong}: {faults:?}");
    }
}

#[test]
fn names_follow_the_rule_of_emco() {
    for name in ["a", "A1", "a-b_c.d", &"a".repeat(128)] {
        assert!(rules::is_name(name), "{name}");
    }
    for name in ["", "-a", "a-", ".a", "a b", "a/b", "é", &"a".repeat(129)] {
        assert!(!rules::is_name(name), "{name}");
    }
}

#[test]
fn hosts_are_bare() {
    for host in ["localhost", "a.b.svc.cluster.local", "a.b.", "192.168.0.33", "::1", "fe80::1", "my_host"] {
        assert!(rules::is_host(host), "{host}");
    }
    for host in [
        "",
        ".",
        "a..b",
        "a:9090",
        "http://a",
        "a/b",
        "a b",
        "[::1]",
        "a?b",
        "a#b",
        "user@a",
        &"a".repeat(64),
    ] {
        assert!(!rules::is_host(host), "{host}");
    }
}

#[test]
fn faults_of_rules_repeat_the_spelling_of_the_body() {
    let body = r#"{"metadata": {"Name": "-"}, "SPEC": {"temporal": {
        "workflowStartOptions": {"id": "{{x}}", "taskQueue": "q", "WorkflowRunTimeout": -1, "retrypolicy": {"maximumAttempts": -1}},
        "workflowParams": {"ActivityOptions": {
            "Greet": {"StartToCloseTimeout": 1, "startToCloseTimeout": -1},
            "a.b": {"startToCloseTimeout": 1, "StartToCloseTimeout": -1}}}}}}"#;
    let read = read::<WorkflowIntent>(body.as_bytes()).unwrap();
    let faults = read.spelling.respell(read.value.faults());
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "$.metadata.Name",
            "$.SPEC.workflowClient.clientEndpointName",
            "$.SPEC.workflowClient.clientEndpointPort",
            "$.SPEC.temporal.workflowClientName",
            "$.SPEC.temporal.workflowStartOptions.id",
            "$.SPEC.temporal.workflowStartOptions.WorkflowRunTimeout",
            "$.SPEC.temporal.workflowStartOptions.retrypolicy.maximumAttempts",
            "$.SPEC.temporal.workflowParams.ActivityOptions.Greet.startToCloseTimeout",
            "$.SPEC.temporal.workflowParams.ActivityOptions[\"a.b\"].StartToCloseTimeout",
        ]
    );
}
