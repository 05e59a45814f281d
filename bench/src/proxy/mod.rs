//! A proxy before Temporal that takes the time of each call there: what is left of a call's time without it is the caller's own.

mod frames;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use self::frames::Frames;

/// More than a start or its answer.
const CHUNK: usize = 64 << 10;

/// A running proxy; it ends with this.
#[derive(Debug)]
pub(crate) struct TimingProxy {
    pub(crate) address: SocketAddr,
    clock: Clock,
    serving: JoinHandle<()>,
}

impl TimingProxy {
    /// Passes on to this Temporal.
    pub(crate) async fn start(temporal: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the proxy")?;
        let address = listener.local_addr()?;
        let clock = Clock::default();
        let serving = tokio::spawn(serve(listener, temporal.to_owned(), clock.clone()));
        Ok(Self { address, clock, serving })
    }

    /// How long Temporal took for the one call since this was last asked. Only one may be in flight.
    pub(crate) fn taken(&self) -> Result<Duration> {
        self.clock.read().context("no call has come by the proxy")
    }
}

impl Drop for TimingProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, temporal: String, clock: Clock) {
    while let Ok((near, _)) = listener.accept().await {
        let (temporal, clock) = (temporal.clone(), clock.clone());
        // A connection that ends is one end's wish; whoever calls sees it.
        tokio::spawn(async move { pass_on(near, TcpStream::connect(temporal).await?, clock).await });
    }
}

async fn pass_on(near: TcpStream, far: TcpStream, clock: Clock) -> io::Result<()> {
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    let asked = clock.clone();
    let up = pass(from_near, to_far, Frames::of_client(), |at| asked.asked(at));
    let down = pass(from_far, to_near, Frames::of_server(), |at| clock.answered(at));
    tokio::try_join!(up, down).map(drop)
}

/// Passes on what comes, and tells when a piece of a call did.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut frames: Frames,
    came: impl Fn(Instant),
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).await?;
        let at = Instant::now();
        let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else {
            return to.shutdown().await;
        };
        // Before whoever waits for it can ask.
        if frames.headers_in(read) {
            came(at);
        }
        to.write_all(read).await?;
    }
}

/// When the call's question came first, and its answer last.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<Mutex<(Option<Instant>, Option<Instant>)>>);

impl Clock {
    fn asked(&self, at: Instant) {
        self.change(|(asked, _)| *asked = asked.or(Some(at)));
    }

    /// The headers of an answer may come before its end, which has headers of its own (trailers).
    fn answered(&self, at: Instant) {
        self.change(|(_, answered)| *answered = Some(at));
    }

    fn read(&self) -> Option<Duration> {
        let (asked, answered) = self.change(std::mem::take);
        Some(answered?.duration_since(asked?))
    }

    fn change<T>(&self, change: impl FnOnce(&mut (Option<Instant>, Option<Instant>)) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of headers without any (RFC 9113 §4.1).
    const HEADERS: [u8; 9] = [0, 0, 0, 1, 4, 0, 0, 0, 1];
    const PING: [u8; 9] = [0, 0, 0, 6, 0, 0, 0, 0, 0];

    #[tokio::test]
    async fn the_time_of_a_call_is_that_between_its_headers_and_is_told_once() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TimingProxy::start(&server.local_addr().unwrap().to_string()).await.unwrap();
        let mut caller = TcpStream::connect(proxy.address).await.unwrap();
        let (mut callee, _) = server.accept().await.unwrap();
        let mut preface = [0; 24 + PING.len()];
        caller.write_all(&[[b'x'; 24].as_slice(), &PING].concat()).await.unwrap();
        callee.read_exact(&mut preface).await.unwrap();
        // A ping is no call.
        assert!(proxy.taken().is_err());

        let mut headers = [0; HEADERS.len()];
        let since = Instant::now();
        caller.write_all(&HEADERS).await.unwrap();
        callee.read_exact(&mut headers).await.unwrap();
        callee.write_all(&HEADERS).await.unwrap();
        caller.read_exact(&mut headers).await.unwrap();
        let taken = proxy.taken().unwrap();
        assert!(!taken.is_zero() && taken <= since.elapsed(), "{taken:?}");
        assert!(proxy.taken().is_err());
    }
}
