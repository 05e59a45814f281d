//! Typed parameters: texts into structs, and every fault of them.

mod properties;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use workflow_api::WorkflowParams;
use workflow_api::params::{Parameters, check_params, read_by_schema, schema_of};

const ALL: &str = WorkflowParams::ALL_ACTIVITIES;

fn params(entries: &[(&str, &[(&str, &str)])]) -> WorkflowParams {
    let texts =
        |texts: &[(&str, &str)]| texts.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let activity_params = entries.iter().map(|(entry, own)| ((*entry).to_owned(), texts(own))).collect();
    WorkflowParams { activity_params, ..WorkflowParams::default() }
}

fn read<T: Parameters>(texts: &[(&str, &str)]) -> Result<T, Vec<String>> {
    told(params(&[(ALL, texts)]).read(ALL))
}

/// Faults without the common part of their paths.
fn told<T>(read: Result<T, Vec<workflow_api::Fault>>) -> Result<T, Vec<String>> {
    let prefix = "$.activityParams.";
    read.map_err(|faults| {
        let short = |text: String| text.strip_prefix(prefix).unwrap_or(&text).to_owned();
        faults.iter().map(|fault| short(fault.to_string()).replace("all-activities.", "")).collect()
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// All at once.
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

#[test]
fn every_kind_of_value_is_read_from_its_text() {
    let read = read::<Everything>(&everything()).unwrap();
    let place = |port, tags: &[&str]| Place {
        provider: "p".to_owned(),
        port,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    assert_eq!(
        read,
        Everything {
            text: "007".to_owned(),
            small: 255,
            big: -9,
            huge: u64::MAX,
            ratio: 1500.0,
            sure: true,
            letter: 'é',
            mode: Mode::OneByOne,
            list: vec![1, 2, 3],
            names: vec!["a,b".to_owned(), "c".to_owned()],
            place: place(80, &[]),
            places: vec![place(1, &["x"])],
            map: [("a".to_owned(), -1)].into(),
            by_number: [(7, "seven".to_owned())].into(),
            pair: (1, "one".to_owned()),
            any: json!([1, null]),
            maybe: None,
            maybe_text: None,
            maybe_place: None,
            maybe_mode: None,
        }
    );
}

#[test]
fn an_empty_text_is_none_but_for_texts() {
    let mut texts = everything();
    texts.extend([("maybe", ""), ("maybeText", ""), ("maybePlace", ""), ("maybeMode", ""), ("list", "")]);
    let none = read::<Everything>(&texts).unwrap();
    assert_eq!((none.maybe, none.maybe_text.as_deref()), (None, Some("")));
    assert_eq!((none.maybe_place, none.maybe_mode, none.list), (None, None, vec![]));
    texts.extend([("maybe", "3"), ("maybeMode", "at-once"), ("maybePlace", r#"{"provider":"q","port":2}"#)]);
    let some = read::<Everything>(&texts).unwrap();
    assert_eq!((some.maybe, some.maybe_mode), (Some(3), Some(Mode::AtOnce)));
    assert_eq!(some.maybe_place.unwrap().port, 2);
}

#[test]
fn every_fault_is_told_at_once_and_no_value_with_it() {
    let wrong = [
        ("small", "256"),
        ("big", "hunter2"),
        ("huge", "-1"),
        ("ratio", "hunter2"),
        ("sure", "yes"),
        ("letter", "ab"),
        ("mode", "hunter2"),
        ("list", "1,hunter2"),
        ("place", r#"{"prvider": "hunter2", "port": 70000}"#),
        ("map", "hunter2"),
        ("pair", "1"),
        ("maybe", "hunter2"),
        ("maybeMode", "hunter2"),
        ("texts", "hunter2"),
        ("zzzzzzzzzz", "hunter2"),
    ];
    let faults = read::<Everything>(&wrong).unwrap_err();
    let mut sorted = faults.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "any: is missing",
            "big: must be an integer",
            "byNumber: is missing",
            "huge: must be an integer from 0",
            "letter: must be a character",
            "list[1]: must be an integer from 0",
            "map: must be a JSON object",
            "maybe: must be an integer from 0",
            "maybeMode: must be `one-by-one` or `at-once`",
            "mode: must be `one-by-one` or `at-once`",
            "names: is missing",
            "pair: must be a tuple of size 2",
            "place.port: must be an integer from 0 to 65535",
            "place.provider: is missing",
            "place.prvider: is not known; did you mean `provider`?",
            "places: is missing",
            "ratio: must be a number",
            "small: must be an integer from 0 to 255",
            "sure: must be true or false",
            "text: is missing",
            "texts: is not known; did you mean `text`?",
            &format!(
                "zzzzzzzzzz: is not known; known are `{}`",
                schema_of::<Everything>()["properties"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("`, `")
            ),
        ],
        "{faults:#?}"
    );
    let by_schema = read_by_schema(schema_of::<Everything>(), &params(&[(ALL, &wrong)]), ALL).1;
    assert!(by_schema.len() >= faults.len() - 2, "{by_schema:#?}");
    assert!(!format!("{by_schema:?}{faults:?}").contains("hunter2"));
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Named {
    #[serde(rename = "emcoURL", alias = "emco-url", alias = "url")]
    url: String,
    #[serde(alias = "tries")]
    attempts: u8,
    #[serde(default = "seven")]
    days: u32,
}

fn seven() -> u32 {
    7
}

#[test]
fn a_parameter_has_the_names_that_serde_gives_it() {
    let named = |url: &str| Named { url: url.to_owned(), attempts: 3, days: 7 };
    for name in ["emcoURL", "emco-url", "url"] {
        assert_eq!(read::<Named>(&[(name, "u"), ("tries", "3")]), Ok(named("u")), "{name}");
    }
    let faults = read::<Named>(&[("emcoUrl", "u"), ("tries", "many"), ("attempts", "1")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "emcoUrl: is not known; did you mean `emcoURL`?",
            "tries: is given twice: it is another name of $.activityParams.attempts",
            "emcoURL: is missing",
        ]
    );
    // So that the bridge, which has the schema alone, takes them too.
    assert_eq!(schema_of::<Named>()["properties"]["emcoURL"]["x-aliases"], json!(["emco-url", "url"]));
    let (object, faults) =
        read_by_schema(schema_of::<Named>(), &params(&[(ALL, &[("url", "u"), ("tries", "3")])]), ALL);
    assert_eq!((Value::Object(object), faults), (json!({"attempts": 3, "emcoURL": "u"}), vec![]));
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Outer {
    own: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Inner {
    deep: u8,
    #[serde(default)]
    flag: bool,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Open {
    own: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[test]
fn flattened_structs_are_read_as_one() {
    let read_outer = read::<Outer>(&[("own", "1"), ("deep", "2"), ("flag", "true")]);
    assert_eq!(read_outer, Ok(Outer { own: 1, inner: Inner { deep: 2, flag: true } }));
    let faults = read::<Outer>(&[("own", "x"), ("dep", "2")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "dep: is not known; did you mean `deep`?",
            "own: must be an integer from 0 to 255",
            "deep: is missing"
        ]
    );
    let open = read::<Open>(&[("own", "1"), ("more", "2")]).unwrap();
    assert_eq!(open, Open { own: 1, rest: [("more".to_owned(), "2".to_owned())].into() });
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Tagged {
    Move { to: String },
    Scale { replicas: u16 },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Untagged {
    port: NumberOrName,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum NumberOrName {
    Number(u16),
    Name(String),
}

#[test]
fn enums_with_values_are_read() {
    assert_eq!(read(&[("kind", "scale"), ("replicas", "3")]), Ok(Tagged::Scale { replicas: 3 }));
    assert_eq!(read(&[("kind", "move"), ("to", "3")]), Ok(Tagged::Move { to: "3".to_owned() }));
    assert_eq!(read::<Tagged>(&[("kind", "mvoe")]), Err(vec!["kind: must be `move` or `scale`".to_owned()]));
    assert_eq!(read::<Tagged>(&[("kind", "move")]), Err(vec!["to: is missing".to_owned()]));
    assert_eq!(read(&[("port", "80")]), Ok(Untagged { port: NumberOrName::Number(80) }));
    assert_eq!(read(&[("port", "http")]), Ok(Untagged { port: NumberOrName::Name("http".to_owned()) }));
}

/// A type with rules of its own, as authors write them; its error quotes the value.
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(transparent)]
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('/') {
            Err(D::Error::custom(format!("{text:?} has a slash")))
        } else {
            Ok(Self(text))
        }
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Names {
    first: Name,
    second: Name,
    third: u8,
}

#[test]
fn rules_of_ones_own_are_faults_among_the_others() {
    let faults = read::<Names>(&[("first", "hunter/2"), ("second", "a/b/c"), ("third", "x")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "third: must be an integer from 0 to 255",
            r#"first: cannot be used: "…" has a slash"#,
            r#"second: cannot be used: "…" has a slash"#,
        ]
    );
}

#[test]
fn an_activity_falls_back_on_the_parameters_for_all() {
    let given = params(&[
        (ALL, &[("attempts", "1"), ("url", "u"), ("project", "p")]),
        ("Update", &[("tries", "2")]),
        ("Check", &[("project", "p"), ("attempts", "x")]),
    ]);
    assert_eq!(given.read::<Named>("Update").unwrap(), Named { url: "u".to_owned(), attempts: 2, days: 7 });
    assert_eq!(given.read::<Named>("Elsewhere").unwrap().attempts, 1);
    let faults = told(given.read::<Named>("Check")).unwrap_err();
    assert_eq!(
        faults,
        [
            "Check.attempts: must be an integer from 0 to 255",
            "Check.project: is not known; known are `emcoURL`, `attempts`, `days`",
        ]
    );
    let mut wrong_for_all = given.clone();
    wrong_for_all.activity_params.get_mut(ALL).unwrap().insert("days".to_owned(), "many".to_owned());
    let faults = wrong_for_all.read::<Named>("Update").unwrap_err();
    assert_eq!(faults[0].path, "$.activityParams.all-activities.days");
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Project {
    project: String,
}

#[test]
fn what_one_activity_falls_back_on_is_not_unknown_to_another() {
    let given = params(&[(ALL, &[("attempts", "1"), ("url", "u"), ("project", "p"), ("proyect", "p")])]);
    let alone = told(given.read::<Project>(ALL)).unwrap_err();
    assert_eq!(alone.len(), 3, "{alone:?}");
    let unknown = ["proyect: is not known; did you mean `project`?"];
    assert_eq!(told(given.read_beside::<Project>(ALL, &[schema_of::<Named>()])).unwrap_err(), unknown);
    let schemas = [(ALL, schema_of::<Project>()), ("Update", schema_of::<Named>())];
    let schemas = schemas.map(|(activity, schema)| (activity.to_owned(), schema.clone())).into();
    assert_eq!(told::<()>(Err(check_params(&schemas, &given))).unwrap_err(), unknown);
    // Another that takes any name falls back on all of them.
    assert_eq!(given.read_beside::<Project>(ALL, &[schema_of::<Open>()]).unwrap().project, "p");
    // Only there: an activity's own parameters are its own.
    let own = params(&[(ALL, &[("attempts", "1"), ("url", "u")]), ("Update", &[("project", "p")])]);
    let faults = told(own.read_beside::<Named>("Update", &[schema_of::<Project>()])).unwrap_err();
    assert_eq!(faults, ["Update.project: is not known; known are `emcoURL`, `attempts`, `days`"]);
}

#[test]
fn odd_types_are_read_too() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Tree {
        name: String,
        #[serde(default)]
        children: Vec<Tree>,
    }
    let tree =
        read::<Tree>(&[("name", "a"), ("children", r#"[{"name": "b", "children": [{"name": "c"}]}]"#)])
            .unwrap();
    assert_eq!(tree.children[0].children[0].name, "c");
    let faults =
        read::<Tree>(&[("name", "a"), ("children", r#"[{"name": "b", "children": [{}]}]"#)]).unwrap_err();
    assert_eq!(faults, ["children[0].children[0].name: is missing"]);

    fn same<T: Parameters + PartialEq + std::fmt::Debug>(texts: &[(&str, &str)], expected: T) {
        assert_eq!(read::<T>(texts), Ok(expected));
    }
    same(&[("a", "1")], BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    same(&[("a", "1")], BTreeMap::from([("a".to_owned(), 1_u8)]));
    same(&[("a", "1"), ("b", "x")], json!({"a": 1, "b": "x"}));
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Nothing {}
    same(&[], Nothing {});
    assert_eq!(
        read::<Nothing>(&[("a", "1")]),
        Err(vec!["a: is not known; there are no parameters here".to_owned()])
    );
}

#[test]
fn a_flood_of_faults_is_told_without_delay() {
    let long = "a".repeat(1 << 20);
    let mut texts: BTreeMap<_, _> =
        (0..50_000).map(|number| (format!("name{number}"), "x".to_owned())).collect();
    texts.insert(long.clone(), long);
    let count = texts.len();
    let params =
        WorkflowParams { activity_params: [(ALL.to_owned(), texts)].into(), ..WorkflowParams::default() };
    assert_eq!(params.read::<Project>(ALL).unwrap_err().len(), count + 1);
    // Each of these is refused by its own rule, one by one.
    let faults = params.read::<BTreeMap<String, Never>>(ALL).unwrap_err();
    assert_eq!(faults[0].message, "cannot be used: never");
    assert!(faults.len() < 100, "{}", faults.len());
}

#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "there is none")]
struct Never(String);

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("never"))
    }
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
    assert_eq!(read_by_schema(schema_of::<T>(), &texts(value), ALL).1, []);
}
