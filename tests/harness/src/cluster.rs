//! A real Kubernetes API server, without nodes: it checks and stores objects, and runs none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tempfile::TempDir;

use crate::eventually::until;
use crate::port::on_free_ports;
use crate::{KubernetesTools, Process, free_port};

const READY_WITHIN: Duration = Duration::from_secs(120);
/// Names the kubeconfig of the server that all tests share.
const SHARED: &str = "CLUSTER_TEST_KUBECONFIG";

/// etcd and an API server on 127.0.0.1, with TLS, a token and Pod Security.
#[derive(Debug)]
pub struct ApiServer {
    cluster: Cluster,
    _server: Process,
    _etcd: Process,
    _home: TempDir,
}

impl ApiServer {
    /// Starts a server and waits until it is ready. With a version such as `1.34`, it behaves as that one did.
    pub async fn start(tools: &KubernetesTools, version: Option<&str>) -> Result<Self> {
        on_free_ports(async || Self::try_start(tools, version).await)
            .await
            .context("Kubernetes' API server does not start")
    }

    async fn try_start(tools: &KubernetesTools, version: Option<&str>) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let file = |name: &str| home.path().join(name);
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.self_signed(&key)?;
        let token: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        let port = free_port();
        let address = format!("https://127.0.0.1:{port}");
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": address, "certificate-authority": file("tls.crt")}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        });
        fs::write(file("tls.crt"), certificate.pem())?;
        fs::write(file("tls.key"), key.serialize_pem())?;
        fs::write(file("tokens.csv"), format!("{token},admin,admin,system:masters\n"))?;
        fs::write(file("kubeconfig"), kubeconfig.to_string())?;

        let [store, peers] = [free_port(), free_port()].map(|port| format!("http://127.0.0.1:{port}"));
        let etcd = Process::builder(&tools.etcd)
            .arg("--data-dir")
            .arg(file("etcd"))
            .args(["--listen-client-urls", &store, "--advertise-client-urls", &store])
            .args(["--listen-peer-urls", &peers])
            .spawn()?;
        let mut server = Process::builder(&tools.api_server)
            .args([
                "--bind-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--authorization-mode=RBAC",
            ])
            .args(["--service-account-issuer=https://kubernetes.default.svc", "--anonymous-auth=false"])
            .args(["--service-cluster-ip-range=10.96.0.0/16", "--etcd-servers", &store])
            .args(["--secure-port", &port.to_string()]);
        for (flag, name) in [
            ("--cert-dir", ""),
            ("--tls-cert-file", "tls.crt"),
            ("--tls-private-key-file", "tls.key"),
            ("--service-account-key-file", "tls.crt"),
            ("--service-account-signing-key-file", "tls.key"),
            ("--token-auth-file", "tokens.csv"),
        ] {
            server = server.arg(flag).arg(file(name));
        }
        if let Some(version) = version {
            server = server.args(["--emulated-version", version]);
        }
        let mut server = server.spawn()?;
        let cluster = Cluster { kubeconfig: file("kubeconfig"), tools: tools.clone() };
        let ready = until(READY_WITHIN, async || match server.exit_status() {
            Ok(None) => cluster.kubectl(&["get", "--raw", "/readyz"], "").map(Ok),
            ended => Ok(Err(ended)),
        });
        match ready.await {
            Ok(Ok(_)) => {}
            Ok(Err(ended)) => anyhow::bail!("it ended ({ended:?})\n{}", server.tail()),
            Err(state) => anyhow::bail!("not ready within {READY_WITHIN:?}: {state}\n{}", server.tail()),
        }
        for file in &tools.definitions {
            cluster.kubectl(&["apply", "--server-side", "-f", "-"], &fs::read_to_string(file)?)?;
        }
        Ok(Self { cluster, _server: server, _etcd: etcd, _home: home })
    }

    /// Returns the variable by which [`Cluster::shared`] finds this server.
    pub fn variable(&self) -> (&'static str, &Path) {
        (SHARED, &self.cluster.kubeconfig)
    }
}

/// The command lines of an [`ApiServer`].
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    tools: KubernetesTools,
}

impl Cluster {
    /// Returns the server that `cargo xtask cluster` has started. Without one it prints that, and returns `None`.
    pub fn shared() -> Result<Option<Self>> {
        let Some(kubeconfig) = std::env::var_os(SHARED).map(PathBuf::from) else {
            // Written directly, since the test harness hides what passing tests print.
            writeln!(
                io::stderr(),
                "skipped: there is no Kubernetes API server; `cargo xtask cluster` starts one"
            )?;
            return Ok(None);
        };
        Ok(Some(Self { kubeconfig, tools: KubernetesTools::get()? }))
    }

    /// Returns Helm 3 and Helm 4, for this cluster.
    pub fn helms(&self) -> [Command; 2] {
        self.tools.helms.each_ref().map(|helm| self.command(helm))
    }

    /// Runs kubectl with this input, and returns its output. The error is what it writes about a failure.
    pub fn kubectl(&self, args: &[&str], input: &str) -> Result<String> {
        let mut kubectl = self.command(&self.tools.kubectl);
        let mut child =
            kubectl.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // kubectl may end before it has read everything; then its own error counts.
        let _ = child.stdin.take().context("kubectl takes no input")?.write_all(input.as_bytes());
        let output = child.wait_with_output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`kubectl {}`: {}", args.join(" "), error.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Its caches are in the folder of the kubeconfig, so that nothing of another cluster is in them.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Each runs for less than a second: without garbage collection, a third less.
        command.env("GOGC", "off");
        command.env("KUBECONFIG", &self.kubeconfig);
        command.env("HOME", self.kubeconfig.parent().unwrap_or(&self.kubeconfig));
        command
    }
}
