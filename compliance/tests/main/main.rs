//! Servers with one flaw: the report names that flaw, and nothing else.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod flawed;

use compliance::{Outcome, Target, check};

use crate::flawed::{Flaw, Flawed, TOKEN};

/// The clauses that fail on a server with this flaw.
async fn failed(flaw: Flaw) -> Vec<&'static str> {
    let server = Flawed::start(Some(flaw));
    let mut target = Target::new(server.url(), "echo").with_backstage(server).with_token(TOKEN);
    if flaw == Flaw::WaitsForTheEnd {
        target = target.answering_within(flawed::END / 2);
    }
    let report = check(&target).await.unwrap();
    let failed: Vec<_> = report.failed().collect();
    assert!(!report.passed() && !failed.is_empty(), "{report}");
    failed
}

#[tokio::test]
async fn a_server_without_flaw_passes_every_clause() {
    let server = Flawed::start(None);
    let report =
        check(&Target::new(server.url(), "echo").with_backstage(server).with_token(TOKEN)).await.unwrap();
    assert!(report.findings.iter().all(|finding| finding.outcome == Outcome::Passed), "{report}");
}

#[tokio::test]
async fn fewer_clauses_apply_to_a_foreign_server() {
    let server = Flawed::start(None);
    let report = check(&Target::new(server.url(), "echo").with_token(TOKEN)).await.unwrap();
    let left_out =
        report.findings.iter().filter(|finding| matches!(finding.outcome, Outcome::NotApplicable { .. }));
    let left_out: Vec<_> = left_out.map(|finding| finding.clause.name).collect();
    assert_eq!(left_out, ["accepted", "temporal_failure", "drain"], "{report}");
    assert!(report.passed(), "{report}");
}

#[tokio::test]
async fn a_missing_server_fails_the_first_clause() {
    let target = Target::new("http://127.0.0.1:1", "echo");
    let report = check(&target).await.unwrap();
    assert_eq!(report.failed().collect::<Vec<_>>(), ["path"], "{report}");
    assert!(check(&Target::new("localhost:9090", "echo")).await.is_err());
}

#[tokio::test]
async fn another_path_is_found() {
    assert_eq!(failed(Flaw::OtherPath).await, ["path"]);
}

#[tokio::test]
async fn a_success_without_a_start_is_found() {
    assert_eq!(failed(Flaw::StartsNothing).await, ["accepted"]);
}

#[tokio::test]
async fn another_success_is_found() {
    assert_eq!(failed(Flaw::Answers200).await, ["success_code"]);
}

#[tokio::test]
async fn waiting_for_the_workflow_is_found() {
    assert_eq!(failed(Flaw::WaitsForTheEnd).await, ["non_blocking"]);
}

#[tokio::test]
async fn accepting_any_name_is_found() {
    assert_eq!(failed(Flaw::TakesAnyName).await, ["unknown_client"]);
}

#[tokio::test]
async fn accepting_longer_paths_is_found() {
    assert_eq!(failed(Flaw::TakesLongerPaths).await, ["other_paths"]);
}

#[tokio::test]
async fn a_get_that_starts_is_found() {
    assert_eq!(failed(Flaw::GetStarts).await, ["method"]);
}

#[tokio::test]
async fn a_token_that_is_not_required_is_found() {
    assert_eq!(failed(Flaw::AsksForNoToken).await, ["token"]);
}

#[tokio::test]
async fn reading_one_case_only_is_found() {
    assert_eq!(failed(Flaw::ReadsOneCase).await, ["case"]);
}

#[tokio::test]
async fn a_connection_closed_on_unknown_fields_is_found() {
    assert_eq!(failed(Flaw::PanicsOnUnknownFields).await, ["unknown_fields"]);
}

#[tokio::test]
async fn refusing_what_follows_the_json_is_found() {
    assert_eq!(failed(Flaw::ReadsToTheEnd).await, ["first_value"]);
}

#[tokio::test]
async fn insisting_on_a_content_type_is_found() {
    assert_eq!(failed(Flaw::WantsJsonType).await, ["content_type"]);
}

#[tokio::test]
async fn a_server_error_for_malformed_json_is_found() {
    assert_eq!(failed(Flaw::FailsOnMalformedJson).await, ["malformed_json"]);
}

#[tokio::test]
async fn a_body_without_limit_is_found() {
    assert_eq!(failed(Flaw::HasNoBodyLimit).await, ["body_limit"]);
}

#[tokio::test]
async fn refusing_a_running_id_is_found() {
    assert_eq!(failed(Flaw::RefusesRunningIds).await, ["running_id"]);
}

#[tokio::test]
async fn starting_twice_under_one_key_is_found() {
    assert_eq!(failed(Flaw::StartsTwice).await, ["idempotency"]);
}

#[tokio::test]
async fn a_success_without_temporal_is_found() {
    assert_eq!(failed(Flaw::HidesFailures).await, ["temporal_failure"]);
}

#[tokio::test]
async fn dropping_a_request_at_the_end_is_found() {
    assert_eq!(failed(Flaw::DropsAtTheEnd).await, ["drain"]);
}

#[tokio::test]
async fn a_failed_clause_is_reported_with_what_was_seen() {
    let server = Flawed::start(Some(Flaw::Answers200));
    let report = check(&Target::new(server.url(), "echo").with_token(TOKEN)).await.unwrap();
    let text = report.to_string();
    let expected = "FAILED  success_code      A success is 204, without a body (EMCO-API §2.1)\n                          \
                expected: 204, the only status that EMCO's workflowmgr accepts\n                          seen:     200 OK";
    assert!(text.contains(expected), "{text}");
}
