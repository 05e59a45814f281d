//! What the load generator itself reaches, against a server that answers 204 at once.

use std::convert::Infallible;

use anyhow::Result;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{Effort, IN_FLIGHT};
use crate::load::{Fleet, Request, UUID};
use crate::payload;
use crate::report::Report;

pub(super) async fn measure(report: &mut Report, effort: Effort) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let server = tokio::spawn(serve(listener));
    let invocation = Request::post("/", &payload::invocation(UUID).to_string());
    let mut fleet = Fleet::http(IN_FLIGHT, port, &invocation).await?;
    fleet.load(effort.slice / 4).await?;
    for _ in 0..effort.rounds {
        report.note("generator_per_s", fleet.load(effort.slice / 4).await?.per_second());
    }
    server.abort();
    let (ours, raw) = (report.median("invoke_vs_raw_stub"), report.median("raw_stub_starts_per_s"));
    report.note("generator_vs_invoke_stub", report.median("generator_per_s") / (ours * raw));
    Ok(())
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(http1::Builder::new().serve_connection(
            TokioIo::new(stream),
            service_fn(async |request: http::Request<hyper::body::Incoming>| {
                // Read, as every server must before the next request.
                let _ = request.into_body().collect().await;
                let mut answer = Response::new(Empty::<Bytes>::new());
                *answer.status_mut() = StatusCode::NO_CONTENT;
                Ok::<_, Infallible>(answer)
            }),
        ));
    }
}
