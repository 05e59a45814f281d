//! A process made of this package, for tests: says hello, at once or when it is let.

use std::convert::Infallible;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use service::http::{Tls, TlsFiles};
use service::settings::{self, ListenAddress};
use service::{health::Health, http, metrics::Metrics, shutdown::Shutdown, telemetry};
use tokio::net::TcpStream;

/// Say hello.
#[derive(clap::Parser)]
struct Settings {
    /// Where to listen.
    #[arg(long, env = "HELLO_LISTEN")]
    listen: ListenAddress,
    /// How long requests under way may take at the end.
    #[arg(long, env = "HELLO_DRAIN", default_value = "30s", value_parser = settings::duration)]
    drain: Duration,
    /// The file of a certificate, and of its key.
    #[arg(long, num_args = 2)]
    tls: Vec<PathBuf>,
    /// Who must accept connections for this process to be ready.
    #[arg(long)]
    upstream: Option<String>,
    #[command(flatten)]
    log: telemetry::LogSettings,
}

fn main() -> Result<(), Box<dyn Error>> {
    service::runtime::run(serve())?
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let settings: Settings = settings::parse();
    telemetry::init(&settings.log);
    let shutdown = Shutdown::on_signals(settings.drain)?;
    let upstream = settings.upstream;
    let health = Health::new(&shutdown).with_check("upstream", move || {
        let upstream = upstream.clone();
        async move {
            match upstream {
                Some(address) => TcpStream::connect(address).await.map(drop),
                None => Ok(()),
            }
        }
    });
    let draining = shutdown.clone();
    let routes = Router::new()
        .route("/hello", get(async || "hello"))
        .route("/until-drain", get(async move || draining.draining().await))
        .route("/for-ever", get(std::future::pending::<Infallible>))
        .route("/panic", get(panics))
        .route("/compute", get(async || compute()))
        .route("/compute-apart", get(async || heavy::heavy(1 << 20, compute).await))
        .merge(http::operations(health, Metrics::install("hello", "1.2.3")));
    let listener = settings.listen.bind().await?;
    let tls = match &settings.tls[..] {
        [certificate, key] => {
            let (certificate, key) = (certificate.as_path().into(), key.as_path().into());
            Some(Tls::load(TlsFiles { certificate, key, callers: None })?)
        }
        _ => None,
    };
    let options = http::Options { tls, ..http::Options::default() };
    http::serve(listener, http::standard(routes, 2 << 20), &shutdown, options).await?;
    shutdown.finished().await;
    Ok(())
}

/// Takes longer than any test.
fn compute() {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(60) {
        std::hint::spin_loop();
    }
}

async fn panics() -> Infallible {
    panic!("on purpose")
}
