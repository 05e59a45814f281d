#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod browser;
mod cluster;
mod compiler;
mod eventually;
mod guard;
mod leash;
mod load;
mod mount;
mod port;
#[cfg(feature = "postgres")]
mod postgres;
mod process;
mod programs;
mod proxy;
mod sample;
mod stack;
mod temporal;
mod tools;
mod turns;
mod wire;

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::Value;

pub use browser::Browser;
pub use cluster::{ApiServer, Cluster};
pub use compiler::compiler_refuses;
pub use eventually::{Answer, eventually};
pub use guard::Guard;
pub use load::under_load;
pub use mount::Mount;
pub use port::free_port;
#[cfg(feature = "postgres")]
pub use postgres::{PostgreSql, postgresql_programs};
pub use process::{Process, ProcessBuilder};
pub use programs::{PROGRAMS, build_programs, program};
pub use proxy::{Proxy, RandomCuts};
pub use sample::{SAMPLE_DIG, SAMPLE_INTENT, SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, placements, sample_intent};
pub use stack::{Member, Stack, StackOptions};
pub use temporal::{TemporalOptions, TemporalServer};
pub use tools::{
    KubernetesTools, alertmanager, axe_core, cargo_deny, cargo_shear, cyclonedx_check, go_program, helm,
    kubernetes_validate, oidc_provider, oidc_provider_for, python_with_temporalio, schemathesis,
    temporal_cli,
};
pub use turns::{Turns, all_turns};
pub use wire::{Wire, WireAnswer};

/// Returns an HTTP client for servers on this machine. It keeps no connections, so tests on different runtimes can
/// share it.
pub fn http() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // An error means that the process has a TLS provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .expect("a client for plain HTTP needs nothing from outside")
    });
    &CLIENT
}

/// Sends a request, and returns the body of the response, `null` if it is not JSON. A body of `null` is not sent. Any
/// other status than `expected` is an error.
pub async fn call(method: Method, url: &str, body: &Value, expected: StatusCode) -> Result<Value> {
    let mut request = http().request(method.clone(), url);
    if !body.is_null() {
        request = request.json(body);
    }
    let response = request.send().await.with_context(|| format!("{method} {url}"))?;
    let (status, bytes) = (response.status(), response.bytes().await?);
    ensure!(status == expected, "{method} {url}: {status}: {}", String::from_utf8_lossy(&bytes));
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
