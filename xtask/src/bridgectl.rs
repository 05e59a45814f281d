//! `cargo xtask bridgectl`: builds the command line as one static program, with its man pages.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use emco_build::{Profile, build_static, target_dir};

const NAME: &str = "bridgectl";
/// The largest size of the program.
const MOST: u64 = 20 << 20;

/// Build bridgectl as it is shipped: a static program, which needs nothing else, and its man pages. Needs Linux; only
/// crates are downloaded.
#[derive(Debug, clap::Args)]
pub(crate) struct Bridgectl {
    /// The folder for both. Default: target/bridgectl.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Bridgectl {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let built = build_static(&[NAME], Profile::Release)?.join(NAME);
        let out = self.out.unwrap_or_else(|| target_dir().join(NAME));
        let program = out.join(NAME);
        fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        let copied = fs::copy(&built, &program);
        let bytes = copied.with_context(|| format!("cannot write {}", program.display()))?;
        let pages = Command::new(&program).arg("man").arg(out.join("man")).status();
        ensure!(pages.context("the program does not start")?.success(), "the program writes no man pages");
        ensure!(bytes <= MOST, "{} has {bytes} bytes, more than {MOST}", program.display());
        eprintln!("{}: {:.1} MiB", program.display(), bytes as f64 / f64::from(1 << 20));
        Ok(ExitCode::SUCCESS)
    }
}
