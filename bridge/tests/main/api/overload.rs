//! More starts than a workflow client, or Temporal, can take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::IntoResponse;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use harness::{TemporalServer, sample_intent};
use http::StatusCode;
use reqwest::Response;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::our_client::OurClient;
use super::{Api, SOON, ScriptedClient, header, problem_of, unique};

/// The starts of one workflow that are in progress, and all that the bridge takes.
const IN_PROGRESS: usize = 8;
const OF_A_WORKFLOW: usize = 128;
/// The starts at one client that are in progress, and all that the bridge takes.
const IN_PROGRESS_AT_A_CLIENT: usize = 64;
const AT_A_CLIENT: usize = 512;
/// On a busy machine, the last starts wait long for their turn.
const PATIENT: [&str; 2] = ["--start-timeout", "60s"];

#[tokio::test]
async fn starts_of_one_workflow_at_once_do_not_collapse() {
    let temporal = TemporalServer::shared().await.unwrap();
    let api = Api::on(temporal.address(), &PATIENT).await;
    let client = OurClient::start(temporal.address()).await;
    api.create(client.port, &unique("at-once")).await;
    let answers = join_all((0..900).map(|_| api.start_sample())).await;
    let mut started = 0;
    for answer in answers {
        match answer.status().as_u16() {
            204 => started += 1,
            _ => {
                assert_eq!(header(&answer, "retry-after"), "2");
                problem_of(answer, 503, "too_many_starts").await;
            }
        }
    }
    assert!(started >= OF_A_WORKFLOW, "{started} of 900 were started");
}

/// A client that responds once it may.
struct Held {
    client: ScriptedClient,
    may_answer: Arc<Semaphore>,
}

impl Held {
    async fn start() -> Self {
        let may_answer = Arc::new(Semaphore::new(0));
        let client = ScriptedClient::start({
            let may_answer = Arc::clone(&may_answer);
            move || {
                let may_answer = Arc::clone(&may_answer);
                async move {
                    may_answer.acquire().await.unwrap().forget();
                    [("Run-Id", "run-1")]
                }
            }
        })
        .await;
        Self { client, may_answer }
    }

    /// Waits until the client has been called for this many starts.
    async fn is_asked(&self, times: usize) {
        let asked = async || self.client.asked().len() == times;
        harness::eventually(SOON, "the client is asked", asked).await;
    }

    /// Makes one start more than the bridge takes, and returns the others. The client responds to none yet.
    async fn crowd(
        &self,
        api: &Api,
        taken: usize,
        in_progress: usize,
    ) -> FuturesUnordered<impl Future<Output = Response>> {
        let mut starts: FuturesUnordered<_> = (0..=taken).map(|_| api.start_sample()).collect();
        let refused = timeout(SOON, starts.next()).await.expect("one start is refused").unwrap();
        assert_eq!(header(&refused, "retry-after"), "2");
        problem_of(refused, 503, "too_many_starts").await;
        self.is_asked(in_progress).await;
        starts
    }

    /// Lets the client respond, and checks that all of these starts are made.
    async fn answers(&self, starts: FuturesUnordered<impl Future<Output = Response>>) {
        self.may_answer.add_permits(Semaphore::MAX_PERMITS / 2);
        let statuses: Vec<_> = starts.map(|start| start.status()).collect().await;
        assert!(statuses.iter().all(|status| *status == StatusCode::NO_CONTENT), "{statuses:?}");
    }
}

#[tokio::test]
async fn only_a_few_starts_of_a_workflow_are_in_progress() {
    let (api, held) = (Api::with(&PATIENT).await, Held::start().await);
    api.create_sample(held.client.port).await;
    let starts = held.crowd(&api, OF_A_WORKFLOW, IN_PROGRESS).await;
    // Another workflow does not wait for them.
    let other = json!({"spec": {"workflowID": "another"}}).to_string();
    let (other, ()) = tokio::join!(api.start_under("key", other), async {
        held.is_asked(IN_PROGRESS + 1).await;
        held.answers(starts).await;
    });
    assert_eq!(other.status(), 204);
    assert_eq!(held.client.asked().len(), OF_A_WORKFLOW + 1);
    let recorded = api.parts.store.starts(&super::sample_key(), None, 1000).await.unwrap();
    assert_eq!(recorded.len(), OF_A_WORKFLOW + 1);
}

#[tokio::test]
async fn only_so_many_starts_are_in_progress_at_a_client() {
    let (api, held) = (Api::with(&PATIENT).await, Held::start().await);
    // Each start has a workflow of its own.
    api.create(held.client.port, "{{uuid}}").await;
    let starts = held.crowd(&api, AT_A_CLIENT, IN_PROGRESS_AT_A_CLIENT).await;
    // Another client's starts do not wait for them.
    let other = ScriptedClient::ours("w", "r").await;
    let mut intent = sample_intent("127.0.0.1", other.port, "http://emco");
    intent["metadata"]["name"] = "other".into();
    assert_eq!(api.post("", intent.to_string()).await.status(), 201);
    assert_eq!(api.post("/other/start", "").await.status(), 204);
    held.answers(starts).await;
    assert_eq!(held.client.asked().len(), AT_A_CLIENT);
}

#[tokio::test]
async fn repeated_calls_are_a_share_of_the_first_ones() {
    const STARTS: usize = 100;
    // A client that supports keys, and is too slow for every call.
    let calls = Arc::new(AtomicUsize::new(0));
    let client = ScriptedClient::with_keys({
        let calls = Arc::clone(&calls);
        move || {
            calls.fetch_add(1, Ordering::SeqCst);
            async { StatusCode::GATEWAY_TIMEOUT.into_response() }
        }
    })
    .await;
    let api = Api::with(&["--start-timeout", "2s"]).await;
    api.create(client.port, "{{uuid}}").await;
    let answers = join_all((0..STARTS).map(|_| api.start_sample())).await;
    assert!(answers.iter().all(|answer| matches!(answer.status().as_u16(), 502 | 503)));
    let repeats = calls.load(Ordering::SeqCst).saturating_sub(STARTS);
    // A fifth of them, and one for each of ten seconds.
    assert!(repeats <= STARTS / 5 + 20, "{repeats} repeated calls for {STARTS} starts");
}
