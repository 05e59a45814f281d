//! Schemas in the catalogues of other workflow clients.

use std::time::{Duration, Instant};

use workflow_api::Fault;
use workflow_api::params::UnusableSchema;

use super::*;

const SECRET: &str = "hunter2";

fn check(schema: &Value, texts: &[(&str, &str)]) -> Result<Vec<Fault>, UnusableSchema> {
    check_params(&[(ALL.to_owned(), schema.clone())].into(), &params(&[(ALL, texts)]))
}

/// The schema of an object with one parameter.
fn of_a(schema: Value) -> Value {
    json!({"type": "object", "properties": {"a": schema}})
}

/// `depth` nested objects.
fn nested(depth: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

/// Definitions, each of which refers to the next one `times` times.
fn chain(length: usize, times: usize) -> Value {
    let link = |number: usize| {
        let next = json!({"$ref": format!("#/$defs/{}", number + 1)});
        (number.to_string(), json!({"anyOf": vec![next; times]}))
    };
    let mut definitions: serde_json::Map<_, _> = (0..length).map(link).collect();
    definitions.insert(length.to_string(), json!({"type": "integer"}));
    json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": definitions})
}

#[test]
fn recursive_schemas_neither_hang_nor_overflow() {
    let twice = json!([{"$ref": "#"}, {"$ref": "#"}]);
    let deep_schema = (0..150).fold(json!({}), |schema, _| of_a(schema));
    let deep_value = nested(100);
    for (name, schema, text) in [
        ("itself twice", json!({"anyOf": twice}), "x"),
        ("itself twice, in a part", of_a(json!({"anyOf": twice})), &deep_value),
        (
            "each other",
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            "x",
        ),
        ("not itself", json!({"not": {"$ref": "#"}, "additionalProperties": true}), "x"),
        ("thirty times twice", chain(30, 2), "x"),
        ("a long chain", chain(2000, 1), "x"),
        ("many levels", deep_schema, "x"),
    ] {
        let before = Instant::now();
        let error = check(&schema, &[("a", text)]).expect_err(name).to_string();
        assert!(
            error.starts_with("the JSON Schema of the parameters of `all-activities` cannot be used: it "),
            "{error}"
        );
        assert!(before.elapsed() < Duration::from_secs(20), "{name}: {:?}", before.elapsed());
    }
    // These are valid: each step goes down one level of the value.
    let tree = json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]});
    assert_eq!(check(&tree, &[("a", &nested(50))]).unwrap().len(), 1);
    let lists = of_a(json!({"type": "array", "items": {"$ref": "#/properties/a"}}));
    assert_eq!(check(&lists, &[("a", "[[], [[]]]")]), Ok(vec![]));
    assert_eq!(check(&lists, &[("a", "b,c")]).unwrap()[0].message, "must be a list as JSON");
}

#[test]
fn what_is_no_json_schema_is_refused_with_its_place() {
    for (schema, words) in [
        (json!(7), "at `#`: the value is not of types"),
        (json!({"type": 7}), "at `#/type`"),
        (of_a(json!({"minimum": "few"})), "at `#/properties/a/minimum`: the value is not of type \"number\""),
        (of_a(json!({"pattern": "(?=a)b"})), "at `#/properties/a/pattern`: the value is not a \"regex\""),
        (of_a(json!({"pattern": "((a{1000}){1000}){1000}"})), "is not a \"regex\""),
        (of_a(json!({"unevaluatedProperties": false})), "`unevaluatedProperties` is not supported here"),
        (of_a(json!({"unevaluatedItems": {}})), "`unevaluatedItems` is not supported here"),
        (json!({"allOf": [{"$ref": "#"}], "unevaluatedProperties": false}), "`$ref` is not supported here"),
        (of_a(json!({"anyOf": vec![json!({"pattern": "a"}); 101]})), "it has more than 100 patterns"),
        (of_a(json!({"$ref": "https://example.org/schema"})), "`$ref` is not supported here"),
        (of_a(json!({"$ref": "file:///etc/passwd"})), "`$ref` is not supported here"),
        (of_a(json!({"$ref": "#/$defs/none"})), "`$ref` is not supported here"),
        (of_a(json!({"$dynamicRef": "#a", "$dynamicAnchor": "a"})), "`$dynamicRef` is not supported here"),
        (json!({"$schema": "https://example.org/draft"}), "Unknown meta-schema"),
        (json!({"enum": vec![0; 10_001]}), "more than 10000 values"),
    ] {
        let error = check(&schema, &[("a", "x")]).unwrap_err().to_string();
        assert!(error.contains(words), "{words} in {error}");
    }
}

#[test]
fn several_types_may_read_the_same_parameters() {
    let closed = |name: &str| json!({"properties": {name: {"type": "integer"}}, "required": [name], "additionalProperties": false});
    let schema = json!({"allOf": [closed("a"), closed("b")]});
    assert_eq!(check(&schema, &[("a", "1"), ("b", "2")]), Ok(vec![]));
    let faults = check(&schema, &[("a", "x"), ("c", "2")]).unwrap();
    let texts = shortened::<()>(Err(faults)).unwrap_err();
    assert_eq!(texts, ["c: is not known; known are `a`, `b`", "a: must be an integer", "b: is missing"]);
}

