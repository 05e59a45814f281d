//! Definitions that the schemas of all charts share. A schema of a chart cannot refer to another file.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// Returns the schema with the definitions that it uses.
pub(super) fn put(schema: &str, definitions: &str) -> Result<String> {
    let mut schema: Map<String, Value> = serde_json::from_str(schema).context("values.schema.json")?;
    let definitions: Map<String, Value> = serde_json::from_str(definitions).context("definitions.json")?;
    schema.remove("definitions");
    let mut used = BTreeSet::new();
    collect(&Value::Object(schema.clone()), &definitions, &mut used)?;
    let chosen: Map<String, Value> =
        definitions.into_iter().filter(|(name, _)| used.contains(name)).collect();
    schema.insert("definitions".to_owned(), Value::Object(chosen));
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

fn collect(value: &Value, definitions: &Map<String, Value>, used: &mut BTreeSet<String>) -> Result<()> {
    match value {
        Value::Object(object) => {
            if let Some(name) = reference(object)
                && used.insert(name.to_owned())
            {
                let definition = definitions.get(name);
                let definition = definition.with_context(|| format!("no definition is named `{name}`"))?;
                collect(definition, definitions, used)?;
            }
            object.values().try_for_each(|value| collect(value, definitions, used))
        }
        Value::Array(values) => values.iter().try_for_each(|value| collect(value, definitions, used)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn reference(object: &Map<String, Value>) -> Option<&str> {
    object.get("$ref")?.as_str()?.strip_prefix("#/definitions/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_used_directly_or_indirectly_are_put_in() {
        let definitions = r##"{"a": {"items": {"$ref": "#/definitions/b"}}, "b": {}, "c": {}}"##;
        let schema = r##"{"properties": {"x": {"$ref": "#/definitions/a"}}, "definitions": {"old": {}}}"##;
        let schema: Value = serde_json::from_str(&put(schema, definitions).unwrap()).unwrap();
        let names: Vec<_> = schema["definitions"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_missing_definition_is_named() {
        let error = put(r##"{"$ref": "#/definitions/a"}"##, "{}").unwrap_err().to_string();
        assert_eq!(error, "no definition is named `a`");
    }
}
