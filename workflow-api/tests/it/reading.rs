//! Reading: as lenient as Go, with all faults together.

use serde_json::json;
use workflow_api::{
    CancelRequest, Catalogue, Fault, IdReusePolicy, RawJson, ReadError, SignalRequest, StartOptions,
    TemporalSpec, WorkflowIntent, read, to_go_json,
};

pub(crate) const CREATE: &str = include_str!("../vectors/04-create.json");

fn intent(body: &str) -> WorkflowIntent {
    read(body.as_bytes()).unwrap().value
}

fn faults<T: workflow_api::FromJson + Default + std::fmt::Debug>(body: &str) -> Vec<String> {
    let Err(ReadError::Faults(faults)) = read::<T>(body.as_bytes()) else { panic!("{body} was read") };
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn sample_04_is_read_whole() {
    let read = read::<WorkflowIntent>(CREATE.as_bytes()).unwrap();
    assert_eq!(read.unknown, Vec::<String>::new());
    let intent = read.value;
    assert_eq!(intent.metadata.name, "dig1-workflow-intent");
    assert_eq!(intent.spec.workflow_client.client_endpoint_port, 9090);
    let options = &intent.spec.temporal.workflow_start_options;
    assert_eq!((options.id.as_str(), options.task_queue.as_str()), ("migrate-apps-1", "MIGRATION_TASK_Q"));
    assert_eq!(options.retry_policy.as_ref().map(|policy| policy.maximum_attempts), Some(2));
    let params = &intent.spec.temporal.workflow_params;
    let activity = &params.activity_options["all-activities"];
    assert_eq!(activity.start_to_close_timeout.get(), 60_000_000_000);
    assert_eq!(activity.heartbeat_timeout.get(), 5_000_000);
    assert_eq!(activity.retry_policy.as_ref().map(|policy| policy.initial_interval.get()), Some(10));
    assert_eq!(params.activity_params["all-activities"].len(), 7);
}

#[test]
fn samples_05_and_07_are_read() {
    let start: CancelRequest = read(include_bytes!("../vectors/05-start.json")).unwrap().value;
    assert_eq!(start, CancelRequest::default());
    let cancel: CancelRequest = read(include_bytes!("../vectors/07-cancel.json")).unwrap().value;
    assert!(cancel.spec.terminate);
    assert_eq!(cancel.spec.run.temporal_server, "192.168.0.33:7233");
    assert_eq!(cancel.spec.reason, "Need to upgrade workflow version");
}

#[test]
fn lower_case_upper_case_and_go_case_read_alike() {
    let expected = intent(CREATE);
    assert_eq!(intent(include_str!("../vectors/04-create.json")), expected);
    let go = String::from_utf8(workflow_api::to_go_json(&expected)).unwrap();
    assert_eq!(intent(&go), expected);
    for (spelling, replacement) in
        [("taskQueue", "taskqueue"), ("taskQueue", "TASKQUEUE"), ("id", "Id"), ("spec", "\u{17f}pec")]
    {
        let body = CREATE.replace(&format!("\"{spelling}\":"), &format!("\"{replacement}\":"));
        assert_ne!(body, CREATE, "{spelling} stands in the sample");
        assert_eq!(intent(&body), expected, "{replacement}");
    }
}

#[test]
fn names_of_activities_and_parameters_keep_their_case() {
    let body = r#"{"workflowParams": {"activityParams": {"A": {"P": "1"}, "a": {"p": "2", "P": "3"}}}}"#;
    let params = read::<TemporalSpec>(body.as_bytes()).unwrap().value.workflow_params.activity_params;
    assert_eq!(params["A"]["P"], "1");
    assert_eq!((params["a"]["p"].as_str(), params["a"]["P"].as_str()), ("2", "3"));
}

#[test]
fn null_leaves_a_value_unchanged() {
    let body = r#"{"metadata": {"name": null}, "spec": {"workflowClient": null, "temporal": {"workflowClientName": null,
        "workflowStartOptions": {"id": null, "workflowRunTimeout": null, "workflowIDReusePolicy": null, "retryPolicy": null,
        "memo": null, "workflowExecutionErrorWhenAlreadyStarted": null},
        "workflowParams": {"activityOptions": null, "activityParams": null}}}}"#;
    assert_eq!(intent(body), WorkflowIntent::default());
    assert_eq!(intent("null"), WorkflowIntent::default());
    let params = intent(
        r#"{"spec":{"temporal":{"workflowParams":{"activityParams":{"a":{"p":null}},"activityOptions":{"a":null}}}}}"#,
    );
    assert_eq!(params.spec.temporal.workflow_params.activity_params["a"]["p"], "");
    assert!(params.spec.temporal.workflow_params.activity_options.contains_key("a"));
}

