//! Gzipped tars that are the same bytes whenever and wherever they are made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// What Helm reads of a chart's folder; tests and notes of ours beside it stay out.
const OF_A_CHART: [&str; 8] =
    ["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json", "templates", "files", "charts", "crds"];

/// RFC 1952: no operating system in particular.
const ANY_SYSTEM: u8 = 255;

/// A gzipped tar of these files, in the order of their paths.
pub(super) fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new().mtime(0).operating_system(ANY_SYSTEM).write(Vec::new(), Compression::best());
    let mut tar = Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, path, bytes.as_slice())
            .with_context(|| format!("cannot pack {path}"))?;
    }
    Ok(tar.into_inner()?.finish()?)
}

/// A chart's archive. Its top directory is the app's name: that is where EMCO looks for the chart (EMCO-API §7.1).
pub(super) fn chart(app: &str, folder: &Path) -> Result<Vec<u8>> {
    let mut files = BTreeMap::new();
    for part in OF_A_CHART {
        let path = folder.join(part);
        if path.exists() {
            collect(&path, format!("{app}/{part}"), &mut files)?;
        }
    }
    ensure!(files.contains_key(&format!("{app}/Chart.yaml")), "{} has no chart", folder.display());
    pack(&files)
}

fn collect(path: &Path, name: String, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let unreadable = || format!("{} cannot be read", path.display());
    if !path.is_dir() {
        files.insert(name, fs::read(path).with_context(unreadable)?);
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(unreadable)? {
        let entry: PathBuf = entry?.path();
        let Some(own) = entry.file_name().and_then(|own| own.to_str()).filter(|own| !own.starts_with('.'))
        else {
            continue;
        };
        collect(&entry, format!("{name}/{own}"), files)?;
    }
    Ok(())
}

/// A profile's archive: a manifest, and the values that it names.
pub(super) fn profile(values: &str) -> Result<Vec<u8>> {
    let manifest = "version: v1\ntype:\n  values: override_values.yaml\n";
    pack(&BTreeMap::from([
        ("manifest.yaml".to_owned(), manifest.into()),
        ("override_values.yaml".to_owned(), values.into()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_are_the_same_bytes() {
        let files = BTreeMap::from([("b".to_owned(), vec![1, 2]), ("a/c".to_owned(), vec![])]);
        let bytes = pack(&files).unwrap();
        assert_eq!(bytes, pack(&files).unwrap());
        // Gzip's time and system, which would tell when and where.
        assert_eq!((&bytes[4..8], bytes[9]), ([0; 4].as_slice(), ANY_SYSTEM));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        for (entry, path) in archive.entries().unwrap().zip(["a/c", "b"]) {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.path().unwrap().to_str(), Some(path));
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        }
    }
}
