//! More starts than a workflow client, or Temporal, can take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::IntoResponse;
use futures::future::join_all;
use harness::TemporalServer;
use http::StatusCode;
use serde_json::json;
use tokio::sync::Semaphore;

use super::our_client::OurClient;
use super::{Api, SOON, ScriptedClient, header, problem_of, unique};

/// The starts of one workflow that are in progress, and those that wait.
const IN_PROGRESS: usize = 8;
const OF_A_WORKFLOW: usize = 128;

#[tokio::test]
async fn starts_of_one_workflow_at_once_do_not_collapse() {
    let temporal = TemporalServer::shared().await.unwrap();
    // On a busy machine, the last of them wait long for their turn.
    let api = Api::on(temporal.address(), &["--start-timeout", "60s"]).await;
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

#[tokio::test]
async fn only_a_few_starts_of_a_workflow_are_in_progress() {
    let (may_answer, api) = (Arc::new(Semaphore::new(0)), Api::new().await);
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
    api.create_sample(client.port).await;
    let starts = join_all((0..OF_A_WORKFLOW + 1).map(|_| api.start_sample()));
    let (starts, ()) = tokio::join!(starts, async {
        // One start is refused at once: all others are in progress, or wait for their turn.
        harness::eventually(SOON, "the client is asked", async || client.asked().len() == IN_PROGRESS).await;
        // Another workflow does not wait for them.
        let other = json!({"spec": {"workflowID": "another"}}).to_string();
        let (other, ()) = tokio::join!(api.start_under("key", other), async {
            let asked = async || client.asked().len() == IN_PROGRESS + 1;
            harness::eventually(SOON, "the other start is sent", asked).await;
            may_answer.add_permits(OF_A_WORKFLOW + 2);
        });
        assert_eq!(other.status(), 204);
    });
    let refused = starts.iter().filter(|start| start.status() == 503).count();
    let started = starts.iter().filter(|start| start.status() == 204).count();
    assert_eq!((started, refused), (OF_A_WORKFLOW, 1));
    assert_eq!(client.asked().len(), OF_A_WORKFLOW + 1);
    assert_eq!(
        api.parts.store.starts(&super::sample_key(), None, 1000).await.unwrap().len(),
        OF_A_WORKFLOW + 1
    );
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
