//! `cargo xtask images`: an image of each program, and beside it the list of what is in it.

mod docker;
mod folder;
mod for_tests;
mod programs;
mod sbom;
mod version;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use harness::{SHIPPED, target_dir};

use self::docker::Image;
use self::folder::Folder;
pub(crate) use self::for_tests::for_tests;
use self::version::Version;

/// What their images' names begin with, in the charts too.
const REPOSITORY: &str = "temporal-emco";
const MAX_BYTES: u64 = 60 << 20;

/// Build the images of bridge, sample-client and sample-worker: static programs on an empty image, and the list of what is in each
/// (CycloneDX) beside. Needs Linux and Docker; nothing is fetched but crates.
#[derive(Debug, clap::Args)]
pub(crate) struct Images {
    /// Where the lists are written, as NAME.cdx.json. Without: target/images.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the images there as well, as NAME.tar for `docker load`.
    #[arg(long)]
    save: bool,
    /// Where the source is published, for the images' label.
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Also build what they are tested with, and print what HARNESS_IMAGES is to be, for `cargo test --package e2e --test containers`.
    #[arg(long, conflicts_with_all = ["out", "save", "source"])]
    for_tests: bool,
}

impl Images {
    pub(crate) fn run(self) -> Result<ExitCode> {
        docker::daemon().context("Docker builds the images")?;
        if self.for_tests {
            print_line(&for_tests()?.unwrap_or_default());
            return Ok(ExitCode::SUCCESS);
        }
        let out = self.out.unwrap_or_else(folder);
        for (name, image) in build(&out, self.source.as_deref())? {
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

/// Builds the images, tells their sizes, and gives them by the names of their programs.
fn build(out: &Path, source: Option<&str>) -> Result<Vec<(&'static str, Image)>> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let version = Version::of_workspace()?;
    let built = programs::build()?;
    let crates = sbom::Crates::of(&SHIPPED)?;
    let mut options = version.build_arguments();
    options.extend(source.map(|source| format!("--label=org.opencontainers.image.source={source}")));
    let mut images = Vec::new();
    for name in SHIPPED {
        let list = out.join(format!("{name}.cdx.json"));
        fs::write(&list, crates.list(name, &version)?)
            .with_context(|| format!("cannot write {}", list.display()))?;
        let folder = Folder::new(&format!("images/{name}"))?;
        folder.program(&built.join(name), name)?;
        folder.basics()?;
        let tag = format!("{REPOSITORY}/{name}:{}", version.number);
        let image = docker::build(&folder, &tag, &options)?;
        image.run(&["--help"]).with_context(|| format!("{tag} does not work"))?;
        let bytes = image.bytes()?;
        eprintln!("{tag}: {:.1} MiB, what is in it: {}", bytes as f64 / f64::from(1 << 20), list.display());
        ensure!(bytes <= MAX_BYTES, "{tag} has {bytes} bytes; it may have {MAX_BYTES}");
        images.push((name, image));
    }
    Ok(images)
}
