//! Installations that change: what runs is kept, and what Kubernetes would refuse is refused before anything changes.

use std::fs;
use std::process::Command;

use harness::Cluster;
use serde_json::{Value, json};

use super::release::{HELMS, Release};
use crate::Chart;

const SERVER: [&str; 2] = ["--set", "temporal.server=t"];

fn with<'a>(values: &[&'a str]) -> Vec<&'a str> {
    SERVER.into_iter().chain(values.iter().flat_map(|value| ["--set", value])).collect()
}

/// Calls a test with a release of a chart for each Helm.
fn each_helm(within: &str, chart: &str, test: impl Fn(&Release<'_>)) {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    for helm in 0..HELMS.len() {
        test(&Release::new(&cluster, helm, within, chart, &format!("r{helm}")));
    }
}

fn replicas(release: &Release<'_>) -> Value {
    release.get("deployment")["spec"]["replicas"].clone()
}

/// Upgrades, and expects a refusal with this sentence that changes nothing.
#[track_caller]
fn assert_refused(release: &Release<'_>, values: &[&str], sentence: &str) {
    let before = release.get("configmap");
    let values = with(&[values, &["log.level=trace"]].concat());
    let error = release.run("upgrade", &values).expect_err("upgraded");
    assert!(error.contains(sentence), "{error}");
    assert_eq!(release.get("configmap"), before);
}

#[test]
fn an_autoscaler_keeps_the_pods_that_run() {
    each_helm("autoscaler", "worker", |release| {
        release.run("install", &with(&["replicas=4"])).unwrap();
        let scaled = with(&["autoscaling.enabled=true"]);
        release.run("upgrade", &scaled).unwrap();
        assert_eq!(replicas(release), 4);
        // As the autoscaler does.
        let name = format!("{}-worker", release.name());
        release.kubectl(&["scale", "deployment", &name, "--replicas", "3"], "").unwrap();
        release.run("upgrade", &[&scaled[..], &["--set", "log.level=debug"]].concat()).unwrap();
        assert_eq!(replicas(release), 3);
    });
}

#[test]
fn an_autoscaler_begins_with_its_minimum() {
    each_helm("minimum", "worker", |release| {
        release.run("install", &with(&["autoscaling.enabled=true"])).unwrap();
        assert_eq!(replicas(release), 2);
    });
}

