//! The part of Go's text/template that EMCO's documents use: `{{.Name}}` (EMCO-API §5.2).

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::Value;

/// Fills in a resource file with the values of a value file, as `emcoctl -f FILE -v VALUES` does.
///
/// # Errors
/// Returns an error if the values are not a map, or the template does more than name them.
pub fn render(template: &str, values: &str) -> anyhow::Result<String> {
    let values: BTreeMap<String, Value> =
        serde_saphyr::from_str(values).context("the values are not a map of names to values")?;
    let mut rendered = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let (before, action) = rest.split_at(start);
        rendered.push_str(before);
        let name =
            action[2..].find("}}").and_then(|end| Some((action[2..2 + end].trim().strip_prefix('.')?, end)));
        let Some((name, end)) = name.filter(|(name, _)| is_identifier(name)) else {
            let line = template[..template.len() - action.len()].lines().count().max(1);
            let action: String = action.chars().take(40).collect();
            bail!(
                "line {line}: `{action}` is not of the form {{{{.Name}}}}, the only one that is understood"
            );
        };
        match values.get(name) {
            Some(Value::String(text)) => rendered.push_str(text),
            Some(other) => rendered.push_str(&other.to_string()),
            // Go's words for a missing key
            None => rendered.push_str("<no value>"),
        }
        rest = &action[2 + end + 2..];
    }
    rendered.push_str(rest);
    Ok(rendered)
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}
