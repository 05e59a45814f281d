//! What the compiler reports to authors; `accepted` has what it accepts.

/// After a change: `TRYBUILD=overwrite cargo test -p client-kit --test main compiler_refuses`, then read the differences.
#[test]
fn compiler_refuses() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