#[test]
fn an_upgrade_from_a_chart_with_fewer_values() {
    let home = tempfile::tempdir().unwrap();
    let former = home.path().join("worker");
    let copied =
        Command::new("cp").arg("-rL").arg(Chart { name: "worker" }.folder()).arg(&former).status().unwrap();
    assert!(copied.success());
    // A chart from before there was this group of values.
    let file = former.join("values.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once("\ntopologySpread:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    fs::write(&file, format!("{before}\n\n{after}")).unwrap();
    fs::write(former.join("templates/_required.tpl"), "{{- define \"worker.required\" }}replicas{{ end }}")
        .unwrap();
    let pod = former.join("charts/common/templates/_pod.tpl");
    let text = fs::read_to_string(&pod).unwrap();
    fs::write(&pod, text.replace(".Values.topologySpread.enabled", "false")).unwrap();

    each_helm("reuse", "worker", |release| {
        release.run_chart("install", former.to_str().unwrap(), &with(&["taskQueue=mine"])).unwrap();
        let error = release.run("upgrade", &["--reuse-values"]).unwrap_err();
        assert!(
            error.contains("topologySpread is missing") && error.contains("--reset-then-reuse-values"),
            "{error}"
        );
        release.run("upgrade", &["--reset-then-reuse-values"]).unwrap();
        assert_eq!(release.get("configmap")["data"]["WORKER_TASK_QUEUE"], "mine");
    });
}

#[test]
fn two_bridges_stand_side_by_side() {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    for name in ["one", "two"] {
        let bridge = Release::new(&cluster, 0, "side-by-side", "bridge", name);
        bridge.verify(&bridge.run("install", &SERVER).unwrap()).unwrap();
    }
}

/// What `docs/upgrade.md` describes: the Service that emcoctl and Istio's routes know stays the same one.
#[test]
fn an_installation_keeps_the_name_and_port_of_workflowmgr() {
    each_helm("workflowmgr", "bridge", |release| {
        let ours = with(&["service.name=workflowmgr", "service.type=NodePort", "service.nodePort=30496"]);
        release.run("install", &ours).unwrap();
        let service = |field: &str| {
            let text = release.kubectl(&["get", "service", "workflowmgr", "-o", "json"], "").unwrap();
            serde_json::from_str::<Value>(&text).unwrap().pointer(field).unwrap().clone()
        };
        let uid = service("/metadata/uid");
        release.run("upgrade", &["--reset-then-reuse-values", "--set", "log.level=debug"]).unwrap();
        assert_eq!((service("/metadata/uid"), service("/spec/ports/0/nodePort")), (uid, json!(30496)));
        release.uninstall().unwrap();
    });
}

#[test]
fn the_size_and_class_of_a_claim_are_refused_until_it_has_them() {
    each_helm("claims", "bridge", |release| {
        release.run("install", &with(&["database.sqlite.storageClass=standard"])).unwrap();
        let named = format!("the claim `{}-bridge`", release.name());
        let sets = |size| ["database.sqlite.storageClass=standard", size];
        assert_refused(release, &sets("database.sqlite.size=2Gi"), &format!("{named} requests 1Gi"));
        assert_refused(release, &sets("database.sqlite.size=512Mi"), &format!("{named} requests 1Gi"));
        assert_refused(
            release,
            &["database.sqlite.storageClass=fast"],
            &format!("{named} has the class `standard`"),
        );
        // The same size in other words, and a class that is no longer given.
        release.run("upgrade", &with(&["database.sqlite.size=1024Mi"])).unwrap();

        grow(release, "2Gi");
        assert_refused(release, &["database.sqlite.size=1Gi"], &format!("{named} requests 2Gi"));
        let upgraded = release.run("upgrade", &with(&["database.sqlite.size=2Gi"])).unwrap();
        release.verify(&upgraded).unwrap();
        release.uninstall().unwrap();
        // The claim is kept, and the next installation of that name takes it.
        release.run("install", &with(&["database.sqlite.size=2Gi"])).unwrap();
    });
}

/// Binds the claim, as a controller does, and lets it grow, as `docs/deploy.md` describes.
fn grow(release: &Release<'_>, size: &str) {
    let claim = format!("{}-bridge", release.name());
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "standard"},
        "provisioner": "example.org/disk", "allowVolumeExpansion": true});
    release.kubectl(&["apply", "--server-side", "-f", "-"], &class.to_string()).unwrap();
    let bound = json!({"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}).to_string();
    release.kubectl(&["patch", "pvc", &claim, "--subresource=status", "-p", &bound], "").unwrap();
    let more = json!({"spec": {"resources": {"requests": {"storage": size}}}}).to_string();
    release.kubectl(&["patch", "pvc", &claim, "-p", &more], "").unwrap();
}

#[test]
fn the_class_of_a_load_balancer_is_refused() {
    each_helm("balancers", "bridge", |release| {
        let class = |name: &'static str| ["service.type=LoadBalancer", name];
        release.run("install", &with(&class("service.loadBalancerClass=a"))).unwrap();
        let sentence = "service.loadBalancerClass cannot be changed";
        assert_refused(release, &class("service.loadBalancerClass=b"), sentence);
        assert_refused(release, &class("service.loadBalancerClass="), sentence);
        release.run("upgrade", &SERVER).unwrap();
        release.run("upgrade", &with(&class("service.loadBalancerClass=b"))).unwrap();
    });
}

#[test]
fn releases_with_names_that_yaml_reads_as_something_else() {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    let version: Value =
        serde_json::from_str(&cluster.kubectl(&["get", "--raw", "/version"], "").unwrap()).unwrap();
    // The version that the server behaves as.
    let minor: u32 = version["emulationMinor"].as_str().unwrap().parse().unwrap();
    for chart in Chart::all() {
        for (number, name) in ["9", "1e3", "007", "true", "on", "null"].into_iter().enumerate() {
            let release = Release::new(&cluster, number % HELMS.len(), "names", chart.name, name);
            let digit = name.starts_with(|first: char| first.is_ascii_digit());
            let service = format!("service.name=s{name}");
            // The worker's Service has no name of its own.
            let values = match (minor < 35 && digit, chart.name) {
                (true, "worker") => continue,
                (true, _) => with(&[&service]),
                (false, _) => SERVER.to_vec(),
            };
            release.verify(&release.run("install", &values).unwrap()).unwrap();
            release.uninstall().unwrap();
        }
    }
}

#[test]
fn releases_with_names_that_kubernetes_refuses() {
    each_helm("refused", "worker", |release| {
        let folder = Chart { name: "worker" }.folder();
        let install = ["install", "a.b", folder.to_str().unwrap(), "--set", "temporal.server=t"];
        let error = release.helm(&install).unwrap_err();
        assert!(error.contains("the release name `a.b` has a dot"), "{error}");
        assert_eq!(
            release.kubectl(&["get", "serviceaccount", "-l", "release", "-o", "name"], "").unwrap(),
            ""
        );
        // Helm asks a server that behaves as an older one for its own version, so the version is given here.
        let render = |version| {
            let template = ["template", "9", folder.to_str().unwrap(), "--set", "temporal.server=t"];
            release.helm(&[&template[..], &["--kube-version", version]].concat())
        };
        let error = render("1.34.9-gke.1").unwrap_err();
        assert!(error.contains("the Service's name `9-worker` begins with a digit"), "{error}");
        render("1.35.0").unwrap();
    });
}

/// The chart's own variables and the administrator's are one list, in which a name occurs once.
#[test]
fn own_variables_replace_those_of_the_chart() {
    each_helm("variables", "bridge", |release| {
        let values = with(&[
            "database.type=postgres",
            "database.postgres.existingSecret=db",
            "env[0].name=BRIDGE_DATABASE,env[0].value=postgres://mine",
            "env[1].name=CORES,env[1].valueFrom.resourceFieldRef.resource=limits.cpu",
            "env[1].valueFrom.resourceFieldRef.divisor=1",
        ]);
        let installed = release.run("install", &values).unwrap();
        release.verify(&installed).unwrap();
        let deployment = release.get("deployment");
        let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
        let texts: Vec<_> =
            env.iter().map(|variable| variable["value"].as_str().unwrap_or_default()).collect();
        assert_eq!(texts, ["postgres://mine", ""]);
    });
}

/// Another applier may write the same quantities as texts.
#[test]
fn quantities_are_the_texts_that_another_applier_writes() {
    each_helm("quantities", "worker", |release| {
        let numbers = with(&["resources.limits.cpu=1", "resources.limits.memory=1073741824"]);
        let installed = release.run("install", &numbers).unwrap();
        release.verify(&installed).unwrap();
        let manifest = installed["manifest"].as_str().unwrap();
        assert!(manifest.contains("cpu: \"1\"") && manifest.contains("memory: \"1073741824\""), "{manifest}");
    });
}
