//! The calls of EMCO's API that workflows need, one method each.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use workflow_api::DigKey;

use crate::error::{BuildError, Error};
use crate::model::{
    AppIntent, ClusterRef, ClustersByApp, DeploymentIntentGroup, DigStatus, GenericPlacementIntent, Revision,
    StatusQuery,
};
use crate::paths::of_dig;
use crate::settings::Settings;
use crate::transport::{Body, Call, Rollback, RollbackSpec, Transport};

/// A client of one EMCO service, or of an ingress before all of them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
}

impl Client {
    /// A client for the service at `base_url` (`http://orchestrator:9015`, or `https://ingress/some/path`).
    /// Nothing is sent yet.
    pub fn new(base_url: &str, settings: Settings) -> Result<Self, BuildError> {
        Ok(Self { transport: Transport::new(base_url, settings)? })
    }

    /// Reads a deployment intent group.
    pub async fn get_dig(&self, dig: &DigKey) -> Result<DeploymentIntentGroup, Error> {
        self.get(of_dig(dig, &[]), "a deployment intent group").await
    }

    /// Lists a DIG's generic placement intents. Empty as well when the DIG does not exist (EMCO-API §6.4).
    pub async fn list_generic_placement_intents(
        &self,
        dig: &DigKey,
    ) -> Result<Vec<GenericPlacementIntent>, Error> {
        self.list(of_dig(dig, &["generic-placement-intents"]), "a list of generic placement intents").await
    }

    /// Lists the app intents of a generic placement intent. Empty as well when the parents do not exist (EMCO-API §6.4).
    pub async fn list_app_intents(&self, dig: &DigKey, gpi: &str) -> Result<Vec<AppIntent>, Error> {
        let path = of_dig(dig, &["generic-placement-intents", gpi, "app-intents"]);
        self.list(path, "a list of app intents").await
    }

    /// Writes an app intent, new or not, under its own name, and returns what EMCO stored.
    ///
    /// The placement is written as EMCO takes it ([`Placement::contracted`](crate::Placement::contracted)), and EMCO answers with its
    /// labels expanded. It takes effect with the next [`update_dig`](Self::update_dig).
    pub async fn put_app_intent(
        &self,
        dig: &DigKey,
        gpi: &str,
        intent: &AppIntent,
    ) -> Result<AppIntent, Error> {
        let mut intent = intent.clone();
        intent.spec.intent = intent.spec.intent.contracted();
        self.transport
            .send(Call {
                method: Method::PUT,
                path: of_dig(dig, &["generic-placement-intents", gpi, "app-intents", &intent.metadata.name]),
                query: Vec::new(),
                body: Some(Body::AppIntent(&intent)),
                expected: "the app intent as stored",
            })
            .await
    }

    /// Makes EMCO act on changed intents, and returns the revision this makes. EMCO goes on moving apps after it answered.
    ///
    /// Never repeated by the client: every call makes a revision.
    pub async fn update_dig(&self, dig: &DigKey) -> Result<Revision, Error> {
        self.transport
            .send(Call {
                method: Method::POST,
                path: of_dig(dig, &["update"]),
                query: Vec::new(),
                body: None,
                expected: "a revision number",
            })
            .await
    }

    /// Makes the app context of an earlier revision the current one, as a revision of its own. App intents stay as they are.
    ///
    /// Never repeated by the client: every call makes a revision. EMCO goes on moving apps after it answered.
    pub async fn rollback_dig(&self, dig: &DigKey, revision: Revision) -> Result<(), Error> {
        self.transport
            .order(Call {
                method: Method::POST,
                path: of_dig(dig, &["rollback"]),
                query: Vec::new(),
                body: Some(Body::Rollback(Rollback {
                    spec: RollbackSpec { revision: revision.to_string() },
                })),
                expected: "an accepted roll-back (202)",
            })
            .await
    }

    /// Reads how a DIG's apps are doing.
    pub async fn dig_status(&self, dig: &DigKey, query: &StatusQuery) -> Result<DigStatus, Error> {
        self.transport
            .send(Call {
                method: Method::GET,
                path: of_dig(dig, &["status"]),
                query: query.pairs(),
                body: None,
                expected: "the status of a deployment intent group",
            })
            .await
    }

    /// Where an app context of a DIG, current or former, places its apps: clusters by app, both in order. Unlike the apps of
    /// [`dig_status`](Self::dig_status) it is what the context says, whatever became of it.
    pub async fn context_clusters(
        &self,
        dig: &DigKey,
        instance: &str,
    ) -> Result<BTreeMap<String, Vec<ClusterRef>>, Error> {
        let listed: ClustersByApp = self
            .transport
            .send(Call {
                method: Method::GET,
                path: of_dig(dig, &["status"]),
                query: vec![("clusters", String::new()), ("instance", instance.to_owned())],
                body: None,
                expected: "the clusters of an app context",
            })
            .await?;
        Ok(listed.into_clusters())
    }

    /// Names the clusters of a provider that carry a label. Answered by EMCO's cluster manager (CLM).
    pub async fn clusters_with_label(&self, provider: &str, label: &str) -> Result<Vec<String>, Error> {
        let names: Option<Vec<String>> = self
            .transport
            .send(Call {
                method: Method::GET,
                path: vec!["v2", "cluster-providers", provider, "clusters"],
                query: vec![("label", label.to_owned())],
                body: None,
                expected: "a list of cluster names",
            })
            .await?;
        Ok(names.unwrap_or_default())
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: Vec<&str>,
        expected: &'static str,
    ) -> Result<T, Error> {
        self.transport.send(Call { method: Method::GET, path, query: Vec::new(), body: None, expected }).await
    }

    /// EMCO writes an empty list as `null`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: Vec<&str>,
        expected: &'static str,
    ) -> Result<Vec<T>, Error> {
        let list: Option<Vec<T>> = self.get(path, expected).await?;
        Ok(list.unwrap_or_default())
    }
}
