//! Texts stay texts, also those that YAML reads as a number or a boolean.

use std::fs;

use serde_json::{Value, json};

use crate::Chart;
use crate::chart::{one, parse, root, said};

/// Values of which YAML reads each as something other than a text.
const VALUES: &str = r#"
bodyLimit: "1048576"
priorityClassName: "1e3"
serviceAccount: { name: "007" }
tls: { existingSecret: "1e3", certificateKey: "on", privateKeyKey: "off" }
bearerTokens: { existingSecret: "true", key: "null" }
service: { name: "on" }
ingress: { enabled: true, className: "9", hosts: ["7"], path: "/a #b", tls: { existingSecret: "1e3" } }
topologySpread: { topologyKey: "on" }
resources: { requests: { cpu: 0.5, memory: 1e9 }, limits: { cpu: 1, memory: 1Gi } }
volumes: [{ name: cache, emptyDir: { sizeLimit: 1048576 } }]
env: [{ name: CORES, valueFrom: { resourceFieldRef: { resource: limits.cpu, divisor: 1 } } }]
"#;

/// Returns the objects of a release.
fn rendered(chart: &str, release: &str, values: &str) -> Vec<Value> {
    let chart = Chart::all().find(|known| known.name == chart).unwrap();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("values.yaml");
    fs::write(&file, values).unwrap();
    let mut helm = chart.helm(&["template", release]);
    helm.args(chart.required().iter().flat_map(|set| ["--set", set])).arg("-f").arg(file);
    parse(&said(&helm.output().unwrap()).unwrap())
}

/// Returns the places of labels, annotations, selectors and settings that are no texts.
fn others(value: &Value, place: &str, found: &mut Vec<String>) {
    let Some(members) = value.as_object() else {
        value.as_array().into_iter().flatten().for_each(|item| others(item, place, found));
        return;
    };
    for (name, member) in members {
        let texts = ["labels", "annotations", "matchLabels", "selector", "data", "requests", "limits"];
        if texts.iter().any(|texts| place.ends_with(texts)) && !member.is_string() && !member.is_object() {
            found.push(format!("{place}.{name}: {member}"));
        }
        others(member, &format!("{place}.{name}"), found);
    }
}

#[test]
fn releases_have_any_name() {
    for chart in Chart::all() {
        for release in ["true", "on", "null", "no", "e3"] {
            let mut found = Vec::new();
            let objects = rendered(chart.name, release, "");
            objects.iter().for_each(|object| others(object, "", &mut found));
            assert_eq!(found, Vec::<String>::new(), "{} as {release}", chart.name);
            assert_eq!(one(&objects, "Deployment")["metadata"]["labels"]["release"], release);
        }
    }
}

#[test]
fn values_are_what_is_written() {
    let objects = rendered("workflow-client", "r1", VALUES);
    let mut found = Vec::new();
    objects.iter().for_each(|object| others(object, "", &mut found));
    assert_eq!(found, Vec::<String>::new());
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(one(&objects, "ConfigMap")["data"]["CLIENT_BODY_LIMIT"], "1048576");
    assert_eq!((&pod["priorityClassName"], &pod["serviceAccountName"]), (&json!("1e3"), &json!("007")));
    assert_eq!(pod["topologySpreadConstraints"][0]["topologyKey"], "on");
    let secrets: Vec<_> =
        pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["secret"]["secretName"]).collect();
    assert_eq!(secrets, [&json!("1e3"), &json!("true"), &Value::Null].map(|name| name), "{pod}");
    assert_eq!(pod["volumes"][2]["emptyDir"]["sizeLimit"], "1048576");
    assert_eq!(container["env"][0]["valueFrom"]["resourceFieldRef"]["divisor"], "1");
    assert_eq!(
        container["resources"],
        json!({"requests": {"cpu": "0.5", "memory": "1000000000"}, "limits": {"cpu": "1", "memory": "1Gi"}})
    );
    assert_eq!(one(&objects, "Service")["metadata"]["name"], "on");
    let ingress = &one(&objects, "Ingress")["spec"];
    assert_eq!(
        (&ingress["ingressClassName"], &ingress["tls"][0]["secretName"]),
        (&json!("9"), &json!("1e3"))
    );
    assert_eq!(ingress["rules"][0]["http"]["paths"][0]["path"], "/a #b");
}

#[test]
fn claims_and_classes_are_what_is_written() {
    let claim = "database: { sqlite: { storageClass: \"1e3\", size: \"1073741824\" } }";
    let objects = rendered("bridge", "r1", claim);
    let spec = &one(&objects, "PersistentVolumeClaim")["spec"];
    assert_eq!(spec["storageClassName"], "1e3");
    assert_eq!(spec["resources"]["requests"]["storage"], "1073741824");
    let objects = rendered("bridge", "r1", "database: { sqlite: { existingClaim: \"007\" } }");
    let volumes = &one(&objects, "Deployment")["spec"]["template"]["spec"]["volumes"];
    assert_eq!(volumes[0]["persistentVolumeClaim"]["claimName"], "007");
    let database = "database: { type: postgres, postgres: { existingSecret: \"007\", key: \"on\" } }";
    let objects = rendered("bridge", "r1", database);
    let env = &one(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(env[0]["valueFrom"]["secretKeyRef"], json!({"name": "007", "key": "on"}));
}

/// A build's version can have a part behind `+`, which neither a label nor a tag may have.
#[test]
fn a_version_with_a_plus_is_a_label_and_a_tag() {
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("worker");
    let from = root().join("charts/worker");
    assert!(std::process::Command::new("cp").arg("-rL").arg(from).arg(&copy).status().unwrap().success());
    let file = copy.join("Chart.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let version = format!("appVersion: {}", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version));
    fs::write(&file, text.replace(&version, "appVersion: 1.2.3+build.5")).unwrap();
    let mut helm = harness::helm().unwrap();
    helm.args(["template", "r1"]).arg(copy).args(["--set", "temporal.server=t"]);
    let objects = parse(&said(&helm.output().unwrap()).unwrap());
    let deployment = one(&objects, "Deployment");
    assert_eq!(deployment["metadata"]["labels"]["app.kubernetes.io/version"], "1.2.3_build.5");
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "temporal-emco/sample-worker:1.2.3_build.5");
}
