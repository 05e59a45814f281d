//! Options as Go encodes them. The program in `tests/interop/options` made the vectors with the SDK that EMCO uses.

use serde_json::{Map, Number, Value};
use workflow_api::{
    ActivityOptions, FromJson, IdReusePolicy, JsonMap, Nanos, RetryPolicy, StartOptions, read, to_go_json,
};

const VECTORS: &str = include_str!("../vectors/go-options.jsonl");

/// One value: its fields in a form without Go's JSON (integers as text, floats as bits), and its encoding by Go.
struct Vector {
    kind: String,
    fields: Vec<Value>,
    go: String,
}

fn vectors() -> Vec<Vector> {
    let vectors = VECTORS.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        Vector {
            kind: text(&line["type"]),
            go: text(&line["go"]),
            fields: line["fields"].take().as_array().unwrap().clone(),
        }
    });
    vectors.collect()
}

fn text(given: &Value) -> String {
    given.as_str().unwrap().to_owned()
}

fn integer(given: &Value) -> i64 {
    given.as_str().unwrap().parse().unwrap()
}

fn nanos(given: &Value) -> Nanos {
    Nanos::new(integer(given))
}

fn float(bits: &Value) -> f64 {
    f64::from_bits(u64::from_str_radix(bits.as_str().unwrap(), 16).unwrap())
}

fn retry_policy(given: &Value) -> Option<RetryPolicy> {
    given.as_array().map(|fields| RetryPolicy {
        initial_interval: nanos(&fields[0]),
        backoff_coefficient: float(&fields[1]),
        maximum_interval: nanos(&fields[2]),
        maximum_attempts: integer(&fields[3]).try_into().unwrap(),
        non_retryable_error_types: fields[4].as_array().map(|types| types.iter().map(text).collect()),
    })
}

fn activity_options(fields: &[Value]) -> ActivityOptions {
    ActivityOptions {
        task_queue: text(&fields[0]).into(),
        schedule_to_close_timeout: nanos(&fields[1]),
        schedule_to_start_timeout: nanos(&fields[2]),
        start_to_close_timeout: nanos(&fields[3]),
        heartbeat_timeout: nanos(&fields[4]),
        wait_for_cancellation: fields[5].as_bool().unwrap(),
        activity_id: text(&fields[6]),
        retry_policy: retry_policy(&fields[7]),
    }
}

fn start_options(fields: &[Value]) -> StartOptions {
    StartOptions {
        id: text(&fields[0]).into(),
        task_queue: text(&fields[1]).into(),
        workflow_execution_timeout: nanos(&fields[2]),
        workflow_run_timeout: nanos(&fields[3]),
        workflow_task_timeout: nanos(&fields[4]),
        workflow_id_reuse_policy: policy(integer(&fields[5])),
        workflow_execution_error_when_already_started: fields[6].as_bool().unwrap(),
        retry_policy: retry_policy(&fields[7]),
        cron_schedule: text(&fields[8]),
        memo: json_map(&fields[9]),
        search_attributes: json_map(&fields[10]),
    }
}

fn json_map(given: &Value) -> Option<JsonMap> {
    let Value::Object(members) = given.as_object().map(|_| value(given))? else {
        panic!("no object: {given}")
    };
    Some(members.into_iter().map(|(name, value)| (name, value.into())).collect())
}

/// `{"float": bits}` stands for a number, `{"object": fields}` for an object. Other values stand for themselves.
fn value(given: &Value) -> Value {
    match given {
        Value::Object(wrapped) => match wrapped.iter().next() {
            Some((kind, bits)) if kind == "float" => Number::from_f64(float(bits)).into(),
            Some((_, fields)) => {
                // Go sorts the keys of a map.
                let mut fields: Vec<_> = fields.as_object().unwrap().iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                fields
                    .into_iter()
                    .map(|(name, given)| (name.clone(), value(given)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            None => panic!("an object without a kind"),
        },
        Value::Array(list) => list.iter().map(value).collect(),
        plain => plain.clone(),
    }
}

fn go_text<T: serde::Serialize>(value: &T) -> String {
    String::from_utf8(to_go_json(value)).unwrap()
}

/// Checks that reading Go's bytes gives `made`, and that writing `made` gives Go's bytes.
fn agrees<T>(made: &T, go: &str)
where
    T: FromJson + Default + PartialEq + std::fmt::Debug + serde::Serialize,
{
    assert_eq!(go_text(made), go);
    let read = read::<T>(go.as_bytes()).unwrap();
    assert_eq!(read.unknown, Vec::<String>::new(), "{go}");
    // What is passed on equals what came in, byte for byte.
    assert_eq!(go_text(&read.value), go);
    assert_eq!(&read.value, made, "{go}");
}

#[test]
fn go_and_we_encode_and_read_the_same() {
    let vectors = vectors();
    assert!(vectors.len() >= 200, "{}", vectors.len());
    for Vector { kind, fields, go } in vectors {
        match kind.as_str() {
            "RetryPolicy" => agrees(&retry_policy(&fields.into()).unwrap(), &go),
            "ActivityOptions" => agrees(&activity_options(&fields), &go),
            "StartWorkflowOptions" => agrees(&start_options(&fields), &go),
            other => panic!("no such type: {other}"),
        }
    }
}

fn policy(number: i64) -> IdReusePolicy {
    use IdReusePolicy::{AllowDuplicate, AllowDuplicateFailedOnly, RejectDuplicate, Unspecified};
    let policies = [Unspecified, AllowDuplicate, AllowDuplicateFailedOnly, RejectDuplicate];
    policies.into_iter().find(|policy| i64::from(policy.number()) == number).unwrap()
}
