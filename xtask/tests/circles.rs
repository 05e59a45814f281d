//! What `cargo xtask circles` finds in a crate.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::process::Command;

/// The imports in circles of a crate with these files in `src`, each as `from:line path to`.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join("src").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    for args in [&["init", "--quiet"][..], &["add", "."]] {
        assert!(Command::new("git").current_dir(folder.path()).args(args).status().unwrap().success());
    }
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = xtask.current_dir(folder.path()).arg("circles").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().filter_map(|line| line.strip_prefix("in a circle: "));
    let found: Vec<String> = found.map(|line| line.replace("src/", "")).collect();
    assert_eq!(output.status.success(), found.is_empty(), "{text}");
    found
}

#[test]
fn files_that_import_each_other_are_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
        ("a.rs", "\nuse crate::b::B;\npub struct A(B);"),
        ("b.rs", "pub struct B;\nfn f() { let _ = format!(\"{}\", crate::c::C); }"),
        ("c.rs", "use super::a;\npub struct C;\nfn f(_: a::A) {}"),
        ("d.rs", "use crate::a::A;"),
    ]);
    assert_eq!(
        found,
        ["a.rs:2 uses crate::b::B of b.rs", "b.rs:2 uses crate::c::C of c.rs", "c.rs:3 uses a::A of a.rs"]
    );
}

#[test]
fn a_parent_that_uses_its_child_must_not_be_used_by_it() {
    let child = ("a/b.rs", "use super::A;\npub struct B(A);");
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b;\nuse self::b::B;\npub struct A;\nfn f(_: B) {}"),
        child,
    ]);
    assert_eq!(found, ["a/b.rs:1 uses super::A of a.rs", "a.rs:2 uses self::b::B of a/b.rs"]);
    // Declaring and re-exporting is not using.
    assert!(
        circles_of(&[("lib.rs", "mod a;"), ("a.rs", "mod b;\npub use b::B;\npub struct A;"), child])
            .is_empty()
    );
}

#[test]
fn re_exports_of_a_parent_lead_to_the_defining_file() {
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b;\nmod c;\npub use self::b::B as D;\npub use c::C;"),
        ("a/b.rs", "use crate::a::C;\npub struct B(C);"),
        ("a/c.rs", "use super::D;\npub struct C(D);"),
    ]);
    assert_eq!(found, ["a/b.rs:1 uses crate::a::C of a/c.rs", "a/c.rs:1 uses super::D of a/b.rs"]);
}

#[test]
fn tests_and_modules_of_one_file_are_left_out() {
    let found = circles_of(&[
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
    assert_eq!(found, Vec::<String>::new());
}
