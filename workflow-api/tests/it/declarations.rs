//! What a workflow client declares of its workflow, and the checks by its catalogue.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_api::params::read_argument;
use workflow_api::{
    Argument, CatalogueEntry, Declaration, Fault, Message, MessageKind, RawJson, TemporalSpec,
};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stop {
    /// Why.
    #[serde(alias = "why")]
    reason: String,
    after: Option<u8>,
}

const HELLO: Declaration = Declaration::new("Hello", "HELLO_Q")
    .with_activities(&["Greet", "Part"])
    .with_signals(&[Message::of::<Stop>("stop"), Message::of::<Option<u8>>("nudge"), Message::new("go", &[])])
    .with_updates(&[Message::new("set", &[Argument::of::<String>(), Argument::of::<u8>()])])
    .with_queries(&[Message::any("state")]);

fn entry() -> CatalogueEntry {
    let entry = CatalogueEntry {
        task_queue: "HELLO_Q".into(),
        params: [("all-activities".to_owned(), json!({"properties": {"name": {"type": "string"}}}))].into(),
        ..CatalogueEntry::default()
    };
    entry.declaring(&HELLO)
}

fn texts(faults: Vec<Fault>) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn check(kind: MessageKind, name: &str, args: Value) -> Vec<String> {
    let args: Vec<RawJson> = serde_json::from_value(args).unwrap();
    texts(entry().check_message(kind, name, &args).unwrap())
}

#[test]
fn the_catalogue_has_what_is_declared() {
    let json = serde_json::to_value(entry()).unwrap();
    assert_eq!((&json["workflowType"], &json["activities"]), (&json!("Hello"), &json!(["Greet", "Part"])));
    let reason = &json["signals"]["stop"]["args"][0]["properties"]["reason"];
    assert_eq!(*reason, json!({"type": "string", "description": "Why.", "x-aliases": ["why"]}));
    assert_eq!(json["signals"]["go"], json!({"args": []}));
    assert_eq!(json["updates"]["set"]["args"].as_array().unwrap().len(), 2);
    assert_eq!(json["queries"]["state"], json!({}));
    assert_eq!(serde_json::from_value::<CatalogueEntry>(json).unwrap(), entry());
    assert_eq!(serde_json::to_value(CatalogueEntry::default()).unwrap().get("signals"), None);
}

#[test]
fn arguments_are_checked_by_place_and_path() {
    use MessageKind::{Query, Signal, Update};
    let none: [&str; 0] = [];
    assert_eq!(check(Signal, "stop", json!([{"why": "late"}])), none);
    assert_eq!(check(Signal, "stop", json!([{"reason": 1}])), ["$.args[0].reason: must be a text"]);
    assert_eq!(
        check(Signal, "stop", json!([{"reason": "r", "after": 256, "mor": 1}])),
        [
            "$.args[0].after: must be an integer from 0 to 255",
            "$.args[0].mor: is not known; known are `reason`, `after`",
        ]
    );
    assert_eq!(check(Signal, "stop", json!([])), ["$.args[0]: is missing"]);
    assert_eq!(check(Signal, "nudge", json!([])), none);
    assert_eq!(check(Signal, "go", json!([1])), ["$.args[0]: is one too many: the signal takes 0"]);
    assert_eq!(check(Update, "set", json!(["a"])), ["$.args[1]: is missing"]);
    assert_eq!(check(Query, "state", json!([1, {"any": null}])), none);
    assert_eq!(check(Query, "__stack_trace", json!([])), none);
}

#[test]
fn unknown_messages_are_refused_only_where_messages_are_declared() {
    assert_eq!(check(MessageKind::Signal, "stpo", json!([])), ["$.name: is not known; did you mean `stop`?"]);
    assert_eq!(
        check(MessageKind::Query, "status", json!([])),
        ["$.type: is not known; did you mean `state`?"]
    );
    let quiet = CatalogueEntry::default().declaring(&Declaration::new("Hello", "HELLO_Q"));
    let faults = texts(quiet.check_message(MessageKind::Update, "x", &[]).unwrap());
    assert_eq!(faults, ["$.name: is not known; the workflow has no updates"]);
    let undeclared = CatalogueEntry::default();
    assert_eq!(undeclared.check_message(MessageKind::Signal, "x", &[]).unwrap(), []);
}

#[test]
fn an_argument_is_read_into_its_type_without_showing_values() {
    let read = |json| read_argument::<Stop>(json).map_err(texts);
    assert_eq!(read(Some(r#"{"why": "late"}"#)), Ok(Stop { reason: "late".to_owned(), after: None }));
    assert_eq!(read(Some(r#"{"reason": 5723911}"#)), Err(vec!["$.reason: must be a text".to_owned()]));
    assert_eq!(read(Some("{")), Err(vec!["$: is not JSON, or has more than 127 levels".to_owned()]));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(read(Some(&deep)).unwrap_err().len(), 1);
    let both = read(Some(r#"{"reason": "hunter2", "why": "hunter3"}"#)).unwrap_err();
    assert!(both[0].contains("duplicate field") && !both[0].contains("hunter"), "{both:?}");
}

#[test]
fn schemas_of_strangers_are_bounded() {
    let with = |args: Vec<Value>| {
        let entry = json!({"signals": {"stop": {"args": args}}});
        serde_json::from_value::<CatalogueEntry>(entry).unwrap()
    };
    let endless = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]});
    let error = with(vec![endless]).check_message(MessageKind::Signal, "stop", &[1.into()]).unwrap_err();
    assert!(
        error.to_string().starts_with("the JSON Schema of the parameters of `stop` cannot be used"),
        "{error}"
    );
    with(vec![json!({}); 101]).check_message(MessageKind::Signal, "stop", &[]).unwrap_err();
    with(vec![json!({"$ref": "http://example.com"})]).messages_usable().unwrap_err();
    with(vec![json!({"type": "string"})]).messages_usable().unwrap();
}

fn spec(spec: Value) -> TemporalSpec {
    serde_json::from_value(spec).unwrap()
}

#[test]
fn options_and_parameters_that_nothing_reads_are_faults() {
    let given = spec(json!({
        "workflowStartOptions": {"taskQueue": "OTHER_Q"},
        "workflowParams": {
            "activityOptions": {"Gret": {}, "Greet": {}, "all-activities": {}},
            "activityParams": {"Greet": {"x": "1"}, "Grt": {}, "all-activities": {"name": "n"}},
        },
    }));
    assert_eq!(
        texts(entry().check(&given).unwrap()),
        [
            "$.workflowStartOptions.TaskQueue: is not the task queue of this workflow client: write `HELLO_Q`",
            "$.workflowParams.activityOptions.Gret: there is no activity `Gret`; write `all-activities` or one of \
             `Greet`, `Part`",
            "$.workflowParams.activityParams.Grt: there is no activity `Grt`; write `all-activities` or one of \
             `Greet`, `Part`",
            "$.workflowParams.activityParams.Greet.x: is not read: parameters stand in `all-activities`",
        ]
    );
    let undeclared = CatalogueEntry { activities: None, task_queue: "".into(), ..entry() };
    assert_eq!(undeclared.check(&given).unwrap(), []);
    // A client that reads none passes them on.
    let passing = CatalogueEntry { params: Default::default(), ..entry() };
    let given = spec(json!({"workflowParams": {"activityParams": {"Greet": {"x": "1"}}}}));
    assert_eq!(passing.check(&given).unwrap(), []);
}
