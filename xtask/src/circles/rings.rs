//! Files that import each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::modules::Import;

/// Files each of which leads to each other one, and the imports by which they do.
#[derive(Debug)]
pub(super) struct Ring<'a> {
    pub(super) imports: Vec<&'a Import>,
}

impl Ring<'_> {
    pub(super) fn files(&self) -> BTreeSet<&Path> {
        self.imports.iter().map(|import| import.from.as_path()).collect()
    }
}

/// The rings in these imports; of several imports between two files, the first is named.
pub(super) fn rings(imports: &[Import]) -> Vec<Ring<'_>> {
    let mut edges: BTreeMap<&Path, BTreeMap<&Path, &Import>> = BTreeMap::new();
    for import in imports {
        edges.entry(&import.from).or_default().entry(&import.to).or_insert(import);
    }
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        edges.keys().map(|file| (*file, reached_from(file, &edges))).collect();
    let leads = |from: &Path, to: &Path| reached.get(from).is_some_and(|files| files.contains(to));
    let mut seen: BTreeSet<&Path> = BTreeSet::new();
    let mut rings = Vec::new();
    for file in edges.keys() {
        if seen.contains(file) || !leads(file, file) {
            continue;
        }
        let in_ring = |other: &Path| leads(file, other) && leads(other, file);
        let inner = edges.iter().filter(|(from, _)| in_ring(from)).flat_map(|(_, to)| to.values().copied());
        let ring = Ring { imports: inner.filter(|import| in_ring(&import.to)).collect() };
        seen.extend(ring.imports.iter().map(|import| import.from.as_path()));
        rings.push(ring);
    }
    rings
}

fn reached_from<'a>(
    file: &Path,
    edges: &BTreeMap<&'a Path, BTreeMap<&'a Path, &'a Import>>,
) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Path> = vec![file];
    while let Some(file) = next.pop() {
        for to in edges.get(file).into_iter().flat_map(|to| to.keys()) {
            if reached.insert(*to) {
                next.push(to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::circles::modules::Package;

    /// The rings of a crate with these files, each import as `from:line -> to`.
    fn rings_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let imports = Package::read(&folder.path().join("lib.rs")).unwrap().imports();
        let name = |file: &Path| file.strip_prefix(folder.path()).unwrap().display().to_string();
        let shown =
            |import: &&Import| format!("{}:{} -> {}", name(&import.from), import.line, name(&import.to));
        rings(&imports).iter().map(|ring| ring.imports.iter().map(shown).collect()).collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_ring() {
        let found = rings_of(&[
            ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
            ("a.rs", "\nuse crate::b::B;\npub struct A(B);"),
            ("b.rs", "pub struct B;\nfn f() { let _ = format!(\"{}\", crate::c::C); }"),
            ("c.rs", "use super::a;\npub struct C;\nfn f(_: a::A) {}"),
            ("d.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found, [["a.rs:2 -> b.rs", "b.rs:2 -> c.rs", "c.rs:3 -> a.rs"]]);
    }

    #[test]
    fn a_parent_that_uses_its_child_must_not_be_used_by_it() {
        let child = ("a/b.rs", "use super::A;\npub struct B(A);");
        let found = rings_of(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b;\nuse self::b::B;\npub struct A;\nfn f(_: B) {}"),
            child,
        ]);
        assert_eq!(found, [["a/b.rs:1 -> a.rs", "a.rs:2 -> a/b.rs"]]);
        // Declaring and re-exporting is not using.
        assert!(
            rings_of(&[("lib.rs", "mod a;"), ("a.rs", "mod b;\npub use b::B;\npub struct A;"), child])
                .is_empty()
        );
    }

    #[test]
    fn what_a_parent_re_exports_is_imported_from_where_it_is_defined() {
        let found = rings_of(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b;\nmod c;\npub use self::b::B as D;\npub use c::C;"),
            ("a/b.rs", "use crate::a::C;\npub struct B(C);"),
            ("a/c.rs", "use super::D;\npub struct C(D);"),
        ]);
        assert_eq!(found, [["a/b.rs:1 -> a/c.rs", "a/c.rs:1 -> a/b.rs"]]);
    }

    #[test]
    fn tests_and_modules_of_one_file_are_left_out() {
        let found = rings_of(&[
            (
                "lib.rs",
                "mod a;\nmod b;\nmod inner { use super::X; pub struct Y(X); }\nuse inner::Y;\npub struct X;",
            ),
            (
                "a.rs",
                "pub struct A;\n#[cfg(test)]\nmod tests { use crate::b::B; }\n#[cfg(test)]\nuse crate::b::B;",
            ),
            ("b.rs", "use crate::a::A;\npub struct B(A);"),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
    }
}
