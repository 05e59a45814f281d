//! The end of a listener.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use harness::Wire;
use service::http::{CutOff, Options, serve};
use service::shutdown::Shutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::server::{SOON, Server, echo};

/// A server whose `/slow` tells that it was asked, and answers once it may.
pub(crate) struct Slow {
    pub(crate) server: Server,
    asked: Arc<Semaphore>,
    may_answer: Arc<Semaphore>,
}

impl Slow {
    pub(crate) async fn start(deadline: Duration) -> Self {
        Self::with(Options::default(), deadline).await
    }

    pub(crate) async fn with(options: Options, deadline: Duration) -> Self {
        let (asked, may_answer) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let handler = {
            let (asked, may_answer) = (Arc::clone(&asked), Arc::clone(&may_answer));
            async move || {
                asked.add_permits(1);
                may_answer.acquire().await.unwrap().forget();
                "at last"
            }
        };
        let router = Router::new().route("/slow", get(handler)).merge(echo());
        let server = Server::with(router, options, deadline).await;
        Self { server, asked, may_answer }
    }

    async fn ask(&self, caller: &mut Wire) {
        caller.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        self.is_asked().await;
    }

    pub(crate) async fn is_asked(&self) {
        timeout(SOON, self.asked.acquire()).await.unwrap().unwrap().forget();
    }

    pub(crate) fn may_answer(&self) {
        self.may_answer.add_permits(1);
    }

    /// Drains between a question and its answer.
    pub(crate) async fn finishes_while_draining(self, mut idle: Wire, mut busy: Wire) {
        idle.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(idle.answer().await.unwrap().parts().0, 200);
        self.ask(&mut busy).await;

        self.server.shutdown.drain();
        idle.closed().await.unwrap();
        harness::eventually(SOON, "no new connections", async || {
            TcpStream::connect(self.server.address).await.is_err()
        })
        .await;
        assert!(!self.server.serving.is_finished());

        self.may_answer();
        assert_eq!(busy.answer().await.unwrap().parts(), (200, "at last".to_owned()));
        busy.closed().await.unwrap();
        assert_eq!(timeout(SOON, self.server.serving).await.unwrap().unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn requests_under_way_finish_and_idle_connections_close() {
    let slow = Slow::start(Duration::from_secs(30)).await;
    let idle = Wire::connect(slow.server.address).await.unwrap();
    let busy = Wire::connect(slow.server.address).await.unwrap();
    slow.finishes_while_draining(idle, busy).await;
}

#[tokio::test]
async fn the_deadline_cuts_requests_off() {
    let slow = Slow::start(Duration::from_millis(50)).await;
    let mut busy = Wire::connect(slow.server.address).await.unwrap();
    slow.ask(&mut busy).await;
    slow.server.shutdown.drain();
    assert_eq!(timeout(SOON, slow.server.serving).await.unwrap().unwrap(), Err(CutOff { connections: 1 }));
    busy.closed().await.unwrap();
}

#[tokio::test]
async fn callers_in_the_backlog_are_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut caller = Wire::connect(listener.local_addr().unwrap()).await.unwrap();
    caller.send("GET /early HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(30));
    shutdown.drain();
    serve(listener, echo(), &shutdown, Options::default()).await.unwrap();
    assert_eq!(caller.answer().await.unwrap().parts(), (200, "GET /early [] ".to_owned()));
}

#[tokio::test]
async fn a_lingering_listener_answers_on_connections_that_it_then_closes() {
    let options = Options { linger: Duration::from_secs(3600), ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(7200)).await;
    let mut kept = Wire::connect(server.address).await.unwrap();
    kept.send("GET /before HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(kept.answer().await.unwrap().parts().0, 200);

    server.shutdown.drain();
    // New callers, and those who have a connection, are answered; neither is to come back on it.
    let new = Wire::connect(server.address).await.unwrap();
    for mut caller in [kept, new] {
        caller.send("GET /meanwhile HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(caller.answer().await.unwrap().parts(), (200, "GET /meanwhile [] ".to_owned()));
        caller.closed().await.unwrap();
    }
    assert!(!server.serving.is_finished());
    server.shutdown.stop();
    assert_eq!(timeout(SOON, server.serving).await.unwrap().unwrap(), Ok(()));
}

#[tokio::test]
async fn lingering_ends() {
    let options = Options { linger: Duration::from_millis(50), ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(30)).await;
    let idle = Wire::connect(server.address).await.unwrap();
    server.shutdown.drain();
    assert_eq!(timeout(SOON, server.serving).await.unwrap().unwrap(), Ok(()));
    idle.closed().await.unwrap();
}
