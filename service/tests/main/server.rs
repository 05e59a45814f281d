//! A server in this process.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use service::http::{CutOff, Options, serve};
use service::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// No response takes longer.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<Result<(), CutOff>>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        Self::with(router, Options::default(), Duration::from_secs(30)).await
    }

    pub(crate) async fn with(router: Router, options: Options, deadline: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new(deadline);
        let serving = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { serve(listener, router, &shutdown, options).await }
        });
        Self { address, shutdown, serving }
    }
}

/// Answers with what it was asked: method, target, the header `x-note`, the body.
pub(crate) fn echo() -> Router {
    async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> String {
        let note = headers.get("x-note").map(|note| note.to_str().unwrap().to_owned()).unwrap_or_default();
        format!("{method} {uri} [{note}] {}", String::from_utf8_lossy(&body))
    }
    Router::new().fallback(echo)
}
