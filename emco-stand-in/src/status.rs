//! `GET {DIG}/status` (EMCO-API §6.6).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use emco::ClusterRef;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::crud::key_of;
use crate::digs::{Dig, DigSpec};
use crate::lifecycle::{Action, AppClusters, Lifecycle};
use crate::reply::{self, Refusal};
use crate::schema::is_name;
use crate::server::Shared;
use crate::store::{World, dig_at};

/// The answer; fields in Go's order, empty ones left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    project: String,
    composite_app: String,
    composite_app_version: String,
    composite_profile: String,
    name: String,
    states: Option<States>,
    #[serde(skip_serializing_if = "str::is_empty")]
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    deployed_status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    ready_status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rsync_status: Counts,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    cluster_status: Counts,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    deployed_counts: Counts,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ready_counts: Counts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    apps: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct States {
    statusctxid: String,
    actions: Vec<Action>,
}

type Counts = BTreeMap<&'static str, u64>;

/// Which of EMCO's views of the same resources is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Rsync,
    Cluster,
    Deployed,
    Ready,
}

impl View {
    /// The field with a resource's state, the one with a cluster's, and the words for a resource that is up or down.
    fn words(self) -> (&'static str, &'static str, [&'static str; 2]) {
        match self {
            Self::Rsync => ("rsyncStatus", "readyStatus", ["Applied", "Pending"]),
            Self::Cluster => ("clusterStatus", "readyStatus", ["Present", "NotPresent"]),
            Self::Deployed => ("deployedStatus", "connectivity", ["Applied", "Pending"]),
            Self::Ready => ("readyStatus", "connectivity", ["Ready", "NotPresent"]),
        }
    }
}

/// The query, checked.
#[derive(Debug)]
struct Query {
    view: View,
    summary: bool,
    /// The app context that is asked about; none: the last one.
    instance: Option<String>,
    apps: Vec<String>,
    clusters: Vec<(String, String)>,
    resources: Vec<String>,
    flags: Vec<String>,
}

pub(crate) async fn status(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut key = key_of(&uri);
    key.pop();
    let query = Query::parse(uri.query().unwrap_or_default())?;
    let world = shared.world();
    let (Some(dig), Some(document), Some(lifecycle)) =
        (dig_at(&key), world.find::<Dig>(&key), world.digs.get(&key))
    else {
        // The handler wraps the words in themselves, and answers 400 to everything (EMCO-API §6.6).
        return Err(Refusal::new(400, "DeploymentIntentGroup not found: DeploymentIntentGroup not found"));
    };
    let context = query.instance.as_deref().unwrap_or(lifecycle.current());
    let progress = lifecycle.progress_of(context, world.now());
    if query.instance.is_some() && progress.is_none() {
        return Err(Refusal::new(400, format!("No state information for {context}")));
    }
    let nothing = AppClusters::new();
    let apps = lifecycle.apps_of(context).unwrap_or(&nothing);
    if let Some(app) = query.apps.iter().find(|app| !apps.contains_key(*app) && progress.is_some()) {
        let text = format!("Filter app {app} not in list of apps for composite app {}", dig.composite_app);
        return Err(Refusal::new(400, text));
    }
    let mut reply = Status {
        project: dig.project,
        composite_app: dig.composite_app,
        composite_app_version: dig.version,
        composite_profile: document.spec.composite_profile.clone(),
        name: dig.dig,
        ..Status::default()
    };
    let part = |flag: &str| query.flags.iter().any(|of| of == flag);
    if part("apps") {
        return Ok(listing(&reply, "apps", apps.keys().map(|app| json!(app)).collect()));
    }
    let rows = query.rows(lifecycle, apps, &document.spec, &world);
    if part("clusters") {
        return Ok(listing(&reply, "clustersByApp", clusters_by_app(&rows)));
    }
    if part("resources") {
        return Ok(listing(&reply, "resourcesByApp", resources_by_app(&rows)));
    }
    reply.states =
        Some(States { statusctxid: lifecycle.status_context.clone(), actions: lifecycle.actions().to_vec() });
    if let Some(progress) = progress {
        reply.fill(&query, &rows, progress);
    }
    Ok(reply::json(StatusCode::OK, &reply))
}

/// One app on one cluster.
#[derive(Debug)]
struct Row<'a> {
    app: &'a str,
    provider: &'a str,
    cluster: &'a str,
    up: bool,
    resources: Vec<Resource>,
}

#[derive(Debug)]
struct Resource {
    name: String,
    gvk: Value,
}

/// What every chart of the stand-in renders to.
fn resources_of(app: &str, release: &str) -> [Resource; 2] {
    let resource = |group: &str, kind: &str| Resource {
        name: format!("{release}-{app}"),
        gvk: json!({"Group": group, "Version": "v1", "Kind": kind}),
    };
    [resource("apps", "Deployment"), resource("", "Service")]
}

