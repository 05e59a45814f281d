//! What rsync has yet to remove.
//!
//! EMCO makes an app context of each update: which apps on which clusters. Its rsync applies what the new context has more, and then, as
//! an event of the *former* one, deletes what the new one has no longer. Release 2023-07 loses hold of the second part where there is
//! nothing to apply, and may lose it where there is: the update is a success, the status lists the new clusters alone, and the app goes
//! on running on its former one. The deletion stays in the former context's queue until rsync restarts, and is made then, even if the
//! app has come back meanwhile.
//!
//! It shows in the former context's own status (`status?status=deployed&instance=…`): `Updated` when the deletion was made, `Instantiated`
//! while it waits.
//!
//! What brings it about without a restart is another event of that context. A roll-back to it is one: rsync deletes what it owed, and then
//! applies again what the current context lacks; an update that comes while rsync is at that work is carried out to its end. Neither
//! touches an app on a cluster that both contexts have. That holds only as long as what it owes is what the current context lacks:
//! rsync would delete it else, and find nothing to apply.

use std::collections::{BTreeMap, BTreeSet};

use emco::{Client, Deployed, DigKey, DigStatus, Error, Revision, StatusQuery};

use crate::emco_calls::clusters;
use crate::model::{AppClusters, Target};

/// A removal that rsync has not made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owed {
    /// The former context, and its revision.
    context: String,
    revision: Revision,
    /// How far rsync got with it.
    state: Option<Deployed>,
    /// What it is to remove, each with its cluster.
    apps: Vec<(String, Target)>,
    /// Whether the app is placed there again.
    is_placed: bool,
    /// Whether a roll-back to it and an update would have it made, and move nothing else.
    can_be_had: bool,
}

impl Owed {
    /// Whether rsync has not even begun.
    pub(super) fn is_forgotten(&self) -> bool {
        self.state == Some(Deployed::Instantiated)
    }

    /// Whether it is about this cluster.
    pub(super) fn is_on(&self, cluster: &Target) -> bool {
        self.apps.iter().any(|(_, on)| on == cluster)
    }

    /// The revision to go back to for having it made, where that is possible.
    pub(super) fn revision(&self) -> Option<Revision> {
        (self.can_be_had && self.is_forgotten()).then_some(self.revision)
    }

    /// What still runs where, in words.
    pub(super) fn told(&self) -> String {
        let what = if self.is_placed { "is still to be removed from" } else { "still runs on" };
        let apps: Vec<String> =
            self.apps.iter().map(|(app, cluster)| format!("{app} {what} {cluster}")).collect();
        let placed = if self.is_placed { ", although it is placed there again" } else { "" };
        let state = self.state.as_ref().map_or_else(|| "unknown".to_owned(), |state| format!("{state:?}"));
        format!(
            "{}{placed}: EMCO's rsync has not made the removal (app context {} of revision {} is {state}, not Updated)",
            apps.join(", "),
            self.context,
            self.revision
        )
    }
}

/// Whether EMCO goes back to this context where it is told this revision: it takes the first action of that number, which may be one of
/// before the DIG was instantiated anew.
fn is_called(status: &DigStatus, context: &str, revision: Revision) -> bool {
    let mut actions = status.states.actions.iter();
    actions.find(|action| action.revision == revision).is_some_and(|action| action.instance == context)
}

/// The app contexts of a DIG. What cannot change is asked for once.
pub(super) struct Contexts<'a> {
    emco: &'a Client,
    key: &'a DigKey,
    placed: BTreeMap<String, AppClusters>,
    /// Former contexts that have nothing to remove, each with the revision that replaced it.
    empty: BTreeSet<(String, Revision)>,
}

impl<'a> Contexts<'a> {
    pub(super) fn new(emco: &'a Client, key: &'a DigKey) -> Self {
        Self { emco, key, placed: BTreeMap::new(), empty: BTreeSet::new() }
    }

