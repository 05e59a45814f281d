//! Who is who: files of identities and rights, certificates of cert-manager, and the way through Istio's gateway.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use crate::Chart;
use crate::chart::one;

fn rendered(chart: &'static str, sets: &[&str]) -> Vec<Value> {
    Chart { name: chart }.with(sets).unwrap()
}

fn pod(objects: &[Value]) -> &Value {
    &one(objects, "Deployment")["spec"]["template"]["spec"]
}

/// Returns the settings of the program.
fn settings<'a>(objects: &'a [Value], chart: &str) -> &'a Value {
    let maps = objects.iter().filter(|object| object["kind"] == "ConfigMap");
    let mut own = maps.filter(|map| map["metadata"]["name"] == format!("r1-{chart}"));
    &own.next().unwrap()["data"]
}

fn volume<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    let mut volumes = pod(objects)["volumes"].as_array().unwrap().iter();
    volumes.find(|volume| volume["name"] == name).unwrap_or_else(|| panic!("no volume {name}"))
}

#[test]
fn rights_and_issuers_can_be_in_a_config_map() {
    let sets = ["rights.existingConfigMap=my-rights,rights.policies={window.cedar}", "insecure=false"];
    let objects = rendered("bridge", &[&sets[..], &["issuers.existingConfigMap=my-issuers"]].concat());
    assert_eq!(volume(&objects, "rights")["configMap"]["name"], "my-rights");
    assert_eq!(volume(&objects, "issuers")["configMap"]["name"], "my-issuers");
    let settings = settings(&objects, "bridge");
    assert_eq!(settings["BRIDGE_RIGHTS"], "/run/secrets/rights/rights.toml");
    assert_eq!(settings["BRIDGE_RIGHTS_POLICIES"], "/run/secrets/rights/window.cedar");
    assert_eq!(settings["BRIDGE_ISSUERS"], "/run/secrets/issuers/issuers.toml");
    let mounts = pod(&objects)["containers"][0]["volumeMounts"].as_array().unwrap();
    for name in ["rights", "issuers"] {
        let mount = mounts.iter().find(|mount| mount["name"] == name).unwrap();
        // A mount of a part is never updated.
        assert!(mount["subPath"].is_null() && mount["mountPath"] == format!("/run/secrets/{name}"));
    }
    let client = rendered("workflow-client", &["insecure=false", "issuers.existingConfigMap=i"]);
    assert_eq!(volume(&client, "issuers")["configMap"]["name"], "i");
    assert!(ports(&client).contains(&443) && ports(&objects).contains(&443));
}

/// Returns the ports that the network policy lets pods connect to.
fn ports(objects: &[Value]) -> BTreeSet<u64> {
    let rules = one(objects, "NetworkPolicy")["spec"]["egress"].as_array().unwrap().iter();
    let ports = rules.flat_map(|rule| rule["ports"].as_array().unwrap());
    ports.map(|port| port["port"].as_u64().unwrap()).collect()
}

#[test]
fn the_network_policy_lets_seals_go_to_the_webhook() {
    let webhook = "audit.webhook=https://anchor.example:8443/seals";
    assert!(!ports(&rendered("bridge", &[])).contains(&8443));
    assert!(ports(&rendered("bridge", &[webhook])).contains(&8443));
    let objects = rendered("bridge", &[webhook, "networkPolicy.webhook.ports={9}"]);
    assert!(ports(&objects).contains(&9) && !ports(&objects).contains(&8443));
}

#[test]
fn cert_manager_makes_the_certificate_that_pods_use() {
    for (chart, port) in [("bridge", "BRIDGE"), ("workflow-client", "CLIENT")] {
        let sets = [
            "certificate.issuer.name=ca,certificate.issuer.kind=ClusterIssuer",
            "certificate.dnsNames={a.example},certificate.uris={spiffe://cluster.local/ns/emco/sa/x}",
            "tls.clientCA.fromCertificate=true,tls.clientAuth=optional,insecure=false",
        ];
        let rights = ["rights.existingSecret=r"];
        let more = if chart == "bridge" { &rights[..] } else { &[] };
        let objects = rendered(chart, &[&sets[..], more].concat());
        let certificate = &one(&objects, "Certificate")["spec"];
        let secret = format!("r1-{chart}-tls");
        assert_eq!(certificate["secretName"], secret);
        assert_eq!(
            certificate["issuerRef"],
            json!({"name": "ca", "kind": "ClusterIssuer", "group": "cert-manager.io"})
        );
        let service = format!("r1-{chart}");
        let names = ["", ".default", ".default.svc"].map(|rest| format!("{service}{rest}"));
        assert_eq!(certificate["dnsNames"], json!([names[0], names[1], names[2], "a.example"]));
        assert_eq!(certificate["uris"], json!(["spiffe://cluster.local/ns/emco/sa/x"]));
        assert_eq!(certificate["usages"], json!(["digital signature", "server auth", "client auth"]));
        for name in ["tls", "client-ca"] {
            assert_eq!(volume(&objects, name)["secret"]["secretName"], secret);
        }
        let settings = settings(&objects, chart);
        assert_eq!(settings[format!("{port}_TLS_CERTIFICATE")], "/run/secrets/tls/tls.crt");
        assert_eq!(settings[format!("{port}_TLS_CLIENT_CA")], "/run/secrets/client-ca/ca.crt");
        assert_eq!(pod(&objects)["containers"][0]["readinessProbe"]["httpGet"]["scheme"], "HTTPS");
    }
    let worker = rendered("worker", &["certificate.issuer.name=ca,emco.urls={https://emco}"]);
    assert_eq!(volume(&worker, "emco-certificate")["secret"]["secretName"], "r1-worker-tls");
    assert_eq!(settings(&worker, "worker")["EMCO_CERT_FILE"], "/run/secrets/emco-certificate/tls.crt");
    // For Temporal alone it is named.
    let sets =
        ["certificate.issuer.name=ca", "temporal.tls.enabled=true,temporal.tls.existingSecret=r1-worker-tls"];
    let worker = rendered("worker", &sets);
    assert_eq!(volume(&worker, "temporal")["secret"]["secretName"], "r1-worker-tls");
    assert!(settings(&worker, "worker")["EMCO_CERT_FILE"].is_null());
}

