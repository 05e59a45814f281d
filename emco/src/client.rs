//! The calls of EMCO's API that workflows need, one method each.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::json;
use serde_json::value::RawValue;
use workflow_api::DigKey;

use crate::error::{BuildError, Error};
use crate::model::{
    AppIntent, ClusterRef, ClustersByApp, DeploymentIntentGroup, DigStatus, GenericPlacementIntent, Revision,
    StatusQuery,
};
use crate::settings::Settings;
use crate::transport::{Call, Transport};

/// A client of one EMCO service, or of an ingress in front of all of them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) transport: Transport,
}

impl Client {
    /// Creates a client of the service at `base_url` (`http://orchestrator:9015`, or `https://ingress/some/path`).
    /// Sends nothing yet.
    pub fn new(base_url: &str, settings: Settings) -> Result<Self, BuildError> {
        Ok(Self { transport: Transport::new(base_url, settings)? })
    }

    /// Reads a deployment intent group.
    pub async fn get_dig(&self, dig: &DigKey) -> Result<DeploymentIntentGroup, Error> {
        self.transport.send(Call::get(of_dig(dig, &[]), "a deployment intent group")).await
    }

    /// Lists a DIG's generic placement intents. The list is empty if the DIG does not exist (EMCO-API §6.4).
    pub async fn list_generic_placement_intents(
        &self,
        dig: &DigKey,
    ) -> Result<Vec<GenericPlacementIntent>, Error> {
        self.list(of_dig(dig, &["generic-placement-intents"]), "a list of generic placement intents").await
    }

    /// Lists the app intents of a generic placement intent. The list is empty if its parents do not exist (EMCO-API
    /// §6.4).
    pub async fn list_app_intents(&self, dig: &DigKey, gpi: &str) -> Result<Vec<AppIntent>, Error> {
        let path = of_dig(dig, &["generic-placement-intents", gpi, "app-intents"]);
        self.list(path, "a list of app intents").await
    }

    /// Creates or replaces an app intent, and returns what EMCO stored. It takes effect with the next
    /// [`update_dig`](Self::update_dig).
    ///
    /// The placement is written in the form that EMCO accepts
    /// ([`Placement::contracted`](crate::Placement::contracted)). EMCO responds with its labels expanded.
    pub async fn put_app_intent(
        &self,
        dig: &DigKey,
        gpi: &str,
        intent: &AppIntent,
    ) -> Result<AppIntent, Error> {
        let mut intent = intent.clone();
        intent.spec.intent = intent.spec.intent.contracted();
        let path = of_dig(dig, &["generic-placement-intents", gpi, "app-intents", &intent.metadata.name]);
        let body = Some(json!(intent));
        let call = Call { method: Method::PUT, body, ..Call::get(path, "the app intent as stored") };
        self.transport.send(call).await
    }

    /// Makes EMCO act on changed intents, and returns the new revision. EMCO is still moving apps when this returns.
    ///
    /// The client never repeats this call, because each one makes a revision.
    pub async fn update_dig(&self, dig: &DigKey) -> Result<Revision, Error> {
        let call = Call::get(of_dig(dig, &["update"]), "a revision number");
        self.transport.send(Call { method: Method::POST, ..call }).await
    }

    /// Makes the app context of an earlier revision the current one, as a new revision. App intents do not change.
    /// EMCO is still moving apps when this returns.
    ///
    /// The client never repeats this call, because each one makes a revision.
    pub async fn rollback_dig(&self, dig: &DigKey, revision: Revision) -> Result<(), Error> {
        // EMCO wants the number as text (EMCO-API §6.5).
        let body = Some(json!({"spec": {"revision": revision.to_string()}}));
        let call = Call::get(of_dig(dig, &["rollback"]), "an accepted rollback (202)");
        self.transport.order(Call { method: Method::POST, body, ..call }).await
    }

    /// Reads the status of a DIG and its apps.
    pub async fn dig_status(&self, dig: &DigKey, query: &StatusQuery) -> Result<DigStatus, Error> {
        let call = Call::get(of_dig(dig, &["status"]), "the status of a deployment intent group");
        self.transport.send(Call { query: query.pairs(), ..call }).await
    }

    /// Returns where a current or former app context of a DIG places its apps: clusters by app, both sorted. Unlike the
    /// apps of [`dig_status`](Self::dig_status), this is what the context demands, not what came of it.
    pub async fn context_clusters(
        &self,
        dig: &DigKey,
        instance: &str,
    ) -> Result<BTreeMap<String, Vec<ClusterRef>>, Error> {
        let query = vec![("clusters", String::new()), ("instance", instance.to_owned())];
        let call = Call::get(of_dig(dig, &["status"]), "the clusters of an app context");
        let listed: ClustersByApp = self.transport.send(Call { query, ..call }).await?;
        Ok(listed.into_clusters())
    }

    /// Names the clusters of a provider that have a label. EMCO's cluster manager (CLM) answers this.
    pub async fn clusters_with_label(&self, provider: &str, label: &str) -> Result<Vec<String>, Error> {
        let call =
            Call::get(vec!["v2", "cluster-providers", provider, "clusters"], "a list of cluster names");
        let query = vec![("label", label.to_owned())];
        let names: Option<Vec<String>> = self.transport.send(Call { query, ..call }).await?;
        Ok(names.unwrap_or_default())
    }

    /// Returns the workflow intents of a DIG as workflowmgr writes them, with all digits of their numbers. The list is
    /// empty if the DIG does not exist. EMCO's workflowmgr answers this.
    pub async fn workflow_intents(&self, dig: &DigKey) -> Result<Vec<Box<RawValue>>, Error> {
        self.list(of_dig(dig, &["temporal-workflow-intents"]), "a list of workflow intents").await
    }

    /// Reads a list. EMCO writes an empty list as `null`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: Vec<&str>,
        expected: &'static str,
    ) -> Result<Vec<T>, Error> {
        let list: Option<Vec<T>> = self.transport.send(Call::get(path, expected)).await?;
        Ok(list.unwrap_or_default())
    }
}

/// The path segments of a collection of the DIG's composite app.
pub(crate) fn of_composite_app<'a>(dig: &'a DigKey, collection: &'a str) -> Vec<&'a str> {
    vec!["v2", "projects", &dig.project, "composite-apps", &dig.composite_app, &dig.version, collection]
}

/// The path segments of the DIG, followed by `below`.
fn of_dig<'a>(dig: &'a DigKey, below: &[&'a str]) -> Vec<&'a str> {
    [&of_composite_app(dig, "deployment-intent-groups"), &[dig.dig.as_str()][..], below].concat()
}
