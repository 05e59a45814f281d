//! The meaning of EMCO's errors.

use emco::{Error, Kind};
use reqwest::StatusCode;

fn refusal(status: u16, text: &str) -> Error {
    Error::Refused {
        endpoint: "POST http://emco/v2/x".to_owned(),
        status: StatusCode::from_u16(status).unwrap(),
        text: Some(text.to_owned()),
        retry_after: None,
    }
}

#[test]
fn the_text_of_an_error_counts_before_its_status() {
    for (status, text, kind) in [
        (500, "DeploymentIntentGroup is not instantiated :dig1", Kind::NotInstantiated),
        (500, "DeploymentIntentGroup must be Approved before instantiatingdig1", Kind::NotApproved),
        (500, "DeploymentIntentGroup StateInfo not found", Kind::NotFound),
        (400, "DeploymentIntentGroup not found: DeploymentIntentGroup not found", Kind::NotFound),
        (500, "No compatible clusters have been provided to the Deployment Intent Group", Kind::NoClusters),
        (
            400,
            "The specified Logical Cloud doesn't provide the mandatory clusters",
            Kind::OutsideLogicalCloud,
        ),
        (
            500,
            "The Logical Cloud is still instantiating, please wait and try again.",
            Kind::LogicalCloudPending,
        ),
        (500, "The Logical Cloud has never been instantiated", Kind::LogicalCloudNotInstantiated),
        (409, "Cannot perform requested operation. Parent resource not found", Kind::NotFound),
        (404, "404 page not found", Kind::NotEmco),
        (500, "dial tcp: i/o timeout", Kind::Internal),
        (404, "Intent not found", Kind::NotFound),
        (403, "RBAC: access denied", Kind::Denied),
        (503, "<html>no healthy upstream</html>", Kind::Unavailable),
        (302, "", Kind::NotEmco),
    ] {
        assert_eq!(refusal(status, text).kind(), kind, "{status} {text}");
    }
}

#[test]
fn only_passing_errors_are_retryable() {
    assert!(
        refusal(500, "The Logical Cloud is still instantiating, please wait and try again.").is_retryable()
    );
    assert!(refusal(503, "").is_retryable());
    assert!(!refusal(500, "DeploymentIntentGroup is not instantiated :dig1").is_retryable());
    assert!(!refusal(404, "Intent not found").is_retryable());
}

#[test]
fn the_message_names_call_and_status() {
    assert_eq!(
        refusal(404, "Intent not found").to_string(),
        "EMCO responded 404 Not Found to POST http://emco/v2/x: Intent not found"
    );
}
