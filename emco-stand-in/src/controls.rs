//! The routes that EMCO does not have, by which people and tests control the stand-in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use emco::ClusterRef;
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::reply::{self, Refusal};
use crate::shared::Shared;

/// `POST /stand-in/rsync/restart`
pub(crate) async fn restart_rsync(State(shared): State<Arc<Shared>>) -> Response {
    shared.world().restart_rsync();
    reply::empty(StatusCode::NO_CONTENT)
}

/// `GET /stand-in/placements`: where each app of every DIG runs now, for people.
pub(crate) async fn placements(State(shared): State<Arc<Shared>>) -> Response {
    let placements: Vec<Value> = shared
        .placements()
        .into_iter()
        .map(|(dig, apps)| {
            let apps: serde_json::Map<String, Value> = apps
                .into_iter()
                .map(|(app, clusters)| (app, clusters.iter().map(ToString::to_string).collect()))
                .collect();
            json!({
                "project": dig.project,
                "compositeApp": dig.composite_app,
                "compositeAppVersion": dig.version,
                "deploymentIntentGroup": dig.dig,
                "apps": apps,
            })
        })
        .collect();
    reply::json(StatusCode::OK, &placements)
}

/// `PUT /stand-in/holds/{provider}/{cluster}?app=A&for=5s`. Without `app` it holds all apps, without `for`
/// until released.
pub(crate) async fn hold(
    State(shared): State<Arc<Shared>>,
    Path((provider, cluster)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (mut app, mut time) = (None, None);
    for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match key.as_ref() {
            "app" => app = Some(value.into_owned()),
            "for" => time = Some(duration(&value)?),
            _ => return Err(Refusal::new(400, format!("there is no `{key}`; write `app` or `for`"))),
        }
    }
    let mut world = shared.world();
    let until = time.map(|time| world.now() + time);
    world.holds.add(ClusterRef::new(provider, cluster), app, until);
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /stand-in/holds/{provider}/{cluster}`
pub(crate) async fn release(
    State(shared): State<Arc<Shared>>,
    Path((provider, cluster)): Path<(String, String)>,
) -> Response {
    shared.world().holds.release(&ClusterRef::new(provider, cluster));
    reply::empty(StatusCode::NO_CONTENT)
}

fn duration(text: &str) -> Result<Duration, Refusal> {
    let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.ok_or_else(|| Refusal::new(400, "write `for` as 1500ms or 2s"))
}