#[test]
fn values_of_identities_that_exclude_each_other() {
    for (sets, sentence) in [
        (
            "rights.existingConfigMap=a,rights.existingSecret=b",
            "rights.existingSecret and rights.existingConfigMap",
        ),
        ("rights.existingConfigMap=a,rights.bindings=b", "exclude each other"),
        ("issuers.existingConfigMap=a,issuers.existingSecret=b", "exclude each other"),
        ("issuers.existingConfigMap=a", "rights.bindings is missing"),
        ("certificate.issuer.name=ca,tls.existingSecret=t", "exclude each other"),
        (
            "tls.clientCA.fromCertificate=true,tls.existingSecret=t,rights.existingSecret=r",
            "certificate.issuer.name is missing",
        ),
        ("istio.virtualService.enabled=true", "istio.virtualService.gateways is missing"),
    ] {
        let error = Chart { name: "bridge" }.with(&[sets]).expect_err(sets);
        assert!(error.contains(sentence), "{sets}: {error}");
    }
}

/// Paths of EMCO's other services, some of which its VirtualServices match by prefixes.
const OF_EMCO: [&str; 12] = [
    "/v2/projects",
    "/v2/projects/p",
    "/v2/projects/p/composite-apps/a/v1",
    "/v2/projects/p/composite-apps/a/v1/deployment-intent-groups/d",
    "/v2/projects/p/composite-apps/a/v1/deployment-intent-groups/d/approve",
    "/v2/projects/p/composite-apps/a/v1/deployment-intent-groups/d/status",
    "/v2/projects/p/composite-apps/a/v1/deployment-intent-groups/d/temporal-action-controller-intents",
    "/v2/projects/p/composite-apps/a/v1/deployment-intent-groups/d/policy-intents/i",
    "/v2/projects/p/logical-clouds/temporal-workflow-intents",
    "/v2/cluster-providers",
    "/v2/controllers/rights",
    "/v2/audits",
];

#[test]
fn the_virtual_service_takes_all_our_paths_and_none_of_emcos() {
    let objects = rendered(
        "bridge",
        &["istio.virtualService.enabled=true,istio.virtualService.gateways={emco/gateway}"],
    );
    let spec = &one(&objects, "VirtualService")["spec"];
    assert_eq!((&spec["gateways"], &spec["hosts"]), (&json!(["emco/gateway"]), &json!(["*"])));
    let route = &spec["http"][0];
    let destination = json!({"host": "r1-bridge.default.svc.cluster.local", "port": {"number": 9095}});
    assert_eq!(route["route"], json!([{"destination": destination}]));
    // Istio's own default would repeat a start.
    assert_eq!(route["retries"], json!({"attempts": 0}));
    let matches: Vec<_> =
        route["match"].as_array().unwrap().iter().map(|entry| entry["uri"].clone()).collect();
    // A whole path must match (RE2).
    let is_ours = |path: &str| {
        matches.iter().any(|uri| match (uri["regex"].as_str(), uri["exact"].as_str()) {
            (Some(pattern), None) => Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(path),
            (None, Some(exact)) => exact == path,
            _ => panic!("{uri}"),
        })
    };
    let document = harness::program("bridge").unwrap();
    let document = std::process::Command::new(document).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&document.stdout).unwrap();
    let parameter = Regex::new(r"\{[^}]+\}").unwrap();
    // Operators ask pods themselves.
    let operations = ["/metrics", "/healthz", "/readyz"];
    let paths = document["paths"].as_object().unwrap().keys();
    let paths: Vec<_> = paths.filter(|path| !operations.contains(&path.as_str())).cloned().collect();
    assert!(paths.len() > 15, "{paths:?}");
    // What is in no document: the document itself, and the login of browsers.
    let others = ["/openapi.json", "/login", "/login/callback", "/logout", "/session"].map(str::to_owned);
    for path in paths.into_iter().chain(others) {
        let path = parameter.replace_all(&path, "x-1.y%20z");
        assert!(is_ours(&path), "{path}");
    }
    for path in OF_EMCO.into_iter().chain(operations).chain(["/"]) {
        assert!(!is_ours(path), "{path}");
    }
}

#[test]
fn objects_of_cert_manager_and_istio_are_as_agreed() {
    let sets = [
        "certificate.issuer.name=ca,certificate.uris={spiffe://cluster.local/ns/emco/sa/bridge}",
        "istio.virtualService.enabled=true,istio.virtualService.gateways={istio-system/emco}",
    ];
    let objects = rendered("bridge", &sets);
    for kind in ["Certificate", "VirtualService"] {
        insta::assert_snapshot!(kind, serde_json::to_string_pretty(one(&objects, kind)).unwrap());
    }
}
