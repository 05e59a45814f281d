//! A TCP proxy that does what networks do: falls silent, breaks, refuses, loses answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::free_port;

/// What the proxy does with bytes that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Forward,
    /// Neither direction moves, connections stay open.
    Pause,
    /// Requests arrive, answers do not.
    LoseAnswers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// A proxy before one server. It works on the tokio runtime that started it, and stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    upstream: String,
    mode: watch::Sender<Mode>,
    cut: broadcast::Sender<()>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a free port and forwards to `upstream` (`host:port`).
    pub async fn start(upstream: &str) -> Result<Self> {
        let mut proxy = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            upstream: upstream.to_owned(),
            mode: watch::Sender::new(Mode::Forward),
            cut: broadcast::Sender::new(1),
            listening: None,
        };
        proxy.resume().await?;
        Ok(proxy)
    }

    /// `127.0.0.1:port`, to be used in place of the server's address.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything works again: new connections are taken, held bytes flow.
    pub async fn resume(&mut self) -> Result<()> {
        self.mode.send_replace(Mode::Forward);
        if self.listening.is_none() {
            let listener = TcpListener::bind(self.address).await;
            let listener = listener.with_context(|| format!("cannot listen on {}", self.address))?;
            let (upstream, mode, cut) = (self.upstream.clone(), self.mode.clone(), self.cut.clone());
            self.listening = Some(tokio::spawn(accept(listener, upstream, mode, cut)));
        }
        Ok(())
    }

    /// Falls silent: connections are accepted and stay open, but no byte moves until [`Self::resume`].
    pub fn pause(&self) {
        self.mode.send_replace(Mode::Pause);
    }

    /// Requests still reach the server, its answers are thrown away. End it with [`Self::cut`] and [`Self::resume`].
    pub fn lose_answers(&self) {
        self.mode.send_replace(Mode::LoseAnswers);
    }

    /// Breaks all connections of this moment. New ones are accepted.
    pub fn cut(&self) {
        // An error says that there is no connection.
        let _ = self.cut.send(());
    }

    /// Breaks all connections and refuses new ones until [`Self::resume`].
    pub async fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // The port is closed once the task is gone; that it was cancelled is no news.
            let _ = listening.await;
        }
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    mode: watch::Sender<Mode>,
    cut: broadcast::Sender<()>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (upstream, mode, mut cut) = (upstream.clone(), mode.subscribe(), cut.subscribe());
        tokio::spawn(async move {
            // Both ends close when this block is left; that a connection broke is what it is for.
            tokio::select! {
                _ = cut.recv() => {}
                _ = connect(client, &upstream, mode) => {}
            }
        });
    }
}

async fn connect(client: TcpStream, upstream: &str, mut mode: watch::Receiver<Mode>) -> io::Result<()> {
    // A silent network does not get as far as the server.
    let _ = mode.wait_for(|mode| *mode != Mode::Pause).await;
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    tokio::try_join!(
        copy(Direction::Request, client_read, server_write, mode.clone()),
        copy(Direction::Answer, server_read, client_write, mode),
    )
    .map(drop)
}

async fn copy(
    direction: Direction,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        // The sender lives in the listening task's proxy; without it there is nothing left to wait for.
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Pause).await.map(|mode| *mode) else {
            return Ok(());
        };
        if now == Mode::LoseAnswers && direction == Direction::Answer {
            continue;
        }
        to.write_all(&buffer[..length]).await?;
    }
}
