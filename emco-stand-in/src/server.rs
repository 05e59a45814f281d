//! Connections. A request meets a planned fault, or the routes, whose responses are then made as Go's.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::faults::Effect;
use crate::operations;
use crate::reply;
use crate::routes::router;
use crate::shared::Shared;

/// Accepts connections until it is aborted. The connections end then, too.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = router(Arc::clone(&shared));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve_connection(stream, router.clone(), Arc::clone(&shared)));
                }
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router, shared: Arc<Shared>) {
    let service = service_fn(|request| meet(request, router.clone(), Arc::clone(&shared)));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// Closes the connection without a response.
fn hang_up() -> io::Error {
    io::Error::other("hung up as planned")
}

async fn meet(request: Request<Incoming>, router: Router, shared: Arc<Shared>) -> io::Result<Response> {
    let request = request.map(Body::new);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let effect = shared.faults().meet(method.as_str(), &path);
    let response = match effect {
        None => answer(request, router, &shared).await,
        Some(Effect::HangUp) => return Err(hang_up()),
        Some(Effect::LoseAnswer) => {
            answer(request, router, &shared).await;
            return Err(hang_up());
        }
        Some(Effect::Withhold) => {
            operations::withhold(&shared, request.uri());
            return Err(hang_up());
        }
        Some(Effect::Silence) => pending().await,
        Some(Effect::Swallow) => {
            answer(request, router, &shared).await;
            pending().await
        }
        Some(Effect::Twice) => {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.map_err(|_broken_off| hang_up())?;
            let again = |body: Bytes| Request::from_parts(head.clone(), Body::from(body));
            answer(again(body.clone()), router.clone(), &shared).await;
            answer(again(body), router, &shared).await
        }
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            answer(request, router, &shared).await
        }
        Some(Effect::HalfBody(half)) => half_of_twice(half),
        Some(Effect::Answer { status, content_type, body }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
            if content_type.starts_with("text/plain") {
                // As Go's `http.Error`, which all of EMCO's errors come from.
                let nosniff = HeaderValue::from_static("nosniff");
                response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
            }
            response
        }
    };
    tracing::info!(%method, path, status = response.status().as_u16(), "answered");
    Ok(response)
}

async fn answer(request: Request, router: Router, shared: &Shared) -> Response {
    if let Some(token) = shared.token()
        && request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes)
            != Some(format!("Bearer {token}").as_bytes())
    {
        // The gateway before EMCO, not EMCO itself, so without Go's newline (EMCO-API §10).
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain")], "RBAC: access denied")
            .into_response();
    }
    let cleaned = without_double_slashes(request.uri().path());
    if let Some(location) = cleaned {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response();
    }
    let head = request.method() == Method::HEAD;
    let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
    match response.status() {
        // Go's router has no methods of its own: no HEAD for a GET, no Allow header (EMCO-API §0.3).
        StatusCode::METHOD_NOT_ALLOWED => reply::empty(StatusCode::METHOD_NOT_ALLOWED),
        status if head && status != StatusCode::NOT_FOUND => reply::empty(StatusCode::METHOD_NOT_ALLOWED),
        _ => response,
    }
}

fn without_double_slashes(path: &str) -> Option<String> {
    path.contains("//").then(|| {
        let cleaned: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        format!("/{}", cleaned.join("/"))
    })
}

fn half_of_twice(half: String) -> Response {
    let promised = half.len() * 2;
    let body = stream::once(async { Ok(half) }).chain(stream::once(async {
        // What there is goes out before the connection breaks.
        tokio::task::yield_now().await;
        Err(hang_up())
    }));
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_LENGTH, promised.to_string()),
    ];
    (headers, Body::from_stream(body)).into_response()
}
