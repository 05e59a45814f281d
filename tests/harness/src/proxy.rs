//! A TCP proxy that fails like a network: it stops forwarding, breaks or refuses connections, or loses responses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::free_port;

/// The error kind of a connection that was broken at a random point; reads and writes do not return it.
const CUT: io::ErrorKind = io::ErrorKind::ConnectionAborted;

/// What the proxy does with bytes that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Forward,
    /// Neither direction moves, connections stay open.
    Pause,
    /// Requests arrive, responses do not.
    LoseAnswers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// Connections that break at random points: each after another number of bytes, in another direction.
#[derive(Clone, Copy, Debug)]
pub struct RandomCuts {
    /// The same seed cuts the same connections at the same bytes, counted in the order in which they are accepted.
    pub seed: u64,
    /// One of this number of connections breaks.
    pub one_in: u32,
    /// Connections break at the latest when this number of bytes has passed in one direction.
    pub within: usize,
}

/// The random choices for connections.
#[derive(Debug, Default)]
struct Draws {
    cuts: Mutex<Option<(fastrand::Rng, RandomCuts)>>,
    made: AtomicUsize,
}

/// The point at which one connection breaks.
#[derive(Clone, Copy, Debug)]
struct Cut {
    direction: Direction,
    after: usize,
}

impl Draws {
    fn draw(&self) -> Option<Cut> {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let (random, RandomCuts { one_in, within, .. }) = cuts.as_mut()?;
        let broken = random.u32(..*one_in) == 0;
        let direction = if random.bool() { Direction::Request } else { Direction::Answer };
        let after = random.usize(..*within);
        broken.then_some(Cut { direction, after })
    }
}

/// A proxy in front of one server. It runs on the tokio runtime that started it, and stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    upstream: String,
    mode: watch::Sender<Mode>,
    cut: broadcast::Sender<()>,
    draws: Arc<Draws>,
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
            draws: Arc::default(),
            listening: None,
        };
        proxy.resume().await?;
        Ok(proxy)
    }

    /// `127.0.0.1:port`, to be used in place of the server's address.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:port`, to be used in place of the server's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends all failures: new connections are accepted, and held bytes are forwarded.
    pub async fn resume(&mut self) -> Result<()> {
        self.mode.send_replace(Mode::Forward);
        self.draw_from(None);
        if self.listening.is_none() {
            let listener = TcpListener::bind(self.address).await;
            let listener = listener.with_context(|| format!("cannot listen on {}", self.address))?;
            let (upstream, mode) = (self.upstream.clone(), self.mode.clone());
            let (cut, draws) = (self.cut.clone(), Arc::clone(&self.draws));
            self.listening = Some(tokio::spawn(accept(listener, upstream, mode, cut, draws)));
        }
        Ok(())
    }

    /// Stops forwarding: connections are accepted and stay open, but no byte is forwarded until [`Self::resume`].
    pub fn pause(&self) {
        self.mode.send_replace(Mode::Pause);
    }

    /// Forwards requests and discards responses, until [`Self::cut`] and [`Self::resume`].
    pub fn lose_answers(&self) {
        self.mode.send_replace(Mode::LoseAnswers);
    }

    /// Breaks all current connections. New ones are accepted.
    pub fn cut(&self) {
        // An error means that there is no connection.
        let _ = self.cut.send(());
    }

    /// Breaks connections made from now on at random points, until [`Self::resume`].
    pub fn cut_at_random(&self, cuts: RandomCuts) {
        self.draw_from(Some((fastrand::Rng::with_seed(cuts.seed), cuts)));
    }

    /// Returns the number of connections that broke at a random point.
    pub fn random_cuts_made(&self) -> usize {
        self.draws.made.load(Ordering::Relaxed)
    }

    fn draw_from(&self, cuts: Option<(fastrand::Rng, RandomCuts)>) {
        *self.draws.cuts.lock().unwrap_or_else(PoisonError::into_inner) = cuts;
    }

    /// Breaks all connections and refuses new ones until [`Self::resume`].
    pub async fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // The port is closed once the task has ended; it ends as cancelled.
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
    draws: Arc<Draws>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (upstream, mode, mut cut) = (upstream.clone(), mode.subscribe(), cut.subscribe());
        let (drawn, draws) = (draws.draw(), Arc::clone(&draws));
        tokio::spawn(async move {
            // Both ends close when this block is left. That connections break is intended.
            tokio::select! {
                _ = cut.recv() => {}
                ended = connect(client, &upstream, mode, drawn) => {
                    let cut = ended.is_err_and(|error| error.kind() == CUT);
                    draws.made.fetch_add(usize::from(cut), Ordering::Relaxed);
                }
            }
        });
    }
}

async fn connect(
    client: TcpStream,
    upstream: &str,
    mut mode: watch::Receiver<Mode>,
    drawn: Option<Cut>,
) -> io::Result<()> {
    // While forwarding is stopped, the server must not see the connection.
    let _ = mode.wait_for(|mode| *mode != Mode::Pause).await;
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let limit = |direction| drawn.filter(|cut| cut.direction == direction).map(|cut| cut.after);
    tokio::try_join!(
        copy(Direction::Request, client_read, server_write, mode.clone(), limit(Direction::Request)),
        copy(Direction::Answer, server_read, client_write, mode, limit(Direction::Answer)),
    )
    .map(drop)
}

/// The connection breaks after `limit` bytes.
async fn copy(
    direction: Direction,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    mut limit: Option<usize>,
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
        if let Some(left) = &mut limit {
            to.write_all(&buffer[..length.min(*left)]).await?;
            *left = left.checked_sub(length).ok_or(CUT)?;
        } else {
            to.write_all(&buffer[..length]).await?;
        }
    }
}
