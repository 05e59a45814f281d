//! The search for deployment intent groups that have apps on a cluster, and their number.

use emco::{ClusterRef, DigKey, DigState, DigStatus, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::preflight::{listed, unknown_cluster};
use super::removals::{Contexts, Owed, is_on};
use crate::capacity::Count;
use crate::emco_calls::{failure, is_elsewhere, lasting, one_line, patient};
use crate::evacuation::{Found, Search};
use crate::placement::{Labels, labels_of, mandatory};

/// The maximum number of groups: more would not fit into one history, and their report not into one result.
const MOST: usize = 1000;

/// Searches projects, composite apps and deployment intent groups, in the order of their names.
pub(super) async fn find(search: &Search) -> Result<Vec<Found>, ActivityError> {
    let walk = Walk::new(search, "nothing was changed: ")?;
    walk.check_clusters().await?;
    let (mut found, mut labels) = (Vec::new(), Labels::new());
    for key in walk.digs().await? {
        match walk.examine(&key, &mut labels).await {
            Ok(of) => found.extend(of),
            Err(error) if error.is_retryable() => return Err(failure(error)),
            // A group that cannot be read does not prevent the evacuation of the others.
            Err(error) => found.push(Found { fault: Some(one_line(error)), ..Found::new(&key, Vec::new()) }),
        }
    }
    if found.len() > MOST {
        let message = format!(
            "nothing was changed: {} deployment intent groups are on {}, but one evacuation reports at most {MOST}; \
             name projects or composite apps",
            found.len(),
            search.source
        );
        return Err(lasting("TooMany", message));
    }
    Ok(found)
}

/// Counts the groups that an evacuation of the cluster would move.
pub(super) async fn count(search: &Search) -> Result<Count, ActivityError> {
    let walk = Walk::new(search, "")?;
    walk.check_clusters().await?;
    let mut count = Count::default();
    for key in walk.digs().await? {
        match walk.status(&key).await {
            Ok(status) => {
                let is_there = |status: &DigStatus| is_instantiated(status) && !walk.apps(status).is_empty();
                count.used += usize::from(status.as_ref().is_some_and(is_there));
            }
            Err(error) if error.is_retryable() => return Err(failure(error)),
            Err(_) => count.unread += 1,
        }
    }
    Ok(count)
}

fn is_instantiated(status: &DigStatus) -> bool {
    status.state() == Some(&DigState::Instantiated)
}

struct Walk<'a> {
    emco: emco::Client,
    clm: emco::Client,
    search: &'a Search,
    /// How the message of a refusal begins.
    refused: &'static str,
}

impl<'a> Walk<'a> {
    fn new(search: &'a Search, refused: &'static str) -> Result<Self, ActivityError> {
        let emco = patient(&search.emco_url)?;
        let clm = patient(search.clm_url.as_deref().unwrap_or(&search.emco_url))?;
        Ok(Self { emco, clm, search, refused })
    }

    /// Refuses unknown clusters. A misspelt cluster has no apps, so its evacuation would look like a success.
    async fn check_clusters(&self) -> Result<(), ActivityError> {
        let mut faults = Vec::new();
        for cluster in [Some(&self.search.source), self.search.target.as_ref()].into_iter().flatten() {
            faults.extend(unknown_cluster(&self.clm, cluster, self.search.clm_url.is_none()).await?);
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(lasting("NoSuchCluster", format!("{}{}", self.refused, faults.join("; ")))),
        }
    }

    /// Lists the groups to search, in the order of their names.
    async fn digs(&self) -> Result<Vec<DigKey>, ActivityError> {
        let mut keys = Vec::new();
        for (project, composite_app, version) in self.composite_apps().await? {
            let of = DigKey::new(&project, &composite_app, &version, "");
            let mut names = match self.emco.dig_names(&of).await {
                Ok(names) => names,
                Err(error) if error.kind() == Kind::NotFound => continue,
                Err(error) => return Err(failure(error)),
            };
            names.sort();
            keys.extend(names.into_iter().map(|dig| DigKey { dig, ..of.clone() }));
        }
        Ok(keys)
    }

    /// Lists project, name and version of each composite app to search.
    async fn composite_apps(&self) -> Result<Vec<(String, String, String)>, ActivityError> {
        let (mut apps, wanted) = (Vec::new(), self.search.composite_apps.as_ref());
        for project in self.projects().await? {
            match self.emco.composite_apps(&project).await {
                Ok(of) => apps.extend(of.into_iter().map(|(name, version)| (project.clone(), name, version))),
                // The project was deleted in the meantime.
                Err(error) if error.kind() == Kind::NotFound && self.search.projects.is_none() => {}
                Err(error) => return Err(failure(error)),
            }
        }
        apps.sort();
        let absent = |name: &&String| apps.iter().all(|(_, app, _)| app != *name);
        let missing: Vec<String> = wanted.into_iter().flatten().filter(absent).cloned().collect();
        if !missing.is_empty() {
            let mut names: Vec<String> = apps.into_iter().map(|(_, name, _)| name).collect();
            names.dedup();
            let message = format!(
                "{}there is no composite app {}, but {}",
                self.refused,
                listed(&missing),
                listed(&names)
            );
            return Err(lasting("NoSuchCompositeApp", message));
        }
        apps.retain(|(_, name, _)| wanted.is_none_or(|wanted| wanted.contains(name)));
        Ok(apps)
    }

