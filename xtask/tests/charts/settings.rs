//! A program reads each variable that its chart sets, and the chart can set each variable that the program reads.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::Chart;
use crate::chart::one;

/// The variables that charts set for libraries: Temporal's SDK, SQLite, PostgreSQL's protocol.
const OF_LIBRARIES: [&str; 6] = [
    "TEMPORAL_TLS_CLIENT_CERT_PATH",
    "TEMPORAL_TLS_CLIENT_KEY_PATH",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    "TEMPORAL_TLS_SERVER_NAME",
    "PGSSLROOTCERT",
    "SQLITE_TMPDIR",
];
/// Variables of the sample worker that have no flags.
const OF_THE_SAMPLE_WORKER: [&str; 5] =
    ["EMCO_URLS", "EMCO_TOKEN_FILE", "EMCO_CA_FILE", "EMCO_CERT_FILE", "EMCO_KEY_FILE"];

/// Returns the variables in the output of `--help`: those of settings, and Temporal's in the text.
fn known(chart: &str) -> BTreeSet<String> {
    let (program, arguments): (_, &[&str]) = match chart {
        "bridge" => ("bridge", &["serve", "--help"]),
        "workflow-client" => ("sample-client", &["--help"]),
        _ => ("sample-worker", &["--help"]),
    };
    let output =
        Command::new(harness::program(program).unwrap()).args(arguments).env_clear().output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(|letter: char| !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'))
        .filter(|word| word.contains('_'))
        .map(str::to_owned)
        .collect()
}

/// Returns the variables of the container and their values, which are empty for secrets.
fn set(objects: &[Value], ours: bool) -> BTreeMap<String, String> {
    let mut set = BTreeMap::new();
    for (name, value) in one(objects, "ConfigMap")["data"].as_object().unwrap() {
        set.insert(name.clone(), value.as_str().unwrap_or_else(|| panic!("{name} is no text")).to_owned());
    }
    let container = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap();
        if ours || variable["value"].is_null() {
            set.insert(name.to_owned(), String::new());
        }
    }
    set
}

#[test]
fn charts_set_the_variables_that_programs_read() {
    for chart in Chart::all() {
        let known = known(chart.name);
        let mut ever = BTreeSet::new();
        for profile in chart.profiles() {
            // The administrator's own variables are not the chart's.
            for name in set(&chart.objects(&profile), false).into_keys().filter(|name| name != "CLOUD_KEY") {
                let read = known.contains(&name)
                    || OF_LIBRARIES.contains(&name.as_str())
                    || (chart.name == "worker" && OF_THE_SAMPLE_WORKER.contains(&name.as_str()));
                assert!(read, "{} does not read {name}", chart.name);
                ever.insert(name);
            }
        }
        let own = known.iter().filter(|name| !name.starts_with("TEMPORAL_") && !name.starts_with("NO_"));
        let never: Vec<_> = own.filter(|name| !ever.contains(*name) && *name != "PGPASSFILE").collect();
        assert_eq!(never, Vec::<&String>::new(), "{}: no profile sets these", chart.name);
    }
}

/// The bridge reads the settings that need no file, as in a pod.
#[test]
fn the_bridge_takes_the_settings_of_the_chart() {
    for sets in [&[][..], &["escalation=false", "clients.successStatus={Go-http-client/*@10.42.0.0/16=201}"]]
    {
        let mut bridge = Command::new(harness::program("bridge").unwrap());
        bridge.arg("serve").env_clear();
        for (name, value) in set(&Chart { name: "bridge" }.with(sets).unwrap(), true) {
            bridge.env(name, value);
        }
        // Nothing is started: the impossible database is checked last.
        let output = bridge
            .env("BRIDGE_LISTEN", "127.0.0.1:0")
            .env("BRIDGE_DATABASE", "sqlite:///nowhere/b.db")
            .output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("BRIDGE_DATABASE cannot be used"), "{text}");
    }
}
