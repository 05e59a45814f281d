//! Connections to Temporal: a real server, a silent one, none, and one that restarts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use futures::future::join_all;
use harness::{Proxy, TemporalServer};
use service::http;
use service::shutdown::Shutdown;
use temporal::{
    ConnectCause, ConnectionSettings, FaultKind, Method, TemporalConnection, TemporalFault, TemporalTarget,
};
use temporalio_client::NamespacedClient;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, DescribeNamespaceRequest, DescribeWorkflowExecutionRequest,
    GetSystemInfoRequest,
};
use tokio::net::TcpListener;

use crate::SOON;

fn target(address: &str) -> TemporalTarget {
    TemporalTarget::new(address, "default").unwrap()
}

/// The settings of our programs, with shorter timeouts.
fn quick() -> ConnectionSettings {
    ConnectionSettings {
        connect_timeout: Duration::from_millis(500),
        patience: Duration::from_millis(200),
        ..ConnectionSettings::default()
    }
}

async fn ask<Q: Method>(connection: &TemporalConnection, request: Q) -> Result<(), TemporalFault> {
    connection.ask(Q::NAME, SOON, request).await.map(drop)
}

fn describe_namespace() -> DescribeNamespaceRequest {
    DescribeNamespaceRequest { namespace: "default".to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_server_is_reached_and_knows_the_namespace() {
    let server = TemporalServer::shared().await.unwrap();
    let connection = TemporalConnection::new(target(server.address()));
    connection.check().await.unwrap();
    let client = connection.client().await.unwrap();
    assert_eq!(client.namespace(), "default");
    let identity = client.identity();
    assert!(identity.contains('@') && identity.ends_with(&format!(":{}", std::process::id())), "{identity}");
}

#[tokio::test]
async fn an_unknown_namespace_is_not_a_missing_workflow() {
    let server = TemporalServer::shared().await.unwrap();
    let connection = TemporalConnection::new(target(server.address()).with_namespace("nobodys"));
    let fault = connection.check().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::NamespaceNotFound);
    assert_eq!(fault.problem().status, 502);
    let text = fault.to_string();
    assert!(text.contains(server.address()) && text.contains("nobodys"), "{text}");

    let connection = TemporalConnection::new(target(server.address()));
    let request = DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: Some(WorkflowExecution {
            workflow_id: "nobodys-workflow".to_owned(),
            run_id: String::new(),
        }),
    };
    let missing = ask(&connection, request).await.unwrap_err();
    assert_eq!(missing.kind(), FaultKind::NotFound);
    assert_eq!(missing.problem().status, 404);
}

#[tokio::test]
async fn the_fault_of_a_wrong_request_has_temporals_message() {
    let server = TemporalServer::shared().await.unwrap();
    let connection = TemporalConnection::new(target(server.address()));
    let request = CountWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        query: "no such = query".to_owned(),
    };
    let fault = ask(&connection, request).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::InvalidArgument);
    assert!(fault.problem().detail.contains("query"), "{fault}");
}

#[tokio::test]
async fn a_closed_port_fails_at_once() {
    let address = format!("127.0.0.1:{}", harness::free_port());
    let connection = TemporalConnection::new(target(&address));
    let since = Instant::now();
    let error = connection.client().await.unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert!(matches!(error.cause, ConnectCause::Dial(_)), "{error:?}");
    let fault = TemporalFault::from(error);
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert!(fault.retry_after().is_some());
    assert!(fault.problem().detail.contains(&address), "{:?}", fault.problem());
    assert!(service::chain(&fault).contains("refused"), "{}", service::chain(&fault));
}

/// Returns a server that accepts connections and never responds, and the number of connections.
async fn silent() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn({
        let count = Arc::clone(&count);
        async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                held.push(stream);
            }
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_silent_server_is_dialled_once_for_all_callers() {
    let (address, count) = silent().await;
    let connection = TemporalConnection::with_settings(target(&address), quick());
    let since = Instant::now();
    let results = join_all((0..50).map(|_| connection.client())).await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert!(
        results
            .iter()
            .all(|result| matches!(result, Err(error) if matches!(error.cause, ConnectCause::Silent(_))))
    );
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_end_the_attempt() {
    let server = TemporalServer::shared().await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    proxy.pause();
    let connection = TemporalConnection::new(target(&proxy.address()));
    let first = tokio::time::timeout(Duration::from_millis(50), connection.client()).await;
    assert!(first.is_err());
    let second = tokio::spawn({
        let connection = connection.clone();
        async move { connection.client().await.map(drop) }
    });
    let mut proxy = proxy;
    proxy.resume().await.unwrap();
    tokio::time::timeout(SOON, second).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_silent_server_is_unavailable_within_the_timeout() {
    let (address, _) = silent().await;
    let connection = TemporalConnection::new(target(&address));
    let since = Instant::now();
    let fault = connection.ask("label", Duration::from_millis(300), describe_namespace()).await.unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(fault.kind(), FaultKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_is_not_temporal_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        http::serve(listener, Router::new(), &Shutdown::new(SOON), http::Options::default()).await
    });
    let connection = TemporalConnection::new(target(&address));
    let fault = connection.check().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unimplemented, "{}", service::chain(&fault));
}

#[tokio::test]
async fn a_connection_outlives_its_server() {
    let mut server = TemporalServer::start().await.unwrap();
    let connection = TemporalConnection::with_settings(target(server.address()), quick());
    ask(&connection, describe_namespace()).await.unwrap();

    server.kill().unwrap();
    let since = Instant::now();
    let fault = ask(&connection, describe_namespace()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{}", service::chain(&fault));
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    assert_eq!(connection.check().await.unwrap_err().kind(), FaultKind::Unavailable);

    server.restart().await.unwrap();
    harness::eventually(SOON, "the connection mends", async || ask(&connection, describe_namespace()).await)
        .await;
}

#[tokio::test]
async fn our_timeout_and_the_sdks_are_the_same_fault() {
    let server = TemporalServer::shared().await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = TemporalConnection::new(target(&proxy.address()));
    ask(&connection, describe_namespace()).await.unwrap();
    proxy.pause();

    let ours = connection.ask("label", Duration::from_millis(100), describe_namespace()).await.unwrap_err();
    assert_eq!(ours.kind(), FaultKind::DeadlineExceeded);
    assert!(ours.problem().detail.contains(&proxy.address()));

    // The SDK's own bound: it reports `Cancelled`.
    let client = connection.client().await.unwrap();
    let mut request = Request::new(GetSystemInfoRequest::default());
    request.set_timeout(Duration::from_millis(100));
    let theirs = client.connection().workflow_service().get_system_info(request).await.unwrap_err();
    let theirs = TemporalFault::from(theirs);
    assert_eq!(theirs.kind(), FaultKind::DeadlineExceeded, "{}", service::chain(&theirs));
    assert_eq!(theirs.problem().status, 504);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_established_again() {
    let server = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(server.address()).await.unwrap();
    let settings = ConnectionSettings { idle: Duration::from_millis(20), ..quick() };
    let connection = TemporalConnection::with_settings(target(&proxy.address()), settings);
    connection.client().await.unwrap();
    // As long as there is a connection, a client is had without dialling.
    proxy.refuse().await;
    harness::eventually(SOON, "the connection is closed", async || connection.client().await.is_err()).await;
    proxy.resume().await.unwrap();
    harness::eventually(SOON, "the connection is made anew", async || connection.client().await).await;
}
