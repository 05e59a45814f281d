//! Faults of parameters: all together, and without values.

use super::*;

#[test]
fn all_faults_are_reported_together_without_values() {
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
            "letter: the value is longer than 1 character",
            "list[1]: must be an integer from 0",
            "map: must be a JSON object",
            "maybe: must be an integer from 0",
            "maybeMode: must be `one-by-one` or `at-once`",
            "mode: must be `one-by-one` or `at-once`",
            "names: is missing",
            "pair: the value has less than 2 items",
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
                schema_of::<Everything>().json()["properties"]
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
    // The bridge, which has only the schema, finds the same faults.
    let mut by_schema = by_schema::<Everything>(&params(&[(ALL, &wrong)]));
    by_schema.sort();
    assert_eq!(by_schema, sorted);
    assert!(!format!("{by_schema:?}{faults:?}").contains("hunter2"));
}

/// A type with its own rules, whose error quotes the value.
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
fn rules_of_the_type_are_reported_with_the_other_faults() {
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
fn very_many_faults_are_reported_quickly() {
    let long = "a".repeat(1 << 20);
    let mut texts: BTreeMap<_, _> =
        (0..50_000).map(|number| (format!("name{number}"), "x".to_owned())).collect();
    texts.insert(long.clone(), long);
    let params =
        WorkflowParams { activity_params: [(ALL.to_owned(), texts)].into(), ..WorkflowParams::default() };
    let faults = params.read::<Project>(ALL).unwrap_err();
    // All parameters are unknown, and a required one is missing.
    assert_eq!((faults.len(), faults[99].to_string().as_str()), (100, "$: there are 49903 more faults"));
    // Each of these is refused by the rule of its type.
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
