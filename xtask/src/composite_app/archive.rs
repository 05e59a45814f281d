//! Gzipped tars, with equal bytes whenever and wherever they are made.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use crate::files::read_folder;

/// The parts of a chart's folder that Helm reads. Our tests and notes beside them stay out.
const OF_A_CHART: [&str; 8] =
    ["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json", "templates", "files", "charts", "crds"];

/// RFC 1952: no operating system in particular.
const ANY_SYSTEM: u8 = 255;

/// Returns a gzipped tar of these files, in the order of their paths.
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

/// Returns the archive of a chart. Its top directory has the app's name, where EMCO looks for the chart
/// (EMCO-API §7.1).
pub(super) fn chart(app: &str, folder: &Path) -> Result<Vec<u8>> {
    let mut files = read_folder(folder)?;
    files.retain(|path, _| OF_A_CHART.contains(&path.split('/').next().unwrap_or_default()));
    ensure!(files.contains_key("Chart.yaml"), "{} has no chart", folder.display());
    pack(&files.into_iter().map(|(path, text)| (format!("{app}/{path}"), text.into_bytes())).collect())
}

/// Returns the archive of a profile: a manifest, and the values that it names.
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
    fn equal_files_give_equal_bytes() {
        let files = BTreeMap::from([("b".to_owned(), vec![1, 2]), ("a/c".to_owned(), vec![])]);
        let bytes = pack(&files).unwrap();
        assert_eq!(bytes, pack(&files).unwrap());
        // Gzip's time and system, which would reveal when and where.
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
