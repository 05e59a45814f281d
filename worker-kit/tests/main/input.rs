//! A workflow's input, as its parameters or as faults.

use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use worker_kit::{InvalidParams, both, params};
use workflow_api::{Fault, WorkflowParams};

fn payload(encoding: &str, data: &str) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
        data: data.as_bytes().to_vec(),
        ..Payload::default()
    }
}

fn one(encoding: &str, data: &str) -> Result<WorkflowParams, String> {
    params(&RawValue::new(vec![payload(encoding, data)])).map_err(|invalid| invalid.to_string())
}

#[test]
fn keys_are_read_as_go_reads_them() {
    let read = one(
        "json/plain",
        r#"{"ACTIVITYOPTIONS": {"A": {"starttoclosetimeout": "30s", "RETRYPOLICY": {"maximumAttempts": 2}}}}"#,
    )
    .unwrap();
    let options = &read.activity_options["A"];
    assert_eq!(options.start_to_close_timeout.get(), 30_000_000_000);
    assert_eq!(options.retry_policy.as_ref().unwrap().maximum_attempts, 2);
}

#[test]
fn an_argument_without_a_value_is_an_empty_one() {
    assert_eq!(one("binary/null", ""), Ok(WorkflowParams::default()));
    assert_eq!(one("json/plain", "null"), Ok(WorkflowParams::default()));
    let raw = RawValue::from_value(&serde_json::Value::Null, &PayloadConverter::default());
    assert_eq!(params(&raw), Ok(WorkflowParams::default()));
}

#[test]
fn the_number_of_arguments_is_checked() {
    for arguments in [0, 2] {
        let input = RawValue::new(vec![payload("json/plain", "{}"); arguments]);
        let text = params(&input).unwrap_err().to_string();
        assert!(text.ends_with(&format!("workflowParams, not {arguments}")), "{text}");
    }
}

#[test]
fn what_is_not_json_is_named() {
    let text = one("binary/encrypted", "x").unwrap_err();
    assert!(text.contains("`binary/encrypted`"), "{text}");
    assert!(one("", "{}").is_err());
    assert!(one("json/plain", "{").unwrap_err().contains("not JSON"));
    assert!(one("json/plain", "").unwrap_err().contains("empty"));
}

#[test]
fn every_fault_is_listed() {
    let text = one(
        "json/plain",
        r#"{"activityOptions": {"A": {"startToCloseTimeout": "soon"}}, "activityParams": {"B": {"p": 1}}}"#,
    )
    .unwrap_err();
    assert!(text.contains("$.activityOptions.A.startToCloseTimeout: "), "{text}");
    assert!(text.contains("$.activityParams.B.p: "), "{text}");
}

#[test]
fn faults_of_two_checks_are_listed_together() {
    let fault = |path: &str| InvalidParams::new(vec![Fault::new(path, "wrong")]);
    assert_eq!(both(Ok(1), Ok(2)), Ok((1, 2)));
    assert_eq!(both::<(), _>(Err(fault("$.a")), Ok(2)), Err(fault("$.a")));
    let text = both::<(), ()>(Err(fault("$.a")), Err(fault("$.b"))).unwrap_err().to_string();
    assert!(text.ends_with("parameters: $.a: wrong; $.b: wrong"), "{text}");
}

#[test]
fn only_the_first_of_many_faults_are_listed() {
    let fault = Fault::new("$.ä".repeat(1000), "wrong".repeat(1000));
    let invalid = || Err::<(), _>(InvalidParams::new(vec![fault.clone(); 1000]));
    let text = both(invalid(), invalid()).unwrap_err().to_string();
    assert!(text.len() < 100_000, "{}", text.len());
    assert!(text.ends_with("…; and 1936 more faults"), "{text}");
}