#[test]
fn schemas_of_an_earlier_draft_are_read() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"pair": {"$ref": "#/definitions/A%20pair"}, "when": {"type": "string", "format": "date"}},
        "definitions": {"A pair": {"type": "array", "items": [{"type": "integer"}, {"type": "boolean"}]}},
    });
    assert_eq!(check(&schema, &[("pair", "1,true"), ("when", "soon")]), Ok(vec![]));
    assert_eq!(
        check(&schema, &[("pair", "x,true")]).unwrap()[0].path,
        "$.activityParams.all-activities.pair[0]"
    );
}

#[test]
fn a_pattern_takes_time_in_proportion_to_the_text() {
    let text = format!("{}!", "a".repeat(50_000));
    let faults = check(&of_a(json!({"type": "string", "pattern": "^(a+)+$"})), &[("a", &text)]).unwrap();
    assert_eq!(faults[0].message, r#"the value does not match "^(a+)+$""#);
}

#[test]
fn no_keyword_puts_a_value_into_a_message() {
    let list = format!(r#"["{SECRET}", "{SECRET}"]"#);
    let object = format!(r#"{{"b": "{SECRET}"}}"#);
    for (schema, text) in [
        (json!({"type": "integer"}), SECRET),
        (json!({"type": ["integer", "boolean"]}), SECRET),
        (json!({"type": ["integer", "string"], "not": {"type": "string"}}), SECRET),
        (json!({"type": "string", "maxLength": 1}), SECRET),
        (json!({"type": "string", "minLength": 100}), SECRET),
        (json!({"type": "string", "pattern": "^a$"}), SECRET),
        (json!({"const": "x"}), SECRET),
        (json!({"enum": ["x", "y"]}), SECRET),
        (json!({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}), SECRET),
        (json!({"oneOf": [{"type": "string"}, {"type": "string", "minLength": 1}]}), SECRET),
        (json!({"allOf": [{"type": "string"}, {"maxLength": 1}]}), SECRET),
        (json!(false), SECRET),
        (json!({"type": "number", "multipleOf": 7}), "1234567"),
        (json!({"type": "number", "exclusiveMaximum": 7}), "1234567"),
        (json!({"type": "integer", "maximum": 7}), "1234567"),
        (json!({"type": "array", "uniqueItems": true}), &list),
        (json!({"type": "array", "contains": {"type": "integer"}}), &list),
        (json!({"type": "array", "maxItems": 1}), &list),
        (json!({"type": "array", "prefixItems": [{}], "items": false}), &list),
        (json!({"type": "array", "items": {"type": "integer"}}), &list),
        (json!({"type": "object", "additionalProperties": {"type": "integer"}}), &object),
        (json!({"type": "object", "additionalProperties": false}), &object),
        (json!({"type": "object", "propertyNames": {"maxLength": 0}}), &object),
        (json!({"type": "object", "required": ["c"]}), &object),
        (json!({"type": "object", "maxProperties": 0}), &object),
    ] {
        let faults = check(&of_a(schema.clone()), &[("a", text)]).unwrap();
        assert!(!faults.is_empty(), "{schema}");
        let faults = format!("{faults:?}");
        assert!(!faults.contains(SECRET) && !faults.contains("1234567"), "{schema}: {faults}");
    }
}

#[test]
fn long_names_are_cut() {
    let long = "ä".repeat(1000);
    let schema = of_a(json!({"type": "object", "properties": {"b": {}}, "additionalProperties": false}));
    let faults = check(&schema, &[(&long, "1"), ("a", &format!(r#"{{"{long}": 1}}"#))]).unwrap();
    let shown = format!("{}…", "ä".repeat(100));
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    let base = "$.activityParams.all-activities";
    assert_eq!(paths, [format!("{base}[\"{shown}\"]"), format!("{base}.a[\"{shown}\"]")]);
}

#[test]
fn a_value_that_matches_none_of_many_alternatives_has_a_fault() {
    let alternatives: Vec<_> = (0..1_500).map(|index| json!({"const": index})).collect();
    let nested: Vec<_> = vec![json!({"oneOf": alternatives.clone()}), json!({"oneOf": alternatives.clone()})];
    for schema in [json!({"oneOf": alternatives}), json!({"anyOf": nested})] {
        let faults = check(&of_a(schema), &[("a", "none")]).unwrap();
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
}

#[test]
fn long_messages_are_cut() {
    let pattern = "a".repeat(2_000);
    let faults = check(&of_a(json!({"type": "string", "pattern": pattern})), &[("a", "b")]).unwrap();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.len() <= 1000 + "…".len(), "{}", faults[0].message.len());
}

#[test]
fn what_is_left_over_at_the_top_is_unknown() {
    let schema = json!({
        "type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}}], "unevaluatedProperties": false,
    });
    assert_eq!(check(&schema, &[("a", "1")]), Ok(vec![]));
    assert_eq!(check(&schema, &[("a", "1"), ("b", "2")]).unwrap().len(), 1);
}

#[test]
fn work_and_faults_are_bounded_for_long_lists() {
    let schema = of_a(json!({"type": "array", "items": {"enum": ["x", "y"]}}));
    assert_eq!(check(&schema, &[("a", &"z,".repeat(9_000))]).unwrap().len(), 64);
    // A text with more items is not a list.
    let faults = check(&schema, &[("a", &"x,".repeat(1_000_000))]).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
}
