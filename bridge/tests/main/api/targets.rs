//! Which Temporal servers, namespaces and workflow clients are called, and which never are (DESIGN §4.5).

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use bridge_clients::HttpClients;
use bridge_core::Cause;
use bridge_core::ports::{ClientError, Clients};
use futures::FutureExt;
use futures::future::BoxFuture;
use harness::{SAMPLE_INTENT, sample_intent};
use http::StatusCode;
use http::header::LOCATION;
use service::outbound::{Resolve, Resolver};
use temporal::{ConnectionSettings, FaultKind, TemporalConnection, TemporalTarget};
use workflow_api::{ClientEndpoint, TemporalSpec};

use super::{AT_ONCE, Api, ScriptedClient, problem_of, unique};

/// Hosts that lead to an address that is never called, in various spellings.
const NEVER: [&str; 24] = [
    "169.254.169.254",
    "169.254.169.254.",
    "169.254.170.2",
    "2852039166",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    "0xA9FEA9FE",
    "169.254.43518",
    "169.16689662",
    "0xa9.254.0251.254",
    "[::ffff:169.254.169.254]",
    "[::FFFF:A9FE:A9FE]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[2002:a9fe:a9fe::1]",
    "[fe80::1]",
    "[FE80::A9FE:A9FE]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "0.0.0.0",
    "0",
    "[::]",
    "224.0.0.1",
];

/// A resolver that returns these addresses for any name, one list at a time.
#[derive(Debug)]
struct Turning(Mutex<VecDeque<Vec<IpAddr>>>);

impl Turning {
    fn resolver(lists: &[&[&str]]) -> Resolver {
        let list = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        Resolver::new(Self(Mutex::new(lists.iter().map(list).collect())))
    }
}

impl Resolve for Turning {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().pop_front().ok_or_else(|| io::ErrorKind::NotFound.into());
        async { next }.boxed()
    }
}

async fn call(clients: &HttpClients, host: &str, port: u16) -> Result<(), ClientError> {
    let endpoint =
        ClientEndpoint { client_endpoint_name: host.to_owned(), client_endpoint_port: port.into() };
    let spec = TemporalSpec { workflow_client_name: "migrate".to_owned(), ..TemporalSpec::default() };
    let call = clients.prepare(&endpoint, &spec, "key", &Cause::default())?;
    clients.invoke(&call, AT_ONCE).await.map(drop)
}

fn anywhere(resolver: Resolver) -> HttpClients {
    HttpClients::new("*".parse().unwrap(), None, resolver, AT_ONCE).unwrap()
}

#[tokio::test]
async fn no_spelling_of_a_metadata_address_is_called() {
    let invoke = anywhere(Resolver::default());
    for host in NEVER {
        let host = host.trim_matches(['[', ']']);
        let refused = call(&invoke, host, 80).await;
        assert!(matches!(refused, Err(ClientError::Forbidden { .. })), "{host}: {refused:?}");
    }
}

#[tokio::test]
async fn no_user_or_path_hides_the_host() {
    let client = ScriptedClient::emco().await;
    let (allowed, resolver) = ("good.example".parse().unwrap(), Resolver::default());
    let invoke = HttpClients::new(allowed, None, resolver, AT_ONCE).unwrap();
    for host in [
        "good.example@127.0.0.1",
        "127.0.0.1/?good.example",
        "127.0.0.1#good.example",
        "127.0.0.1\\good.example",
    ] {
        let refused = call(&invoke, host, client.port).await;
        assert!(refused.is_err(), "{host}");
    }
    assert_eq!(client.asked().len(), 0);
}

