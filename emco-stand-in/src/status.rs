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

use crate::charts::{self, Object};
use crate::crud::key_of;
use crate::digs::Dig;
use crate::key::{below, dig_at};
use crate::lifecycle::{Action, AppClusters, Lifecycle};
use crate::reply::{self, Refusal};
use crate::schema::is_name;
use crate::shared::Shared;
use crate::store::World;

/// The answer; fields in Go's order, empty ones left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    dig_id: String,
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
    /// The field with a resource's state, and the one with a cluster's connectivity.
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsync => ("rsyncStatus", "readyStatus"),
            Self::Cluster => ("clusterStatus", "readyStatus"),
            Self::Deployed => ("deployedStatus", "connectivity"),
            Self::Ready => ("readyStatus", "connectivity"),
        }
    }

    /// A resource's state: what rsync did with it, or what the cluster says of it.
    fn word(self, row: &Row<'_>, progress: &str) -> &'static str {
        match self {
            Self::Rsync | Self::Deployed if row.applied => "Applied",
            Self::Rsync | Self::Deployed if progress == "Terminated" => "Deleted",
            Self::Rsync | Self::Deployed => "Pending",
            Self::Cluster | Self::Ready if row.up => "Ready",
            Self::Cluster | Self::Ready => "NotPresent",
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
    listing: Option<Listing>,
}

/// What is listed in place of the status.
#[derive(Debug, Clone, Copy)]
enum Listing {
    Apps,
    Clusters,
    Resources,
}

pub(crate) async fn status(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut key = key_of(&uri);
    key.pop();
    let mut query = Query::parse(uri.query().unwrap_or_default())?;
    let world = shared.world();
    let (Some(dig), Some(document), Some(lifecycle)) =
        (dig_at(&key), world.find::<Dig>(&key), world.digs.get(&key))
    else {
        // The handler wraps the words in themselves, and answers 400 to everything (EMCO-API §6.6).
        return Err(Refusal::new(400, "DeploymentIntentGroup not found: DeploymentIntentGroup not found"));
    };
    let context = query.instance.as_deref().unwrap_or_else(|| lifecycle.current());
    let progress = lifecycle.progress_of(context, world.now());
    if query.instance.is_some() && progress.is_none() {
        return Err(Refusal::new(400, format!("No state information for {context}")));
    }
    let nothing = AppClusters::new();
    let apps = lifecycle.apps_of(context).unwrap_or(&nothing);
    let mut reply = Status {
        dig_id: document.spec.id,
        project: dig.project,
        composite_app: dig.composite_app,
        composite_app_version: dig.version,
        composite_profile: document.spec.composite_profile,
        name: dig.dig,
        ..Status::default()
    };
    let release = &document.spec.version;
    // The listings look at fewer of the filters than the status does.
    match query.listing {
        Some(Listing::Apps) => {
            return Ok(listing(&reply, "apps", apps.keys().map(|app| json!(app)).collect()));
        }
        Some(Listing::Clusters) => {
            query.clusters.clear();
            query.resources.clear();
            let rows = query.rows(&key, lifecycle, apps, release, &world);
            return Ok(listing(&reply, "clustersByApp", clusters_by_app(&rows)));
        }
        Some(Listing::Resources) => {
            query.resources.clear();
            let rows = query.rows(&key, lifecycle, apps, release, &world);
            return Ok(listing(&reply, "resourcesByApp", resources_by_app(&rows)));
        }
        None => {}
    }
    reply.states =
        Some(States { statusctxid: lifecycle.status_context.clone(), actions: lifecycle.actions().to_vec() });
    if let Some(progress) = progress {
        if let Some(app) = query.apps.iter().find(|app| !apps.contains_key(*app)) {
            let of = &reply.composite_app;
            let text = format!("Filter app {app} not in list of apps for composite app {of}");
            return Err(Refusal::new(400, text));
        }
        let mut rows = query.rows(&key, lifecycle, apps, release, &world);
        rows.retain(|row| !row.objects.is_empty());
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
    /// Whether its objects are in the cluster.
    applied: bool,
    /// Whether they are ready.
    up: bool,
    objects: Vec<Object>,
}

fn gvk(of: &Object) -> Value {
    json!({"Group": of.group, "Version": of.version, "Kind": of.kind})
}

impl Query {
    /// Checks the parameters in EMCO's order. Of one that is there twice the first counts.
    fn parse(query: &str) -> Result<Self, Refusal> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let all = |name: &str| -> Vec<String> {
            pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
        };
        let first = |name: &str| all(name).into_iter().next();
        let invalid = |what: &str| Refusal::new(400, format!("Invalid {what}"));
        let instance = first("instance");
        if instance.as_deref() == Some("") {
            return Err(invalid("query instance"));
        }
        let by_type = match first("type").as_deref() {
            None | Some("rsync") => View::Rsync,
            Some("cluster") => View::Cluster,
            Some(_) => return Err(invalid("query type")),
        };
        let view = match first("status").as_deref() {
            None => by_type,
            Some("ready") => View::Ready,
            Some("deployed") => View::Deployed,
            Some(_) => return Err(invalid("query status")),
        };
        let summary = match first("output").as_deref() {
            None | Some("all" | "detail") => false,
            Some("summary") => true,
            Some(_) => return Err(invalid("query output")),
        };
        let named = |name: &str, what: &str| match all(name) {
            names if names.iter().all(|name| is_name(name)) => Ok(names),
            _ => Err(invalid(what)),
        };
        let apps = named("app", "app query")?;
        let cluster = |text: &String| match text.split_once('+') {
            Some((provider, cluster)) if is_name(provider) && is_name(cluster) => {
                Ok((provider.to_owned(), cluster.to_owned()))
            }
            _ => Err(invalid("cluster query")),
        };
        let clusters = all("cluster").iter().map(cluster).collect::<Result<_, _>>()?;
        let resources = named("resource", "resources query")?;
        let listings =
            [("apps", Listing::Apps), ("clusters", Listing::Clusters), ("resources", Listing::Resources)];
        let listing =
            listings.into_iter().find(|(flag, _)| first(flag).is_some()).map(|(_, listing)| listing);
        Ok(Self { view, summary, instance, apps, clusters, resources, listing })
    }

    /// Every app on every cluster that the query lets through.
    fn rows<'a>(
        &self,
        dig: &[String],
        lifecycle: &Lifecycle,
        apps: &'a AppClusters,
        release: &str,
        world: &World,
    ) -> Vec<Row<'a>> {
        let (mut rows, now) = (Vec::new(), world.now());
        let present = lifecycle.applied(now);
        for (app, clusters) in apps {
            if !self.apps.is_empty() && !self.apps.contains(app) {
                continue;
            }
            let chart = below(&dig[..5], &["apps", app]);
            let mut objects = charts::objects(app, &world.file(&chart).unwrap_or_default(), release);
            objects.retain(|of| self.resources.is_empty() || self.resources.contains(&of.name));
            for of in clusters {
                let ClusterRef { provider, cluster } = of;
                let wanted = |(p, c): &(String, String)| p == provider && c == cluster;
                if !self.clusters.is_empty() && !self.clusters.iter().any(wanted) {
                    continue;
                }
                let applied = present.get(app).is_some_and(|on| on.contains(of));
                let up = lifecycle.is_up(app, of, now) && !world.holds.hold(app, of, now);
                rows.push(Row { app, provider, cluster, applied, up, objects: objects.clone() });
            }
        }
        rows
    }
}