    async fn projects(&self) -> Result<Vec<String>, ActivityError> {
        let known = match (self.emco.project_names().await, &self.search.projects) {
            (Ok(names), _) => names,
            // A caller with rights for some projects may not be allowed to list all.
            (Err(error), Some(named)) if error.kind() == Kind::Denied => return Ok(named.clone()),
            (Err(error), _) => return Err(failure(error)),
        };
        let Some(named) = &self.search.projects else { return Ok(known) };
        let missing: Vec<String> = named.iter().filter(|name| !known.contains(name)).cloned().collect();
        if missing.is_empty() {
            return Ok(named.clone());
        }
        let message =
            format!("{}EMCO has no project {}, but {}", self.refused, listed(&missing), listed(&known));
        Err(lasting("NoSuchProject", message))
    }

    /// Returns the group if its apps are on the source, or would be after its next update.
    async fn examine(&self, key: &DigKey, labels: &mut Labels) -> Result<Option<Found>, emco::Error> {
        let source = &self.search.source;
        let Some(status) = self.status(key).await? else { return Ok(None) };
        let (apps, is_instantiated) = (self.apps(&status), is_instantiated(&status));
        let owed = if is_instantiated { self.owed(key, &status).await? } else { None };
        if is_instantiated && !apps.is_empty() {
            return Ok(Some(Found { owed, ..Found::new(key, apps) }));
        }
        if let Some(owed) = owed {
            return Ok(Some(Found { fault: Some(owed), ..Found::new(key, Vec::new()) }));
        }
        let apps = self.intended(key, labels).await?;
        let why = match status.state() {
            _ if apps.is_empty() => return Ok(None),
            Some(DigState::Instantiated) => {
                format!("not on {source}, but it would be after its next update: its app intents name it")
            }
            Some(other) => format!("is {other:?}, not Instantiated; its app intents name {source}"),
            None => format!("EMCO returns no state of it; its app intents name {source}"),
        };
        Ok(Some(Found { skip: Some(why), ..Found::new(key, apps) }))
    }

    /// Returns the status of a group, or `None` if the group was deleted in the meantime.
    async fn status(&self, key: &DigKey) -> Result<Option<DigStatus>, emco::Error> {
        match self.emco.dig_status(key, &StatusQuery::ready()).await {
            Ok(status) => Ok(Some(status)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists the group's apps that EMCO has placed on the source.
    fn apps(&self, status: &DigStatus) -> Vec<String> {
        let on_source =
            |(app, on): (String, Vec<ClusterRef>)| on.contains(&self.search.source).then_some(app);
        status.clusters().into_iter().filter_map(on_source).collect()
    }

    /// Describes what EMCO's rsync has not yet removed from the source.
    async fn owed(&self, key: &DigKey, status: &DigStatus) -> Result<Option<String>, emco::Error> {
        let known = Contexts::new(&self.emco, key).known(status, Revision(0)).await?;
        let now = known.now();
        let owed = known.owed(|app, cluster| *cluster == self.search.source && !is_on(&now, app, cluster));
        let texts: Vec<String> = owed.iter().map(Owed::text).collect();
        Ok(owed.first().map(|first| format!("{}; {}", texts.join("; "), first.advice())))
    }

    /// Lists the apps whose intents place them on the source, by name or by label.
    async fn intended(&self, key: &DigKey, labels: &mut Labels) -> Result<Vec<String>, emco::Error> {
        let mut apps = Vec::new();
        for gpi in self.emco.list_generic_placement_intents(key).await? {
            for intent in self.emco.list_app_intents(key, &gpi.metadata.name).await? {
                for (provider, label) in labels_of(&intent.spec.intent) {
                    self.resolve(provider, label, labels).await?;
                }
                if mandatory(&intent.spec.intent, labels).contains(&self.search.source) {
                    apps.push(intent.spec.app);
                }
            }
        }
        apps.sort();
        apps.dedup();
        Ok(apps)
    }

    async fn resolve(&self, provider: String, label: String, labels: &mut Labels) -> Result<(), emco::Error> {
        // A label of another provider cannot mean the source.
        if provider != self.search.source.provider || labels.contains_key(&(provider.clone(), label.clone()))
        {
            return Ok(());
        }
        let clusters = match self.clm.clusters_with_label(&provider, &label).await {
            Ok(clusters) => clusters,
            Err(error) if error.kind() == Kind::NotFound => Vec::new(),
            Err(error) if is_elsewhere(&error) && self.search.clm_url.is_none() => Vec::new(),
            Err(error) => return Err(error),
        };
        labels.insert((provider, label), clusters);
        Ok(())
    }
}
