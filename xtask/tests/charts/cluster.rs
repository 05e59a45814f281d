//! The charts on a real Kubernetes API server: each option, each profile, and what happens to an installation that
//! changes. `cargo xtask cluster` starts the server.

mod changes;
mod options;
mod release;

use std::io::Write;

use harness::Cluster;
use release::{HELMS, Release, namespace};
use serde_json::json;

use crate::Chart;

/// The options that Kubernetes does not let change.
const FIXED: [&str; 2] = ["database.sqlite.size", "database.sqlite.storageClass"];

/// Installs with these values, changes to others, goes back, and removes. The server takes each object as it is, as a
/// second applier would write it too, and each pod is *restricted*. Returns the number of objects.
fn life(release: &Release<'_>, values: &[&str], others: &[&str]) -> Result<usize, String> {
    let installed = release.run("install", values)?;
    let objects = release.verify(&installed).map_err(|error| format!("installed: {error}"))?;
    release.verify_pods(&installed)?;
    let upgraded = release.run("upgrade", others).map_err(|error| format!("upgrade: {error}"))?;
    release.verify(&upgraded).map_err(|error| format!("upgraded: {error}"))?;
    release.helm(&["rollback", release.name(), "1"]).map_err(|error| format!("rollback: {error}"))?;
    release.verify(&installed).map_err(|error| format!("rolled back: {error}"))?;
    release.uninstall()?;
    Ok(objects)
}

/// Prints the figures of a test, which the test harness would hide if it passes.
fn report(line: &str) {
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn every_option(chart: &str) {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    let options = options::of(chart);
    let (mut objects, mut failures) = (0, Vec::new());
    for (number, (option, set)) in options.iter().enumerate() {
        // Each Helm has half of the options; both have every profile.
        let helm = number % HELMS.len();
        let release = Release::new(&cluster, helm, &format!("options-{chart}"), chart, &format!("o{number}"));
        let values = ["--set", "temporal.server=temporal", "--set", set];
        let others = if FIXED.contains(&option.as_str()) { &values[..] } else { &values[..2] };
        match life(&release, &values, others) {
            Ok(count) => objects += count,
            Err(error) => failures.push(format!("{option} with {}: {error}", HELMS[helm])),
        }
    }
    report(&format!("{chart}: {} options, {objects} objects\n", options.len()));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_option_of_the_bridge() {
    every_option("bridge");
}

#[test]
fn every_option_of_the_workflow_client() {
    every_option("workflow-client");
}

#[test]
fn every_option_of_the_worker() {
    every_option("worker");
}

#[test]
fn every_profile() {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    let (mut profiles, mut objects) = (0, 0);
    for chart in Chart::all() {
        for profile in chart.profiles() {
            for (helm, name) in HELMS.iter().enumerate() {
                let release = Release::new(&cluster, helm, "profiles", chart.name, &format!("p{profiles}"));
                let values = profile.arguments();
                let mut others = values.clone();
                others.extend(["--set", "log.level=debug"]);
                objects += life(&release, &values, &others)
                    .unwrap_or_else(|error| panic!("{} with {name}: {error}", profile.name));
                profiles += 1;
            }
        }
    }
    report(&format!("{profiles} installations of profiles, {objects} objects\n"));
}

/// Otherwise the verdict on the charts' own pods would mean nothing.
#[test]
fn the_server_refuses_pods_that_are_not_restricted() {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    let release = Release::new(&cluster, 0, "verdicts", "worker", "r1");
    let values = ["--set", "temporal.server=t", "--set", "securityContext.allowPrivilegeEscalation=true"];
    let error =
        release.run("install", &values).and_then(|installed| release.verify_pods(&installed)).unwrap_err();
    assert!(error.contains("violates PodSecurity \"restricted:latest\""), "{error}");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let namespace = namespace(&cluster, "verdicts");
    cluster.kubectl(&["create", "-n", &namespace, "-f", "-"], &pod.to_string()).unwrap_err();
}
