//! `cargo xtask cluster`: tests the charts on a real Kubernetes API server.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use emco_build::cargo;
use harness::{ApiServer, KubernetesTools};

/// Test the charts on a real Kubernetes API server: every option, with Helm 3 and Helm 4, and the composite app as EMCO
/// applies it. A server that is missing is built, which takes several minutes.
#[derive(Debug, clap::Args)]
pub(crate) struct Cluster {
    /// Behave as an older Kubernetes, up to three minor versions back, as in `1.34`.
    #[arg(long, value_name = "VERSION")]
    emulated_version: Option<String>,
    /// Run only tests whose name contains this.
    #[arg(default_value = "cluster::")]
    filter: String,
}

impl Cluster {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let started = Instant::now();
        let tools = KubernetesTools::get()?;
        let server = ApiServer::start(&tools, self.emulated_version.as_deref()).await?;
        eprintln!("Kubernetes' API server is ready after {:.0?}", started.elapsed());
        let mut tests = cargo();
        // The workspace's features, so that nothing is compiled twice.
        tests.args(["test", "--workspace", "--test", "charts", "--test", "composite_app", "--no-fail-fast"]);
        let (name, kubeconfig) = server.variable();
        let status =
            tests.arg(&self.filter).env(name, kubeconfig).status().context("cargo does not start")?;
        let result = if status.success() { "passed" } else { "failed" };
        eprintln!("tests {result} after {:.0?}", started.elapsed());
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Returns a server for tests of the charts if it has been built, and otherwise prints that it is missing.
pub(crate) async fn for_tests() -> Result<Option<ApiServer>> {
    match KubernetesTools::if_built()? {
        Some(tools) => ApiServer::start(&tools, None).await.map(Some),
        None => {
            eprintln!("the charts are not tested on Kubernetes' API server: `cargo xtask cluster` builds it");
            Ok(None)
        }
    }
}
