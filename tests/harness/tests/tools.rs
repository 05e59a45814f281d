//! Tools that are fetched if missing.

use std::time::Duration;

use harness::{helm, kubernetes_validate, program, python_with_temporalio, schemathesis, temporal_cli};

#[tokio::test]
async fn python_imports_temporals_sdk() {
    let script = "import temporalio.client; print('imported')";
    let mut python = python_with_temporalio().unwrap().args(["-c", script]).spawn().unwrap();
    let status = python.wait_exit(Duration::from_secs(60)).await.unwrap();
    assert!(status.success(), "{}", python.log());
    assert_eq!(python.log(), "imported\n");
}

#[tokio::test]
async fn schemathesis_is_found_or_fetched() {
    let mut schemathesis = schemathesis().unwrap().arg("--version").spawn().unwrap();
    let status = schemathesis.wait_exit(Duration::from_secs(60)).await.unwrap();
    assert!(status.success(), "{}", schemathesis.log());
    assert!(schemathesis.log().contains("version"), "{}", schemathesis.log());
}

#[tokio::test]
async fn kubernetes_schemas_are_found_or_fetched() {
    let mut validate = kubernetes_validate().unwrap().arg("--version").spawn().unwrap();
    let status = validate.wait_exit(Duration::from_secs(60)).await.unwrap();
    assert!(status.success(), "{}", validate.log());
}

#[test]
fn helm_is_found_or_fetched() {
    let output = helm().unwrap().arg("version").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_temporal_command_line_is_found_or_fetched() {
    assert!(temporal_cli().unwrap().is_file());
}

#[test]
fn an_unknown_program_is_refused_with_the_known_ones() {
    let error = program("workflowmgr").unwrap_err().to_string();
    assert!(error.contains("emco-stand-in"), "{error}");
}
