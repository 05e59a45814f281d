//! The spelling of keys: Go's rules ignore upper and lower case, and faults repeat what the caller wrote.

use std::collections::BTreeMap;

use crate::Fault;

/// The JSON paths of a body in which keys are written in another case than in our types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelling {
    /// From the path with the names of our types to the path as it was written.
    written: BTreeMap<String, String>,
}

impl Spelling {
    /// Notes that `path` was written as `written`, if it was not written as it is. Of repeated keys the last one
    /// counts.
    pub(super) fn note(&mut self, path: &str, written: Option<&str>) {
        match written {
            Some(written) => _ = self.written.insert(path.to_owned(), written.to_owned()),
            None => _ = self.written.remove(path),
        }
    }

    /// Changes the paths of faults that were found after reading to what was written in the body.
    #[must_use]
    pub fn respell(&self, faults: Vec<Fault>) -> Vec<Fault> {
        if self.written.is_empty() {
            return faults;
        }
        faults.into_iter().map(|fault| Fault { path: self.of(&fault.path), ..fault }).collect()
    }

    fn of(&self, path: &str) -> String {
        let inner = path.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '[')).map(|(end, _)| end);
        let mut ends = std::iter::once(path.len()).chain(inner);
        let found = ends.find_map(|end| Some((self.written.get(&path[..end])?, end)));
        found.map_or_else(|| path.to_owned(), |(written, end)| format!("{written}{}", &path[end..]))
    }
}
