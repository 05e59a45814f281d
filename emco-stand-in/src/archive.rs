//! Gzipped tars: what charts and profiles come in (EMCO-API §6.3, §7.1).

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

/// Whether the bytes are a gzipped tar of directories and regular files.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    all_plain(GzDecoder::new(bytes)).unwrap_or(false)
}

fn all_plain(unzipped: impl Read) -> std::io::Result<bool> {
    for entry in Archive::new(unzipped).entries()? {
        if !matches!(entry?.header().entry_type(), EntryType::Regular | EntryType::Directory) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files of an archive, by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Returns the files of an archive, by path, without a leading `./`.
pub(crate) fn unpacked(bytes: &[u8]) -> std::io::Result<Files> {
    let mut files = Files::new();
    for entry in Archive::new(GzDecoder::new(bytes)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path.trim_start_matches("./").trim_end_matches('/').to_owned(), content);
    }
    Ok(files)
}

/// Returns a small archive, for documents whose own archive is not available.
pub(crate) fn small(files: &[(&str, &str)]) -> std::io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, Cursor::new(content))?;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar.into_inner()?)?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_gzipped_tar_of_files_is_an_archive() {
        let archive = small(&[("./collectd/Chart.yaml", "name: collectd\n")]).unwrap();
        assert!(is_archive(&archive));
        assert_eq!(unpacked(&archive).unwrap()["collectd/Chart.yaml"], b"name: collectd\n");
        assert!(!is_archive(&archive[..archive.len() / 2]));
        assert!(!is_archive(b"kind: Chart"));
        assert!(!is_archive(b""));
    }

    #[test]
    fn a_link_is_not_allowed_in_an_archive() {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        tar.append_link(&mut header, "link", "/etc/passwd").unwrap();
        let bytes = tar.into_inner().unwrap().finish().unwrap();
        assert!(!is_archive(&bytes));
    }
}