#[tokio::test]
async fn a_name_is_checked_each_time_that_it_is_dialled() {
    let client =
        ScriptedClient::start(|| async { (StatusCode::NO_CONTENT, [("connection", "close")]) }).await;
    let invoke = anywhere(Turning::resolver(&[
        &["127.0.0.1"],
        &["169.254.169.254"],
        &["::ffff:169.254.169.254", "127.0.0.1"],
    ]));
    call(&invoke, "turning.example", client.port).await.unwrap();
    let refused = call(&invoke, "turning.example", client.port).await;
    assert!(matches!(refused, Err(ClientError::Forbidden { .. })), "{refused:?}");
    // Of several addresses, only the allowed ones are used.
    call(&invoke, "turning.example", client.port).await.unwrap();
    assert_eq!(client.asked().len(), 2);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let hidden = ScriptedClient::emco().await;
    let location = format!("http://127.0.0.1:{}/invoke/migrate", hidden.port);
    for status in [301, 302, 303, 307, 308] {
        let (status, location) = (StatusCode::from_u16(status).unwrap(), location.clone());
        let client = ScriptedClient::start(move || {
            let location = location.clone();
            async move { (status, [(LOCATION, location)]) }
        })
        .await;
        let api = Api::new().await;
        api.create_sample(client.port).await;
        let answer = api.start_sample().await;
        assert_eq!(answer.status(), 502, "{status}");
    }
    assert_eq!(hidden.asked().len(), 0);
}

#[tokio::test]
async fn an_intent_with_a_metadata_address_is_not_started() {
    let api = Api::new().await;
    let body = sample_intent("169.254.169.254", 80, "http://emco");
    // The check may happen here or at the start: nothing is called in either case.
    if api.post("", body.to_string()).await.status() == 201 {
        problem_of(api.start_sample().await, 403, "client_not_allowed").await;
    }
}

#[tokio::test]
async fn no_spelling_of_a_metadata_address_is_asked_for_a_status() {
    let api = Api::with(&["--temporal-servers", "*,0.0.0.0/0,::/0"]).await;
    api.create_sample(9090).await;
    for host in NEVER {
        let query = format!("temporalServer={host}:80");
        let answer = api.status_of_sample(&query).await;
        problem_of(answer, 403, "temporal_not_allowed").await;
    }
}

#[tokio::test]
async fn a_temporal_name_is_checked_each_time_that_it_is_dialled() {
    let (_, temporal) = Api::on_temporal().await;
    let port = temporal.address().rsplit_once(':').unwrap().1;
    let settings = |resolver| ConnectionSettings { resolver, ..ConnectionSettings::default() };
    let target = TemporalTarget::new(&format!("turning.example:{port}"), "default").unwrap().checked();

    // Whatever the name resolves to later, the checked address stays in use.
    let resolver = Turning::resolver(&[&["169.254.169.254", "127.0.0.1"], &["169.254.169.254"]]);
    let connection = TemporalConnection::with_settings(target.clone(), settings(resolver));
    connection.check().await.unwrap();
    connection.check().await.unwrap();

    let resolver = Turning::resolver(&[&["169.254.169.254"]]);
    let fault = TemporalConnection::with_settings(target, settings(resolver)).check().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Forbidden, "{fault}");
}

#[tokio::test]
async fn registered_servers_are_asked_in_their_namespaces() {
    let (_, temporal) = Api::on_temporal().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("targets.toml");
    let text =
        format!("[lab]\naddress = \"{}\"\nnamespaces = [\"default\", \"nowhere\"]\n", temporal.address());
    std::fs::write(&file, text).unwrap();
    let api = Api::with(&["--targets", file.to_str().unwrap()]).await;
    let id = unique("registered");
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    api.create_with_workflow(&id).await;

    // The configured server is away; the registered one responds, by name and by address.
    problem_of(api.status_of_sample("").await, 503, "temporal_unavailable").await;
    for server in ["lab", temporal.address()] {
        let status = api.status_of_sample(&format!("temporalServer={server}")).await;
        assert_eq!(status.status(), 200, "{server}");
        let status: serde_json::Value = status.json().await.unwrap();
        assert_eq!(status["runID"], started["runId"]);
    }
    let problem =
        problem_of(api.status_of_sample("temporalServer=127.0.0.1:1").await, 403, "temporal_not_allowed")
            .await;
    assert!(problem["detail"].as_str().unwrap().contains("BRIDGE_TARGETS"), "{problem}");
    let cancel = format!(r#"{{"spec":{{"temporalServer":"lab","terminate":true,"workflowID":"{id}"}}}}"#);
    assert_eq!(api.post(&format!("/{SAMPLE_INTENT}/cancel"), cancel).await.status(), 204);
}
