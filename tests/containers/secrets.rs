//! A secret that is not mounted is named, and the process ends.

use anyhow::{Result, ensure};
use testcontainers::ImageExt;
use testcontainers::core::WaitFor;
use testcontainers::core::wait::ExitWaitStrategy;

use crate::images::Images;
use crate::network::{Container, Network};

/// A program that misses something.
struct Missing {
    image: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// What it must say.
    told: &'static str,
}

const MISSING: [Missing; 7] = [
    Missing {
        image: "bridge",
        settings: &[("BRIDGE_EMCO_URL", "http://emco:9015"), ("BRIDGE_EMCO_TOKEN_FILE", "/run/token")],
        told: "/run/token",
    },
    Missing {
        image: "bridge",
        settings: &[("BRIDGE_EMCO_URL", "https://emco:9015"), ("BRIDGE_EMCO_CA_FILE", "/run/ca.pem")],
        told: "/run/ca.pem",
    },
    Missing {
        image: "bridge",
        settings: &[("BRIDGE_BEARER_TOKENS", "/run/tokens")],
        told: "BRIDGE_BEARER_TOKENS",
    },
    Missing {
        image: "bridge",
        settings: &[("BRIDGE_TLS_CERTIFICATE", "/run/tls.crt"), ("BRIDGE_TLS_KEY", "/run/tls.key")],
        told: "BRIDGE_TLS_CERTIFICATE",
    },
    Missing {
        image: "bridge",
        settings: &[("TEMPORAL_TLS", "true"), ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/run/temporal.pem")],
        told: "/run/temporal.pem",
    },
    Missing {
        image: "sample-client",
        settings: &[("CLIENT_BEARER_TOKENS", "/run/tokens")],
        told: "CLIENT_BEARER_TOKENS",
    },
    Missing {
        image: "sample-worker",
        settings: &[("EMCO_URLS", "https://emco:9015"), ("EMCO_CA_FILE", "/run/ca.pem")],
        told: "EMCO_CA_FILE",
    },
];

#[tokio::test]
async fn a_missing_secret_is_named_and_ends_the_process() -> Result<()> {
    let Some(images) = Images::under_test()? else { return Ok(()) };
    let network = Network::new(images).await?;
    for (number, Missing { image, settings, told }) in MISSING.into_iter().enumerate() {
        let ended = WaitFor::exit(ExitWaitStrategy::new());
        let request = network.container(image, &number.to_string())?.with_ready_conditions(vec![ended]);
        let request =
            settings.iter().fold(request, |request, (name, value)| request.with_env_var(*name, *value));
        // In memory, so that nothing else is missing.
        let request = request.with_env_var("BRIDGE_DATABASE", "sqlite::memory:");
        let request = request.with_env_var("BRIDGE_INSECURE", "true").with_env_var("CLIENT_INSECURE", "true");
        let container = Container::start(request).await?;
        let (code, log) = (container.exit_code().await?, container.log().await?);
        ensure!(code != 0, "{settings:?}: ended as if all were well: {log}");
        ensure!(log.contains(told), "{settings:?}: `{told}` is not told: {log}");
    }
    Ok(())
}
