//! What a migration is told, and what it answers (EMCO-API §2.5).

use std::collections::BTreeMap;
use std::str::FromStr;

use emco::DigKey;
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
    /// [`InvalidParams`] naming every parameter that is missing or cannot be used.
    pub fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        Params::for_all(params).read(|params| {
            let emco_url = params.required::<EmcoUrl>("emcoURL");
            let mut name = |name| params.required::<Name>(name);
            let (project, composite_app) = (name("project"), name("compositeApp"));
            let (version, dig) = (name("compositeAppVersion"), name("deploymentIntentGroup"));
            let (provider, cluster) = (name("targetClusterProvider"), name("targetClusterName"));
            Ok(Self {
                dig: Dig {
                    emco_url: emco_url?.0,
                    project: project?.0,
                    composite_app: composite_app?.0,
                    version: version?.0,
                    name: dig?.0,
                },
                target: Target { provider: provider?.0, cluster: cluster?.0 },
            })
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
            in_params: Params::for_all(params).to_map(),
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
struct EmcoUrl(String);

impl FromStr for EmcoUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "write a URL such as http://orchestrator:9015")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("write a URL that begins with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("write it without user name and password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("write it without `?` and `#`");
        }
        Ok(Self(text.to_owned()))
    }
}

/// A name as EMCO takes it.
struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if rules::is_name(text) {
            Ok(Self(text.to_owned()))
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
