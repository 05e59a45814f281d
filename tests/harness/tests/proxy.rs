//! The fault-injecting proxy, in front of a server that echoes each line.

use std::io;
use std::time::Duration;

use harness::{Proxy, RandomCuts, eventually};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);
/// The time in which nothing must arrive.
const SILENCE: Duration = Duration::from_millis(100);

/// Starts the server; the receiver gets each line that reached it.
async fn echo() -> io::Result<(String, mpsc::UnboundedReceiver<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (seen, lines) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut read = BufReader::new(read).lines();
                while let Ok(Some(line)) = read.next_line().await {
                    let answered = write.write_all(format!("{line}\n").as_bytes()).await;
                    if answered.is_err() || seen.send(line).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok((address, lines))
}

async fn exchange(stream: &mut TcpStream, text: &str) -> io::Result<String> {
    stream.write_all(format!("{text}\n").as_bytes()).await?;
    let mut answer = vec![0; text.len() + 1];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).trim().to_owned())
}

#[tokio::test]
async fn forwards_both_ways() {
    let (address, _lines) = echo().await.unwrap();
    let proxy = Proxy::start(&address).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut stream, "hello").await.unwrap(), "hello");
}

#[tokio::test]
async fn a_cut_breaks_open_connections_and_lets_new_ones_in() {
    let (address, _lines) = echo().await.unwrap();
    let proxy = Proxy::start(&address).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    exchange(&mut stream, "before").await.unwrap();

    proxy.cut();
    timeout(LIMIT, exchange(&mut stream, "after")).await.unwrap().unwrap_err();
    let mut fresh = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut fresh, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn refuses_until_resumed() {
    let (address, _lines) = echo().await.unwrap();
    let mut proxy = Proxy::start(&address).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    exchange(&mut stream, "before").await.unwrap();

    proxy.refuse().await;
    timeout(LIMIT, exchange(&mut stream, "after")).await.unwrap().unwrap_err();
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

    proxy.resume().await.unwrap();
    let mut fresh = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut fresh, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_paused_connection_is_silent_and_loses_nothing() {
    let (address, mut lines) = echo().await.unwrap();
    let mut proxy = Proxy::start(&address).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();

    proxy.pause();
    timeout(SILENCE, exchange(&mut stream, "held")).await.unwrap_err();
    assert!(lines.try_recv().is_err(), "the server got a line through a paused proxy");

    proxy.resume().await.unwrap();
    let mut answer = [0; 5];
    timeout(LIMIT, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"held\n");
}

#[tokio::test]
async fn a_lost_answer_belongs_to_a_request_that_arrived() {
    let (address, mut lines) = echo().await.unwrap();
    let mut proxy = Proxy::start(&address).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();

    proxy.lose_answers();
    stream.write_all(b"start\n").await.unwrap();
    assert_eq!(timeout(LIMIT, lines.recv()).await.unwrap().unwrap(), "start");
    timeout(SILENCE, stream.read_u8()).await.unwrap_err();

    proxy.cut();
    eventually(LIMIT, "the connection is broken", async || stream.read_u8().await.is_err()).await;
    proxy.resume().await.unwrap();
    let mut fresh = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut fresh, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn random_cuts_follow_from_the_seed_and_end_with_a_resume() {
    const LONG: &str = "a line that is longer than a connection lives";
    let broken = async |seed| {
        let (address, _lines) = echo().await.unwrap();
        let mut proxy = Proxy::start(&address).await.unwrap();
        proxy.cut_at_random(RandomCuts { seed, one_in: 2, within: LONG.len() });
        let mut broken = Vec::new();
        for _ in 0..20 {
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            broken.push(timeout(LIMIT, exchange(&mut stream, LONG)).await.unwrap().is_err());
        }
        let made = broken.iter().filter(|broken| **broken).count();
        eventually(LIMIT, "each cut is counted", async || proxy.random_cuts_made() == made).await;

        proxy.resume().await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut stream, LONG).await.unwrap(), LONG);
        broken
    };
    let one = broken(1).await;
    assert!(one.contains(&true) && one.contains(&false), "{one:?}");
    assert_eq!(one, broken(1).await);
    assert_ne!(one, broken(2).await);
}
