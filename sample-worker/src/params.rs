//! The requests of the workflows, read from an intent's parameters.

use std::time::Duration;

use sample_params::{CapacityParams, EvacuateParams, MigrateParams, Name, RelocateParams};
use worker_kit::{InvalidParams, Params};
use workflow_api::{Fault, WorkflowParams};

use crate::evacuation::Search;
use crate::model::{Dig, Target};

/// What a workflow does in addition to the steps of EMCO's worker. See [`MigrateParams`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) preflight: bool,
    pub(crate) wait_ready: bool,
    pub(crate) ready_timeout: Duration,
    pub(crate) update_grace: Duration,
    pub(crate) compensate: bool,
    pub(crate) dry_run: bool,
}

impl Options {
    /// The behaviour of EMCO's own worker, and of older runs of ours.
    pub(crate) const EMCOS: Self = Self {
        preflight: false,
        wait_ready: false,
        ready_timeout: Duration::from_secs(600),
        update_grace: Duration::from_secs(30),
        compensate: false,
        dry_run: false,
    };
}

/// The request of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MigrateRequest {
    pub(crate) dig: Dig,
    pub(crate) target: Target,
    pub(crate) options: Options,
}

/// The request of a relocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelocateRequest {
    pub(crate) dig: Dig,
    pub(crate) apps: Vec<String>,
    pub(crate) source: Option<Target>,
    pub(crate) target: Target,
    pub(crate) options: Options,
}

/// Returns group, target and options, which migrations and relocations have in fields of the same names.
macro_rules! common {
    ($params:ident) => {{
        let dig = Dig {
            emco_url: $params.emco_url.0,
            project: $params.project.0,
            composite_app: $params.composite_app.0,
            version: $params.composite_app_version.0,
            name: $params.deployment_intent_group.0,
            clm_url: $params.emco_clm_endpoint.map(|url| url.0),
            dcm_url: $params.emco_dcm_endpoint.map(|url| url.0),
        };
        let target = Target::new($params.target_cluster_provider.0, $params.target_cluster_name.0);
        let options = Options {
            preflight: $params.preflight,
            wait_ready: $params.wait_ready,
            ready_timeout: $params.ready_timeout.0,
            update_grace: $params.update_grace.0,
            compensate: $params.compensate,
            dry_run: $params.dry_run,
        };
        (dig, target, options)
    }};
}

fn fault(name: &str, message: &str) -> Fault {
    Fault::new(format!("$.activityParams.{}.{name}", WorkflowParams::ALL_ACTIVITIES), message)
}

fn texts(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(|name| name.0).collect()
}

/// Returns the names in order, each once.
fn each_once(names: Vec<Name>) -> Vec<String> {
    let mut names = texts(names);
    names.sort();
    names.dedup();
    names
}

impl MigrateRequest {
    /// Reads the parameters of an intent.
    ///
    /// # Errors
    /// Returns an error that names every missing, unknown or invalid parameter.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(params): Params<MigrateParams> = Params::for_all(params)?;
        let (dig, target, options) = common!(params);
        Ok(Self { dig, target, options })
    }
}

impl RelocateRequest {
    /// Reads the parameters of an intent.
    ///
    /// # Errors
    /// Returns an error that names every missing, unknown or invalid parameter.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(params): Params<RelocateParams> = Params::for_all(params)?;
        let source = match (params.source_cluster_provider, params.source_cluster_name) {
            (Some(provider), Some(cluster)) => Some(Target::new(provider.0, cluster.0)),
            (None, None) => None,
            (provider, _) => {
                let missing = if provider.is_some() { "sourceClusterName" } else { "sourceClusterProvider" };
                let message = "is missing; give both names of the source, or neither";
                return Err(InvalidParams::new(vec![fault(missing, message)]));
            }
        };
        let (dig, target, options) = common!(params);
        Ok(Self { dig, apps: texts(params.app.0), source, target, options })
    }
}

