//! Properties of the charts' objects.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Chart;
use crate::chart::one;
use crate::restricted::Pod;

fn rendered(chart: &'static str, sets: &[&str]) -> Vec<Value> {
    Chart { name: chart }.with(sets).unwrap()
}

fn pod(objects: &[Value]) -> &Value {
    &one(objects, "Deployment")["spec"]["template"]["spec"]
}

fn names<'a>(objects: &'a [Value], kind: &str) -> BTreeSet<&'a str> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    of_kind.map(|object| object["metadata"]["name"].as_str().unwrap()).collect()
}

#[test]
fn by_itself_a_chart_takes_no_name_and_no_port_of_emco() {
    for chart in Chart::all() {
        let objects = chart.with(&[]).unwrap();
        let service = one(&objects, "Service");
        assert_eq!(service["metadata"]["name"], format!("r1-{}", chart.name));
        assert_eq!(service["spec"]["type"], "ClusterIP");
        assert!(service["spec"]["ports"][0]["nodePort"].is_null());
    }
}

#[test]
fn the_bridge_can_stand_where_emcos_workflowmgr_stood() {
    let values = "service.name=workflowmgr,service.type=NodePort,service.nodePort=30495";
    let objects = rendered("bridge", &[values]);
    let service = one(&objects, "Service");
    assert_eq!(service["metadata"]["name"], "workflowmgr");
    assert_eq!(service["spec"]["type"], "NodePort");
    let port = &service["spec"]["ports"][0];
    assert_eq!((&port["port"], &port["nodePort"]), (&json!(9095), &json!(30495)));
    assert_eq!(service["spec"]["selector"], json!({"app": "bridge", "release": "r1"}));
    let template = &one(&objects, "Deployment")["spec"]["template"];
    for (name, value) in [("scrape", "true"), ("port", "9095"), ("path", "/metrics")] {
        assert_eq!(template["metadata"]["annotations"][format!("prometheus.io/{name}")], value);
    }
}

#[test]
fn objects_are_named_by_release_and_chart() {
    for chart in Chart::all() {
        let objects = chart.with(&[]).unwrap();
        for kind in ["Deployment", "ConfigMap", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget"] {
            let name = format!("r1-{}", chart.name);
            assert_eq!(names(&objects, kind), BTreeSet::from([name.as_str()]), "{kind}");
        }
        assert_eq!(names(&objects, "Secret"), BTreeSet::new(), "secrets are there already");
        assert_eq!(names(&objects, "HorizontalPodAutoscaler"), BTreeSet::new());
    }
}

#[test]
fn services_and_policies_are_of_the_deployments_pods_alone() {
    for chart in Chart::all() {
        let objects = chart.with(&[]).unwrap();
        let labels = |object: &Value| object["metadata"]["labels"].clone();
        let selector = &one(&objects, "Service")["spec"]["selector"];
        let chosen =
            |labels: &Value| selector.as_object().unwrap().iter().all(|(key, value)| labels[key] == *value);
        assert!(chosen(&labels(&one(&objects, "Deployment")["spec"]["template"])), "{}", chart.name);
        assert!(
            !chosen(&labels(one(&objects, "Pod"))),
            "{}: the pod of `helm test` serves nothing",
            chart.name
        );
        for kind in ["NetworkPolicy", "PodDisruptionBudget"] {
            let spec = &one(&objects, kind)["spec"];
            let of = if kind == "NetworkPolicy" { &spec["podSelector"] } else { &spec["selector"] };
            assert_eq!(&of["matchLabels"], selector, "{kind}");
        }
    }
}

/// Requirements beyond *restricted*.
#[test]
fn pods_get_no_token_write_nowhere_and_run_as_a_number() {
    for chart in Chart::all() {
        for profile in chart.profiles() {
            for object in chart.objects(&profile) {
                if object["kind"] == "ServiceAccount" {
                    assert_eq!(object["automountServiceAccountToken"], false);
                }
                let Some(Pod { spec, .. }) = Pod::of(&object) else { continue };
                assert_eq!(spec["automountServiceAccountToken"], false, "{}", profile.name);
                assert_eq!(spec["enableServiceLinks"], false, "{}", profile.name);
                assert_eq!(spec["securityContext"]["runAsUser"], 65532, "{}", profile.name);
                let container = &spec["containers"][0];
                assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{}", profile.name);
                assert!(container["resources"]["limits"]["memory"].is_string(), "{}", profile.name);
            }
        }
    }
}

#[test]
fn a_change_of_settings_restarts_the_pods() {
    for chart in Chart::all() {
        let checksum = |sets: &[&str]| {
            let objects = chart.with(sets).unwrap();
            let template = &one(&objects, "Deployment")["spec"]["template"];
            template["metadata"]["annotations"]["checksum/config"].as_str().unwrap().to_owned()
        };
        assert_eq!(checksum(&[]), checksum(&["replicas=0"]), "{}", chart.name);
        assert_ne!(checksum(&[]), checksum(&["log.level=debug"]), "{}", chart.name);
    }
}

