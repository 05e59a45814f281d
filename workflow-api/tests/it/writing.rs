//! Writing: the bytes that EMCO sends.

use workflow_api::{CancelRequest, TemporalSpec, WorkflowIntent, read, to_go_json};

use crate::reading::CREATE;

const INVOKE: &str = include_str!("../vectors/04-invoke.json");

fn go_text(value: &(impl serde::Serialize + ?Sized)) -> String {
    String::from_utf8(to_go_json(value)).unwrap()
}

#[test]
fn sample_04_gives_the_invoke_body_of_emco() {
    let intent = read::<WorkflowIntent>(CREATE.as_bytes()).unwrap().value;
    assert_eq!(go_text(&intent.spec.temporal), INVOKE);
}

#[test]
fn the_invoke_body_of_emco_survives_reading_and_writing() {
    let spec = read::<TemporalSpec>(INVOKE.as_bytes()).unwrap();
    assert_eq!(spec.unknown, Vec::<String>::new());
    assert_eq!(go_text(&spec.value), INVOKE);
}

#[test]
fn an_empty_intent_is_written_with_every_field_that_go_writes() {
    assert_eq!(
        go_text(&WorkflowIntent::default()),
        concat!(
            r#"{"metadata":{"name":"","description":"","userData1":"","userData2":""},"#,
            r#""spec":{"workflowClient":{"clientEndpointName":"","clientEndpointPort":0},"#,
            r#""temporal":{"workflowClientName":"","workflowStartOptions":{"ID":"","TaskQueue":"","#,
            r#""WorkflowExecutionTimeout":0,"WorkflowRunTimeout":0,"WorkflowTaskTimeout":0,"#,
            r#""WorkflowIDReusePolicy":0,"WorkflowExecutionErrorWhenAlreadyStarted":false,"RetryPolicy":null,"#,
            r#""CronSchedule":"","Memo":null,"SearchAttributes":null},"workflowParams":{}}}}"#
        )
    );
}

#[test]
fn html_and_memo_are_written_as_go_does() {
    let body = r#"{"workflowStartOptions": {"cronSchedule": "<&>", "memo": {"z": {"b": 2.0, "a": 1e21}, "a": [9007199254740992, 0.5, null]},
        "retryPolicy": {"backoffCoefficient": 2.0, "nonRetryableErrorTypes": []}}}"#;
    let spec = read::<TemporalSpec>(body.as_bytes()).unwrap().value;
    assert_eq!(
        go_text(&spec.workflow_start_options),
        concat!(
            r#"{"ID":"","TaskQueue":"","WorkflowExecutionTimeout":0,"WorkflowRunTimeout":0,"WorkflowTaskTimeout":0,"#,
            r#""WorkflowIDReusePolicy":0,"WorkflowExecutionErrorWhenAlreadyStarted":false,"RetryPolicy":"#,
            r#"{"InitialInterval":0,"BackoffCoefficient":2,"MaximumInterval":0,"MaximumAttempts":0,"#,
            r#""NonRetryableErrorTypes":[]},"CronSchedule":"\u003c\u0026\u003e","#,
            r#""Memo":{"a":[9007199254740992,0.5,null],"z":{"a":1e+21,"b":2}},"SearchAttributes":null}"#
        )
    );
}

#[test]
fn a_cancel_request_is_written_in_the_order_of_emco() {
    assert_eq!(
        go_text(&CancelRequest::default()),
        concat!(
            r#"{"metadata":{"name":"","description":"","userData1":"","userData2":""},"#,
            r#""spec":{"temporalServer":"","workflowID":"","runID":"","terminate":false,"reason":"","details":[]}}"#
        )
    );
}

#[test]
fn text_is_escaped_as_go_does() {
    assert_eq!(go_text("a<b>&c"), r#""a\u003cb\u003e\u0026c""#);
    assert_eq!(go_text("\u{2028}\u{2029}é"), "\"\\u2028\\u2029é\"");
    assert_eq!(
        go_text("\u{8}\u{c}\n\r\t\u{1}\u{7f}\"\\/"),
        "\"\\u0008\\u000c\\n\\r\\t\\u0001\u{7f}\\\"\\\\/\""
    );
}

#[test]
fn numbers_are_written_as_go_does() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (2.0, "2"),
        (1.5, "1.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (-2.5e22, "-2.5e+22"),
    ] {
        assert_eq!(go_text(&value), text);
    }
}
