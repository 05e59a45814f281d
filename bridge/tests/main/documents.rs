//! Compares documents with the program: the settings in the README, the problems and routes in `docs/api.md`.

use std::collections::BTreeSet;

use bridge::cli::Cli;
use bridge_core::model::ProbableCause;
use clap::CommandFactory;
use serde_json::Value;

const README: &str = include_str!("../../README.md");
const API: &str = include_str!("../../../docs/api.md");
const ALARMS: &str = include_str!("../../../docs/alarms.md");

/// Returns the cells of each row of the table with this header, without back-quotes.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    text.lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

/// Returns the numbers of the differences from workflowmgr.
pub(crate) fn differences() -> BTreeSet<u32> {
    let rows = table(API, "| # |").into_iter();
    rows.flat_map(|row| row[0].split(',').filter_map(|number| number.trim().parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_book_has_every_page() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let book = std::fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<_> =
        book.split("](").skip(1).map(|link| link.split(')').next().unwrap().to_owned()).collect();
    let names =
        std::fs::read_dir(&docs).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<_> = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    assert_eq!(listed, pages);
}

#[test]
fn every_difference_has_a_number_and_a_reason() {
    let rows = table(API, "| # |");
    assert!(rows.iter().all(|row| row.len() == 4 && row.iter().all(|cell| !cell.is_empty())), "{rows:#?}");
    let numbers: Vec<u32> = differences().into_iter().collect();
    assert_eq!(numbers, (1..=numbers.len().try_into().unwrap()).collect::<Vec<u32>>());
}

#[test]
fn the_front_page_has_every_setting_with_its_default() {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let (of_environment, others): (Vec<_>, Vec<_>) = serve
        .get_arguments()
        .filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
        .partition(|argument| argument.get_env().is_some());
    let settings: BTreeSet<_> = of_environment
        .iter()
        .map(|argument| {
            let defaults: Vec<_> =
                argument.get_default_values().iter().map(|value| value.to_str().unwrap()).collect();
            let variable = argument.get_env().unwrap().to_str().unwrap();
            [variable.to_owned(), format!("--{}", argument.get_long().unwrap()), defaults.concat()]
        })
        .collect();
    let documented: BTreeSet<_> = table(README, "| Variable |")
        .into_iter()
        .map(|row| <[String; 3]>::try_from(row[..3].to_vec()).unwrap())
        .collect();
    assert_eq!(documented, settings);
    for argument in others {
        let flag = format!("`--{}`", argument.get_long().unwrap());
        assert!(README.contains(&flag), "{flag}");
    }
}

#[test]
fn the_apis_page_has_every_problem_with_its_status() {
    let document: Value = serde_json::from_str(&bridge_http::document()).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut problems = BTreeSet::new();
    for (status, response) in operations.flat_map(|operation| operation["responses"].as_object().unwrap()) {
        if response["content"].get("application/problem+json").is_some() {
            let lines = response["description"].as_str().unwrap().split("\n\n");
            problems.extend(lines.map(|line| [line.split('`').nth(1).unwrap().to_owned(), status.clone()]));
        }
    }
    // Every server of ours has these, whatever its routes.
    problems
        .extend([["no_such_path", "404"], ["method_not_allowed", "405"]].map(|row| row.map(str::to_owned)));
    let documented: BTreeSet<_> = table(API, "| Code |")
        .into_iter()
        .map(|row| <[String; 2]>::try_from(row[..2].to_vec()).unwrap())
        .collect();
    assert_eq!(documented, problems);
}

#[test]
fn the_apis_page_has_every_route() {
    let document: Value = serde_json::from_str(&bridge_http::document()).unwrap();
    let documented: BTreeSet<_> =
        table(API, "| Route |").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        let route = match path.split_once("temporal-workflow-intents") {
            Some((_, below)) => format!("…{}", below.replace("{workflowIntent}", "{name}")),
            None if path.contains("{project}/workflow-rules") => path.clone(),
            None => continue,
        };
        for method in item.as_object().unwrap().keys() {
            assert!(documented.contains(&(route.clone(), method.to_uppercase())), "{method} {route}");
        }
    }
}

#[test]
fn the_page_about_alarms_has_every_cause_with_its_repair() {
    let row = |cause: ProbableCause| {
        let (kind, severity) = (cause.alarm_type().word(), cause.severity().word());
        [cause.word(), kind, severity, cause.repair()].map(str::to_owned)
    };
    let documented: Vec<_> = table(ALARMS, "| Word |")
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone(), row[4].clone()])
        .collect();
    assert_eq!(documented, ProbableCause::ALL.map(row));
}
