//! Expensive bodies for every endpoint that reads one: the time that each takes, and what other callers notice.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use harness::SAMPLE_DIG;
use http::Method;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::bystander;
use crate::effort::{ATTACKERS, Effort, PATIENCE};
use crate::figures::{Figures, quantile};
use crate::http::{HttpCall, Request};
use crate::load::Call;
use crate::scene::{DESCRIBED, STATUS, Scene, invoke, status_path};
use crate::shapes;

/// The pause of an honest caller after each response, so that it does not load the server itself.
const PAUSE: Duration = Duration::from_millis(5);
/// The time after the beginning of the attack at which processes are stopped.
const UNDER_WAY: Duration = Duration::from_millis(300);

/// An endpoint that reads a body.
type Endpoint = (u16, Method, String);

/// Measures the slowest of single requests: each body, to each endpoint.
pub(super) async fn bodies(figures: &mut Figures, scene: &Scene) -> Result<()> {
    let bodies = shapes::bodies();
    let mut slowest = (0.0, String::new());
    'all: for (port, method, path) in endpoints(scene).await? {
        for (shape, body) in &bodies {
            let request = Request::any(method.clone(), &path, body.clone());
            let since = Instant::now();
            let done =
                timeout(PATIENCE, async { HttpCall::connect(port, &request).await?.call().await }).await;
            let time = since.elapsed().as_secs_f64() * 1e3;
            if time > slowest.0 {
                slowest = (time, format!("{method} {path} with {shape}"));
            }
            if done.is_err() {
                // The next ones would only wait behind it.
                break 'all;
            }
        }
    }
    eprintln!("   the slowest body: {}, {:.0} ms", slowest.1, slowest.0);
    figures.note("hostile_body_ms", slowest.0);
    Ok(())
}

/// Measures other callers during an attack, and then how the processes stop during an attack.
pub(super) async fn bystanders(figures: &mut Figures, mut scene: Scene, effort: Effort) -> Result<()> {
    let endpoints = endpoints(&scene).await?;
    let [.., mut status, mut invocations] = honest_times(&scene, sleep(effort.slice)).await?;
    let alone = [quantile(&mut status, 0.99), quantile(&mut invocations, 0.99)];
    let attack = async {
        let attackers = attackers(&endpoints);
        sleep(effort.slice).await;
        drop(attackers);
    };
    let [bridge, client, mut status, mut invocations] = honest_times(&scene, attack).await?;
    let beside = [quantile(&mut status, 0.99), quantile(&mut invocations, 0.99)];
    let slowest = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
    figures.note("hostile_health_ms", slowest(&[bridge, client].concat()));
    figures.note("hostile_p99_ratio", (beside[0] / alone[0]).max(beside[1] / alone[1]));

    let _attackers = attackers(&endpoints);
    sleep(UNDER_WAY).await;
    let bridge = scene.bridge.stop().await?;
    figures.note("hostile_stop_s", scene.client.stop().await?.max(bridge));
    Ok(())
}

/// Returns the times of honest callers, who ask for the health of bridge and client, for a status, and for a start.
async fn honest_times(scene: &Scene, end: impl Future) -> Result<[Vec<f64>; 4]> {
    let requests = [
        (scene.bridge.port, Request::get("/healthz")),
        (scene.client.port, Request::get("/healthz")),
        (scene.bridge.port, Request::get(status_path(STATUS))),
        (scene.client.port, invoke()),
    ];
    bystander::times(requests, PAUSE, end).await
}

/// Starts callers that send the bodies to the endpoints until they are dropped.
fn attackers(endpoints: &[Endpoint]) -> JoinSet<()> {
    let bodies = shapes::bodies();
    let requests: Vec<(u16, Request)> = endpoints
        .iter()
        .flat_map(|(port, method, path)| {
            let request =
                move |(_, body): &(&str, Bytes)| (*port, Request::any(method.clone(), path, body.clone()));
            bodies.iter().map(request)
        })
        .collect();
    let mut attackers = JoinSet::new();
    for _ in 0..ATTACKERS {
        let mut requests = requests.clone();
        fastrand::shuffle(&mut requests);
        attackers.spawn(async move {
            for (port, request) in requests.iter().cycle() {
                // A server may refuse or cut what it likes, and a caller may hang up.
                let _ =
                    timeout(PATIENCE, async { HttpCall::connect(*port, request).await?.call().await }).await;
                tokio::task::yield_now().await;
            }
        });
    }
    attackers
}

/// Returns the endpoints of bridge and client whose OpenAPI documents have a body for them.
async fn endpoints(scene: &Scene) -> Result<Vec<Endpoint>> {
    let mut endpoints = Vec::new();
    for program in [&scene.bridge, &scene.client] {
        let document: Value = serde_json::from_str(&program.ask(&Request::get("/openapi.json")).await?)?;
        for (path, operations) in document["paths"].as_object().context("a document without paths")? {
            let path = match path.split_once("/temporal-workflow-intents") {
                Some((_, rest)) => format!("{SAMPLE_DIG}/temporal-workflow-intents{rest}"),
                None => path.clone(),
            };
            let path = path.replace("{workflowIntent}", DESCRIBED);
            for (method, operation) in operations.as_object().context("a path without operations")? {
                if !operation["requestBody"].is_null() {
                    endpoints.push((program.port, method.to_uppercase().parse()?, path.clone()));
                }
            }
        }
    }
    Ok(endpoints)
}
