//! The part of Go's text/template that EMCO's documents use: `{{.Name}}` (EMCO-API §5.2).

use std::collections::BTreeMap;

use serde_json::Value;

/// Why a resource file could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The values are not a YAML map.
    #[error("the values are not a map of names to values")]
    Values(#[source] serde_saphyr::Error),
    /// Something other than `{{.Name}}`, or a brace that does not close.
    #[error("line {line}: `{action}` is not of the form {{{{.Name}}}}, the only one understood")]
    Action {
        /// The line, from 1.
        line: usize,
        /// The beginning of what stands there.
        action: String,
    },
}

/// Fills a resource file with the values of a value file, as `emcoctl -f FILE -v VALUES` does.
///
/// # Errors
/// When the values cannot be read, or the template does more than name them.
pub fn render(template: &str, values: &str) -> Result<String, TemplateError> {
    let values: BTreeMap<String, Value> = serde_saphyr::from_str(values).map_err(TemplateError::Values)?;
    let mut rendered = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let (before, action) = rest.split_at(start);
        rendered.push_str(before);
        let name =
            action[2..].find("}}").and_then(|end| Some((action[2..2 + end].trim().strip_prefix('.')?, end)));
        let Some((name, end)) = name.filter(|(name, _)| is_identifier(name)) else {
            let line = template[..template.len() - action.len()].lines().count().max(1);
            return Err(TemplateError::Action { line, action: action.chars().take(40).collect() });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let rendered =
            render("port: {{.RsyncPort}}\nname: {{ .Name }}-x{{.Gone}}", "RsyncPort: 9031\nName: proj1\n");
        assert_eq!(rendered.unwrap(), "port: 9031\nname: proj1-x<no value>");
    }

    #[test]
    fn other_actions_are_refused_by_line() {
        for template in ["a\nb {{range .X}}", "a\nb {{.X", "a\nb {{.X.Y}}", "a\nb {{}}"] {
            let error = render(template, "X: 1").unwrap_err();
            assert!(matches!(&error, TemplateError::Action { line: 2, .. }), "{template:?}: {error}");
        }
    }
}