impl Query {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let mut parsed = Self {
            view: View::Rsync,
            summary: false,
            instance: None,
            apps: Vec::new(),
            clusters: Vec::new(),
            resources: Vec::new(),
            flags: Vec::new(),
        };
        let invalid = |what: &str| Refusal::new(400, format!("Invalid {what}"));
        let (mut r#type, mut status, mut output) = (None, None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match key.as_ref() {
                "type" => _ = r#type.get_or_insert(value),
                "status" => _ = status.get_or_insert(value),
                "output" => _ = output.get_or_insert(value),
                "instance" if value.is_empty() => return Err(invalid("query instance")),
                "instance" => _ = parsed.instance.get_or_insert(value),
                "app" if is_name(&value) => parsed.apps.push(value),
                "app" => return Err(invalid("app query")),
                "resource" if is_name(&value) => parsed.resources.push(value),
                "resource" => return Err(invalid("resources query")),
                "cluster" => match value.split_once('+') {
                    Some((provider, cluster)) if is_name(provider) && is_name(cluster) => {
                        parsed.clusters.push((provider.to_owned(), cluster.to_owned()));
                    }
                    _ => return Err(invalid("cluster query")),
                },
                "apps" | "clusters" | "resources" => parsed.flags.push(key.into_owned()),
                _ => {}
            }
        }
        parsed.view = match (status.as_deref(), r#type.as_deref()) {
            (_, Some(other)) if !matches!(other, "rsync" | "cluster") => return Err(invalid("query type")),
            (Some("ready"), _) => View::Ready,
            (Some("deployed"), _) => View::Deployed,
            (Some(_), _) => return Err(invalid("query status")),
            (None, Some("cluster")) => View::Cluster,
            (None, _) => View::Rsync,
        };
        parsed.summary = match output.as_deref() {
            None | Some("all" | "detail") => false,
            Some("summary") => true,
            Some(_) => return Err(invalid("query output")),
        };
        Ok(parsed)
    }

    /// Every app on every cluster that the query lets through.
    fn rows<'a>(
        &self,
        lifecycle: &Lifecycle,
        apps: &'a AppClusters,
        spec: &DigSpec,
        world: &World,
    ) -> Vec<Row<'a>> {
        let (mut rows, now) = (Vec::new(), world.now());
        for (app, clusters) in apps {
            if !self.apps.is_empty() && !self.apps.contains(app) {
                continue;
            }
            for of in clusters {
                let ClusterRef { provider, cluster } = of;
                let wanted = |(p, c): &(String, String)| p == provider && c == cluster;
                if !self.clusters.is_empty() && !self.clusters.iter().any(wanted) {
                    continue;
                }
                let mut resources = Vec::from(resources_of(app, &spec.version));
                resources.retain(|of| self.resources.is_empty() || self.resources.contains(&of.name));
                let up = lifecycle.is_up(app, of, now) && !world.holds.hold(app, of, now);
                rows.push(Row { app, provider, cluster, up, resources });
            }
        }
        rows
    }
}

impl Status {
    /// The part that only an instantiated DIG has.
    fn fill(&mut self, query: &Query, rows: &[Row<'_>], progress: &'static str) {
        let (resource_field, cluster_field, [up, down]) = query.view.words();
        let mut counts = Counts::new();
        for row in rows {
            *counts.entry(if row.up { up } else { down }).or_default() += row.resources.len() as u64;
        }
        counts.retain(|_, count| *count > 0);
        let all_up = rows.iter().all(|row| row.up);
        match query.view {
            View::Rsync => (self.status, self.rsync_status) = (progress, counts),
            View::Cluster => {
                (self.status, self.cluster_status) = (progress, counts);
                self.ready_status = if all_up { "Ready" } else { "NotReady" };
            }
            View::Deployed => (self.deployed_status, self.deployed_counts) = (progress, counts),
            View::Ready => {
                (self.deployed_status, self.ready_counts) = (progress, counts);
                self.ready_status = if all_up { "Ready" } else { "NotReady" };
            }
        }
        if query.summary {
            return;
        }
        self.apps = by_app(rows, |rows| {
            let cluster = |row: &Row<'_>| {
                let state = if row.up { up } else { down };
                let resource = |of: &Resource| json!({"GVK": of.gvk, "name": of.name, resource_field: state});
                json!({
                    "clusterProvider": row.provider,
                    "cluster": row.cluster,
                    cluster_field: "Available",
                    "resources": row.resources.iter().map(resource).collect::<Vec<_>>(),
                })
            };
            json!({"name": rows[0].app, "clusters": rows.iter().map(cluster).collect::<Vec<_>>()})
        });
    }
}

/// One value for the rows of each app.
fn by_app(rows: &[Row<'_>], value: impl Fn(&[Row<'_>]) -> Value) -> Vec<Value> {
    rows.chunk_by(|one, next| one.app == next.app).map(value).collect()
}

fn clusters_by_app(rows: &[Row<'_>]) -> Vec<Value> {
    by_app(rows, |rows| {
        let clusters: Vec<Value> =
            rows.iter().map(|row| json!({"clusterProvider": row.provider, "cluster": row.cluster})).collect();
        json!({"app": rows[0].app, "clusters": clusters})
    })
}

fn resources_by_app(rows: &[Row<'_>]) -> Vec<Value> {
    let entry = |row: &Row<'_>| {
        let resources: Vec<Value> =
            row.resources.iter().map(|of| json!({"name": of.name, "GVK": of.gvk})).collect();
        json!({"app": row.app, "clusterProvider": row.provider, "cluster": row.cluster, "resources": resources})
    };
    rows.iter().map(entry).collect()
}

/// The answer to a presence flag: the names, and one list.
fn listing(of: &Status, field: &str, entries: Vec<Value>) -> Response {
    let mut listing = json!({
        "project": of.project,
        "compositeApp": of.composite_app,
        "compositeAppVersion": of.composite_app_version,
        "compositeProfile": of.composite_profile,
        "name": of.name,
    });
    listing[field] = entries.into();
    reply::json(StatusCode::OK, &listing)
}
