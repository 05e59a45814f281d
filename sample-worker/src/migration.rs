//! What a migration is told, and what it answers (EMCO-API §2.5).

use std::collections::BTreeMap;

use emco::DigKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;
use worker_kit::{InvalidParams, Params};
use workflow_api::{WorkflowParams, rules};

/// Which apps go where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The apps: those of this deployment intent group.
    pub dig: Dig,
    /// Their new cluster.
    pub target: Target,
}

/// The parameters for all activities.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MigrateParams {
    #[serde(rename = "emcoURL")]
    emco_url: EmcoUrl,
    project: Name,
    composite_app: Name,
    composite_app_version: Name,
    deployment_intent_group: Name,
    target_cluster_provider: Name,
    target_cluster_name: Name,
}

/// A deployment intent group, and the EMCO that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dig {
    /// EMCO's orchestrator, or an ingress before it.
    pub emco_url: String,
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The composite app's version.
    pub version: String,
    /// The deployment intent group.
    pub name: String,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The cluster provider.
    pub provider: String,
    /// The cluster.
    pub cluster: String,
}

impl Migration {
    /// The migration that an intent's parameters ask for.
    ///
    /// # Errors
    /// [`InvalidParams`] naming every parameter that is missing, unknown or cannot be used.
    pub fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(asked): Params<MigrateParams> = Params::for_all(params)?;
        Ok(Self {
            dig: Dig {
                emco_url: asked.emco_url.0,
                project: asked.project.0,
                composite_app: asked.composite_app.0,
                version: asked.composite_app_version.0,
                name: asked.deployment_intent_group.0,
            },
            target: Target {
                provider: asked.target_cluster_provider.0,
                cluster: asked.target_cluster_name.0,
            },
        })
    }
}

impl Dig {
    /// The key under which EMCO knows it.
    pub fn key(&self) -> DigKey {
        DigKey::new(&self.project, &self.composite_app, &self.version, &self.name)
    }
}

/// App intents by generic placement intent.
pub type AppIntents = BTreeMap<String, Vec<AppNameIntentPair>>;

/// An app intent, and the app it places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppNameIntentPair {
    /// The app.
    pub app_name: String,
    /// Its intent.
    pub app_intent_name: String,
}

/// What the workflow answers, in the shape of EMCO's Go worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MigrationResult {
    /// The parameters it was given.
    pub in_params: BTreeMap<String, String>,
    /// Where the generic placement intents are.
    #[serde(rename = "GenericPlacementIntentURL")]
    pub generic_placement_intent_url: String,
    /// Always null, as in EMCO.
    pub generic_placement_intents: Option<Vec<String>>,
    /// The app intents that now name the target.
    pub app_name_intent_pairs: AppIntents,
}

impl MigrationResult {
    pub(crate) fn new(params: &WorkflowParams, migration: &Migration, intents: AppIntents) -> Self {
        let Dig { emco_url, project, composite_app, version, name } = &migration.dig;
        let emco_url = emco_url.trim_end_matches('/');
        Self {
            in_params: params
                .activity_params
                .get(WorkflowParams::ALL_ACTIVITIES)
                .cloned()
                .unwrap_or_default(),
            generic_placement_intent_url: format!(
                "{emco_url}/v2/projects/{project}/composite-apps/{composite_app}/{version}\
                 /deployment-intent-groups/{name}/generic-placement-intents"
            ),
            generic_placement_intents: None,
            app_name_intent_pairs: intents,
        }
    }
}

/// The URL of an EMCO. Credentials in it would stay in Temporal's history for all to read.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct EmcoUrl(String);

impl TryFrom<String> for EmcoUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| "write a URL such as http://orchestrator:9015")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("write a URL that begins with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("write it without user name and password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("write it without `?` and `#`");
        }
        Ok(Self(text))
    }
}

/// A name as EMCO takes it.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Name(String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if rules::is_name(&text) {
            Ok(Self(text))
        } else {
            let most = rules::NAME_MAX;
            Err(format!(
                "write at most {most} letters, digits, `-`, `_` or `.`, with a letter or digit at both ends"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(changes: &[(&str, &str)]) -> WorkflowParams {
        let mut all: BTreeMap<_, _> = [
            ("emcoURL", "http://emco:9015/"),
            ("project", "proj1"),
            ("compositeApp", "capp1"),
            ("compositeAppVersion", "v1"),
            ("deploymentIntentGroup", "dig1"),
            ("targetClusterProvider", "provider2"),
            ("targetClusterName", "cluster2"),
        ]
        .into();
        all.extend(changes.iter().copied());
        let all = all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        WorkflowParams {
            activity_params: [(WorkflowParams::ALL_ACTIVITIES.to_owned(), all)].into(),
            ..WorkflowParams::default()
        }
    }

    #[test]
    fn every_missing_parameter_is_named() {
        let invalid = Migration::from_params(&WorkflowParams::default()).unwrap_err();
        let text = invalid.to_string();
        assert_eq!(invalid.faults().len(), 7);
        for name in params(&[]).activity_params[WorkflowParams::ALL_ACTIVITIES].keys() {
            assert!(text.contains(&format!("all-activities.{name}: is missing")), "{name} in {text}");
        }
    }

    #[test]
    fn what_emco_would_not_take_is_refused() {
        for (name, value, words) in [
            ("project", "a/b", "letters"),
            ("deploymentIntentGroup", "..", "letters"),
            ("emcoURL", "emco:9015", "http"),
            ("emcoURL", "orchestrator", "a URL"),
            ("emcoURL", "http://user:hunter2@emco", "without user name"),
            ("emcoURL", "http://emco/?a=b", "without `?`"),
        ] {
            let text = Migration::from_params(&params(&[(name, value)])).unwrap_err().to_string();
            assert!(text.contains(&format!("{name}: cannot be used: ")) && text.contains(words), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused() {
        let text = Migration::from_params(&params(&[("targetCluster", "c")])).unwrap_err().to_string();
        assert!(text.contains("targetCluster: is not known; did you mean `targetClusterName`?"), "{text}");
    }

    #[test]
    fn the_result_has_the_shape_of_emcos_worker() {
        let params = params(&[]);
        let migration = Migration::from_params(&params).unwrap();
        let pair = AppNameIntentPair {
            app_name: "collectd".to_owned(),
            app_intent_name: "collectd-intent".to_owned(),
        };
        let intents = AppIntents::from([("gpi".to_owned(), vec![pair])]);
        let result = MigrationResult::new(&params, &migration, intents);
        assert_eq!(
            serde_json::to_value(result).unwrap(),
            serde_json::json!({
                "InParams": {
                    "compositeApp": "capp1", "compositeAppVersion": "v1", "deploymentIntentGroup": "dig1",
                    "emcoURL": "http://emco:9015/", "project": "proj1",
                    "targetClusterName": "cluster2", "targetClusterProvider": "provider2",
                },
                "GenericPlacementIntentURL": "http://emco:9015/v2/projects/proj1/composite-apps/capp1/v1\
                    /deployment-intent-groups/dig1/generic-placement-intents",
                "GenericPlacementIntents": null,
                "AppNameIntentPairs": {"gpi": [{"AppName": "collectd", "AppIntentName": "collectd-intent"}]},
            })
        );
    }
}
