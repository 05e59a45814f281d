//! Reports about programs that the compiler should refuse.

use harness::compiler_refuses;

/// Returns the outcome for one program, for which the compiler should print `expected`.
fn outcome(program: &str, expected: &str) -> String {
    let outcome = || {
        let folder = tempfile::tempdir()?;
        let tests = folder.path().join("tests");
        std::fs::create_dir(&tests)?;
        std::fs::write(tests.join("case.rs"), program)?;
        std::fs::write(tests.join("case.stderr"), expected)?;
        compiler_refuses("harness", &tests)
    };
    outcome().map_or_else(|error| error.to_string(), |()| "refused".to_owned())
}

#[test]
fn a_program_is_refused_with_the_expected_report_alone() {
    let wrong = "fn main() { let _: u8 = harness::SAMPLE_DIG; }";
    let report = outcome(wrong, "");
    assert!(report.contains("mismatched types") && report.contains("--> tests/case.rs:1:25"), "{report}");
    let (_, report) = report.split_once("case.rs:\n").unwrap();
    let (report, _) = report.split_once("\n-- expected:").unwrap();
    assert_eq!(outcome(wrong, report), "refused");
    assert!(outcome(&format!("\n{wrong}"), report).contains("tests/case.rs:2:25"));
    assert!(outcome("fn main() { let _ = harness::SAMPLE_DIG; }", "").contains("something else"));
}
