//! The images under test.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::network::docker;

/// Names and IDs of images, `bridge=sha256:… …`: those that `cargo xtask test` has built.
const VARIABLE: &str = "HARNESS_IMAGES";
/// What is deployed.
const PROGRAMS: [&str; 3] = ["bridge", "sample-client", "sample-worker"];

/// The IDs of images by name.
#[derive(Debug, Clone)]
pub(crate) struct Images(BTreeMap<String, String>);

impl Images {
    /// Those under test; `None`, said aloud, where there are none. CI (`CI=true`) must have them.
    pub(crate) fn under_test() -> Result<Option<Self>> {
        let Some(named) = std::env::var(VARIABLE).ok().filter(|named| !named.is_empty()) else {
            ensure!(
                std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                "{VARIABLE} names no images: CI tests them with `cargo xtask test`, which builds them with Docker"
            );
            // Past the test harness, which keeps what a passing test prints to itself.
            writeln!(
                std::io::stderr(),
                "skipped: no images; `cargo xtask test` builds them where a Docker daemon answers"
            )?;
            return Ok(None);
        };
        let pairs = named.split_whitespace().filter_map(|pair| pair.split_once('='));
        Ok(Some(Self(pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect())))
    }

    /// The ID of one, in the two parts that testcontainers puts together.
    pub(crate) fn id(&self, name: &str) -> Result<(&str, &str)> {
        let id = self.0.get(name).with_context(|| format!("{VARIABLE} has no {name}"))?;
        id.split_once(':').with_context(|| format!("{VARIABLE}: {id} is no ID of an image"))
    }
}

#[tokio::test]
async fn images_have_labels_and_run_as_nobody() -> Result<()> {
    let Some(images) = Images::under_test()? else { return Ok(()) };
    for name in PROGRAMS {
        let (algorithm, id) = images.id(name)?;
        let described = docker(&["image", "inspect", &format!("{algorithm}:{id}")]).await?;
        let described: Value = serde_json::from_str(&described)?;
        let config = &described[0]["Config"];
        ensure!(config["User"] == "65532:65532", "{name}: {config}");
        ensure!(config["Entrypoint"][0] == format!("/{name}"), "{name}: {config}");
        for label in ["title", "description", "licenses", "version", "revision", "created"] {
            let value =
                config["Labels"][format!("org.opencontainers.image.{label}")].as_str().unwrap_or_default();
            ensure!(!value.is_empty(), "{name} has no {label}: {config}");
        }
    }
    Ok(())
}
