//! The programs run with the variables of the charts, and with the files of the Secrets.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use harness::{Process, eventually, free_port, program};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa, KeyIdMethod,
    KeyPair, PKCS_ED25519, SerialNumber, date_time_ymd,
};
use reqwest::{Certificate, Client, Identity};
use serde_json::Value;

use crate::Chart;
use crate::chart::one;

const LIMIT: Duration = Duration::from_secs(60);
/// The folder of the Secrets in a pod.
const SECRETS: &str = "/run/secrets";
/// Keys of Secrets that are not certificates.
const FILES: [(&str, &str); 10] = [
    // That of `let-me-in`.
    ("tokens", "alice:a3ee786b5707c27d42570785081ec17f5c7db9262a01366af362a1aa61a420b9\n"),
    (
        "issuers.toml",
        "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.example\"\naudience = \"emco\"\n",
    ),
    (
        "rights.toml",
        "[[binding]]\nname = \"all\"\nrole = \"viewer\"\nsubjects = [\"authenticated\"]\nscope = \"**\"\n",
    ),
    ("session-keys", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"),
    ("notify.toml", "[[target]]\nname = \"oss\"\nurl = \"https://oss.example/alarms\"\nformat = \"3gpp\"\n"),
    ("window.cedar", "forbid(principal, action, resource) when { context.time.weekday == 7 };\n"),
    ("token", "emco\n"),
    ("api-key", "temporal\n"),
    ("clients.toml", "[[client]]\nhosts = \"*.edge.svc:9443\"\n"),
    ("targets.toml", "[edge]\naddress = \"temporal.edge.svc:7233\"\nnamespaces = [\"emco\"]\n"),
];

/// The certificate of an authority, one that it issued for this machine, and the key of that.
struct Certificates {
    authority: String,
    /// What the authority has revoked: nothing.
    revoked: String,
    own: String,
    key: String,
    /// The key that signs the audit.
    audit: String,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let revoked = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2021, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let revoked = revoked.signed_by(&authority).unwrap().pem().unwrap();
        let audit = KeyPair::generate_for(&PKCS_ED25519).unwrap().serialize_pem();
        Self { authority: authority.pem(), revoked, own: own.pem(), key: key.serialize_pem(), audit }
    }

    /// Creates the folders of all Secrets of the pod, each with the keys of all.
    fn put(&self, secrets: &Path, pod: &Value) {
        let folders = pod["volumes"].as_array().unwrap().iter().filter(|volume| volume["secret"].is_object());
        for volume in folders {
            let folder = secrets.join(volume["name"].as_str().unwrap());
            fs::create_dir(&folder).unwrap();
            let pems = [
                ("ca.crt", &self.authority),
                ("ca.crl", &self.revoked),
                ("tls.crt", &self.own),
                ("tls.key", &self.key),
                ("audit.pem", &self.audit),
            ];
            let pems = pems.map(|(key, text)| (key, text.as_str()));
            for (key, text) in pems.into_iter().chain(FILES) {
                fs::write(folder.join(key), text).unwrap();
            }
        }
    }

    /// Returns an HTTP client with a certificate.
    fn caller(&self) -> Client {
        let identity = format!("{}{}", self.own, self.key);
        // An error means that the process has a TLS provider already.
        let _ = harness::http();
        Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(self.authority.as_bytes()).unwrap()])
            .identity(Identity::from_pem(identity.as_bytes()).unwrap())
            .build()
            .unwrap()
    }
}

/// Returns the variables of the pod, with its Secrets in this folder.
fn variables(objects: &[Value], secrets: &Path) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, value) in one(objects, "ConfigMap")["data"].as_object().unwrap() {
        let value = value.as_str().unwrap().replace(SECRETS, secrets.to_str().unwrap());
        variables.insert(name.clone(), value);
    }
    let container = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    for variable in container["env"].as_array().unwrap() {
        let value = variable["value"].as_str().unwrap_or("of-a-secret");
        variables.insert(variable["name"].as_str().unwrap().to_owned(), value.to_owned());
    }
    variables
}

#[tokio::test]
async fn programs_run_with_every_option_of_their_chart() {
    let certificates = Certificates::new();
    let caller = certificates.caller();
    for (chart, name, listen, scheme) in [
        ("bridge", "bridge", "BRIDGE_LISTEN", "https"),
        ("workflow-client", "sample-client", "CLIENT_LISTEN", "https"),
        ("worker", "sample-worker", "WORKER_OPERATIONS_LISTEN", "http"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let chart = Chart { name: chart };
        let profiles = chart.profiles();
        let all = profiles.iter().find(|profile| profile.name.ends_with("-prod")).unwrap();
        let objects = chart.objects(all);
        let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
        certificates.put(home.path(), pod);

        let mut process = Process::builder(program(name).unwrap());
        for argument in pod["containers"][0]["args"].as_array().into_iter().flatten() {
            process = process.arg(argument.as_str().unwrap());
        }
        for (variable, value) in variables(&objects, home.path()) {
            process = process.env(variable, value);
        }
        let port = free_port();
        process = process.env(listen, format!("127.0.0.1:{port}"));
        if name == "bridge" {
            process = process.env("BRIDGE_DATABASE", format!("sqlite://{}/b.db", home.path().display()));
        }
        let process = process.spawn().unwrap();
        let url = format!("{scheme}://127.0.0.1:{port}/healthz");
        eventually(LIMIT, &format!("{name} answers"), async || {
            caller.get(&url).send().await?.error_for_status()
        })
        .await;
        drop(process);
    }
}

#[tokio::test]
async fn the_pod_of_helm_test_asks_the_program() {
    let home = tempfile::tempdir().unwrap();
    for (chart, name, listen, authority) in [
        ("bridge", "bridge", "BRIDGE_LISTEN", "r1-bridge:9095"),
        ("workflow-client", "sample-client", "CLIENT_LISTEN", "r1-workflow-client:9090"),
    ] {
        let objects = Chart { name: chart }.with(&[]).unwrap();
        let here = format!("127.0.0.1:{}", free_port());
        let asks = || {
            let arguments = one(&objects, "Pod")["spec"]["containers"][0]["args"].as_array().unwrap();
            arguments.iter().fold(Process::builder(program(name).unwrap()), |asks, argument| {
                asks.arg(argument.as_str().unwrap().replace(authority, &here))
            })
        };
        let mut alone = asks().args(["--for", "0s"]).spawn().unwrap();
        assert!(!alone.wait_exit(LIMIT).await.unwrap().success(), "{}", alone.log());

        let process = Process::builder(program(name).unwrap()).env(listen, &here);
        let process = if name == "bridge" { process.arg("serve") } else { process };
        let process = process.env("BRIDGE_DATABASE", format!("sqlite://{}/b.db", home.path().display()));
        let process = process.spawn().unwrap();
        let mut asking = asks().spawn().unwrap();
        assert!(asking.wait_exit(LIMIT).await.unwrap().success(), "{}", asking.log());
        drop(process);
    }
}
