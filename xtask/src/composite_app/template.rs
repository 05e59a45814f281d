//! Our own marks in the templates of `composite-app/`, most of which are templates of emcoctl too.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::names::APPS;

/// The values of marks, by name.
pub(super) type Values = BTreeMap<String, String>;

/// Repeats the lines between `#each …` and `#end`, for each app, each cluster, or each app and cluster. There `@app` is
/// the app, and `@` the number of the cluster, or the app if there is none.
pub(super) fn unroll(text: &str, clusters: usize) -> Result<String> {
    let mut unrolled = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(each) = line.strip_prefix("#each ") else {
            unrolled.extend([line, "\n"]);
            continue;
        };
        let block: String =
            lines.by_ref().take_while(|line| *line != "#end").flat_map(|line| [line, "\n"]).collect();
        let for_clusters = |block: &str| -> String {
            (1..=clusters).map(|number| block.replace('@', &number.to_string())).collect()
        };
        match each {
            "app" => unrolled.extend(APPS.map(|(app, _)| block.replace('@', app))),
            "cluster" => unrolled.push_str(&for_clusters(&block)),
            "app and cluster" => {
                unrolled.extend(APPS.map(|(app, _)| for_clusters(&block.replace("@app", app))));
            }
            other => bail!("there is no `#each {other}`"),
        }
    }
    Ok(unrolled)
}

/// Replaces each mark `{name}` with its value. Marks in values are left as they are.
pub(super) fn fill(template: &str, values: &Values) -> Result<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, from_mark)) = rest.split_once('{') {
        let (name, after) = from_mark.split_once('}').context("a mark in a template does not end")?;
        let value = values.get(name).with_context(|| format!("a template has the unknown mark `{name}`"))?;
        text.extend([before, value]);
        rest = after;
    }
    Ok(text + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_repeated_where_they_stand() {
        let text = "a\n#each cluster\nc@\n#end\nb\n#each app and cluster\n@app-@\n#end\n";
        let unrolled = unroll(text, 2).unwrap();
        let expected =
            "a\nc1\nc2\nb\nworker-1\nworker-2\nworkflow-client-1\nworkflow-client-2\nbridge-1\nbridge-2\n";
        assert_eq!(unrolled, expected);
        assert!(unroll("#each moon\n", 1).is_err());
    }

    #[test]
    fn each_mark_gets_its_value_or_is_an_error() {
        let values =
            [("a", "{b}"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(fill("x{a}{b}y", &values).unwrap(), "x{b}2y");
        assert!(fill("{c}", &values).unwrap_err().to_string().contains("`c`"));
        assert!(fill("{a", &values).is_err());
    }
}
