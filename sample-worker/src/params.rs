//! What the workflows are asked for, from the typed parameters of an intent.

use std::time::Duration;

use sample_params::{EvacuateParams, MigrateParams, RelocateParams};
use worker_kit::{InvalidParams, Params};
use workflow_api::WorkflowParams;

use crate::evacuation::Search;
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
    /// How long an update whose answer was lost may still come.
    pub(crate) update_grace: Duration,
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
        update_grace: Duration::from_secs(30),
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
    pub(crate) apps: Vec<String>,
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
            update_grace: $asked.update_grace.0,
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
        let apps = asked.app.0.into_iter().map(|app| app.0).collect();
        Ok(Self { dig, apps, source, target, options })
    }
}

/// An evacuation that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvacuateRequest {
    pub(crate) search: Search,
    pub(crate) target: Target,
    /// How many go first, alone.
    pub(crate) canary: usize,
    /// How many go at once.
    pub(crate) lanes: usize,
    /// No further one begins once this share of those that ended failed.
    pub(crate) stop_share: f64,
    pub(crate) dry_run: bool,
}

impl EvacuateRequest {
    /// The evacuation that an intent's parameters ask for.
    ///
    /// # Errors
    /// As [`MigrateRequest::from_params`]; also when it does not say where to look, or the target is the source.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(asked): Params<EvacuateParams> = Params::for_all(params)?;
        let source = Target::new(asked.source_cluster_provider.0, asked.source_cluster_name.0);
        let target = Target::new(asked.target_cluster_provider.0, asked.target_cluster_name.0);
        let named = asked.project.into_iter().chain(asked.projects.into_iter().flat_map(|names| names.0));
        let mut projects: Vec<String> = named.map(|name| name.0).collect();
        projects.sort();
        projects.dedup();
        let fault = |name: &str, message: &str| {
            let path = format!("$.activityParams.{}.{name}", WorkflowParams::ALL_ACTIVITIES);
            workflow_api::Fault::new(path, message)
        };
        let mut faults = Vec::new();
        match (projects.is_empty(), asked.all_projects) {
            (true, false) => faults.push(fault("project", "is missing; or give `projects` or `allProjects`")),
            (false, true) => {
                faults.push(fault("allProjects", "cannot be used: leave it out, or the names of projects"));
            }
            _ => {}
        }
        if source == target {
            faults.push(fault("targetClusterName", "cannot be used: it is the cluster to leave"));
        }
        if !faults.is_empty() {
            return Err(InvalidParams::new(faults));
        }
        let search = Search {
            emco_url: asked.emco_url.0,
            clm_url: asked.emco_clm_endpoint.map(|url| url.0),
            projects: (!asked.all_projects).then_some(projects),
            composite_apps: asked
                .composite_apps
                .map(|names| names.0.into_iter().map(|name| name.0).collect()),
            source,
            target: asked.preflight.then(|| target.clone()),
        };
        Ok(Self {
            search,
            target,
            canary: usize::try_from(asked.canary).unwrap_or(usize::MAX),
            lanes: asked.concurrency.0,
            stop_share: asked.stop_share.0,
            dry_run: asked.dry_run,
        })
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
        assert_eq!((request.apps, request.source), (vec!["collectd".to_owned()], None));
        assert_eq!(request.dig.emco_url, "http://emco:9015/");
    }

    #[test]
    fn an_evacuation_says_where_to_look() {
        let mut given = params(&[("sourceClusterProvider", "provider1"), ("sourceClusterName", "cluster1")]);
        let all = given.activity_params.get_mut(WorkflowParams::ALL_ACTIVITIES).unwrap();
        for name in ["compositeApp", "compositeAppVersion", "deploymentIntentGroup"] {
            all.remove(name);
        }
        let with = |changes: &[(&str, &str)]| {
            let mut given = given.clone();
            let all = given.activity_params.get_mut(WorkflowParams::ALL_ACTIVITIES).unwrap();
            for (name, value) in changes {
                match *value {
                    "" => all.remove(*name),
                    value => all.insert((*name).to_owned(), value.to_owned()),
                };
            }
            EvacuateRequest::from_params(&given).map_err(|invalid| invalid.to_string())
        };
        let request = with(&[("projects", "proj2,proj1"), ("compositeApps", "a,b")]).unwrap();
        assert_eq!(request.search.projects, Some(vec!["proj1".to_owned(), "proj2".to_owned()]));
        assert_eq!((request.canary, request.lanes, request.stop_share), (1, 4, 0.25));
        assert_eq!(with(&[("project", ""), ("allProjects", "true")]).unwrap().search.projects, None);
        for (changes, words) in [
            (&[("project", "")][..], "project: is missing; or give `projects` or `allProjects`"),
            (&[("allProjects", "true")], "allProjects: cannot be used"),
            (
                &[("targetClusterProvider", "provider1"), ("targetClusterName", "cluster1")],
                "the cluster to leave",
            ),
            (&[("concurrency", "0")], "a number from 1 to 30"),
            (&[("stopShare", "0")], "above 0"),
            (&[("canary", "few")], "canary: must be"),
            (&[("sourceClusterName", "")], "sourceClusterName: is missing"),
        ] {
            let text = with(changes).unwrap_err();
            assert!(text.contains(words), "{words} in {text}");
        }
    }

    #[test]
    fn a_source_has_both_names_or_none() {
        let given = params(&[("app", "a"), ("sourceClusterProvider", "p")]);
        let text = RelocateRequest::from_params(&given).unwrap_err().to_string();
        assert!(text.contains("sourceClusterName: is missing; give both"), "{text}");
    }
}
