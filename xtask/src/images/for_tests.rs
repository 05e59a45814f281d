//! The images that run in tests: ours, and those of the servers they need, made from programs of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use emco_build::images::{Folder, Image, build, daemon};
use emco_build::{Profile, target_dir};
use harness::{postgresql_programs, program, temporal_cli};

/// The names of images that are only for tests begin with this.
const REPOSITORY: &str = "temporal-emco-tests";
/// PostgreSQL's `initdb` looks up the name of its user.
const USERS: &str = "postgres:x:65532:65532::/data:/bin/sh\n";

/// Builds the images, and returns the value of `HARNESS_IMAGES`. Without a Docker daemon it prints that and returns
/// `None`; in CI (`CI=true`) that is an error.
pub(crate) fn for_tests() -> Result<Option<String>> {
    if let Err(error) = daemon() {
        ensure!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "CI needs Docker to test our images: {error:#}"
        );
        eprintln!("skipped: images are not built and not tested: {error:#}");
        return Ok(None);
    }
    let ours =
        build(&target_dir().join("images"), None, Profile::Ci).context("our images cannot be built")?;
    let others = [
        ("temporal", single("temporal", &temporal_cli()?)?),
        ("emco-stand-in", single("emco-stand-in", &program("emco-stand-in")?)?),
        ("postgresql", postgresql()?),
    ];
    let named: Vec<_> =
        ours.into_iter().chain(others).map(|(name, image)| format!("{name}={}", image.id)).collect();
    Ok(Some(named.join(" ")))
}

/// Builds the image of one program of this machine.
fn single(name: &str, program: &Path) -> Result<Image> {
    let folder = Folder::new(&format!("images/tests/{name}"))?;
    folder.program(program, name)?;
    folder.libraries_of(program)?;
    tagged(&folder, name, &[])
}

/// Builds PostgreSQL's image from the programs that tests use.
fn postgresql() -> Result<Image> {
    let folder = Folder::new("images/tests/postgresql")?;
    folder.write("etc/passwd", USERS)?;
    // The program on `PATH` may be a link.
    let initdb = postgresql_programs()?.join("initdb").canonicalize()?;
    let programs = initdb.parent().context("`initdb` is in no folder")?;
    for name in ["initdb", "postgres"] {
        let program = programs.join(name);
        folder.same(&program)?;
        folder.libraries_of(&program)?;
    }
    for key in ["--sharedir", "--pkglibdir"] {
        folder.same(&pg_config(programs, key)?)?;
    }
    // Debian's PostgreSQL uses the time zones of the system; connections request this one.
    let zone = Path::new("/usr/share/zoneinfo/UTC");
    if zone.is_file() {
        folder.same(zone)?;
    }
    let shell = Path::new("/bin/sh");
    folder.program(shell, "bin/sh")?;
    folder.libraries_of(shell)?;
    tagged(&folder, "postgresql", &[format!("--build-arg=PROGRAMS={}", programs.display())])
}

fn pg_config(programs: &Path, key: &str) -> Result<PathBuf> {
    let output =
        Command::new(programs.join("pg_config")).arg(key).output().context("`pg_config` does not start")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn tagged(folder: &Folder, name: &str, options: &[String]) -> Result<Image> {
    Image::build(folder, &format!("{REPOSITORY}/{name}"), options)
}
