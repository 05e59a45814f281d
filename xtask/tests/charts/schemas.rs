//! Rendered objects are valid by the schemas of Kubernetes, which accept no unknown fields.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::Chart;

/// The first version in which all APIs that we use are stable, and the newest of the package.
const VERSIONS: [&str; 2] = ["1.31", "1.37"];

/// Returns the output of kubernetes-validate for the objects in `folder`, each in a file.
async fn validated(folder: &Path, version: &str) -> Result<String, String> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut validate = harness::kubernetes_validate().unwrap().args(["--strict", "-k", version]);
    for file in files {
        validate = validate.arg(file);
    }
    let mut process = validate.spawn().unwrap();
    let status = process.wait_exit(Duration::from_secs(120)).await.unwrap();
    if status.success() { Ok(process.log()) } else { Err(process.log()) }
}

fn write(folder: &Path, name: &str, object: &Value) {
    fs::write(folder.join(name), serde_json::to_string_pretty(object).unwrap()).unwrap();
}

#[tokio::test]
async fn every_object_is_valid() {
    let home = tempfile::tempdir().unwrap();
    let mut objects = 0;
    for chart in Chart::all() {
        for profile in chart.profiles() {
            for (number, object) in chart.objects(&profile).iter().enumerate() {
                // An object of the Prometheus operator, for which Kubernetes has no schema.
                if object["apiVersion"] != "monitoring.coreos.com/v1" {
                    objects += 1;
                    let kind = object["kind"].as_str().unwrap();
                    write(home.path(), &format!("{}-{number}-{kind}.json", profile.name), object);
                }
            }
        }
    }
    for version in VERSIONS {
        let said = validated(home.path(), version).await.unwrap_or_else(|errors| panic!("{errors}"));
        let passed = said.lines().filter(|line| line.contains(" passed for resource ")).count();
        assert_eq!(passed, objects, "{said}");
    }
}

#[tokio::test]
async fn an_unknown_field_is_found() {
    let home = tempfile::tempdir().unwrap();
    let chart = Chart { name: "worker" };
    let objects = chart.with(&[]).unwrap();
    let mut deployment = crate::chart::one(&objects, "Deployment").clone();
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = Value::Null;
    write(home.path(), "deployment.json", &deployment);
    let errors = validated(home.path(), VERSIONS[0]).await.unwrap_err();
    assert!(errors.contains("readynessProbe"), "{errors}");
}
