//! The documents for emcoctl: templates of ours become templates of emcoctl's, with as many clusters as there are.

use anyhow::{Result, bail};

use super::app::App;

macro_rules! documents {
    ($($name:literal),* $(,)?) => {
        /// The files in the order in which they are applied: name, and text with our own marks in it.
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../composite-app/documents/", $name)))),*];
    };
}

documents![
    "00-administrator.yaml",
    "10-project.yaml",
    "11-logical-cloud.yaml",
    "20-composite-app.yaml",
    "21-profiles.yaml",
    "30-deployment.yaml",
    "31-temporal-server.yaml",
    "32-instantiate.yaml",
    "40-workflow-intent.yaml",
    "41-start.yaml",
    "42-status.yaml",
    "43-cancel.yaml",
    "50-update.yaml",
    "51-rollback.yaml",
];

/// All documents, for so many clusters.
pub(super) fn all(clusters: usize) -> Result<Vec<(&'static str, String)>> {
    FILES.iter().map(|(name, text)| Ok((*name, unroll(text, clusters)?))).collect()
}

/// Repeats what stands between `#each …` and `#end`: `@app` is the app there, `@` the app or the number of the cluster.
pub(super) fn unroll(text: &str, clusters: usize) -> Result<String> {
    let mut unrolled = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(each) = line.strip_prefix("#each ") else {
            unrolled.push_str(line);
            unrolled.push('\n');
            continue;
        };
        let block: String =
            lines.by_ref().take_while(|line| *line != "#end").flat_map(|line| [line, "\n"]).collect();
        let numbers = || (1..=clusters).map(|number| number.to_string());
        match each {
            "app" => unrolled.extend(App::ALL.map(|app| block.replace('@', app.name()))),
            "cluster" => unrolled.extend(numbers().map(|number| block.replace('@', &number))),
            "app and cluster" => {
                for app in App::ALL {
                    let block = block.replace("@app", app.name());
                    unrolled.extend(numbers().map(|number| block.replace('@', &number)));
                }
            }
            other => bail!("there is no `#each {other}`"),
        }
    }
    Ok(unrolled)
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
    fn no_mark_of_ours_is_left() {
        for (name, text) in all(3).unwrap() {
            assert!(!text.contains('@') && !text.contains("#each") && !text.contains("#end"), "{name}");
        }
    }
}
