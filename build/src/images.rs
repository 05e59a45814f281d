//! Builds an image of each program, and lists its contents.

mod docker;
mod folder;
mod sbom;
mod version;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub use self::docker::{Image, daemon};
pub use self::folder::Folder;
use self::version::Version;
use crate::programs::{Profile, SHIPPED, build_static, glibc, host};

/// The prefix of the images' names, in the charts too.
const REPOSITORY: &str = "temporal-emco";
/// Since this version glibc resolves host names itself. Before, a static program had to load libraries for that.
const GLIBC: (u32, u32) = (2, 34);

/// Builds the images, prints their sizes, and returns them by the names of their programs. The lists are written to the
/// folder `out`; `source` is the URL of the published source.
pub fn build(out: &Path, source: Option<&str>, profile: Profile) -> Result<Vec<(&'static str, Image)>> {
    check_machine()?;
    let version = Version::of_workspace()?;
    let built = build_static(&SHIPPED, profile)?;
    write_lists(out)?;
    let mut options = version.build_arguments();
    options.extend(source.map(|source| format!("--label=org.opencontainers.image.source={source}")));
    // So that an image for tests is not deployed by mistake.
    let suffix = if profile == Profile::Ci { "-ci" } else { "" };
    let mut images = Vec::new();
    for name in SHIPPED {
        let folder = Folder::new(&format!("images/{name}"))?;
        folder.program(&built.join(name), name)?;
        folder.basics()?;
        let tag = format!("{REPOSITORY}/{name}:{}{suffix}", version.number);
        let image = Image::build(&folder, &tag, &options)?;
        image.run(&["--help"]).with_context(|| format!("{tag} does not work"))?;
        let bytes = image.bytes()?;
        let list = list(out, name);
        eprintln!(
            "{tag}: {:.1} MiB, contents listed in {}",
            bytes as f64 / f64::from(1 << 20),
            list.display()
        );
        let most = max_bytes(profile);
        ensure!(bytes <= most, "{tag} has {bytes} bytes, more than {most}");
        images.push((name, image));
    }
    Ok(images)
}

/// Returns the largest size of an image. What is compiled faster is larger.
fn max_bytes(profile: Profile) -> u64 {
    match profile {
        Profile::Release => 60 << 20,
        Profile::Ci => 64 << 20,
    }
}

/// Writes the list of the contents of each image, as `NAME.cdx.json` in the folder `out`.
pub fn write_lists(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let version = Version::of_workspace()?;
    let crates = sbom::Crates::of(&SHIPPED)?;
    for name in SHIPPED {
        let list = list(out, name);
        let image = format!("{REPOSITORY}/{name}");
        fs::write(&list, crates.list(&image, name, &version)?)
            .with_context(|| format!("cannot write {}", list.display()))?;
    }
    Ok(())
}

fn list(out: &Path, name: &str) -> PathBuf {
    out.join(format!("{name}.cdx.json"))
}

/// Fails if this machine cannot build static programs that run in an image.
fn check_machine() -> Result<()> {
    ensure!(host()?.contains("-linux-"), "images can be built only on Linux");
    let ((major, minor), found) = (GLIBC, glibc().unwrap_or(GLIBC));
    ensure!(found >= GLIBC, "glibc {major}.{minor} or newer is needed, found {}.{}", found.0, found.1);
    Ok(())
}
