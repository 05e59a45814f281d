//! The meaning of Temporal's errors.

use temporal::{FaultKind, TemporalFault};
use temporalio_client::tonic::{Code, Status};

fn kind(code: Code) -> FaultKind {
    TemporalFault::from(Status::new(code, "reason")).kind()
}

#[test]
fn codes_become_kinds() {
    for (code, expected, status) in [
        (Code::Unavailable, FaultKind::Unavailable, 503),
        (Code::ResourceExhausted, FaultKind::Busy, 503),
        (Code::DeadlineExceeded, FaultKind::DeadlineExceeded, 504),
        (Code::Cancelled, FaultKind::Unavailable, 503),
        (Code::NotFound, FaultKind::NotFound, 404),
        (Code::AlreadyExists, FaultKind::AlreadyExists, 409),
        (Code::FailedPrecondition, FaultKind::FailedPrecondition, 409),
        (Code::InvalidArgument, FaultKind::InvalidArgument, 400),
        (Code::PermissionDenied, FaultKind::Refused, 502),
        (Code::Unauthenticated, FaultKind::Refused, 502),
        (Code::Unimplemented, FaultKind::Unimplemented, 502),
        (Code::Internal, FaultKind::Internal, 502),
        (Code::Unknown, FaultKind::Internal, 502),
    ] {
        assert_eq!((kind(code), kind(code).http_status()), (expected, status), "{code:?}");
    }
}

#[test]
fn the_sentence_names_the_server_and_its_response() {
    let fault =
        TemporalFault::from(Status::invalid_argument("WorkflowType is not set on request.")).at("host:7233");
    assert_eq!(
        fault.to_string(),
        "Temporal at host:7233 rejects the request: WorkflowType is not set on request."
    );
    assert_eq!(fault.problem().code, "temporal_invalid_argument");
}

#[test]
fn only_temporary_faults_have_a_retry_time() {
    for code in [Code::Unavailable, Code::ResourceExhausted] {
        let fault = TemporalFault::from(Status::new(code, ""));
        assert!(fault.retry_after().is_some() && fault.problem().detail.ends_with("try again shortly"));
    }
    for code in [Code::InvalidArgument, Code::Internal, Code::NotFound] {
        assert!(TemporalFault::from(Status::new(code, "")).retry_after().is_none());
    }
}
