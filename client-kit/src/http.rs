//! `POST /invoke/<name>` reads a request, invokes the client and responds. `OPTIONS` reports that a start may be
//! repeated under its key. A caller that lost a response checks that first, because clients written for EMCO would
//! start twice. `GET /invoke` and `GET /openapi.json` list the clients.

mod answer;
mod caller;
mod openapi;
mod problem;
mod request;

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde::Serialize;
use service::auth::{Identity, Subjects};
use service::problem::ProblemResponse;
use workflow_api::to_go_json;

use self::answer::answer;
use self::caller::on_behalf_of;
use self::problem::{of_invocation, unknown_client};
use self::request::StartCall;
use crate::client::Clients;
use crate::gate::{Invoked, START_OUTCOME};
use crate::invoke::Invoker;
use crate::{Client, StartContext};

/// This header of the response to `OPTIONS` reports that a repeat under the same `Idempotency-Key` leads to the same
/// run.
const ACCEPTS_IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("accepts-idempotency-key");

/// The state of the handlers.
#[derive(Debug)]
pub(crate) struct Invocations {
    pub(crate) clients: Clients,
    pub(crate) invoker: Invoker,
    pub(crate) trusted_bridges: Subjects,
}

pub(crate) fn routes(invocations: Arc<Invocations>) -> Router {
    let catalogue = invocations.clients.catalogue();
    Router::new()
        .route("/invoke/{client}", post(invoke).options(options))
        .route("/openapi.json", constant(&openapi::document(&catalogue)))
        .route("/invoke", constant(&catalogue))
        .with_state(invocations)
}

/// Responds with this JSON, which is written once.
fn constant(value: &impl Serialize) -> MethodRouter<Arc<Invocations>> {
    let json = Bytes::from(to_go_json(value));
    get(move || ready(([(CONTENT_TYPE, "application/json")], json.clone())))
}

async fn invoke(
    State(invocations): State<Arc<Invocations>>,
    Path(name): Path<String>,
    identity: Identity,
    request: Request,
) -> Result<Response, ProblemResponse> {
    let client = known(&invocations, &name)?;
    let caller = on_behalf_of(&identity, request.headers(), &invocations.trusted_bridges);
    let call = StartCall::read(request).await?;
    let context = StartContext::of_request(call.spec, call.key, caller);
    let mut response = match invocations.invoker.invoke(client, context).await {
        Ok(started) => answer(&started, call.wants_body, &call.unknown_fields),
        Err(error) => {
            let mut response = of_invocation(&error, &call.spelling).into_response();
            if error.nothing_started() {
                response.headers_mut().insert(START_OUTCOME, HeaderValue::from_static("none"));
            }
            response
        }
    };
    response.extensions_mut().insert(Invoked);
    Ok(response)
}

async fn options(
    State(invocations): State<Arc<Invocations>>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, ProblemResponse> {
    known(&invocations, &name)?;
    Ok((StatusCode::NO_CONTENT, [(ALLOW, "OPTIONS, POST"), (ACCEPTS_IDEMPOTENCY_KEY, "true")]))
}

fn known(invocations: &Invocations, name: &str) -> Result<Client, ProblemResponse> {
    let clients = &invocations.clients;
    clients.get(name).ok_or_else(|| unknown_client(name, clients.names()))
}
