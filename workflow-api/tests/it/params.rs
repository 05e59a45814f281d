//! Typed parameters: texts are read into structs, with all faults.

mod faults;
mod forms;
mod kinds;
mod names;
mod properties;
mod schemas;
mod variants;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use workflow_api::WorkflowParams;
use workflow_api::params::{Parameters, check_params, schema_of};

const ALL: &str = WorkflowParams::ALL_ACTIVITIES;

fn params(entries: &[(&str, &[(&str, &str)])]) -> WorkflowParams {
    let texts =
        |texts: &[(&str, &str)]| texts.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let activity_params = entries.iter().map(|(entry, own)| ((*entry).to_owned(), texts(own))).collect();
    WorkflowParams { activity_params, ..WorkflowParams::default() }
}

fn read<T: Parameters>(texts: &[(&str, &str)]) -> Result<T, Vec<String>> {
    shortened(params(&[(ALL, texts)]).read(ALL))
}

/// Returns the faults by the schema of `T` alone.
fn by_schema<T: Parameters>(params: &WorkflowParams) -> Vec<String> {
    let schemas = [(ALL.to_owned(), schema_of::<T>().json().clone())].into();
    shortened::<()>(Err(check_params(&schemas, params).unwrap())).unwrap_err()
}

/// Returns faults without the common part of their paths.
fn shortened<T>(read: Result<T, Vec<workflow_api::Fault>>) -> Result<T, Vec<String>> {
    let prefix = "$.activityParams.";
    read.map_err(|faults| {
        let short = |text: String| text.strip_prefix(prefix).unwrap_or(&text).to_owned();
        faults.iter().map(|fault| short(fault.to_string()).replace("all-activities.", "")).collect()
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Flattened.
    AtOnce,
    OneByOne,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    provider: String,
    port: u16,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Everything {
    text: String,
    small: u8,
    big: i64,
    huge: u64,
    ratio: f64,
    sure: bool,
    letter: char,
    mode: Mode,
    list: Vec<u32>,
    names: Vec<String>,
    place: Place,
    places: Vec<Place>,
    map: BTreeMap<String, i32>,
    by_number: BTreeMap<u16, String>,
    pair: (u8, String),
    any: Value,
    maybe: Option<u32>,
    maybe_text: Option<String>,
    maybe_place: Option<Place>,
    maybe_mode: Option<Mode>,
}

fn everything() -> Vec<(&'static str, &'static str)> {
    vec![
        ("text", "007"),
        ("small", "255"),
        ("big", "-9"),
        ("huge", "18446744073709551615"),
        ("ratio", "1.5e3"),
        ("sure", "T"),
        ("letter", "é"),
        ("mode", "one-by-one"),
        ("list", "1, 2,3"),
        ("names", r#"["a,b", "c"]"#),
        ("place", r#"{"provider": "p", "port": 80}"#),
        ("places", r#"[{"provider": "p", "port": 1, "tags": ["x"]}]"#),
        ("map", r#"{"a": -1}"#),
        ("byNumber", r#"{"7": "seven"}"#),
        ("pair", "1,one"),
        ("any", "[1, null]"),
    ]
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Project {
    project: String,
}

/// A value as the texts that an intent would have for it.
fn texts<T: Serialize>(value: &T) -> WorkflowParams {
    let object = serde_json::to_value(value).unwrap();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = object.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    let texts = members.map(|(name, value)| (name.clone(), text(value))).collect();
    WorkflowParams { activity_params: [(ALL.to_owned(), texts)].into(), ..WorkflowParams::default() }
}

fn assert_round_trip<T: Serialize + DeserializeOwned + JsonSchema + PartialEq + std::fmt::Debug + 'static>(
    value: &T,
) {
    assert_eq!(texts(value).read::<T>(ALL).as_ref(), Ok(value));
    assert_eq!(by_schema::<T>(&texts(value)), Vec::<String>::new());
}
