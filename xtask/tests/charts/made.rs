//! Generated files are up to date, and the schemas have exactly the values of the charts.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::Chart;

#[test]
fn generated_files_are_up_to_date() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["charts", "--check"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    schema["$ref"].as_str().map_or(schema, |name| root.pointer(name.trim_start_matches('#')).unwrap())
}

/// Adds the values that only the schema or only the file has.
fn differences(path: &str, schema: &Value, values: &Value, root: &Value, found: &mut Vec<String>) {
    let schema = resolved(schema, root);
    let (Some(properties), Some(values)) = (schema["properties"].as_object(), values.as_object()) else {
        return;
    };
    assert_eq!(schema["additionalProperties"], false, "{path} takes anything");
    for (key, property) in properties {
        match values.get(key) {
            Some(value) => differences(&format!("{path}.{key}"), property, value, root, found),
            None => found.push(format!("{path}.{key}")),
        }
    }
    found.extend(
        values.keys().filter(|key| !properties.contains_key(*key)).map(|key| format!("{path}.{key}")),
    );
}

#[test]
fn the_schema_has_exactly_the_values_of_the_chart() {
    for chart in Chart::all() {
        let read = |file: &str| fs::read_to_string(chart.folder().join(file)).unwrap();
        let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
        let values: Value = serde_saphyr::from_str(&read("values.yaml")).unwrap();
        let mut found = Vec::new();
        differences("", &schema, &values, &schema, &mut found);
        // Without a default, or added by Helm.
        found.retain(|path| !path.starts_with(".affinity.") && ![".global", ".common"].contains(&&**path));
        assert_eq!(found, Vec::<String>::new(), "{}", chart.name);
    }
}

#[test]
fn names_and_versions_are_the_workspaces() {
    for chart in Chart::all() {
        let text = fs::read_to_string(chart.folder().join("Chart.yaml")).unwrap();
        let about: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(about["name"], chart.name);
        assert_eq!(about["appVersion"], env!("CARGO_PKG_VERSION"), "{}", chart.name);
    }
}
