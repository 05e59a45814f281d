//! The client calls no link-local or metadata address, and does not repeat what other servers respond.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;

use emco::{BuildError, Client, DigKey, Kind, Retry, Settings};
use futures::FutureExt;
use futures::future::BoxFuture;
use service::outbound::{Resolve, Resolver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Returns these addresses for any name.
#[derive(Debug)]
struct Fixed(&'static [&'static str]);

impl Resolve for Fixed {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let addresses = self.0.iter().map(|address| address.parse().unwrap()).collect();
        async { Ok(addresses) }.boxed()
    }
}

fn dig() -> DigKey {
    DigKey::new("p", "c", "v1", "d")
}

fn once() -> Settings {
    Settings { retry: Retry::NEVER, ..Settings::default() }
}

/// Returns an error and all its causes.
fn whole(error: &emco::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Starts a server that sends this response to each request. Returns its port.
async fn server(response: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(response.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn response(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn no_spelling_of_a_metadata_address_is_called() {
    for host in [
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0251.0376.0251.0376",
        "0xa9.0xfe.0xa9.0xfe",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "0.0.0.0",
    ] {
        let error = Client::new(&format!("http://{host}/latest/meta-data"), once()).unwrap_err();
        assert!(matches!(error, BuildError::Forbidden(_)), "{host}: {error:?}");
    }
}

#[tokio::test]
async fn names_of_metadata_addresses_are_not_called() {
    for addresses in [&["169.254.169.254"][..], &["::ffff:169.254.169.254", "fe80::1"]] {
        let settings = Settings { resolver: Resolver::new(Fixed(addresses)), ..Settings::default() };
        let emco = Client::new("http://emco.example", settings).unwrap();
        let error = emco.get_dig(&dig()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::NotAllowed, false), "{error:?}");
        assert!(whole(&error).contains("`emco.example` leads to a link-local"), "{}", whole(&error));
    }
}

#[tokio::test]
async fn only_the_checked_addresses_are_dialled() {
    let port = server(response("200 OK", "null")).await;
    let resolver = Resolver::new(Fixed(&["169.254.169.254", "127.0.0.1"]));
    let emco = Client::new(&format!("http://emco.example:{port}"), Settings { resolver, ..once() }).unwrap();
    assert_eq!(emco.list_generic_placement_intents(&dig()).await.unwrap(), []);
}

#[tokio::test]
async fn a_redirect_to_a_metadata_address_is_not_followed() {
    let head = "302 Found\r\nLocation: http://169.254.169.254/latest/meta-data";
    let port = server(response(head, "")).await;
    let emco = Client::new(&format!("http://127.0.0.1:{port}"), once()).unwrap();
    let error = emco.get_dig(&dig()).await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::NotEmco, 302), "{error:?}");
}

#[tokio::test]
async fn responses_of_other_servers_are_not_repeated() {
    for (head, body) in [
        ("200 OK\r\nContent-Type: application/json", r#"{"metadata": "hunter2"}"#),
        ("200 OK\r\nContent-Type: application/json", r#"{"metadata": {"name": "d"}, "spec": "hunter2"}"#),
        ("200 OK\r\nContent-Type: text/plain", "hunter2"),
        ("400 Bad Request\r\nContent-Type: text/html", "<p>hunter2</p>"),
        ("403 Forbidden\r\nContent-Type: text/plain", "hunter2"),
        ("404 Not Found\r\nContent-Type: application/json", r#"{"error": "hunter2"}"#),
        ("500 Error\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff", "a\nhunter2\n"),
    ] {
        let port = server(response(head, body)).await;
        let emco = Client::new(&format!("http://127.0.0.1:{port}"), once()).unwrap();
        let errors = [emco.get_dig(&dig()).await.unwrap_err(), emco.update_dig(&dig()).await.unwrap_err()];
        for error in errors {
            let text = format!("{} {error:?}", whole(&error));
            assert!(!text.contains("hunter2"), "{head}: {text}");
        }
    }
}

#[tokio::test]
async fn errors_of_emco_are_repeated() {
    for (head, body) in [
        (
            "404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff",
            "Intent not found\n",
        ),
        ("403 Forbidden\r\nContent-Type: text/plain", "RBAC: access denied"),
    ] {
        let port = server(response(head, body)).await;
        let emco = Client::new(&format!("http://127.0.0.1:{port}"), once()).unwrap();
        let text = emco.get_dig(&dig()).await.unwrap_err().to_string();
        assert!(text.ends_with(body.trim_end()), "{text}");
    }
}
