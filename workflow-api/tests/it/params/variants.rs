//! Faults of enums with values: they are those of the variant that the value names.

use super::*;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Rule {
    Plain,
    Times { n: u32 },
    Both { n: u32, name: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of", rename_all = "lowercase")]
enum Beside {
    Plain,
    Times { n: u32, m: u32 },
    Name(String),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Outside {
    Plain,
    Times { n: u32, m: u32, o: u32 },
    Name(String),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Rules {
    #[serde(default)]
    list: Vec<Rule>,
    rule: Option<Rule>,
    beside: Option<Beside>,
    outside: Option<Outside>,
}

#[test]
fn faults_are_those_of_the_variant_that_is_named() {
    for (name, text, faults) in [
        ("rule", r#"{"kind":"times","n":"3"}"#, &["rule.n: must be an integer from 0"][..]),
        ("rule", r#"{"kind":"times"}"#, &["rule.n: is missing"]),
        ("rule", r#"{"kind":"both"}"#, &["rule.n: is missing", "rule.name: is missing"]),
        ("rule", r#"{"kind":"tims"}"#, &["rule.kind: must be `plain`, `times` or `both`"]),
        ("rule", r#"{"kind":7}"#, &["rule.kind: must be `plain`, `times` or `both`"]),
        ("rule", r#"{"n":1}"#, &["rule.kind: is missing"]),
        ("list", r#"[{"kind":"times","n":"3"}]"#, &["list[0].n: must be an integer from 0"]),
        ("beside", r#"{"kind":"times"}"#, &["beside.of: is missing"]),
        ("beside", r#"{"kind":"name","of":1}"#, &["beside.of: must be a text"]),
        (
            "beside",
            r#"{"kind":"times","of":{"n":"3"}}"#,
            &["beside.of.m: is missing", "beside.of.n: must be an integer from 0"],
        ),
        ("beside", r#"{"kind":"tims"}"#, &["beside.kind: must be `plain`, `times` or `name`"]),
        ("outside", r#"{"name":1}"#, &["outside.name: must be a text"]),
        (
            "outside",
            r#"{"times":{"n":"3"}}"#,
            &[
                "outside.times.m: is missing",
                "outside.times.n: must be an integer from 0",
                "outside.times.o: is missing",
            ],
        ),
        ("outside", r#"{"tims":{}}"#, &["outside.tims: is not known; did you mean `times`?"]),
        ("outside", r#"{"x":1}"#, &["outside.x: is not known; known are `times`, `name`"]),
        ("outside", r#"{"name":"a","x":1}"#, &["outside.x: is not known; known are `name`"]),
        ("outside", "name", &["outside: must be `plain` or a JSON object"]),
    ] {
        let mut found = read::<Rules>(&[(name, text)]).unwrap_err();
        found.sort();
        assert_eq!(found, faults, "{text}");
        let mut by_schema = by_schema::<Rules>(&params(&[(ALL, &[(name, text)])]));
        by_schema.sort();
        assert_eq!(by_schema, faults, "{text}");
    }
}

#[test]
fn parameters_that_are_an_enum_have_the_faults_of_their_variant() {
    let faults = |texts: &[(&str, &str)]| read::<Rule>(texts).unwrap_err();
    assert_eq!(faults(&[("kind", "times"), ("n", "x")]), ["n: must be an integer from 0"]);
    assert_eq!(faults(&[("kind", "both"), ("n", "1")]), ["name: is missing"]);
    assert_eq!(faults(&[("kind", "x"), ("n", "1")]), ["kind: must be `plain`, `times` or `both`"]);
}
