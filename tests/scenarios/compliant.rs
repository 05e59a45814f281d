//! The sample client as any workflow client: asked for every clause, with a real Temporal that is taken away
//! from it; and its settings of TLS and tokens.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use compliance::{Backstage, Outcome, Target, check};
use harness::{Process, Proxy, TemporalServer, free_port, program, sample_intent};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use service::auth::NewToken;
use tokio::sync::Mutex;
use tokio::time::Instant;

const LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The process of the sample client, and Temporal behind a network that can be cut.
struct Sample {
    temporal: &'static TemporalServer,
    process: Mutex<Process>,
    network: Mutex<Proxy>,
}

#[async_trait]
impl Backstage for Sample {
    async fn runs(&self, workflow_id: &str) -> Option<usize> {
        // A description is there at once, other than a count.
        let described = self.temporal.cli(&["workflow", "describe", "--workflow-id", workflow_id]).await;
        Some(usize::from(described.is_ok()))
    }

    async fn cut_temporal(&self, cut: bool) -> bool {
        let mut network = self.network.lock().await;
        if cut {
            network.refuse().await;
            true
        } else {
            network.resume().await.is_ok()
        }
    }

    async fn drain(&self) -> bool {
        self.process.lock().await.terminate().is_ok()
    }

    async fn ended(&self) -> Result<(), String> {
        // Not by `Process::wait_exit`, because the future of this method must be `Send`.
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.process.lock().await.exit_status() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(status.to_string()),
                Ok(None) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Ok(None) => return Err(format!("it still runs after {LIMIT:?}")),
                Err(error) => return Err(format!("{error:#}")),
            }
        }
    }
}

/// The sample client on a free port, with these variables.
fn spawn(port: u16, temporal: &str, variables: &[(&str, &Path)]) -> Result<Process> {
    let process = Process::builder(program("sample-client")?)
        .env("CLIENT_LISTEN", format!("127.0.0.1:{port}"))
        .env("TEMPORAL_ADDRESS", temporal);
    variables.iter().fold(process, |process, (name, value)| process.env(*name, *value)).spawn()
}

#[tokio::test]
async fn the_sample_clients_are_compliant() -> Result<()> {
    let temporal = TemporalServer::shared().await?;
    let migration = sample_intent("client.test", 9090, "http://emco.test")["spec"]["temporal"].clone();
    for (client, spec) in [("workflowclient", Value::Null), ("migrate_workflowclient", migration)] {
        let (port, network) = (free_port(), Proxy::start(temporal.address()).await?);
        let mut process = spawn(port, &network.address(), &[])?;
        let url = format!("http://127.0.0.1:{port}");
        process.wait_ready(&format!("{url}/readyz")).await?;
        let target = Target::new(url, client).with_backstage(Sample {
            temporal,
            process: Mutex::new(process),
            network: Mutex::new(network),
        });
        let target = if spec.is_null() { target } else { target.with_spec(spec) };
        let report = check(&target).await?;
        let not_passed: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.outcome != Outcome::Passed)
            .map(|finding| finding.clause.name)
            .collect();
        assert_eq!(not_passed, ["token"], "it asks for none\n{report}");
    }
    Ok(())
}

/// A secret as a chart mounts it: certificate, key and a token.
fn secret() -> Result<(tempfile::TempDir, String)> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    let directory = tempfile::tempdir()?;
    for (name, content) in [
        ("tls.crt", certificate.pem()),
        ("tls.key", key.serialize_pem()),
        ("tokens", format!("# the bridge\n{}\n", NewToken::of("bridge", "let-me-in")?.line())),
        ("empty", String::new()),
    ] {
        std::fs::write(directory.path().join(name), content)?;
    }
    let authority = authority.pem();
    Ok((directory, authority))
}