#[test]
fn durations_are_nanoseconds_or_text() {
    for (text, nanoseconds) in [
        ("60000000000", 60_000_000_000),
        ("6e10", 60_000_000_000),
        ("60000000000.0", 60_000_000_000),
        (r#""60s""#, 60_000_000_000),
        (r#""1h30m""#, 5_400_000_000_000),
        (r#""PT1M""#, 60_000_000_000),
        ("-1", -1),
    ] {
        let options: StartOptions =
            read(format!(r#"{{"workflowRunTimeout": {text}}}"#).as_bytes()).unwrap().value;
        assert_eq!(options.workflow_run_timeout.get(), nanoseconds, "{text}");
    }
    assert_eq!(
        faults::<StartOptions>(
            r#"{"workflowRunTimeout": "soon", "workflowTaskTimeout": 1.5, "workflowExecutionTimeout": true}"#
        ),
        [
            "$.workflowRunTimeout: `soon` is not a duration: write nanoseconds, or text like `30s`, `1h30m` or `PT30S`",
            "$.workflowTaskTimeout: 1.5 is not a whole number of 64 bits",
            "$.workflowExecutionTimeout: must be a duration (nanoseconds, or text like `30s`), not a boolean",
        ]
    );
}

#[test]
fn a_reuse_policy_is_a_number_or_a_name() {
    for (text, policy) in [
        ("0", IdReusePolicy::Unspecified),
        ("3", IdReusePolicy::RejectDuplicate),
        (r#""AllowDuplicate""#, IdReusePolicy::AllowDuplicate),
        (r#""allow_duplicate_failed_only""#, IdReusePolicy::AllowDuplicateFailedOnly),
        (r#""WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE""#, IdReusePolicy::RejectDuplicate),
    ] {
        let options: StartOptions =
            read(format!(r#"{{"workflowIDReusePolicy": {text}}}"#).as_bytes()).unwrap().value;
        assert_eq!(options.workflow_id_reuse_policy, policy, "{text}");
    }
    let choices =
        "write 0 (Unspecified), 1 (AllowDuplicate), 2 (AllowDuplicateFailedOnly), 3 (RejectDuplicate)";
    for (text, shown) in [("4", "4"), ("-1", "-1"), (r#""Never""#, "`Never`"), ("1.5", "1.5")] {
        assert_eq!(
            faults::<StartOptions>(&format!(r#"{{"workflowIDReusePolicy": {text}}}"#)),
            [format!("$.workflowIDReusePolicy: {shown} is not a reuse policy: {choices}")]
        );
    }
}

#[test]
fn all_faults_are_listed_by_path() {
    let body = r#"{"metadata": [], "spec": {"workflowClient": {"clientEndpointPort": "9090"}, "temporal": {
        "workflowStartOptions": {"retryPolicy": {"maximumAttempts": 3000000000, "nonRetryableErrorTypes": ["A", 1]}},
        "workflowParams": {"activityParams": {"all-activities": {"replicas": 3}, "a b": 1}}}}}"#;
    assert_eq!(
        faults::<WorkflowIntent>(body),
        [
            "$.metadata: must be an object, not a list",
            "$.spec.workflowClient.clientEndpointPort: must be a whole number, not a text",
            "$.spec.temporal.workflowStartOptions.retryPolicy.maximumAttempts: 3000000000 is not a whole number of 32 bits",
            "$.spec.temporal.workflowStartOptions.retryPolicy.nonRetryableErrorTypes[1]: must be a text, not a number",
            "$.spec.temporal.workflowParams.activityParams.all-activities.replicas: must be a text, not a number",
            "$.spec.temporal.workflowParams.activityParams[\"a b\"]: must be an object, not a number",
        ]
    );
}

#[test]
fn unknown_and_repeated_keys_are_reported() {
    let body = r#"{"metadata": {"name": "a", "labels": {}}, "spec": {"hookBlocking": true, "temporal": {"workflowClientName": "a",
        "WorkflowClientName": "b", "workflowParams": {"startToCloseTimeout": 1}}}}"#;
    let read = read::<WorkflowIntent>(body.as_bytes()).unwrap();
    assert_eq!(read.value.spec.temporal.workflow_client_name, "b", "the last one counts, as in Go");
    assert_eq!(
        read.unknown,
        [
            "$.metadata.labels",
            "$.spec.hookBlocking",
            "$.spec.temporal.WorkflowClientName",
            "$.spec.temporal.workflowParams.startToCloseTimeout",
        ]
    );
}

#[test]
fn only_the_first_value_of_a_body_counts() {
    assert_eq!(intent(&format!("  {CREATE} and then some")), intent(CREATE));
    assert_eq!(intent("{} {\"metadata\": 1}"), WorkflowIntent::default());
}

#[test]
fn a_body_that_is_not_json_is_refused_with_its_place() {
    for body in ["", " \n"] {
        assert!(matches!(read::<WorkflowIntent>(body.as_bytes()), Err(ReadError::Empty)), "{body:?}");
    }
    for (body, place) in
        [("{\"a\":", "column 5"), ("}", "column 1"), ("nul", "column 3"), ("{'a': 1}", "column 2")]
    {
        let error = read::<WorkflowIntent>(body.as_bytes()).unwrap_err();
        assert!(
            matches!(error, ReadError::Malformed(_)) && error.to_string().contains(place),
            "{body}: {error}"
        );
    }
}

/// Nested lists.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// Returns the result of `work` on a stack as small as that of a thread of the server.
fn on_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let stack = std::thread::Builder::new().stack_size(1 << 20);
    std::thread::scope(|scope| stack.spawn_scoped(scope, work).unwrap().join().unwrap())
}

#[test]
fn as_many_levels_are_read_as_go_reads() {
    for levels in [1, 200, 9_997] {
        let json = nested(levels);
        let body = format!(r#"{{"workflowStartOptions":{{"Memo":{{"deep":{json}}}}}}}"#);
        let (memo, written) = on_small_stack(|| {
            let spec = read::<TemporalSpec>(body.as_bytes()).unwrap().value;
            let memo = spec.workflow_start_options.memo.clone().unwrap()["deep"].as_str().to_owned();
            (memo, to_go_json(&spec))
        });
        assert_eq!(memo, json, "{levels}");
        assert_eq!(to_go_json(&read::<TemporalSpec>(&written).unwrap().value), written, "{levels}");
    }
}

#[test]
fn unknown_keys_may_have_as_many_levels() {
    let body = format!(r#"{{"metadata":{{"name":"a","x":{}}}}}"#, nested(9_998));
    let read = on_small_stack(|| read::<WorkflowIntent>(body.as_bytes()).unwrap());
    assert_eq!((read.value.metadata.name.as_str(), read.unknown.concat().as_str()), ("a", "$.metadata.x"));
}

#[test]
fn more_levels_are_refused() {
    for body in [nested(10_001), "[".repeat(2 << 20), "{\"a\":".repeat(400_000), nested(1 << 20)] {
        let refused = on_small_stack(|| read::<WorkflowIntent>(body.as_bytes()).unwrap_err());
        assert!(matches!(&refused, ReadError::Malformed(text) if text.contains("10000 levels")), "{refused}");
    }
}

#[test]
fn schemas_have_few_levels() {
    let body = |levels| format!(r#"{{"clients":[{{"name":"a","params":{{"b":{}}}}}]}}"#, nested(levels));
    assert!(read::<Catalogue>(body(100).as_bytes()).is_ok());
    let fault = on_small_stack(|| faults::<Catalogue>(&body(9_000)).concat());
    assert!(fault.starts_with("$.clients[0].params.b: recursion limit exceeded"), "{fault}");
}

#[test]
fn a_surrogate_without_its_other_half_is_read_as_go_does() {
    let body = r#"{"metadata":{"name":"\ud83d\ude00","description":"a\ud800b"},
        "spec":{"temporal":{"workflowStartOptions":{"memo":{"\udc00":["\\ud800","\ud800\u0041"]}}}}}"#;
    let intent = intent(body);
    assert_eq!((intent.metadata.name.as_str(), intent.metadata.description.as_str()), ("😀", "a\u{fffd}b"));
    let memo = intent.spec.temporal.workflow_start_options.memo.unwrap();
    assert_eq!(memo["\u{fffd}"].as_str(), "[\"\\\\ud800\",\"\u{fffd}A\"]");
}

/// Numbers that a 64-bit float does not hold, or that Go writes differently.
const NUMBERS: &str =
    "[12345678901234567890123456789, 0.12345678901234567890, 18446744073709551615, 1.0, -0, 1e400]";

#[test]
fn arguments_are_passed_on_as_they_were_written() {
    let args = format!(r#"[{{"b":1,"a":{NUMBERS},"a":"<"}},{NUMBERS}]"#);
    let body = format!(r#"{{"spec":{{"args":{args},"details":{args}}}}}"#);
    let signal = read::<SignalRequest>(body.as_bytes()).unwrap().value;
    let cancel = read::<CancelRequest>(body.as_bytes()).unwrap().value;
    for passed in [signal.spec.args, cancel.spec.details] {
        assert_eq!(passed[1].as_str(), NUMBERS);
        assert_eq!(String::from_utf8(to_go_json(&passed)).unwrap(), args);
    }
}

#[test]
fn a_memo_has_no_number_that_emco_would_change() {
    for number in [
        "1e400",
        "9007199254740993",
        "18446744073709551615",
        "12345678901234567890123456789",
        "0.12345678901234567890",
        "-1.00000000000000000001",
    ] {
        for field in ["memo", "searchAttributes"] {
            let faults = faults::<StartOptions>(&format!(r#"{{"{field}":{{"n":["{number}",{number}]}}}}"#));
            assert!(faults.len() == 1 && faults[0].contains(&format!("the number {number}, ")), "{faults:?}");
        }
    }
    let sound = r#"["a\\\"1e400", 1.0, -0, 0.1, 1e21, 100e-2, 0.000, 123456789012345680000, 5e-324, 9007199254740992]"#;
    let memo = read::<StartOptions>(format!(r#"{{"memo":{{"n":{sound}}}}}"#).as_bytes()).unwrap().value.memo;
    assert_eq!(
        memo.unwrap()["n"].as_str(),
        r#"["a\\\"1e400",1,-0,0.1,1e+21,1,0,123456789012345680000,5e-324,9007199254740992]"#
    );
}

#[test]
fn long_texts_of_a_caller_are_cut_in_faults_and_paths() {
    let long = "é".repeat(30_000);
    let body = format!(
        r#"{{"metadata":{{"name":"{long}","{long}":1}},"spec":{{"temporal":{{"workflowStartOptions":{{
        "workflowRunTimeout":"{long}","workflowIDReusePolicy":"{long}","memo":{{"{long}":1e999}}}}}}}}}}"#
    );
    let error = read::<WorkflowIntent>(body.as_bytes()).unwrap_err();
    let faults = error.into_faults();
    assert!(faults.len() == 3 && faults.iter().all(|fault| fault.to_string().len() < 600), "{faults:?}");
    let named =
        read::<WorkflowIntent>(format!(r#"{{"metadata":{{"name":"{long}","{long}":1}}}}"#).as_bytes())
            .unwrap();
    assert!(named.unknown.concat().len() < 300);
    assert!(named.value.faults().iter().all(|fault| fault.message.len() < 400));
}

#[test]
fn ill_formed_utf_8_is_read_as_go_does() {
    let read = read::<WorkflowIntent>(b"{\"metadata\":{\"description\":\"a\xffb\"}}").unwrap();
    assert_eq!(read.value.metadata.description, "a\u{fffd}b");
}

#[test]
fn serde_reads_by_the_same_rules() {
    let intent: WorkflowIntent = serde_json::from_str(CREATE).unwrap();
    assert_eq!(intent, read::<WorkflowIntent>(CREATE.as_bytes()).unwrap().value);
    let error = serde_json::from_str::<WorkflowIntent>(r#"{"metadata": 1, "spec": 2}"#).unwrap_err();
    assert!(
        error.to_string().contains("$.metadata: must be an object, not a number; $.spec: must be"),
        "{error}"
    );
}

#[test]
fn verbs_are_read_as_leniently_as_the_rest() {
    let body =
        br#"{"Metadata":null,"spec":{"WORKFLOWID":"w","namespace":"n","Name":"go","args":[1,null],"foo":1}}"#;
    let signal = read::<SignalRequest>(body).unwrap();
    assert_eq!(signal.unknown, ["$.spec.foo"]);
    let spec = signal.value.spec;
    assert_eq!((spec.run.workflow_id.as_str(), spec.run.namespace.as_str()), ("w", "n"));
    assert_eq!((spec.name.as_str(), spec.args), ("go", [json!(1), json!(null)].map(RawJson::from).to_vec()));
    let cancel: CancelRequest = read(br#"{"spec":{"runID":"r","escalateAfter":"1m"}}"#).unwrap().value;
    assert_eq!((cancel.spec.run.run_id.as_str(), cancel.spec.escalate_after.get()), ("r", 60_000_000_000));
}

#[test]
fn members_of_a_later_catalogue_are_passed_over() {
    let body = br#"{"version": 2, "clients": [{"name": "migrate", "WORKFLOWTYPE": "Move", "params": {
        "all-activities": {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}},
        "events": ["pause"]}]}"#;
    let catalogue = read::<Catalogue>(body).unwrap();
    assert_eq!(catalogue.unknown, ["$.version", "$.clients[0].events"]);
    let client = catalogue.value.get("migrate").unwrap();
    assert_eq!((client.workflow_type.as_str(), client.idempotency_key), ("Move", false));
    let faults = client.check(&TemporalSpec::default()).unwrap();
    assert_eq!(faults, [Fault::new("$.workflowParams.activityParams.all-activities.count", "is missing")]);
    assert!(catalogue.value.get("other").is_none());
}
