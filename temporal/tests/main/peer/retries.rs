//! Calls that are retried, and those that are not.

use std::sync::atomic::Ordering;

use temporal::{FaultKind, TemporalFault};

use super::{End, Headers, OK, Peer, count, counted, grpc};

#[tokio::test]
async fn a_call_whose_connection_breaks_is_retried_once() {
    let peer = Peer::start(false, |connection, _| match connection {
        0 => grpc(&[], End::HangsUp),
        _ => counted(7, OK),
    })
    .await;
    assert_eq!(count(&peer.connection()).await.unwrap(), 7);
    assert_eq!(peer.calls.load(Ordering::SeqCst), 2);

    let peer = Peer::start(false, |_, _| grpc(&[], End::HangsUp)).await;
    assert_eq!(count(&peer.connection()).await.unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(peer.calls.load(Ordering::SeqCst), 2);

    // The second response does not show what became of the first call.
    let peer = Peer::start(false, |_, call| match call {
        0 => grpc(&[], End::HangsUp),
        _ => grpc(&[], End::Trailers(&[("grpc-status", "8")])),
    })
    .await;
    let [repeated, once] = [count(&peer.connection()).await, count(&peer.connection()).await];
    let faults = [repeated, once].map(|answer| answer.unwrap_err());
    assert_eq!(faults.each_ref().map(TemporalFault::kind), [FaultKind::Busy; 2]);
    assert_eq!(faults.each_ref().map(TemporalFault::is_repeated), [true, false]);
}

#[tokio::test]
async fn a_call_that_the_server_rejects_is_not_retried() {
    for code in ["2", "8", "13", "14"] {
        let refusal: Headers = vec![("grpc-status", code)].leak();
        let peer = Peer::start(false, move |_, _| grpc(&[], End::Trailers(refusal))).await;
        count(&peer.connection()).await.unwrap_err();
        assert_eq!(peer.calls.load(Ordering::SeqCst), 1, "{code}");
    }
}
