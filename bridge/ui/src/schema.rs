//! The parameters that a JSON Schema describes, as a form asks for them.

use serde_json::Value;

/// How many references are followed from one schema to the next.
const MOST_REFERENCES: usize = 8;

/// A parameter that a schema describes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The value that it has if it is not set; empty if the schema names none.
    pub(crate) default: String,
    /// The values that it can have; empty for any text.
    pub(crate) choices: Vec<String>,
    pub(crate) is_required: bool,
}

/// Returns the parameters of an activity by their schema, the required ones first.
pub(crate) fn properties(schema: &Value) -> Vec<Property> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let each = schema["properties"].as_object().into_iter().flatten();
    let mut properties: Vec<_> = each
        .map(|(name, of)| {
            let is_required = required.iter().any(|other| *other == name);
            Property { name: name.clone(), is_required, ..property(schema, of) }
        })
        .collect();
    properties.sort_by_key(|property| !property.is_required);
    properties
}

/// Reads a schema and those that it refers to. What stands nearer to the parameter counts.
fn property<'a>(root: &'a Value, mut schema: &'a Value) -> Property {
    let mut property = Property::default();
    for _ in 0..MOST_REFERENCES {
        let described = schema["description"].as_str().filter(|_| property.description.is_empty());
        property.description.extend(described.map(in_a_line));
        let default = schema.get("default").filter(|_| property.default.is_empty());
        property.default.extend(default.map(as_text));
        property.choices.extend(choices(schema));
        let Some(next) = next(root, schema) else { break };
        schema = next;
    }
    property
}

/// Returns the schema that another one refers to, or that it allows beside `null`.
fn next<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return root.pointer(reference.strip_prefix('#')?);
    }
    let one = ["anyOf", "allOf"].into_iter().find_map(|of| schema[of].as_array())?;
    let mut one = one.iter().filter(|schema| schema["type"] != "null");
    // Of several alternatives, none can be chosen for everybody.
    one.next().filter(|_| one.next().is_none())
}

fn choices(schema: &Value) -> Vec<String> {
    if is_a(&schema["type"], "boolean") {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    let constants = schema["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    let values = schema["enum"].as_array().into_iter().flatten().chain(constants);
    values.filter(|value| !value.is_null()).map(as_text).collect()
}

fn is_a(types: &Value, wanted: &str) -> bool {
    types == wanted || types.as_array().is_some_and(|types| types.iter().any(|one| one == wanted))
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_is_described_by_what_its_schema_refers_to() {
        let schema = json!({
            "$defs": {
                "Wait": {"description": "A time.", "type": "string", "default": "30s"},
                "Mode": {"oneOf": [{"const": "fast"}, {"const": "safe"}]},
            },
            "properties": {
                "after": {"anyOf": [{"$ref": "#/$defs/Wait"}, {"type": "null"}], "description": "When\nto begin."},
                "dryRun": {"type": ["boolean", "null"], "default": false},
                "mode": {"$ref": "#/$defs/Mode"},
                "either": {"anyOf": [{"type": "string"}, {"enum": [1, 2]}]},
            },
            "required": ["mode"],
        });
        let found = properties(&schema);
        let names: Vec<_> = found.iter().map(|property| property.name.as_str()).collect();
        assert_eq!((names[0], found[0].is_required), ("mode", true));
        assert_eq!(found[0].choices, ["fast", "safe"]);
        let of = |name: &str| found.iter().find(|property| property.name == name).unwrap();
        let after = of("after");
        assert_eq!((after.description.as_str(), after.default.as_str()), ("When to begin.", "30s"));
        assert_eq!((of("dryRun").choices.len(), of("dryRun").default.as_str()), (2, "false"));
        assert_eq!(of("either").choices, [""; 0]);
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema =
            json!({"$defs": {"A": {"$ref": "#/$defs/A"}}, "properties": {"a": {"$ref": "#/$defs/A"}}});
        assert_eq!(properties(&schema), [Property { name: "a".to_owned(), ..Property::default() }]);
        assert!(properties(&json!(true)).is_empty());
    }
}
