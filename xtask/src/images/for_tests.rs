//! The images that run in tests: ours, and those of the servers they need, made from programs of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use emco_build::Profile;
use emco_build::images::{Folder, Image, build, daemon};
use harness::{POSTGRESQL_IMAGE, postgresql_programs, program, temporal_cli};

use super::folder;

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
    let ours = build(&folder(), None, Profile::Ci).context("our images cannot be built")?;
    let others =
        [("temporal", temporal()?), ("emco-stand-in", emco_stand_in()?), ("postgresql", postgresql()?)];
    let named: Vec<_> =
        ours.into_iter().chain(others).map(|(name, image)| format!("{name}={}", image.id)).collect();
    Ok(Some(named.join(" ")))
}

fn temporal() -> Result<Image> {
    let folder = Folder::new("images/tests/temporal")?;
    let program = temporal_cli()?;
    folder.program(&program, "temporal")?;
    folder.libraries_of(&program)?;
    tagged(&folder, "temporal", &[])
}

fn emco_stand_in() -> Result<Image> {
    let folder = Folder::new("images/tests/emco-stand-in")?;
    let program = program("emco-stand-in")?;
    folder.program(&program, "emco-stand-in")?;
    folder.libraries_of(&program)?;
    tagged(&folder, "emco-stand-in", &[])
}

/// Builds PostgreSQL's image from the programs of this machine, or if there are none, from the image that the harness
/// uses.
fn postgresql() -> Result<Image> {
    let folder = Folder::new("images/tests/postgresql")?;
    folder.write("etc/passwd", USERS)?;
    let Some(programs) = postgresql_programs() else {
        let base = format!("--build-arg=BASE={}", POSTGRESQL_IMAGE.join(":"));
        return tagged(
            &folder,
            "postgresql",
            &[base, "--build-arg=PROGRAMS=/usr/local/bin:/usr/bin:/bin".to_owned()],
        );
    };
    // The program on `PATH` may be a link.
    let initdb = programs.join("initdb").canonicalize()?;
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
