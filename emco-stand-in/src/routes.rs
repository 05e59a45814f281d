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

type Routes = MethodRouter<Arc<Shared>>;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let project = "/v2/projects/{project}";
    let cloud = format!("{project}/logical-clouds/{{cloud}}");
    let app = format!("{project}/composite-apps/{{compositeApp}}/{{version}}");
    let profiles = format!("{app}/composite-profiles/{{compositeProfile}}/profiles");
    let dig = format!("{app}/deployment-intent-groups/{{dig}}");
    let k8s = format!("{dig}/generic-k8s-intents");
    let customizations = format!("{k8s}/{{intent}}/resources/{{resource}}/customizations");
    let gpi = format!("{dig}/generic-placement-intents/{{gpi}}");
    let cluster = "/v2/cluster-providers/{provider}/clusters/{cluster}";
    Router::new()
        .route("/v2/controllers", collection::<Controller>())
        .route("/v2/controllers/{name}", item::<Controller>())
        .route("/v2/cluster-providers", collection::<ClusterProvider>())
        .route("/v2/cluster-providers/{name}", item::<ClusterProvider>())
        .route("/v2/cluster-providers/{provider}/clusters", post(crud::create::<Cluster>).get(clusters::list))
        .route(cluster, get(crud::get::<Cluster>).delete(crud::delete::<Cluster>))
        .route(&format!("{cluster}/labels"), collection::<Label>())
        .route(&format!("{cluster}/labels/{{name}}"), item::<Label>())
        .route("/v2/projects", collection::<Project>())
        .route(project, item::<Project>())
        .route(&format!("{project}/logical-clouds"), collection::<LogicalCloud>())
        .route(&cloud, item::<LogicalCloud>())
        .route(&format!("{cloud}/instantiate"), post(logical_clouds::instantiate))
        .route(&format!("{cloud}/terminate"), post(logical_clouds::terminate))
        .route(&format!("{cloud}/status"), get(logical_clouds::status))
        .route(&format!("{cloud}/cluster-references"), collection::<ClusterReference>())
        .route(&format!("{cloud}/cluster-references/{{name}}"), item::<ClusterReference>())
        .route(&format!("{project}/composite-apps"), collection::<CompositeApp>())
        .route(&app, item::<CompositeApp>())
        .route(&format!("{app}/apps"), collection::<App>())
        .route(&format!("{app}/apps/{{name}}"), item::<App>())
        .route(&format!("{app}/apps/{{name}}/dependency"), collection::<AppDependency>())
        .route(&format!("{app}/apps/{{name}}/dependency/{{dependency}}"), item::<AppDependency>())
        .route(&format!("{app}/composite-profiles"), collection::<CompositeProfile>())
        .route(&format!("{app}/composite-profiles/{{name}}"), item::<CompositeProfile>())
        .route(&profiles, collection::<AppProfile>())
        .route(&format!("{profiles}/{{name}}"), item::<AppProfile>())
        .route(&format!("{app}/deployment-intent-groups"), collection::<Dig>())
        .route(&dig, item::<Dig>())
        .route(&format!("{dig}/intents"), post(crud::create::<DigIntents>).get(dig_intents))
        .route(&format!("{dig}/intents/{{name}}"), item::<DigIntents>())
        .route(&format!("{dig}/generic-placement-intents"), collection::<PlacementIntent>())
        .route(&gpi, item::<PlacementIntent>())
        .route(&format!("{gpi}/app-intents"), collection::<AppIntent>())
        .route(&format!("{gpi}/app-intents/{{name}}"), item::<AppIntent>())
        .route(&k8s, collection::<K8sIntent>())
        .route(&format!("{k8s}/{{intent}}"), item::<K8sIntent>())
        .route(&format!("{k8s}/{{intent}}/resources"), collection::<K8sResource>())
        .route(&format!("{k8s}/{{intent}}/resources/{{resource}}"), item::<K8sResource>())
        .route(&customizations, collection::<Customization>())
        .route(&format!("{customizations}/{{name}}"), item::<Customization>())
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

fn collection<T: Resource + Send + 'static>() -> Routes {
    post(crud::create::<T>).get(crud::list::<T>)
}

fn item<T: Resource + Send + 'static>() -> Routes {
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
