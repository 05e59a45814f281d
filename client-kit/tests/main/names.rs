//! An author can name each type of a signature without a dependency on the package that it comes from.

use client_kit::testing::{Body, HeaderMap, Request, TestAnswer, TestServer};
use client_kit::{
    BearerTokens, Caller, Callers, CatalogueEntry, Client, ConnectionSettings, CutOff, DurationParam,
    InvalidClient, Issuers, JsonMap, Metrics, Networks, Parameters, RawJson, Router, RunId, Server,
    ServerOptions, Shutdown, StartContext, StartError, StartOptions, StartRequest, Started, Starter,
    Subjects, TemporalConnection, TemporalFault, TemporalSettings, TemporalStarter, TemporalTarget, Tls,
    UnusableSchema, Value, WorkflowId, WorkflowStart, WorkflowType, async_trait,
};

#[derive(Debug)]
struct Twice(TemporalStarter);

#[async_trait]
impl Starter for Twice {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        self.0.start(request.clone()).await?;
        self.0.start(request).await
    }
}

fn starter(settings: TemporalTarget, connection: ConnectionSettings) -> Twice {
    Twice(TemporalStarter::new(TemporalConnection::with_settings(settings, connection)))
}

async fn send(server: &TestServer, headers: HeaderMap) -> TestAnswer {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = headers;
    server.send(request).await
}

fn read<T: Parameters>(ctx: &StartContext) -> Result<T, client_kit::ClientError> {
    ctx.params("Activity")
}

fn reason(invalid: &InvalidClient) -> Option<&UnusableSchema> {
    match invalid {
        InvalidClient::Schema { source, .. } => Some(source),
        _ => None,
    }
}

#[test]
fn each_type_of_a_signature_has_a_name_in_the_kit() {
    // It is enough that the functions above compile.
    let _ = (starter, send, read::<Vec<u8>>, reason);
    let _: fn(&Client) -> CatalogueEntry = Client::describe;
    let _: fn(&Server) -> Router = Server::router;
    let _: fn(&WorkflowStart) -> &WorkflowType = WorkflowStart::workflow_type;
    let _: fn(&WorkflowStart) -> Vec<Value> = WorkflowStart::arguments;
    let _: fn(TemporalFault) -> StartError = StartError::from;
    let ServerOptions { callers, tls, .. } = ServerOptions::default();
    let Callers { bearer_tokens, issuers, anonymous, callers, trusted_bridges } = callers;
    let _: [Subjects; 2] = [callers, trusted_bridges];
    let _: fn(&StartContext) -> Option<&Caller> = StartContext::caller;
    let _: (Option<BearerTokens>, Option<Issuers>) = (bearer_tokens, issuers);
    let _: (Networks, Option<Tls>) = (anonymous, tls);
    let StartOptions { id, memo, .. } = StartOptions::default();
    let _: (WorkflowId, Option<JsonMap>) = (id, memo);
    let _: Option<(CutOff, DurationParam, Metrics, RawJson, RunId, Shutdown, TemporalSettings)> = None;
}