    /// The removals that rsync owes of contexts from revision `since` on, as far as they take an app off a cluster of `interest`, or off one
    /// that it is placed on again; the newest last.
    pub(super) async fn owed(
        &mut self,
        status: &DigStatus,
        since: Revision,
        interest: impl Fn(&str, &Target) -> bool,
    ) -> Result<Vec<Owed>, Error> {
        let (contexts, now) = (status.contexts(), clusters(status));
        let mut owed = Vec::new();
        for (index, pair) in contexts.windows(2).enumerate() {
            let [(context, revision), (successor, replaced)] = *pair else { continue };
            // One that was gone back to since had to do first what it owed.
            let comes_back = contexts.iter().skip(index + 1).any(|(later, _)| *later == context);
            let key = (context.to_owned(), replaced);
            if comes_back || revision < since || self.empty.contains(&key) {
                continue;
            }
            let (placed, kept) = (self.placed(context).await?, self.placed(successor).await?);
            let gone: Vec<(String, Target)> = beside(&placed, &kept).collect();
            if gone.is_empty() {
                self.empty.insert(key);
                continue;
            }
            let is_now =
                |(app, cluster): &(String, Target)| now.get(app).is_some_and(|on| on.contains(cluster));
            let mut apps = gone.clone();
            apps.retain(|of| interest(&of.0, &of.1) || is_now(of));
            let state = if apps.is_empty() { None } else { self.state(context).await? };
            if apps.is_empty() || state == Some(Deployed::Updated) {
                continue;
            }
            let is_placed = apps.iter().any(is_now);
            let can_be_had = is_called(status, context, revision)
                && beside(&now, &placed).next().is_none()
                && beside(&placed, &now).eq(gone);
            owed.push(Owed { context: context.to_owned(), revision, state, apps, is_placed, can_be_had });
        }
        Ok(owed)
    }

    /// The revision of the newest former context from `since` on that has the apps on `on`, and can be gone back to: one that also has all
    /// that there is now, if there is one.
    pub(super) async fn revision_with(
        &mut self,
        status: &DigStatus,
        since: Revision,
        on: &AppClusters,
    ) -> Result<Option<Revision>, Error> {
        let (contexts, now) = (status.contexts(), clusters(status));
        let mut with_it = None;
        for pair in contexts.windows(2).rev() {
            let [(context, revision), (successor, _)] = *pair else { continue };
            if revision < since || !is_called(status, context, revision) {
                continue;
            }
            let (placed, kept) = (self.placed(context).await?, self.placed(successor).await?);
            let owes_what_is_lacking = beside(&placed, &now).eq(beside(&placed, &kept));
            if beside(on, &placed).next().is_some()
                || !(owes_what_is_lacking || self.state(context).await? == Some(Deployed::Updated))
            {
                continue;
            }
            if beside(&now, &placed).next().is_none() {
                return Ok(Some(revision));
            }
            with_it = with_it.or(Some(revision));
        }
        Ok(with_it)
    }

    /// Where a context places its apps.
    async fn placed(&mut self, context: &str) -> Result<AppClusters, Error> {
        if let Some(placed) = self.placed.get(context) {
            return Ok(placed.clone());
        }
        let placed = self.emco.context_clusters(self.key, context).await?;
        let targets = |on: Vec<emco::ClusterRef>| {
            on.into_iter().map(|of| Target::new(of.provider, of.cluster)).collect::<Vec<_>>()
        };
        let placed: AppClusters = placed.into_iter().map(|(app, on)| (app, targets(on))).collect();
        self.placed.insert(context.to_owned(), placed.clone());
        Ok(placed)
    }

    /// How far rsync got with a context.
    async fn state(&self, context: &str) -> Result<Option<Deployed>, Error> {
        let output = Some(emco::Output::Summary);
        let query = StatusQuery { instance: Some(context.to_owned()), output, ..StatusQuery::deployed() };
        Ok(self.emco.dig_status(self.key, &query).await?.deployed_status)
    }
}

/// The apps of the one on clusters that the other does not have them on.
fn beside<'a>(
    one: &'a AppClusters,
    other: &'a AppClusters,
) -> impl Iterator<Item = (String, Target)> + use<'a> {
    let all = one.iter().flat_map(|(app, on)| on.iter().map(move |cluster| (app, cluster)));
    all.filter(|(app, cluster)| !other.get(*app).is_some_and(|on| on.contains(cluster)))
        .map(|(app, cluster)| (app.clone(), cluster.clone()))
}
