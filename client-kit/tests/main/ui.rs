//! What the compiler reports to authors; `accepted` has what it accepts.

#[test]
fn compiler_refuses() {
    harness::compiler_refuses("client_kit", "tests/ui/fail".as_ref()).unwrap();
}
