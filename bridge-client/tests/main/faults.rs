//! Servers that misbehave, and credentials.

use std::sync::Arc;
use std::time::Duration;

use bridge_client::{Bridge, Credentials, Error, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// A server that gives these responses, one to each connection, and then none. Returns its URL, and what it was sent.
async fn server(responses: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    tokio::spawn(async move {
        for response in responses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            kept.lock().await.push(String::from_utf8(head).unwrap());
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    });
    (url, requests)
}

fn bridge(url: &str, credentials: Credentials) -> Bridge {
    let mut settings = Settings::default();
    settings.credentials = credentials;
    Bridge::new(url, settings).unwrap()
}

#[tokio::test]
async fn what_is_not_the_bridges_is_named() {
    let (url, _) = server(&[
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<p/>",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\nConnection: close\r\n\r\n7",
        "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{",
    ])
    .await;
    let bridge = bridge(&url, Credentials::None);
    for expected in ["502 Bad Gateway, without a problem", "200 OK, invalid type", "302 Found, without"] {
        let error = bridge.my_session().await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(matches!(bridge.my_session().await, Err(Error::Interrupted { .. })));
    let nobody = format!("http://127.0.0.1:{}", harness::free_port());
    let error = self::bridge(&nobody, Credentials::None).live().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("cannot connect to GET {nobody}/healthz")), "{error}");
}

#[tokio::test]
async fn a_problem_is_returned_as_it_was_sent() {
    let (url, _) = server(&[concat!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Type: application/problem+json\r\n",
        "Content-Length: 95\r\nConnection: close\r\n\r\n",
        r#"{"type":"urn:x","title":"T","status":503,"detail":"later","code":"overloaded","n":18446744073}"#,
        "\n"
    )])
    .await;
    let error = bridge(&url, Credentials::None).live().await.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (Some("overloaded"), "later"));
    let Error::Refused { text, retry_after, .. } = error else { panic!("{error:?}") };
    assert!(text.contains("18446744073"));
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn tokens_come_from_where_the_settings_say() {
    const OK: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let (url, requests) = server(&[OK, OK, OK, OK]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "from-file\n").unwrap();
    let command = ["printf", "from-command\n"].map(str::to_owned).to_vec();
    let function = || -> futures::future::BoxFuture<'static, Result<String, String>> {
        Box::pin(async { Ok("from-function".to_owned()) })
    };
    let all = [
        Credentials::Token("from-text".to_owned()),
        Credentials::File(file),
        Credentials::Command(command),
        Credentials::Function(Arc::new(function)),
    ];
    for credentials in all {
        assert!(!format!("{:?}", bridge(&url, credentials.clone())).contains("from-text"));
        bridge(&url, credentials).live().await.unwrap();
    }
    let requests = requests.lock().await;
    for (request, token) in requests.iter().zip(["text", "file", "command", "function"]) {
        assert!(request.contains(&format!("authorization: Bearer from-{token}\r\n")), "{request}");
    }
    for failing in
        [vec!["false".to_owned()], vec!["true".to_owned()], vec!["no-such-program".to_owned()], vec![]]
    {
        let error = bridge(&url, Credentials::Command(failing)).live().await.unwrap_err();
        assert!(matches!(error, Error::Credentials(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_an_interruption() {
    let (url, requests) = server(&[
        concat!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
            "event: history\nid: r/1\ndata: {\"eventId\":\"1\"}\n\n: this server stops\nretry: 1000\n\n"
        ),
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        concat!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
            "event: closed\nid: r/closed\ndata: {}\n\n"
        ),
    ])
    .await;
    let intent = super::scene::key("gate");
    let mut events = bridge(&url, Credentials::None).intent_status(&intent).events().await.unwrap();
    let first = events.next().await.unwrap().unwrap();
    assert_eq!((first.kind.as_str(), first.id.as_str()), ("history", "r/1"));
    assert_eq!(events.next().await.unwrap().unwrap().kind, "closed");
    assert_eq!(events.next().await.unwrap(), None);
    let requests = requests.lock().await;
    assert!(requests[0].contains("accept: text/event-stream") && !requests[0].contains("last-event-id"));
    assert!(requests[2].contains("last-event-id: r/1\r\n"), "{}", requests[2]);
}
