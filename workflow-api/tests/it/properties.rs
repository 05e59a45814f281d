//! Properties of reading and writing, over generated intents.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use workflow_api::{
    ActivityOptions, ClientEndpoint, IdReusePolicy, JsonMap, Metadata, Nanos, RawJson, RetryPolicy,
    StartOptions, TemporalSpec, WorkflowIntent, WorkflowIntentSpec, WorkflowParams, read, to_go_json,
};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", "[<>&\u{2028}\"\\\\\n\u{8}a]{0,8}"]
}

fn nanos() -> impl Strategy<Value = Nanos> {
    any::<i64>().prop_map(Nanos::new)
}

/// JSON that Go's decoder does not change: numbers are 64-bit floats.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..(1_i64 << 53)).prop_map(Value::from),
        any::<f64>().prop_filter("a fraction", |f| f.is_finite() && f.fract() != 0.0).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn json_map() -> impl Strategy<Value = Option<JsonMap>> {
    option::of(btree_map(text(), json().prop_map(RawJson::from), 0..4).prop_map(JsonMap::from_iter))
}

prop_compose! {
    fn retry_policy()(initial_interval in nanos(), backoff_coefficient in any::<f64>().prop_filter("finite", |f| f.is_finite()),
        maximum_interval in nanos(), maximum_attempts in any::<i32>(),
        non_retryable_error_types in option::of(vec(text(), 0..3))) -> RetryPolicy {
        RetryPolicy { initial_interval, backoff_coefficient, maximum_interval, maximum_attempts, non_retryable_error_types }
    }
}

prop_compose! {
    fn activity_options()(task_queue in text(), timeouts in [nanos(), nanos(), nanos(), nanos()], wait_for_cancellation in any::<bool>(),
        activity_id in text(), retry_policy in option::of(retry_policy())) -> ActivityOptions {
        ActivityOptions {
            task_queue: task_queue.into(), schedule_to_close_timeout: timeouts[0], schedule_to_start_timeout: timeouts[1],
            start_to_close_timeout: timeouts[2], heartbeat_timeout: timeouts[3], wait_for_cancellation, activity_id, retry_policy,
        }
    }
}

prop_compose! {
    fn start_options()(id in text(), task_queue in text(), timeouts in [nanos(), nanos(), nanos()],
        policy in prop::sample::select(vec![IdReusePolicy::Unspecified, IdReusePolicy::AllowDuplicate,
            IdReusePolicy::AllowDuplicateFailedOnly, IdReusePolicy::RejectDuplicate]),
        fail_when_running in any::<bool>(), retry_policy in option::of(retry_policy()), cron_schedule in text(),
        memo in json_map(), search_attributes in json_map()) -> StartOptions {
        StartOptions {
            id: id.into(), task_queue: task_queue.into(), workflow_execution_timeout: timeouts[0],
            workflow_run_timeout: timeouts[1], workflow_task_timeout: timeouts[2], workflow_id_reuse_policy: policy,
            workflow_execution_error_when_already_started: fail_when_running, retry_policy, cron_schedule, memo, search_attributes,
        }
    }
}

prop_compose! {
    fn intent()(names in vec(text(), 6), port in any::<i64>(), workflow_start_options in start_options(),
        activity_options in btree_map(text(), activity_options(), 0..3),
        activity_params in btree_map(text(), btree_map(text(), text(), 0..3), 0..3)) -> WorkflowIntent {
        let [name, description, user_data1, user_data2, host, client] = <[String; 6]>::try_from(names).unwrap();
        WorkflowIntent {
            metadata: Metadata { name, description, user_data1, user_data2 },
            spec: WorkflowIntentSpec {
                workflow_client: ClientEndpoint { client_endpoint_name: host, client_endpoint_port: port },
                temporal: TemporalSpec { workflow_client_name: client, workflow_start_options,
                    workflow_params: WorkflowParams { activity_options, activity_params } },
            },
        }
    }
}

/// Keys of our types. All others are the caller's and keep their case.
fn mangle(value: &Value, flips: &mut impl Iterator<Item = bool>, ours: bool) -> Value {
    match value {
        Value::Object(members) => {
            let mut mangled = serde_json::Map::new();
            for (key, member) in members {
                let below = match key.as_str() {
                    // Below these, keys are the caller's: on one level or, in a memo, on all levels.
                    "activityOptions" | "activityParams" if ours => caller_keyed(key, member, flips),
                    "Memo" | "SearchAttributes" if ours => member.clone(),
                    _ => mangle(member, flips, ours),
                };
                mangled.insert(if ours { flip(key, flips) } else { key.clone() }, below);
            }
            Value::Object(mangled)
        }
        other => other.clone(),
    }
}

fn caller_keyed(field: &str, value: &Value, flips: &mut impl Iterator<Item = bool>) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let below = |member: &Value, flips: &mut _| {
        if field == "activityOptions" { mangle(member, flips, true) } else { member.clone() }
    };
    Value::Object(members.iter().map(|(key, member)| (key.clone(), below(member, flips))).collect())
}

/// A reproducible coin (an xorshift generator).
fn flips(seed: u64) -> impl Iterator<Item = bool> {
    std::iter::successors(Some(seed | 1), |state| {
        let mut next = *state;
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        Some(next)
    })
    .map(|state| state & 1 == 1)
}

fn flip(key: &str, flips: &mut impl Iterator<Item = bool>) -> String {
    key.chars()
        .map(|c| if flips.next() == Some(true) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_same(intent in intent()) {
        let body = to_go_json(&intent);
        let again = read::<WorkflowIntent>(&body).unwrap();
        prop_assert_eq!(&again.value, &intent);
        prop_assert!(again.unknown.is_empty());
        prop_assert_eq!(to_go_json(&again.value), body);
    }

    #[test]
    fn the_case_of_keys_does_not_count(intent in intent(), seed in any::<u64>()) {
        let body: Value = serde_json::from_slice(&to_go_json(&intent)).unwrap();
        let mangled = mangle(&body, &mut flips(seed), true);
        let again = read::<WorkflowIntent>(mangled.to_string().as_bytes()).unwrap();
        prop_assert_eq!(again.value, intent);
        prop_assert!(again.unknown.is_empty());
    }

    #[test]
    fn nothing_that_is_sent_makes_reading_panic(body in vec(any::<u8>(), 0..200)) {
        let _ = read::<WorkflowIntent>(&body);
    }

    #[test]
    fn no_json_of_the_wrong_shape_makes_reading_panic(value in json(), key in prop::sample::select(vec!["spec", "metadata"])) {
        let body = Value::Object([(key.to_owned(), value)].into_iter().collect());
        if let Ok(read) = read::<WorkflowIntent>(body.to_string().as_bytes()) {
            let _ = read.value.faults();
        }
    }

    #[test]
    fn a_duration_reads_the_same_as_text_and_as_number(seconds in 0_i64..9_000_000_000, nanos in 0_i64..1_000_000_000) {
        let text = format!("{seconds}s{nanos}ns");
        prop_assert_eq!(text.parse::<Nanos>().unwrap().get(), seconds * 1_000_000_000 + nanos);
    }

    #[test]
    fn maps_of_the_caller_keep_their_keys(params in btree_map(text(), btree_map(text(), text(), 0..4), 0..4)) {
        let spec = TemporalSpec {
            workflow_params: WorkflowParams { activity_params: params.clone(), activity_options: BTreeMap::new() },
            ..TemporalSpec::default()
        };
        prop_assert_eq!(read::<TemporalSpec>(&to_go_json(&spec)).unwrap().value.workflow_params.activity_params, params);
    }
}
