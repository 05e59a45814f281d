//! Layers about routes, written as functions.
//!
//! Each layer of axum's costs a request two allocations for its future and one for the service within, and axum's own `from_fn` two
//! more; and a request that waits keeps all of them. So what belongs together is one layer here, of functions that call one another.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::Route;
use tower::layer::layer_fn;
use tower::{Service, service_fn};

/// The route that a layer is about.
#[derive(Debug, Clone)]
pub struct Inner(Route);

impl Inner {
    /// The route's answer.
    pub async fn run(mut self, request: Request) -> Response {
        // Routes are always ready.
        match self.0.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// `router` with `layer` about each of its routes: it gets the request and the route, and answers.
pub fn wrapped<F>(
    router: Router,
    layer: impl Fn(Request, Inner) -> F + Clone + Send + Sync + 'static,
) -> Router
where
    F: Future<Output = Response> + Send + 'static,
{
    router.layer(layer_fn(move |route: Route| {
        let layer = layer.clone();
        service_fn(move |request: Request| {
            let answer = layer(request, Inner(route.clone()));
            async move { Ok::<_, std::convert::Infallible>(answer.await) }
        })
    }))
}