#[test]
fn a_pod_has_longer_to_end_than_its_program_takes() {
    for (chart, seconds) in [("bridge", 40), ("workflow-client", 40), ("worker", 30)] {
        assert_eq!(pod(&rendered(chart, &[]))["terminationGracePeriodSeconds"], seconds, "{chart}");
        let longer = rendered(chart, &["drainSeconds=300"]);
        assert_eq!(pod(&longer)["terminationGracePeriodSeconds"], 310, "{chart}");
    }
}

#[test]
fn probes_use_the_scheme_of_the_program() {
    for chart in ["bridge", "workflow-client"] {
        let probe = |sets: &[&str]| pod(&rendered(chart, sets))["containers"][0]["readinessProbe"].clone();
        assert_eq!(probe(&[])["httpGet"], json!({"path": "/readyz", "port": "http"}));
        let https = json!({"path": "/readyz", "port": "https", "scheme": "HTTPS"});
        let (tls, ca) = match chart {
            "bridge" => ("tls.existingSecret=tls", "tls.clientCA.existingSecret=ca,rights.existingSecret=r"),
            _ => ("tls.existingSecret=tls", "tls.clientCA.existingSecret=ca"),
        };
        assert_eq!(probe(&[tls])["httpGet"], https);
        assert_eq!(probe(&[tls, ca, "tls.clientAuth=optional"])["httpGet"], https);
        // The kubelet has no certificate.
        assert_eq!(probe(&[tls, ca])["tcpSocket"], json!({"port": "https"}));
        assert!(probe(&["probes.readiness.enabled=false"]).is_null());
    }
}

