//! A small workflow client without Temporal, with one flaw or none.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use compliance::Backstage;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, oneshot};
use workflow_api::{ReadError, StartOptions, TemporalSpec, read};

/// How long a workflow lasts, for a client that waits for its end.
pub(crate) const END: Duration = Duration::from_millis(400);
/// The token that callers must send.
pub(crate) const TOKEN: &str = "let-me-in";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    OtherPath,
    StartsNothing,
    Answers200,
    WaitsForTheEnd,
    TakesAnyName,
    TakesLongerPaths,
    GetStarts,
    AsksForNoToken,
    ReadsOneCase,
    PanicsOnUnknownFields,
    ReadsToTheEnd,
    WantsJsonType,
    FailsOnMalformedJson,
    HasNoBodyLimit,
    RefusesRunningIds,
    StartsTwice,
    HidesFailures,
    DropsAtTheEnd,
}

/// A server on its own runtime, which can be stopped under it.
pub(crate) struct Flawed {
    address: SocketAddr,
    app: Arc<App>,
    runtime: Mutex<Option<Runtime>>,
    draining: Arc<Notify>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

struct App {
    flaw: Option<Flaw>,
    state: Mutex<Workflows>,
}

#[derive(Default)]
struct Workflows {
    cut: bool,
    /// The number of starts of each workflow ID.
    runs: HashMap<String, usize>,
    /// The run of each key.
    keys: HashMap<String, (String, String)>,
}

impl Flawed {
    pub(crate) fn start(flaw: Option<Flaw>) -> Self {
        let app = Arc::new(App { flaw, state: Mutex::default() });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let draining = Arc::new(Notify::new());
        let (end, ended) = oneshot::channel();
        let (router, drained) = (router(&app), Arc::clone(&draining));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router)
                .with_graceful_shutdown(async move { drained.notified().await })
                .await
                .unwrap();
            end.send(()).unwrap();
        });
        Self { address, app, runtime: Mutex::new(Some(runtime)), draining, ended: Mutex::new(Some(ended)) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Flawed {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.lock().unwrap().take() {
            runtime.shutdown_background();
        }
    }
}

#[async_trait]
impl Backstage for Flawed {
    async fn runs(&self, workflow_id: &str) -> Option<usize> {
        Some(self.app.state.lock().unwrap().runs.get(workflow_id).copied().unwrap_or_default())
    }

    async fn cut_temporal(&self, cut: bool) -> bool {
        self.app.state.lock().unwrap().cut = cut;
        true
    }

    async fn drain(&self) -> bool {
        if self.app.has(Flaw::DropsAtTheEnd) {
            self.runtime.lock().unwrap().take().unwrap().shutdown_background();
        } else {
            self.draining.notify_one();
        }
        true
    }

    async fn ended(&self) -> Result<(), String> {
        let ended = self.ended.lock().unwrap().take().unwrap();
        ended.await.map_err(|error| error.to_string())
    }
}

fn router(app: &Arc<App>) -> Router {
    let path = if app.has(Flaw::OtherPath) { "/start/{client}" } else { "/invoke/{client}" };
    let mut methods: MethodRouter<Arc<App>> =
        post(start).options(|| async { [("Accepts-Idempotency-Key", "true")] });
    if app.has(Flaw::GetStarts) {
        methods = methods.get(start);
    }
    let mut router = Router::new().route(path, methods);
    if app.has(Flaw::TakesLongerPaths) {
        let longer = |app, Path((client, _)): Path<(String, String)>, headers, body| {
            start(app, Path(client), headers, body)
        };
        router = router.route("/invoke/{client}/{more}", post(longer));
    }
    let limit = if app.has(Flaw::HasNoBodyLimit) {
        DefaultBodyLimit::disable()
    } else {
        DefaultBodyLimit::max(1 << 20)
    };
    router.layer(limit).with_state(Arc::clone(app))
}

async fn start(
    State(app): State<Arc<App>>,
    Path(client): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let bearer = headers.get("Authorization").map(|value| value.as_bytes());
    if bearer != Some(format!("Bearer {TOKEN}").as_bytes()) && !app.has(Flaw::AsksForNoToken) {
        return Ok((StatusCode::UNAUTHORIZED, [("WWW-Authenticate", "Bearer")]).into_response());
    }
    if client != "echo" && !app.has(Flaw::TakesAnyName) {
        return Err(StatusCode::NOT_FOUND);
    }
    if app.has(Flaw::WantsJsonType) && headers["Content-Type"] != "application/json" {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let options = app.read(&body)?;
    if app.has(Flaw::WaitsForTheEnd) {
        // This is the flaw, not a wait of the test: the client waits as long as the workflow runs.
        tokio::time::sleep(END).await;
    }
    let key = headers.get("Idempotency-Key").map(|key| key.to_str().unwrap().to_owned());
    let (workflow, run) = app.accept(options, key)?;
    let success = if app.has(Flaw::Answers200) { StatusCode::OK } else { StatusCode::NO_CONTENT };
    Ok((success, [("Workflow-Id", workflow), ("Run-Id", run)]).into_response())
}

impl App {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn read(&self, body: &[u8]) -> Result<StartOptions, StatusCode> {
        if self.has(Flaw::ReadsToTheEnd) {
            serde_json::from_slice::<Value>(body).map_err(|_| StatusCode::BAD_REQUEST)?;
        }
        let spec = read::<TemporalSpec>(body).map_err(|error| match error {
            ReadError::Faults(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ if self.has(Flaw::FailsOnMalformedJson) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        })?;
        assert!(spec.unknown.is_empty() || !self.has(Flaw::PanicsOnUnknownFields), "on purpose");
        let written = |key: &str| body.windows(key.len()).any(|window| window == key.as_bytes());
        if self.has(Flaw::ReadsOneCase) && !written("workflowStartOptions") {
            return Err(StatusCode::UNPROCESSABLE_ENTITY);
        }
        Ok(spec.value.workflow_start_options)
    }

    fn accept(&self, options: StartOptions, key: Option<String>) -> Result<(String, String), StatusCode> {
        let mut state = self.state.lock().unwrap();
        if state.cut {
            let hidden = self.has(Flaw::HidesFailures);
            return if hidden {
                Ok((options.id.into_string(), "none".to_owned()))
            } else {
                Err(StatusCode::BAD_GATEWAY)
            };
        }
        if let Some(known) = key.as_ref().and_then(|key| state.keys.get(key)) {
            return Ok(known.clone());
        }
        let made_up = || format!("made-up-{}", key.as_deref().unwrap_or_default());
        let id = if options.id.is_empty() { made_up() } else { options.id.into_string() };
        let running = state.runs.contains_key(&id);
        let refused =
            options.workflow_execution_error_when_already_started || self.has(Flaw::RefusesRunningIds);
        if running && refused && !(self.has(Flaw::StartsTwice) && key.is_some()) {
            return Err(StatusCode::CONFLICT);
        }
        if !running || self.has(Flaw::StartsTwice) && key.is_some() {
            *state.runs.entry(id.clone()).or_default() += usize::from(!self.has(Flaw::StartsNothing));
        }
        let run = format!("{id}-{}", state.runs[&id]);
        if let Some(key) = key.filter(|_| !self.has(Flaw::StartsTwice)) {
            state.keys.insert(key, (id.clone(), run.clone()));
        }
        Ok((id, run))
    }
}
