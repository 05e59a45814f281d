//! `POST /invoke/<name>`: reads a request, invokes the client, answers.

mod answer;
mod field_validation;
mod problem;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;
use service::problem::ProblemResponse;

use self::answer::answer;
use self::problem::unknown_client;
use self::request::StartCall;
use crate::StartContext;
use crate::client::Clients;
use crate::invoke::Invoker;

/// What the handler works with.
#[derive(Debug)]
pub(crate) struct Invocations {
    pub(crate) clients: Clients,
    pub(crate) invoker: Invoker,
}

pub(crate) fn routes(invocations: Arc<Invocations>) -> Router {
    Router::new().route("/invoke/{client}", post(invoke)).with_state(invocations)
}

async fn invoke(
    State(invocations): State<Arc<Invocations>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ProblemResponse> {
    let client =
        invocations.clients.get(&name).ok_or_else(|| unknown_client(&name, invocations.clients.names()))?;
    let call = StartCall::read(request, invocations.invoker.budget).await?;
    let context = StartContext::with_key(call.spec, call.idempotency_key);
    let started = invocations.invoker.invoke(client, context).await?;
    Ok(answer(&started, call.wants_body, &call.unknown_fields))
}