#[test]
fn rights_are_files_that_change_without_a_restart() {
    let objects = rendered("bridge", &["rights.bindings=[[binding]]"]);
    let maps: Vec<_> = objects.iter().filter(|object| object["kind"] == "ConfigMap").collect();
    let rights = maps.iter().find(|map| map["metadata"]["name"] == "r1-bridge-rights").unwrap();
    assert_eq!(rights["data"], json!({"rights.toml": "[[binding]]"}));
    let settings = maps.iter().find(|map| map["metadata"]["name"] == "r1-bridge").unwrap();
    let file = settings["data"]["BRIDGE_RIGHTS"].as_str().unwrap();
    assert_eq!(file, "/run/secrets/rights/rights.toml");
    let container = &pod(&objects)["containers"][0];
    let mounts = container["volumeMounts"].as_array().unwrap();
    assert!(
        mounts.iter().any(|mount| mount["mountPath"] == "/run/secrets/rights" && mount["subPath"].is_null())
    );
    let checksum = |objects: &[Value]| {
        one(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"].clone()
    };
    assert_eq!(checksum(&objects), checksum(&rendered("bridge", &["rights.bindings=other"])));
}

#[test]
fn one_replica_uses_sqlite_and_several_share_postgresql() {
    let sqlite = rendered("bridge", &[]);
    assert_eq!(one(&sqlite, "Deployment")["spec"]["strategy"], json!({"type": "Recreate"}));
    assert_eq!(names(&sqlite, "PersistentVolumeClaim"), BTreeSet::from(["r1-bridge"]));
    let mine = rendered("bridge", &["database.sqlite.existingClaim=mine"]);
    assert_eq!(names(&mine, "PersistentVolumeClaim"), BTreeSet::new());
    assert_eq!(pod(&mine)["volumes"][0]["persistentVolumeClaim"]["claimName"], "mine");

    let set = ["database.type=postgres", "database.postgres.existingSecret=db", "replicas=3"];
    let postgres = rendered("bridge", &set);
    assert_eq!(one(&postgres, "Deployment")["spec"]["strategy"]["type"], "RollingUpdate");
    assert_eq!(names(&postgres, "PersistentVolumeClaim"), BTreeSet::new());
    let database = &pod(&postgres)["containers"][0]["env"][0];
    assert_eq!(database["name"], "BRIDGE_DATABASE");
    assert_eq!(database["valueFrom"]["secretKeyRef"], json!({"name": "db", "key": "url"}));
    assert!(one(&postgres, "ConfigMap")["data"].get("BRIDGE_DATABASE").is_none());
}

/// Returns the ports of all egress rules.
fn egress(objects: &[Value]) -> Vec<u64> {
    let rules = one(objects, "NetworkPolicy")["spec"]["egress"].as_array().unwrap();
    let ports = rules.iter().flat_map(|rule| rule["ports"].as_array().unwrap());
    let mut ports: Vec<_> = ports.map(|port| port["port"].as_u64().unwrap()).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[test]
fn pods_reach_only_what_they_need() {
    for (chart, sets, ports) in [
        ("bridge", &[][..], &[53, 7233, 9090][..]),
        ("bridge", &["temporal.server=temporal:7234"], &[53, 7234, 9090]),
        ("bridge", &["emco.url=https://emco.example"], &[53, 443, 7233, 9090]),
        ("bridge", &["emco.url=http://orchestrator.emco:9015/emco"], &[53, 7233, 9015, 9090]),
        ("bridge", &["database.type=postgres,database.postgres.existingSecret=db"], &[53, 5432, 7233, 9090]),
        ("bridge", &["networkPolicy.clients.ports={9443}"], &[53, 7233, 9443]),
        ("bridge", &["clients.hosts={*.emco.svc:9443,10.0.0.0/16,fd00::1}"], &[53, 7233, 9090, 9443]),
        ("bridge", &["targets.servers={*.edge.svc:7234,far}"], &[53, 7233, 7234, 9090]),
        ("bridge", &["targets.existingSecret=t,networkPolicy.targets.ports={7235}"], &[53, 7233, 7235, 9090]),
        ("workflow-client", &[], &[53, 7233]),
        ("worker", &[], &[53, 80, 443, 7233, 9015, 9061, 9077]),
        ("worker", &["emco.urls={http://orchestrator.emco:9015,http://emco}"], &[53, 80, 7233, 9015]),
        ("worker", &["networkPolicy.emco.ports={30415}"], &[53, 7233, 30415]),
    ] {
        assert_eq!(egress(&rendered(chart, sets)), ports, "{chart} {sets:?}");
    }
}

#[test]
fn the_pod_of_helm_test_may_connect() {
    let everyone = rendered("bridge", &[]);
    assert!(one(&everyone, "NetworkPolicy")["spec"]["ingress"][0].get("from").is_none());
    let some = rendered("bridge", &["networkPolicy.from[0].podSelector.matchLabels.app=gateway"]);
    let from = one(&some, "NetworkPolicy")["spec"]["ingress"][0]["from"].as_array().unwrap();
    assert_eq!(from.len(), 2);
    let test = &one(&some, "Pod")["metadata"]["labels"];
    assert_eq!(&from[1]["podSelector"]["matchLabels"], test);
    let none = rendered("bridge", &["networkPolicy.enabled=false"]);
    assert_eq!(names(&none, "NetworkPolicy"), BTreeSet::new());
}

#[test]
fn own_labels_and_variables_precede_all_but_selectors() {
    let objects = rendered(
        "worker",
        &["podLabels.app=other,podLabels.site=edge", "podAnnotations.prometheus\\.io/scrape=no"],
    );
    let metadata = &one(&objects, "Deployment")["spec"]["template"]["metadata"];
    assert_eq!((&metadata["labels"]["app"], &metadata["labels"]["site"]), (&json!("worker"), &json!("edge")));
    assert_eq!(metadata["annotations"]["prometheus.io/scrape"], "no");
}

#[test]
fn own_variables_replace_those_of_the_chart() {
    let postgres = "database.type=postgres,env[0].name=BRIDGE_DATABASE,env[0].value=mine";
    // The Secret is not needed then.
    for sets in [postgres, &format!("{postgres},database.postgres.existingSecret=db")] {
        let objects = rendered("bridge", &[sets]);
        assert_eq!(
            pod(&objects)["containers"][0]["env"],
            json!([{"name": "BRIDGE_DATABASE", "value": "mine"}])
        );
    }
}

/// `helm template`, and so EMCO, does not know how many pods run.
#[test]
fn an_autoscaler_begins_with_its_minimum() {
    let replicas = |sets: &[&str]| one(&rendered("worker", sets), "Deployment")["spec"]["replicas"].clone();
    assert_eq!(replicas(&["replicas=4"]), 4);
    assert_eq!(replicas(&["replicas=4,autoscaling.enabled=true,autoscaling.minReplicas=3"]), 3);
}

#[test]
fn a_digest_precedes_a_tag_and_the_version_is_the_default() {
    let image = |sets: &[&str]| {
        let objects = rendered("worker", sets);
        pod(&objects)["containers"][0]["image"].as_str().unwrap().to_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(image(&[]), format!("temporal-emco/sample-worker:{version}"));
    assert_eq!(image(&["image.tag=v9"]), "temporal-emco/sample-worker:v9");
    let digest = format!("sha256:{}", "a".repeat(64));
    let set = format!("image.digest={digest}");
    assert_eq!(image(&[&set]), format!("temporal-emco/sample-worker@{digest}"));
    assert_eq!(image(&[&set, "image.tag=v9"]), format!("temporal-emco/sample-worker:v9@{digest}"));
}
