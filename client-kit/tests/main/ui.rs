//! What the compiler accepts, and what it says to authors otherwise.

#[path = "../ui/pass/mod.rs"]
mod pass;

#[test]
fn compiler_refuses() {
    harness::compiler_refuses("client_kit", "tests/ui/fail".as_ref()).unwrap();
}
