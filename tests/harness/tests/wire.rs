//! HTTP/1.1 byte by byte.

use harness::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Connects to a server that answers any bytes with these, in two parts, and closes the connection.
async fn caller(answer: &'static str) -> Wire {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.read_u8().await?;
        let (first, second) = answer.as_bytes().split_at(answer.len() / 2);
        stream.write_all(first).await?;
        tokio::task::yield_now().await;
        stream.write_all(second).await
    });
    let mut caller = Wire::connect(address).await.expect("a connection");
    caller.send("x").await.expect("a server that reads");
    caller
}

#[tokio::test]
async fn answers_are_read_by_their_lengths_one_after_the_other() {
    let two = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Note: a:b\r\n\r\noneHTTP/1.1 204 No Content\r\n\r\n";
    let mut caller = caller(two).await;
    let first = caller.answer().await.unwrap();
    assert_eq!((first.status, first.body.as_str(), first.header("x-note")), (200, "one", Some("a:b")));
    assert_eq!(caller.answer().await.unwrap().status, 204);
    caller.closed().await.unwrap();
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let mut caller = caller("HTTP/1.1 500 No\r\n\r\nto the end").await;
    assert_eq!(caller.answer().await.unwrap().body, "to the end");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_an_error() {
    assert!(caller("HTTP/1.1 200 OK\r\nContent-Le").await.answer().await.is_err());
    assert!(caller("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").await.answer().await.is_err());
}