/// The request of an evacuation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvacuateRequest {
    pub(crate) search: Search,
    pub(crate) target: Target,
    /// How many groups are moved at most.
    pub(crate) most: Option<usize>,
    /// How many groups are moved first, before all others.
    pub(crate) canary: usize,
    /// How many groups are moved at the same time.
    pub(crate) lanes: usize,
    /// No further move starts once this share of the completed ones has failed.
    pub(crate) stop_share: f64,
    pub(crate) dry_run: bool,
}

impl EvacuateRequest {
    /// Reads the parameters of an intent.
    ///
    /// # Errors
    /// Returns an error that names every missing, unknown or invalid parameter.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(params): Params<EvacuateParams> = Params::for_all(params)?;
        let source = Target::new(params.source_cluster_provider.0, params.source_cluster_name.0);
        let target = Target::new(params.target_cluster_provider.0, params.target_cluster_name.0);
        let named = params.project.into_iter().chain(params.projects.into_iter().flat_map(|names| names.0));
        let projects = each_once(named.collect());
        let mut faults = Vec::new();
        match (projects.is_empty(), params.all_projects) {
            (true, false) => faults.push(fault("project", "is missing; or give `projects` or `allProjects`")),
            (false, true) => {
                faults
                    .push(fault("allProjects", "cannot be used with names of projects; remove one of them"));
            }
            _ => {}
        }
        if source == target {
            faults.push(fault("targetClusterName", "cannot be used: it is the cluster to evacuate"));
        }
        if !faults.is_empty() {
            return Err(InvalidParams::new(faults));
        }
        let search = Search {
            emco_url: params.emco_url.0,
            clm_url: params.emco_clm_endpoint.map(|url| url.0),
            projects: (!params.all_projects).then_some(projects),
            composite_apps: params.composite_apps.map(|names| texts(names.0)),
            source,
            target: params.preflight.then(|| target.clone()),
        };
        Ok(Self {
            search,
            target,
            most: params.max_groups.map(|most| most.0),
            canary: params.canary as usize,
            lanes: params.concurrency.0,
            stop_share: params.stop_share.0,
            dry_run: params.dry_run,
        })
    }
}

/// The request of a watch over a cluster's capacity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CapacityRequest {
    pub(crate) search: Search,
    pub(crate) limit: usize,
    pub(crate) interval: Duration,
    /// How many readings one run makes.
    pub(crate) readings: usize,
}

impl CapacityRequest {
    /// Reads the parameters of an intent.
    ///
    /// # Errors
    /// Returns an error that names every missing, unknown or invalid parameter.
    pub(crate) fn from_params(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        let Params(params): Params<CapacityParams> = Params::for_all(params)?;
        let search = Search {
            emco_url: params.emco_url.0,
            clm_url: params.emco_clm_endpoint.map(|url| url.0),
            projects: params.projects.map(|names| each_once(names.0)),
            composite_apps: None,
            source: Target::new(params.cluster_provider.0, params.cluster_name.0),
            target: None,
        };
        let (limit, interval) = (params.limit.0, params.interval.0);
        Ok(Self { search, limit, interval, readings: params.readings_per_run.0 })
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
    fn values_that_emco_would_refuse_are_refused() {
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
    fn a_migration_is_safe_by_default() {
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
    fn a_relocation_accepts_the_names_of_emco() {
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
    fn an_evacuation_names_what_to_search() {
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
        assert_eq!(request.most, None);
        assert_eq!(with(&[("maxGroups", "3")]).unwrap().most, Some(3));
        assert_eq!(with(&[("project", ""), ("allProjects", "true")]).unwrap().search.projects, None);
        for (changes, words) in [
            (&[("project", "")][..], "project: is missing; or give `projects` or `allProjects`"),
            (&[("allProjects", "true")], "allProjects: cannot be used"),
            (
                &[("targetClusterProvider", "provider1"), ("targetClusterName", "cluster1")],
                "the cluster to evacuate",
            ),
            (&[("concurrency", "0")], "a number from 1 to 30"),
            (&[("maxGroups", "0")], "maxGroups: must be an integer from 1"),
            (&[("maxGroups", "all")], "maxGroups: must be an integer from 1"),
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