impl Status {
    /// The part that only an instantiated DIG has.
    fn fill(&mut self, query: &Query, rows: &[Row<'_>], progress: &'static str) {
        let (resource_field, cluster_field) = query.view.fields();
        let mut counts = Counts::new();
        for row in rows {
            *counts.entry(query.view.word(row, progress)).or_default() += row.objects.len() as u64;
        }
        let readiness = match (rows.iter().any(|row| row.up), rows.iter().all(|row| row.up)) {
            (_, true) => "Ready",
            (true, false) => "NotReady",
            (false, false) => "NotPresent",
        };
        match query.view {
            View::Rsync => (self.status, self.rsync_status) = (progress, counts),
            View::Cluster => {
                (self.status, self.ready_status, self.cluster_status) = (progress, readiness, counts);
            }
            View::Deployed => (self.deployed_status, self.deployed_counts) = (progress, counts),
            View::Ready => {
                (self.deployed_status, self.ready_status, self.ready_counts) = (progress, readiness, counts);
            }
        }
        if query.summary {
            return;
        }
        self.apps = by_app(rows, |rows| {
            let cluster = |row: &Row<'_>| {
                let word = query.view.word(row, progress);
                let resource = |of: &Object| json!({"GVK": gvk(of), "name": of.name, resource_field: word});
                json!({
                    "clusterProvider": row.provider,
                    "cluster": row.cluster,
                    cluster_field: "Available",
                    "resources": row.objects.iter().map(resource).collect::<Vec<_>>(),
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
            row.objects.iter().map(|of| json!({"name": of.name, "GVK": gvk(of)})).collect();
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
