//! The documents that `docs/deploy.md` and the folder's README name exist, and are named in the order of use.

use std::collections::BTreeSet;
use std::fs;

use crate::site::{Folder, commands, xtask};

const PAGE: &str = include_str!("../../../docs/deploy.md");

/// Returns the names of documents, such as `30-deployment.yaml`, in the order of the text.
fn documents(text: &str) -> Vec<&str> {
    let words = text.split(|character: char| !(character.is_alphanumeric() || "-.".contains(character)));
    let is_document = |word: &&str| {
        word.ends_with(".yaml") && word.len() > 8 && word.as_bytes()[..2].iter().all(u8::is_ascii_digit)
    };
    words.filter(is_document).collect()
}

#[test]
fn the_page_names_every_document_and_no_other() {
    let folder = Folder::new(&["--env", "prod"]);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let written: BTreeSet<String> = names
        .map(|name| name.into_string().unwrap())
        .filter(|name| name.as_bytes()[0].is_ascii_digit())
        .collect();
    for (what, text) in [("docs/deploy.md", PAGE), ("README.md", &folder.text("README.md"))] {
        let named: BTreeSet<String> = documents(text).into_iter().map(str::to_owned).collect();
        assert_eq!(named, written, "{what}");
    }
}

#[test]
fn the_page_and_the_readme_have_the_same_order() {
    let readme = Folder::new(&["--env", "prod"]).text("README.md");
    let of_readme = |heading: &str| -> Vec<String> {
        let commands = commands(&readme, heading);
        commands.iter().flat_map(|command| documents(command)).map(str::to_owned).collect()
    };
    let between = |from: &str, to: &str| {
        let (_, after) = PAGE.split_once(from).unwrap();
        documents(after.split_once(to).unwrap().0)
    };
    let applied = [of_readme("Apply"), of_readme("A workflow")].concat();
    assert_eq!(between("| | File |", "**Placement**"), applied);
    assert_eq!(between("| Command |", "EMCO allows"), of_readme("Upgrade, and back"));
    assert_eq!(between("### Delete\n", "Expect 204"), of_readme("Delete"));
    // Documents are deleted in reverse, except those that create nothing.
    let makes = |name: &&String| !["41", "42", "43"].iter().any(|number| name.starts_with(number));
    let mut reverse: Vec<&String> = applied.iter().filter(makes).collect();
    reverse.reverse();
    assert_eq!(of_readme("Delete").iter().collect::<Vec<_>>(), reverse);
}

#[test]
fn the_pages_own_command_works() {
    let command = PAGE.lines().find_map(|line| line.strip_prefix("cargo xtask composite-app ")).unwrap();
    let (options, _) = command.split_once(" --out prod").unwrap();
    let (_, more) = command.split_once(" --out prod ").unwrap();
    let args: Vec<&str> = options.split(' ').chain(more.split(' ')).collect();
    let home = tempfile::tempdir().unwrap();
    let told = xtask(&args, &home.path().join("prod"));
    assert!(told.status.success(), "{told:?}");
}

#[test]
fn the_values_that_the_page_names_exist() {
    let values = include_str!("../../../docs/values.md");
    let (_, table) = PAGE.split_once("| For | Value that names it |").unwrap();
    let rows = table.split("\n\n").next().unwrap();
    let named = rows.lines().skip(2).filter_map(|row| row.split('|').nth(2));
    let mut seen = 0;
    for value in named.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        assert!(values.contains(&format!("`{value}`")), "{value}");
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
}

#[test]
fn the_links_of_the_page_lead_to_files() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    for link in PAGE.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let text = fs::read_to_string(format!("{docs}/{file}")).unwrap_or_else(|_| panic!("{link}"));
        // Anchors have no punctuation but hyphens.
        let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let heading = |line: &str| {
            let words = line.trim_start_matches(['#', ' ']).to_lowercase();
            words.chars().filter(is_kept).collect::<String>().replace(' ', "-")
        };
        assert!(
            anchor.is_empty() || text.lines().any(|line| line.starts_with('#') && heading(line) == anchor),
            "{link}"
        );
    }
}
