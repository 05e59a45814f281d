//! TLS inside an image: who is trusted, and who is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::post;
use harness::sample_intent;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use testcontainers::core::{AccessMode, Mount};
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use crate::images::Images;
use crate::network::{Container, Network};
use crate::system::intents;

const SECRETS: &str = "/run/secrets/tls";

#[tokio::test]
async fn an_emco_over_tls_is_trusted_by_the_named_authority_only() -> Result<()> {
    let Some(images) = Images::under_test()? else { return Ok(()) };
    let network = Network::new(images).await?;
    let folder = tempfile::tempdir()?;
    certificates(folder.path(), &network.host("emco"))?;
    let mount = || {
        let path = folder.path().to_str().context("the folder for temporary files is not Unicode")?;
        anyhow::Ok(Mount::bind_mount(path, SECRETS).with_access_mode(AccessMode::ReadOnly))
    };
    let bridge = |name: &str| -> Result<ContainerRequest<GenericImage>> {
        Ok(network
            .container("bridge", name)?
            .with_env_var("BRIDGE_DATABASE", "sqlite::memory:")
            .with_env_var("BRIDGE_INSECURE", "true")
            .with_mount(mount()?))
    };
    // A bridge stands for EMCO: both know no deployment intent group, and say so over TLS.
    let emco = bridge("emco")?
        .with_env_var("BRIDGE_TLS_CERTIFICATE", format!("{SECRETS}/tls.crt"))
        .with_env_var("BRIDGE_TLS_KEY", format!("{SECRETS}/tls.key"));
    let _emco = Container::start(emco).await?;

    // Where none is named, the authorities inside the image count. Without any, the bridge would not even begin.
    for (name, setting, code) in [
        ("public", None, "emco_unavailable"),
        ("own", Some("BRIDGE_EMCO_CA_FILE"), "no_such_deployment_intent_group"),
        ("system", Some("SSL_CERT_FILE"), "no_such_deployment_intent_group"),
    ] {
        let request =
            bridge(name)?.with_env_var("BRIDGE_EMCO_URL", format!("https://{}:9095", network.host("emco")));
        let request = setting
            .into_iter()
            .fold(request, |request, setting| request.with_env_var(setting, format!("{SECRETS}/ca.crt")));
        let bridge = Container::serving(request, 9095).await?;
        bridge.ready("/readyz").await?;
        let answer =
            post(&intents(&bridge), &sample_intent("client.invalid", 9090, "http://emco.invalid")).await?;
        ensure!(answer.text("code") == code, "{name}: {} {}", answer.status, answer.body);
    }
    Ok(())
}

/// An authority, and what it vouches for. Readable by everybody, as the programs are nobody.
fn certificates(folder: &Path, host: &str) -> Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &authority)?;
    for (name, text) in
        [("ca.crt", authority.pem()), ("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem())]
    {
        fs::write(folder.join(name), text)?;
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
