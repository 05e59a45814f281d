//! `GET {DIG}/status` (EMCO-API §6.6).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use emco::ClusterRef;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::charts::{self, Object};
use crate::crud::key_of;
use crate::digs::Dig;
use crate::key::{below, dig_at};
use crate::lifecycle::{AppClusters, Lifecycle};
use crate::reply::{self, Refusal};
use crate::schema::is_name;
use crate::shared::Shared;
use crate::store::World;

/// EMCO's views of the same resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Rsync,
    Cluster,
    Deployed,
    Ready,
}

impl View {
    /// Returns the field with a resource's state, and the field with a cluster's connectivity.
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsync => ("rsyncStatus", "readyStatus"),
            Self::Cluster => ("clusterStatus", "readyStatus"),
            Self::Deployed => ("deployedStatus", "connectivity"),
            Self::Ready => ("readyStatus", "connectivity"),
        }
    }

    /// Returns a resource's state: what rsync did with it, or how the cluster reports it.
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
    /// The app context that is asked for. `None`: the last one.
    instance: Option<String>,
    apps: Vec<String>,
    clusters: Vec<(String, String)>,
    resources: Vec<String>,
    /// The parameter `apps`, `clusters` or `resources`, which asks for a list instead of the status.
    listing: Option<&'static str>,
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
    let release = &document.spec.version;
    // The fields are in Go's order, and empty ones are left out.
    let mut status = Map::new();
    if query.listing.is_none() {
        status.insert("digId".to_owned(), json!(document.spec.id));
    }
    let names = [
        ("project", &dig.project),
        ("compositeApp", &dig.composite_app),
        ("compositeAppVersion", &dig.version),
        ("compositeProfile", &document.spec.composite_profile),
        ("name", &dig.dig),
    ];
    status.extend(names.map(|(field, name)| (field.to_owned(), json!(name))));
    // The lists apply fewer filters than the status does.
    if let Some(listing) = query.listing {
        if listing == "clusters" {
            query.clusters.clear();
        }
        query.resources.clear();
        let rows = query.rows(&key, lifecycle, apps, release, &world);
        let (field, entries) = match listing {
            "apps" => ("apps", apps.keys().map(|app| json!(app)).collect()),
            "clusters" => ("clustersByApp", clusters_by_app(&rows)),
            _ => ("resourcesByApp", resources_by_app(&rows)),
        };
        status.insert(field.to_owned(), entries.into());
        return Ok(reply::json(StatusCode::OK, &status));
    }
    let states = json!({"statusctxid": lifecycle.status_context, "actions": lifecycle.actions()});
    status.insert("states".to_owned(), states);
    if let Some(progress) = progress {
        if let Some(app) = query.apps.iter().find(|app| !apps.contains_key(*app)) {
            let of = &dig.composite_app;
            let text = format!("Filter app {app} not in list of apps for composite app {of}");
            return Err(Refusal::new(400, text));
        }
        let mut rows = query.rows(&key, lifecycle, apps, release, &world);
        rows.retain(|row| !row.objects.is_empty());
        query.fill(&mut status, &rows, progress);
    }
    Ok(reply::json(StatusCode::OK, &status))
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
    /// Checks the parameters in EMCO's order. The first of two with one name counts.
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
        let listing = ["apps", "clusters", "resources"].into_iter().find(|flag| first(flag).is_some());
        Ok(Self { view, summary, instance, apps, clusters, resources, listing })
    }

    /// Returns every app on every cluster that the filters admit.
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

    /// Adds the fields that only an instantiated DIG has.
    fn fill(&self, status: &mut Map<String, Value>, rows: &[Row<'_>], progress: &str) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows {
            *counts.entry(self.view.word(row, progress)).or_default() += row.objects.len();
        }
        let readiness = match (rows.iter().any(|row| row.up), rows.iter().all(|row| row.up)) {
            (_, true) => "Ready",
            (true, false) => "NotReady",
            (false, false) => "NotPresent",
        };
        let (progress_field, readiness_field, counts_field) = match self.view {
            View::Rsync => ("status", None, "rsyncStatus"),
            View::Cluster => ("status", Some("readyStatus"), "clusterStatus"),
            View::Deployed => ("deployedStatus", None, "deployedCounts"),
            View::Ready => ("deployedStatus", Some("readyStatus"), "readyCounts"),
        };
        status.insert(progress_field.to_owned(), progress.into());
        status.extend(readiness_field.map(|field| (field.to_owned(), readiness.into())));
        if rows.is_empty() {
            return;
        }
        status.insert(counts_field.to_owned(), json!(counts));
        if self.summary {
            return;
        }
        let (resource_field, cluster_field) = self.view.fields();
        let apps = by_app(rows, |rows| {
            let cluster = |row: &Row<'_>| {
                let word = self.view.word(row, progress);
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
        status.insert("apps".to_owned(), apps.into());
    }
}

/// Returns one value for the rows of each app.
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
