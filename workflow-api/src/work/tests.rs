//! Twice the input is at most twice the work, and answers have a bounded size.

use std::collections::BTreeMap;
use std::fmt::Debug;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::of;
use crate::params::check_params;
use crate::read::FromJson;
use crate::{
    CancelRequest, Catalogue, Fault, ResetRequest, SignalRequest, StartRequest, TemporalSpec, UpdateRequest,
    WorkflowIntent, WorkflowParams, read,
};

const MOST_FAULTS: usize = 100;
/// The text of all faults together: a hundred paths with the names of some levels, and a hundred messages.
const MOST_TEXT: usize = 200_000;

/// An input of a size.
type Shape = fn(usize) -> String;

fn members(size: usize, member: impl Fn(usize) -> String) -> String {
    let members: Vec<_> = (0..size).map(member).collect();
    format!("{{{}}}", members.join(","))
}

fn list(size: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<_> = (0..size).map(item).collect();
    format!("[{}]", items.join(","))
}

fn options(options: &str) -> String {
    format!(r#"{{"workflowStartOptions":{options}}}"#)
}

fn params(params: &str) -> String {
    format!(r#"{{"workflowParams":{{"activityParams":{params},"activityOptions":{params}}}}}"#)
}

/// Texts that a reader might compare, copy or print too often.
const SHAPES: [Shape; 24] = [
    |size| members(size, |index| format!(r#""é{index:06}":1"#)),
    |size| members(size, |index| format!(r#""k{index:06}":{{}}"#)),
    |size| members(size, |index| format!(r#""ſ{index:06}{}":[]"#, "É".repeat(20))),
    |size| members(size, |_| r#""METADATA":{"name":"a"}"#.to_owned()),
    |size| members(size, |_| format!(r#""{}":0"#, "x".repeat(300))),
    |size| format!(r#"{{"spec":{}}}"#, members(size, |index| format!(r#""é{index}":null"#))),
    |size| format!(r#"{{"metadata":{}}}"#, members(size, |index| format!(r#""Name":{index}"#))),
    |size| format!(r#"{{"spec":{{"args":{}}}}}"#, list(size, |index| index.to_string())),
    |size| format!(r#"{{"spec":{{"details":{}}}}}"#, list(size, |index| format!(r#"{{"é{index}":[{{}}]}}"#))),
    |size| {
        format!(r#"{{"spec":{{"args":[{}{}]}}}}"#, "[".repeat(size.min(9_000)), "]".repeat(size.min(9_000)))
    },
    |size| format!(r#"{{"clients":{}}}"#, list(size, |index| format!(r#"{{"name":"c{index}","é":1}}"#))),
    |size| {
        format!(
            r#"{{"clients":[{{"params":{}}}]}}"#,
            members(size, |index| format!(r#""a{index}":{{"type":"object"}}"#))
        )
    },
    |size| options(&members(size, |index| format!(r#""É{index}":1"#))),
    |size| {
        options(&format!(
            r#"{{"memo":{}}}"#,
            members(size, |index| format!(r#""k{index}":{{"b":1.50,"a":"<"}}"#))
        ))
    },
    |size| {
        options(&format!(
            r#"{{"memo":{}}}"#,
            members(size, |index| format!(r#""k{index}":12345678901234567890123"#))
        ))
    },
    |size| {
        options(&format!(
            r#"{{"memo":{{"a":{}{}}}}}"#,
            "[".repeat(size.min(9_000)),
            "]".repeat(size.min(9_000))
        ))
    },
    |size| options(&format!(r#"{{"id":"{}"}}"#, "{{x}}".repeat(size))),
    |size| {
        options(&format!(
            r#"{{"retryPolicy":{{"nonRetryableErrorTypes":{}}}}}"#,
            list(size, |_| "7".to_owned())
        ))
    },
    |size| params(&members(size, |index| format!(r#""a{index}":7"#))),
    |size| params(&members(size, |index| format!(r#""a{index}":{{"startToCloseTimeout":"soon","p":[]}}"#))),
    |size| {
        params(&format!(
            r#"{{"{}":{}}}"#,
            "a".repeat(size),
            members(size, |index| format!(r#""p{index}":1"#))
        ))
    },
    |size| {
        format!(
            r#"{{"spec":{{"activityParams":{{"a":{}}}}}}}"#,
            members(size, |index| format!(r#""p{index}":"{index}""#))
        )
    },
    |size| format!(r#"{{"metadata":{{"name":"{}"}}}}"#, r"\ud800\u0041".repeat(size)),
    |size| format!("[{}", "\"\\\\\",".repeat(size)),
];

fn read_and_check<T: FromJson + Default>(body: &str, check: impl Fn(&T) -> Vec<Fault>) {
    let faults = match read::<T>(body.as_bytes()) {
        Ok(read) => {
            assert!(read.unknown.len() <= MOST_FAULTS);
            check(&read.value)
        }
        Err(error) => error.into_faults(),
    };
    assert_bounded(&faults);
}

fn assert_bounded(faults: &[Fault]) {
    let text: usize = faults.iter().map(|fault| fault.path.len() + fault.message.len()).sum();
    assert!(faults.len() <= MOST_FAULTS && text <= MOST_TEXT, "{} faults, {text} bytes", faults.len());
}

fn assert_linear<I>(what: &(impl Debug + ?Sized), input: impl Fn(usize) -> I, work: impl Fn(&I)) {
    const SIZE: usize = 1_000;
    let [once, twice] = [SIZE, 2 * SIZE].map(|size| {
        let input = input(size);
        of(|| work(&input))
    });
    // Numbers get longer, and some work does not depend on the size.
    assert!(twice <= 2 * once + once / 5 + 20_000, "{what:?}: {once}, then {twice}");
}

#[test]
fn reading_is_linear_in_the_body() {
    for (index, shape) in SHAPES.into_iter().enumerate() {
        assert_linear(&("intent", index), shape, |body| {
            read_and_check::<WorkflowIntent>(body, WorkflowIntent::faults);
        });
        assert_linear(&("spec", index), shape, |body| {
            read_and_check(body, |spec: &TemporalSpec| {
                let intent = WorkflowIntent {
                    spec: crate::WorkflowIntentSpec { temporal: spec.clone(), ..Default::default() },
                    ..Default::default()
                };
                intent.faults()
            });
        });
        assert_linear(&("start", index), shape, |body| read_and_check::<StartRequest>(body, |_| vec![]));
        assert_linear(&("signal", index), shape, |body| read_and_check::<SignalRequest>(body, |_| vec![]));
        assert_linear(&("update", index), shape, |body| read_and_check::<UpdateRequest>(body, |_| vec![]));
        assert_linear(&("cancel", index), shape, |body| read_and_check::<CancelRequest>(body, |_| vec![]));
        assert_linear(&("reset", index), shape, |body| read_and_check::<ResetRequest>(body, |_| vec![]));
        assert_linear(&("catalogue", index), shape, |body| read_and_check::<Catalogue>(body, |_| vec![]));
    }
}

fn texts(texts: impl IntoIterator<Item = (String, String)>) -> WorkflowParams {
    let mut params = WorkflowParams::default();
    params.activity_params.insert(WorkflowParams::ALL_ACTIVITIES.to_owned(), texts.into_iter().collect());
    params
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only read")]
struct Typed {
    count: u8,
    list: Vec<u16>,
    #[serde(flatten)]
    others: BTreeMap<String, Either>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only read")]
enum Either {
    Number(u8),
    Flag(bool),
    Deep(Vec<Either>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only read")]
struct Quoted {
    words: Refused,
}

/// Texts with a rule of their own, whose error quotes them all.
#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "there is none")]
struct Refused(Vec<String>);

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        Err(D::Error::custom(format!("{words:?} are refused")))
    }
}

#[test]
fn parameters_are_read_in_linear_time() {
    let inputs: [fn(usize) -> WorkflowParams; 6] = [
        |size| texts((0..size).map(|index| (format!("é{index}"), "many".to_owned()))),
        |size| texts((0..size).map(|index| (format!("coun{index}"), String::new()))),
        |size| texts([("list".to_owned(), vec!["x"; size].join(","))]),
        |size| texts([("list".to_owned(), list(size, |_| "70000".to_owned()))]),
        |size| texts([("deep".to_owned(), list(size, |_| "[[1,300],[\"a\"]]".to_owned()))]),
        |size| texts([("x".repeat(size), "y".repeat(size))]),
    ];
    for (index, input) in inputs.into_iter().enumerate() {
        assert_linear(&("typed", index), input, |params| {
            let read = params.read::<Typed>(WorkflowParams::ALL_ACTIVITIES);
            assert_bounded(&read.map(|_| Vec::new()).unwrap_or_else(|faults| faults));
        });
    }
    let words = |size| texts([("words".to_owned(), vec!["word"; size].join(","))]);
    assert_linear("quoted", words, |params| {
        assert_bounded(&params.read::<Quoted>(WorkflowParams::ALL_ACTIVITIES).unwrap_err());
    });
}

/// Schemas of workflow clients, some of which only an attacker writes.
fn schemas() -> Vec<Value> {
    let names: serde_json::Map<_, _> = (0..2_000).map(|index| (format!("name{index}"), json!({}))).collect();
    vec![
        json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}),
        json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#"}]}}}),
        json!({"additionalProperties": {"anyOf": [{"$ref": "#"}, {"type": "integer"}, {"$ref": "#"}]}}),
        json!({"allOf": vec![json!({"additionalProperties": {"type": "integer"}}); 1_000]}),
        json!({"type": "object", "properties": names, "additionalProperties": false}),
        json!({"additionalProperties": {"enum": (0..5_000).collect::<Vec<_>>()}}),
        json!({"patternProperties": {"^(a+)+$": {"pattern": "^(x+x+)+y$"}}}),
        json!({"propertyNames": {"maxLength": 3}, "additionalProperties": {"type": "integer"}}),
        json!({"additionalProperties": {"oneOf": (0..1_000).map(|index| json!({"const": index})).collect::<Vec<_>>()}}),
    ]
}

#[test]
fn schemas_of_clients_take_bounded_work() {
    for schema in schemas() {
        let schemas = BTreeMap::from([(WorkflowParams::ALL_ACTIVITIES.to_owned(), schema.clone())]);
        let input = |size| texts((0..size).map(|index| (format!("nome{index}"), "[[1]]".to_owned())));
        let shown: String = schema.to_string().chars().take(60).collect();
        assert_linear(&shown, input, |params| {
            if let Ok(faults) = check_params(&schemas, params) {
                assert_bounded(&faults);
            }
        });
    }
}

#[test]
fn names_are_compared_in_linear_time() {
    let properties = |names: Vec<String>| -> Value {
        let properties: serde_json::Map<_, _> = names.into_iter().map(|name| (name, json!({}))).collect();
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    };
    let long = |size: usize| {
        (properties(vec![format!("{}y", "x".repeat(size))]), texts([("x".repeat(size), String::new())]))
    };
    let many = |size: usize| {
        let known = (0..size).map(|index| format!("name{index}")).collect();
        let schema = json!({"properties": {"a": properties(known)}});
        (schema, texts([("a".to_owned(), members(size, |index| format!(r#""nome{index}":1"#)))]))
    };
    let shapes: [&dyn Fn(usize) -> (Value, WorkflowParams); 2] = [&long, &many];
    for (index, shape) in shapes.into_iter().enumerate() {
        assert_linear(&("names", index), shape, |(schema, params)| {
            let schemas = BTreeMap::from([(WorkflowParams::ALL_ACTIVITIES.to_owned(), schema.clone())]);
            assert_bounded(&check_params(&schemas, params).unwrap());
        });
    }
}

#[test]
fn a_schema_is_refused_for_the_parameters_for_which_it_takes_too_long() {
    let choices = json!({"additionalProperties": {"enum": (0..5_000).collect::<Vec<_>>()}});
    let schemas = BTreeMap::from([(WorkflowParams::ALL_ACTIVITIES.to_owned(), choices)]);
    let input = |size| texts((0..size).map(|index| (format!("name{index}"), index.to_string())));
    assert_eq!(check_params(&schemas, &input(10)), Ok(Vec::new()));
    assert!(check_params(&schemas, &input(1_000)).is_err());
}

#[test]
fn a_text_is_parsed_once_for_all_alternatives() {
    let alternatives: Vec<_> = (0..200).map(|index| json!({"const": index})).collect();
    let schema = json!({"additionalProperties": {"oneOf": alternatives}});
    let schemas = BTreeMap::from([(WorkflowParams::ALL_ACTIVITIES.to_owned(), schema)]);
    let long = list(20_000, |_| "1".to_owned());
    let most = 4 * long.len();
    let work = of(|| check_params(&schemas, &texts([("name".to_owned(), long)])));
    assert!(work < most, "{work}");
}

#[test]
fn very_many_schemas_are_refused() {
    let schemas = (0..101).map(|index| (format!("a{index}"), json!({}))).collect();
    assert!(check_params(&schemas, &WorkflowParams::default()).is_err());
}
