//! The objects that Helm renders from the archives, with profile and overridden values as EMCO passes them
//! (EMCO-API §7.1).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use emco_stand_in::render;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::site::Folder;

const APPS: [&str; 3] = ["bridge", "worker", "workflow-client"];

/// Returns the documents of a file, with their values.
fn documents(folder: &Folder, file: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&render(&folder.text(file), &folder.text("values.yaml")).unwrap()).unwrap()
}

/// Returns an app's objects as EMCO renders them.
pub(crate) fn objects(folder: &Folder, app: &str) -> Result<Vec<Value>, String> {
    let unpacked = tempfile::tempdir().unwrap();
    for kind in ["apps", "profiles"] {
        let archive = File::open(folder.path().join(kind).join(format!("{app}.tgz"))).unwrap();
        tar::Archive::new(GzDecoder::new(archive)).unpack(unpacked.path()).unwrap();
    }
    let dig = documents(folder, "30-deployment.yaml").remove(0);
    let release = dig["spec"]["version"].as_str().unwrap();
    let mut helm = harness::helm().unwrap();
    helm.args(["template", release]).arg(unpacked.path().join(app));
    helm.args(["--namespace", "default", "-f"]).arg(unpacked.path().join("override_values.yaml"));
    let overrides = dig["spec"]["overrideValues"].as_array().unwrap();
    let of_app = overrides.iter().find(|of| of["app"] == app).unwrap();
    for (key, value) in of_app["values"].as_object().unwrap() {
        // EMCO accepts only short texts.
        let value = value.as_str().unwrap();
        assert!(value.len() <= 128, "{key}");
        helm.args(["--set", &format!("{key}={value}")]);
    }
    let output = helm.output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let objects: Vec<Value> =
        serde_saphyr::from_multiple(&String::from_utf8(output.stdout).unwrap()).unwrap();
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

#[test]
fn every_app_renders_in_every_environment() {
    for environment in ["dev", "test", "prod"] {
        let folder = Folder::new(&["--env", environment]);
        for app in APPS {
            let objects = objects(&folder, app).unwrap_or_else(|text| panic!("{environment} {app}: {text}"));
            let deployment = named(&objects, "Deployment", &format!("workflows-{app}"));
            let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap();
            assert!(image.ends_with(concat!(":", env!("CARGO_PKG_VERSION"))), "{environment}: {image}");
        }
    }
}

#[test]
fn what_the_apps_share_is_the_same_in_each() {
    let folder = Folder::new(&["--env", "prod", "--temporal-namespace", "emco"]);
    folder.set(&[("TemporalServer", "temporal.example"), ("TemporalPort", "7234"), ("TaskQueue", "EDGE_Q")]);
    let config = |app: &str| {
        let objects = objects(&folder, app).unwrap();
        named(&objects, "ConfigMap", &format!("workflows-{app}"))["data"].clone()
    };
    for app in APPS {
        let config = config(app);
        let temporal = ["TEMPORAL_SERVER", "TEMPORAL_PORT", "TEMPORAL_NAMESPACE"].map(|name| &config[name]);
        assert_eq!(temporal, ["temporal.example", "7234", "emco"], "{app}");
    }
    assert_eq!(config("worker")["WORKER_TASK_QUEUE"], "EDGE_Q");
    let client = objects(&folder, "workflow-client").unwrap();
    let client = named(&client, "Deployment", "workflows-workflow-client");
    let env = client["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    assert!(env.contains(&json!({"name": "CLIENT_TASK_QUEUE", "value": "EDGE_Q"})), "{env:?}");
    let urls = config("worker")["EMCO_URLS"].as_str().unwrap().to_owned();
    let intent = documents(&folder, "40-workflow-intent.yaml").remove(0);
    let temporal = &intent["spec"]["temporal"];
    assert_eq!(temporal["workflowStartOptions"]["taskQueue"], "EDGE_Q");
    // The worker refuses an EMCO that is not in its settings.
    let params = &temporal["workflowParams"]["activityParams"]["all-activities"];
    for name in ["emcoURL", "emcoClmEndpoint", "emcoDcmEndpoint"] {
        assert!(urls.split(',').any(|url| params[name] == url), "{urls} lacks {name}");
    }
}

#[test]
fn the_intents_client_is_the_service_of_the_chart() {
    let folder = Folder::new(&["--env", "test", "--release", "edge"]);
    let objects = objects(&folder, "workflow-client").unwrap();
    let service = named(&objects, "Service", "edge-workflow-client");
    let intent = documents(&folder, "40-workflow-intent.yaml").remove(0);
    let client = &intent["spec"]["workflowClient"];
    assert_eq!(client["clientEndpointName"], "edge-workflow-client.default.svc.cluster.local");
    assert_eq!(client["clientEndpointPort"], service["spec"]["ports"][0]["port"]);
}

/// Applies the patches of the generic action controller, each to the object that it names.
#[test]
fn each_cluster_gets_its_own_temporal_server() {
    let folder =
        Folder::new(&["--env", "test", "--cluster", "core", "--cluster", "edge", "--cluster", "far"]);
    folder.set(&[
        ("TemporalServer1", "core.example"),
        ("TemporalServer2", "edge.example"),
        ("TemporalPort2", "7234"),
    ]);
    let documents = documents(&folder, "31-temporal-server.yaml");
    let below = |document: &Value, collection: &str| {
        document["resourceContext"]["anchor"].as_str().unwrap().ends_with(collection)
    };
    let mut patched = BTreeMap::new();
    for resource in documents.iter().filter(|document| below(document, "/resources")) {
        let spec = &resource["spec"];
        let (app, gvk) = (spec["app"].as_str().unwrap(), &spec["resourceGVK"]);
        assert_eq!(spec["newObject"], "false");
        let objects = objects(&folder, app).unwrap();
        let object = named(&objects, gvk["kind"].as_str().unwrap(), gvk["name"].as_str().unwrap());
        assert_eq!(object["apiVersion"], gvk["apiVersion"]);
        let customizations =
            format!("/resources/{}/customizations", resource["metadata"]["name"].as_str().unwrap());
        for customization in documents.iter().filter(|document| below(document, &customizations)) {
            let spec = &customization["spec"];
            for operation in spec["patchJson"].as_array().unwrap() {
                assert_eq!(operation["op"], "replace");
                let path = operation["path"].as_str().unwrap();
                // JSON Patch refuses to replace a missing value.
                let former = object.pointer(path).unwrap_or_else(|| panic!("{app} has no {path}"));
                if !path.ends_with("SERVER") {
                    assert!(*former == 7233 || former == "7233", "{path} of {app}: {former}");
                }
                let cluster = spec["clusterInfo"]["cluster"].as_str().unwrap().to_owned();
                patched.insert((cluster, app.to_owned(), path.to_owned()), operation["value"].clone());
            }
        }
    }
    assert_eq!(patched.len(), 27, "three values for three apps on three clusters");
    for ((cluster, app, path), value) in patched {
        let (server, port) = match cluster.as_str() {
            "core" => ("core.example", 7233),
            "edge" => ("edge.example", 7234),
            _ => ("temporal-frontend.temporal", 7233),
        };
        let expected = match path.as_str() {
            "/data/TEMPORAL_SERVER" => json!(server),
            "/data/TEMPORAL_PORT" => json!(port.to_string()),
            _ => json!(port),
        };
        assert_eq!(value, expected, "{path} of {app} on {cluster}");
    }
}

#[test]
fn two_deployments_share_no_object_and_no_port() {
    let (first, second) =
        (Folder::new(&["--env", "prod"]), Folder::new(&["--env", "prod", "--dig", "second"]));
    let mut seen = BTreeSet::new();
    for folder in [&first, &second] {
        for app in APPS {
            for object in objects(folder, app).unwrap() {
                let name = format!("{}/{}", object["kind"], object["metadata"]["name"]);
                assert!(seen.insert(name.clone()), "{name} is there twice");
                let ports = object["spec"]["ports"].as_array().cloned().unwrap_or_default();
                // Kubernetes chooses a free port.
                assert!(
                    ports.iter().all(|port| port["nodePort"].as_u64().unwrap_or_default() == 0),
                    "{name}"
                );
            }
        }
    }
    assert_ne!(first.values()["BridgeDatabaseSecret"], second.values()["BridgeDatabaseSecret"]);
}

#[test]
fn production_without_its_secret_is_refused() {
    let folder = Folder::new(&["--env", "prod"]);
    folder.set(&[("BridgeDatabaseSecret", "")]);
    let text = objects(&folder, "bridge").unwrap_err();
    assert!(text.contains("existingSecret"), "{text}");
    folder.set(&[("TemporalServer", "")]);
    let text = objects(&folder, "worker").unwrap_err();
    assert!(text.contains("temporal.server") || text.contains("/temporal/server"), "{text}");
}
