//! Every route of the stand-in.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use serde_json::{Value, json};

use crate::clusters::{self, Cluster, Label};
use crate::crud::{self, key_of};
use crate::dependencies::AppDependency;
use crate::digs::{AppIntent, Dig};
use crate::gac::{Customization, K8sIntent, K8sResource};
use crate::logical_clouds::{self, ClusterReference, LogicalCloud};
use crate::reply::{self, Refusal};
use crate::resources::{
    App, AppProfile, ClusterProvider, CompositeApp, CompositeProfile, Controller, DigIntents,
    PlacementIntent, Project, Resource,
};
use crate::shared::Shared;
use crate::{controls, operations, status};

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let clusters = "/v2/cluster-providers/{provider}/clusters";
    let cluster = format!("{clusters}/{{cluster}}");
    let project = "/v2/projects/{project}";
    let cloud = format!("{project}/logical-clouds/{{cloud}}");
    let composite_apps = format!("{project}/composite-apps");
    let app = format!("{composite_apps}/{{compositeApp}}/{{version}}");
    let dig = format!("{app}/deployment-intent-groups/{{dig}}");
    let gpi = format!("{dig}/generic-placement-intents/{{gpi}}");
    let k8s = format!("{dig}/generic-k8s-intents");
    let k8s_resources = format!("{k8s}/{{intent}}/resources");
    Router::new()
        .merge(resource::<Controller>("/v2/controllers"))
        .merge(resource::<ClusterProvider>("/v2/cluster-providers"))
        .route(clusters, post(crud::create::<Cluster>).get(clusters::list))
        .route(&cluster, get(crud::get::<Cluster>).delete(crud::delete::<Cluster>))
        .merge(resource::<Label>(&format!("{cluster}/labels")))
        .merge(resource::<Project>("/v2/projects"))
        .merge(resource::<LogicalCloud>(&format!("{project}/logical-clouds")))
        .route(&format!("{cloud}/instantiate"), post(logical_clouds::instantiate))
        .route(&format!("{cloud}/terminate"), post(logical_clouds::terminate))
        .route(&format!("{cloud}/status"), get(logical_clouds::status))
        .merge(resource::<ClusterReference>(&format!("{cloud}/cluster-references")))
        .route(&composite_apps, post(crud::create::<CompositeApp>).get(crud::list::<CompositeApp>))
        .route(&app, item::<CompositeApp>())
        .merge(resource::<App>(&format!("{app}/apps")))
        .merge(resource::<AppDependency>(&format!("{app}/apps/{{name}}/dependency")))
        .merge(resource::<CompositeProfile>(&format!("{app}/composite-profiles")))
        .merge(resource::<AppProfile>(&format!("{app}/composite-profiles/{{compositeProfile}}/profiles")))
        .merge(resource::<Dig>(&format!("{app}/deployment-intent-groups")))
        .route(&format!("{dig}/intents"), post(crud::create::<DigIntents>).get(dig_intents))
        .route(&format!("{dig}/intents/{{name}}"), item::<DigIntents>())
        .merge(resource::<PlacementIntent>(&format!("{dig}/generic-placement-intents")))
        .merge(resource::<AppIntent>(&format!("{gpi}/app-intents")))
        .merge(resource::<K8sIntent>(&k8s))
        .merge(resource::<K8sResource>(&k8s_resources))
        .merge(resource::<Customization>(&format!("{k8s_resources}/{{resource}}/customizations")))
        .route(&format!("{dig}/approve"), post(operations::approve))
        .route(&format!("{dig}/instantiate"), post(operations::instantiate))
        .route(&format!("{dig}/update"), post(operations::update))
        .route(&format!("{dig}/rollback"), post(operations::rollback))
        .route(&format!("{dig}/migrate"), post(operations::migrate))
        .route(&format!("{dig}/stop"), post(operations::stop))
        .route(&format!("{dig}/terminate"), post(operations::terminate))
        .route(&format!("{dig}/status"), get(status::status))
        // Ours, not EMCO's.
        .route("/stand-in/placements", get(controls::placements))
        .route("/stand-in/rsync/restart", post(controls::restart_rsync))
        .route("/stand-in/holds/{provider}/{cluster}", put(controls::hold).delete(controls::release))
        .fallback(async || Refusal::new(404, "404 page not found"))
        .with_state(shared)
}

/// Returns the routes of a collection, and of the documents in it.
fn resource<T: Resource + Send + 'static>(collection: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route(collection, post(crud::create::<T>).get(crud::list::<T>))
        .route(&format!("{collection}/{{name}}"), item::<T>())
}

fn item<T: Resource + Send + 'static>() -> MethodRouter<Arc<Shared>> {
    get(crud::get::<T>).put(crud::put::<T>).delete(crud::delete::<T>)
}

/// The intents of a DIG's controllers are listed as no other resource is (EMCO-API §6.1).
async fn dig_intents(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let world = shared.world();
    let intents: Vec<Value> =
        world.list::<DigIntents>(&key_of(&uri)).into_iter().map(|(_, of)| json!(of.spec.intent)).collect();
    let intents = if intents.is_empty() { Value::Null } else { intents.into() };
    reply::json(StatusCode::OK, &json!({"intent": intents}))
}
