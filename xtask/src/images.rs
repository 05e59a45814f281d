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
    #[expect(clippy::print_stdout, reason = "it is what this command is asked to print")]
    pub(crate) fn run(self) -> Result<ExitCode> {
        daemon().context("Docker is needed to build images")?;
        if self.for_tests {
            println!("{}", for_tests()?.unwrap_or_default());
            return Ok(ExitCode::SUCCESS);
        }
        let out = self.out.unwrap_or_else(|| target_dir().join("images"));
        for (name, image) in build(&out, self.source.as_deref(), Profile::Release)? {
            if self.save {
                image.save(&out.join(format!("{name}.tar")))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
