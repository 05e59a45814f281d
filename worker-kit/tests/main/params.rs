//! Typed parameters of an activity.

use schemars::JsonSchema;
use serde::Deserialize;
use worker_kit::Params;
use workflow_api::WorkflowParams;

#[derive(Debug, Deserialize, JsonSchema)]
struct Server {
    host: String,
    port: u16,
}

fn params(entries: &[(&str, &str, &str)]) -> WorkflowParams {
    let mut params = WorkflowParams::default();
    for (activity, name, value) in entries {
        let of = params.activity_params.entry((*activity).to_owned()).or_default();
        of.insert((*name).to_owned(), (*value).to_owned());
    }
    params
}

#[test]
fn an_activitys_own_parameter_overrides_the_common_one() {
    let all = "all-activities";
    let params = params(&[(all, "host", "a"), (all, "port", "1"), ("X", "port", "2")]);
    let ports = [Params::of(&params, "X"), Params::of(&params, "Y"), Params::for_all(&params)]
        .map(|read| read.map(|Params(Server { host, port })| (host, port)).unwrap());
    assert_eq!(ports, [("a".to_owned(), 2), ("a".to_owned(), 1), ("a".to_owned(), 1)]);
}

#[test]
fn every_missing_unknown_and_wrong_parameter_is_named() {
    let params = params(&[("all-activities", "port", "hunter2"), ("all-activities", "hsot", "a")]);
    let text = Params::<Server>::for_all(&params).unwrap_err().to_string();
    for words in [
        "$.activityParams.all-activities.port: must be an integer from 0 to 65535",
        "$.activityParams.all-activities.hsot: is not known; did you mean `host`?",
        "$.activityParams.all-activities.host: is missing",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
