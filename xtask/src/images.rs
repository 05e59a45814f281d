//! `cargo xtask images`: builds an image of each program, and lists its contents.

mod for_tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use emco_build::images::{build, daemon};
use emco_build::{Profile, target_dir};

pub(crate) use self::for_tests::for_tests;

/// Build the images of bridge, sample-client and sample-worker: static programs on an empty image. Their contents are
/// listed in files beside (CycloneDX). Needs Linux and Docker; only crates are downloaded.
#[derive(Debug, clap::Args)]
pub(crate) struct Images {
    /// The folder for the lists, NAME.cdx.json. Default: target/images.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the images there too, as NAME.tar for `docker load`.
    #[arg(long)]
    save: bool,
    /// The URL of the published source, for a label of the images.
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Build images for tests, and those of what they are tested with, and print the value of HARNESS_IMAGES for
    /// `cargo test --package e2e --test containers`.
    #[arg(long, conflicts_with_all = ["out", "save", "source"])]
    for_tests: bool,
}

impl Images {
    pub(crate) fn run(self) -> Result<ExitCode> {
        daemon().context("Docker is needed to build images")?;
        if self.for_tests {
            print_line(&for_tests()?.unwrap_or_default());
            return Ok(ExitCode::SUCCESS);
        }
        let out = self.out.unwrap_or_else(folder);
        for (name, image) in build(&out, self.source.as_deref(), Profile::Release)? {
            if self.save {
                image.save(&out.join(format!("{name}.tar")))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stdout, reason = "it is what this command is asked to print")]
fn print_line(text: &str) {
    println!("{text}");
}

fn folder() -> PathBuf {
    target_dir().join("images")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use emco_build::images::write_lists;
    use emco_build::{SHIPPED, workspace_dir};
    use serde_json::{Value, json};

    #[tokio::test]
    async fn lists_follow_the_schema_of_cyclonedx() {
        let folder = tempfile::tempdir().unwrap();
        write_lists(folder.path()).unwrap();
        for program in SHIPPED {
            let file = folder.path().join(format!("{program}.cdx.json"));
            let list = fs::read_to_string(&file).unwrap();
            assert!(!list.contains(&workspace_dir().display().to_string()), "it has a path of this machine");
            let parsed: Value = serde_json::from_str(&list).unwrap();
            let components = parsed["components"].as_array().unwrap();
            for component in components {
                assert!(component["licenses"][0]["expression"].is_string(), "no licence: {component}");
            }
            let names: Vec<_> = components.iter().map(|component| &component["name"]).collect();
            assert!(names.contains(&&json!("ring")) && names.contains(&&json!("rust-std")), "{names:?}");
            assert!(!names.contains(&&json!("syn")), "what only the compiler runs is not in the program");
            assert_eq!(names.contains(&&json!("sqlx-core")), program == "bridge", "each its own");

            let mut check = harness::cyclonedx_check().unwrap().arg(file).spawn().unwrap();
            let ended = check.wait_exit(Duration::from_secs(60)).await.unwrap();
            assert!(ended.success(), "{program}: {}", check.log());
        }
    }
}
