//! What the workflows are asked for, from the typed parameters of an intent.

use std::time::Duration;

use sample_params::{MigrateParams, RelocateParams};
use worker_kit::{InvalidParams, Params};
use workflow_api::WorkflowParams;

use crate::model::{Dig, Target};

/// What a workflow does beside EMCO's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Check everything before anything is written.
    pub(crate) preflight: bool,
    /// End only when the apps are ready on their target.
    pub(crate) wait_ready: bool,
    /// How long to wait.
    pub(crate) ready_timeout: Duration,
    /// Put everything back where the end is not reached.
    pub(crate) compensate: bool,
    /// Only say what would be done.
    pub(crate) dry_run: bool,
}

impl Options {
    /// What EMCO's own worker does, and what ours did before it could do more.
    pub(crate) const EMCOS: Self = Self {
        preflight: false,
        wait_ready: false,
        ready_timeout: Duration::from_secs(600),
        compensate: false,
        dry_run: false,
    };
}

/// A migration that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MigrateRequest {
    pub(crate) dig: Dig,
    pub(crate) target: Target,
    pub(crate) options: Options,
}

/// A relocation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelocateRequest {
    pub(crate) dig: Dig,
    pub(crate) app: String,
    pub(crate) source: Option<Target>,
    pub(crate) target: Target,
    pub(crate) options: Options,
}

/// What both kinds of parameters say: the group, the target, the options. Fields of the same names, and not one struct flattened into
/// both, as that would lose the second names that EMCO gives some of them.
macro_rules! common {
    ($asked:ident) => {{
        let dig = Dig {
            emco_url: $asked.emco_url.0,
            project: $asked.project.0,
            composite_app: $asked.composite_app.0,
            version: $asked.composite_app_version.0,
            name: $asked.deployment_intent_group.0,
            clm_url: $asked.emco_clm_endpoint.map(|url| url.0),
            dcm_url: $asked.emco_dcm_endpoint.map(|url| url.0),
        };
        let target = Target::new($asked.target_cluster_provider.0, $asked.target_cluster_name.0);
        let options = Options {
            preflight: $asked.preflight,
            wait_ready: $asked.wait_ready,
            ready_timeout: $asked.ready_timeout.0,
            compensate: $asked.compensate,
            dry_run: $asked.dry_run,
        };
        (dig, target, options)
    }};
}

impl MigrateRequest {
    /// The migration that an intent's parameters ask for.
    ///
    /// # Errors
    /// [`InvalidParams`] naming every parameter that is missing, unknown or cannot be used.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(asked): Params<MigrateParams> = Params::for_all(params)?;
        let (dig, target, options) = common!(asked);
        Ok(Self { dig, target, options })
    }
}

impl RelocateRequest {
    /// The relocation that an intent's parameters ask for.
    ///
    /// # Errors
    /// As [`MigrateRequest::from_params`]; also when only one of the source's two names is given.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(asked): Params<RelocateParams> = Params::for_all(params)?;
        let source = match (asked.source_cluster_provider, asked.source_cluster_name) {
            (Some(provider), Some(cluster)) => Some(Target::new(provider.0, cluster.0)),
            (None, None) => None,
            (provider, _) => {
                let missing = if provider.is_some() { "sourceClusterName" } else { "sourceClusterProvider" };
                let path = format!("$.activityParams.{}.{missing}", WorkflowParams::ALL_ACTIVITIES);
                let message = "is missing; give both names of the source, or neither";
                return Err(InvalidParams::new(vec![workflow_api::Fault::new(path, message)]));
            }
        };
        let (dig, target, options) = common!(asked);
        Ok(Self { dig, app: asked.app.0, source, target, options })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
        let invalid = MigrateRequest::from_params(&WorkflowParams::default()).unwrap_err();
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
            ("readyTimeout", "soon", "a duration"),
            ("readyTimeout", "0s", "above zero"),
        ] {
            let text = MigrateRequest::from_params(&params(&[(name, value)])).unwrap_err().to_string();
            assert!(text.contains(&format!("{name}: cannot be used: ")) && text.contains(words), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused() {
        let text = MigrateRequest::from_params(&params(&[("targetCluster", "c")])).unwrap_err().to_string();
        assert!(text.contains("targetCluster: is not known; did you mean `targetClusterName`?"), "{text}");
    }

    #[test]
    fn a_migration_is_safe_unless_the_intent_says_otherwise() {
        let options = |changes| MigrateRequest::from_params(&params(changes)).unwrap().options;
        let safe = options(&[]);
        assert!(safe.preflight && safe.wait_ready && safe.compensate && !safe.dry_run);
        assert_eq!(safe.ready_timeout, Duration::from_secs(600));
        let emcos = options(&[("preflight", "false"), ("waitReady", "false"), ("compensate", "false")]);
        assert_eq!(emcos, Options::EMCOS);
        assert_eq!(options(&[("readyTimeout", "90s")]).ready_timeout, Duration::from_secs(90));
        assert!(options(&[("dryRun", "true")]).dry_run);
        let text = MigrateRequest::from_params(&params(&[("dryRun", "perhaps")])).unwrap_err().to_string();
        assert!(text.contains("dryRun: must be"), "{text}");
    }

    #[test]
    fn a_relocation_takes_emcos_names_too() {
        let mut given =
            params(&[("targetAppName", "collectd"), ("emcoOrchStatusEndpoint", "orchestrator:9016")]);
        let all = given.activity_params.get_mut(WorkflowParams::ALL_ACTIVITIES).unwrap();
        let url = all.remove("emcoURL").unwrap();
        all.insert("emcoOrchEndpoint".to_owned(), url);
        let request = RelocateRequest::from_params(&given).unwrap();
        assert_eq!((request.app.as_str(), request.source), ("collectd", None));
        assert_eq!(request.dig.emco_url, "http://emco:9015/");
    }

    #[test]
    fn a_source_has_both_names_or_none() {
        let given = params(&[("app", "a"), ("sourceClusterProvider", "p")]);
        let text = RelocateRequest::from_params(&given).unwrap_err().to_string();
        assert!(text.contains("sourceClusterName: is missing; give both"), "{text}");
    }
}
