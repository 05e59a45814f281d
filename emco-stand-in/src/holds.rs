//! Apps that do not become ready on a cluster, or late, because somebody wants to see what happens then.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use url::form_urlencoded;

use crate::reply::{self, Refusal};
use crate::server::Shared;
use emco::ClusterRef;

/// What keeps apps of a cluster from being ready.
#[derive(Debug)]
pub(crate) struct Hold {
    cluster: ClusterRef,
    /// One app, or all.
    app: Option<String>,
    /// None: until it is released.
    until: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Holds(Vec<Hold>);

impl Holds {
    pub(crate) fn add(&mut self, cluster: ClusterRef, app: Option<String>, until: Option<Timestamp>) {
        self.0.push(Hold { cluster, app, until });
    }

    pub(crate) fn release(&mut self, cluster: &ClusterRef) {
        self.0.retain(|hold| hold.cluster != *cluster);
    }

    /// Whether `app` is kept from being ready on `cluster`.
    pub(crate) fn hold(&self, app: &str, cluster: &ClusterRef, now: Timestamp) -> bool {
        self.0.iter().any(|hold| {
            hold.cluster == *cluster
                && hold.app.as_deref().is_none_or(|held| held == app)
                && hold.until.is_none_or(|until| until > now)
        })
    }
}

/// `PUT /stand-in/holds/{provider}/{cluster}?app=A&for=5s`; without `app` all of them, without `for` until released.
pub(crate) async fn put(
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
pub(crate) async fn delete(
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
