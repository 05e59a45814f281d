//! `docs/values.md`: the values of the charts, with the defaults and comments in `values.yaml`.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// What a default is that has no effect.
const EMPTY: [&str; 3] = ["\"\"", "[]", "{}"];
/// Groups that are written into objects as they are, so any part of them may be missing.
const FREE: [&str; 3] = ["podSecurityContext", "resources", "securityContext"];

/// A value, or a group of values, which has no default.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    path: String,
    default: String,
    meaning: String,
}

/// A key whose children are being read.
struct Open {
    indent: usize,
    key: String,
    meaning: String,
}

/// Returns the rows of one of our values files: two spaces for each level, the comment above the key, lists
/// in one line.
pub(super) fn rows(text: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut above: Vec<Open> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() {
            comment.clear();
        } else if let Some(words) = content.strip_prefix('#') {
            comment.push(words.trim());
        } else {
            let indent = line.len() - line.trim_start().len();
            let Some((key, default)) = content.split_once(':').filter(|(key, _)| !key.contains([' ', '-']))
            else {
                bail!("line {number}: write `key: value`, lists in brackets");
            };
            above.retain(|open| open.indent < indent);
            let meaning = std::mem::take(&mut comment).join(" ");
            let default = default.trim();
            let inherited = above.iter().rev().map(|open| &open.meaning).find(|meaning| !meaning.is_empty());
            if default.is_empty() {
                if !meaning.is_empty() {
                    rows.push(Row {
                        path: path(&above, key),
                        default: String::new(),
                        meaning: meaning.clone(),
                    });
                }
            } else {
                let meaning = if meaning.is_empty() { inherited.cloned() } else { Some(meaning.clone()) };
                let Some(meaning) = meaning else { bail!("line {number}: `{key}` has no comment") };
                rows.push(Row { path: path(&above, key), default: default.to_owned(), meaning });
            }
            above.push(Open { indent, key: key.to_owned(), meaning });
        }
    }
    Ok(rows)
}

fn path(above: &[Open], key: &str) -> String {
    above.iter().map(|open| open.key.as_str()).chain([key]).collect::<Vec<_>>().join(".")
}

/// Returns the template with the paths that templates rely on: groups, and values whose default is not empty.
pub(super) fn required(chart: &str, rows: &[Row]) -> String {
    let mut paths = BTreeSet::new();
    for Row { path, default, .. } in rows {
        let keys: Vec<&str> = path.split('.').collect();
        if FREE.contains(&keys[0]) {
            continue;
        }
        paths.extend((1..keys.len()).map(|depth| keys[..depth].join(".")));
        if !EMPTY.contains(&default.as_str()) {
            paths.insert(path.clone());
        }
    }
    let paths = paths.into_iter().collect::<Vec<_>>().join("\n");
    let made = "Written by `cargo xtask charts` from `values.yaml`: what the templates rely on.";
    format!("{{{{/* {made} */}}}}\n{{{{- define \"{chart}.required\" -}}}}\n{paths}\n{{{{- end }}}}\n")
}

/// Returns the whole page.
pub(super) fn page(charts: &[(&str, Vec<Row>)]) -> String {
    let mut page = "# Values of the charts\n\n\
        Written by `cargo xtask charts` from `charts/*/values.yaml`. [charts/README.md](../charts/README.md) describes the \
        installation.\n"
        .to_owned();
    for (chart, rows) in charts {
        page.push_str(&format!("\n## {chart}\n\n| Value | Default | Meaning |\n|---|---|---|\n"));
        for row in rows {
            let default = if row.default.is_empty() { String::new() } else { format!("`{}`", row.default) };
            page.push_str(&format!("| `{}` | {} | {} |\n", row.path, cell(&default), cell(&row.meaning)));
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str, default: &str, meaning: &str) -> Row {
        Row { path: path.to_owned(), default: default.to_owned(), meaning: meaning.to_owned() }
    }

    #[test]
    fn a_value_has_the_comment_above_it_or_that_of_its_group() {
        let text =
            "# Head.\n\n# One,\n# and more.\na: 1\nb:\n  # Two.\n  c: []\n# Group.\nd:\n  e:\n    f: \"\"\n";
        let expected = [
            row("a", "1", "One, and more."),
            row("b.c", "[]", "Two."),
            row("d", "", "Group."),
            row("d.e.f", "\"\"", "Group."),
        ];
        assert_eq!(rows(text).unwrap(), expected);
    }

    #[test]
    fn templates_rely_on_groups_and_on_values_with_a_default() {
        let rows =
            [row("a", "1", ""), row("b.c", "[]", ""), row("b.d", "x", ""), row("resources.e", "1", "")];
        let template = required("t", &rows);
        let (_, paths) = template.split_once("-}}\n").unwrap();
        assert_eq!(paths, "a\nb\nb.d\n{{- end }}\n");
    }

    #[test]
    fn a_value_without_comment_is_named() {
        let error = rows("# Head.\n\na: 1\n").unwrap_err().to_string();
        assert_eq!(error, "line 3: `a` has no comment");
    }
}