#[tokio::test]
async fn the_sample_client_is_compliant_over_tls_with_a_token() -> Result<()> {
    let temporal = TemporalServer::shared().await?;
    let (secret, authority) = secret()?;
    let (port, file) = (free_port(), |name| secret.path().join(name));
    let (certificate, key, tokens) = (file("tls.crt"), file("tls.key"), file("tokens"));
    let variables = [
        ("CLIENT_TLS_CERTIFICATE", certificate.as_path()),
        ("CLIENT_TLS_KEY", &key),
        ("CLIENT_BEARER_TOKENS", &tokens),
    ];
    let process = spawn(port, temporal.address(), &variables)?;
    harness::eventually(LIMIT, "it listens", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await
    })
    .await;
    let target = Target::new(format!("https://127.0.0.1:{port}"), "workflowclient")
        .with_authorities(authority)
        .with_token("let-me-in");
    let report = check(&target).await?;
    ensure!(report.passed(), "{report}\n{}", process.tail());
    let token = report.findings.iter().find(|finding| finding.clause.name == "token");
    assert_eq!(token.map(|finding| &finding.outcome), Some(&Outcome::Passed), "{report}");
    Ok(())
}

#[tokio::test]
async fn unusable_files_end_the_process_and_are_named() -> Result<()> {
    let (secret, _) = secret()?;
    let file = |name| secret.path().join(name);
    let (certificate, key, empty, missing) =
        (file("tls.crt"), file("tls.key"), file("empty"), file("missing"));
    for (variables, setting, words) in [
        (
            [("CLIENT_TLS_CERTIFICATE", &missing), ("CLIENT_TLS_KEY", &key)],
            "CLIENT_TLS_CERTIFICATE",
            "cannot be read",
        ),
        (
            [("CLIENT_TLS_CERTIFICATE", &certificate), ("CLIENT_TLS_KEY", &empty)],
            "CLIENT_TLS_KEY",
            "holds no private key",
        ),
        (
            [("CLIENT_TLS_CERTIFICATE", &empty), ("CLIENT_TLS_KEY", &key)],
            "CLIENT_TLS_CERTIFICATE",
            "holds no certificate",
        ),
        (
            [("CLIENT_BEARER_TOKENS", &empty), ("CLIENT_DRAIN", &"1s".into())],
            "CLIENT_BEARER_TOKENS",
            "holds no token",
        ),
    ] {
        let variables = variables.map(|(name, path)| (name, path.as_path()));
        let mut process = spawn(free_port(), "127.0.0.1:1", &variables)?;
        let status = process.wait_exit(LIMIT).await?;
        let log = process.log();
        ensure!(status.code() == Some(2), "{status}: {log}");
        ensure!(log.contains(&format!("({setting})")) && log.contains(words), "{log}");
    }
    // One of two that belong together.
    let mut process = spawn(free_port(), "127.0.0.1:1", &[("CLIENT_TLS_KEY", &key)])?;
    let status = process.wait_exit(LIMIT).await?;
    ensure!(status.code() == Some(2) && process.log().contains("--tls-certificate"), "{}", process.log());
    Ok(())
}

#[tokio::test]
async fn without_identities_a_client_listens_on_its_machine_alone() -> Result<()> {
    let open = |settings: &[(&str, &str)]| {
        let process =
            Process::builder(program("sample-client")?).env("CLIENT_LISTEN", format!(":{}", free_port()));
        settings.iter().fold(process, |process, (name, value)| process.env(*name, *value)).spawn()
    };
    let mut process = open(&[])?;
    let status = process.wait_exit(LIMIT).await?;
    let log = process.log();
    ensure!(status.code() == Some(2), "{status}: {log}");
    for setting in ["CLIENT_LISTEN", "CLIENT_BEARER_TOKENS", "CLIENT_ISSUERS", "CLIENT_INSECURE=true"] {
        ensure!(log.contains(setting), "{setting}: {log}");
    }
    let process = open(&[("CLIENT_INSECURE", "true")])?;
    harness::eventually(LIMIT, "it warns that everybody is accepted, and listens", async || {
        process.log().contains("EVERYBODY IS ACCEPTED") && process.log().contains("listening")
    })
    .await;
    Ok(())
}
