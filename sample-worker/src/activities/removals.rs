//! The removals that rsync has not made yet.
//!
//! EMCO makes an app context of each update: which apps on which clusters. Its rsync applies what the new context adds,
//! and then, as an event of the *former* context, deletes what the new one no longer has. Release 2023-07 loses the
//! deletion if there is nothing to apply, and may lose it otherwise: the update succeeds, the status lists only the new
//! clusters, and the app still runs on its former cluster. The deletion stays in the former context's queue until rsync
//! restarts, and is made then, even if the app has come back in the meantime.
//!
//! The former context's own status (`status?status=deployed&instance=…`) shows it: `Updated` after the deletion was
//! made,
//! `Instantiated` while it is pending.
//!
//! Another event of that context causes the deletion without a restart. A rollback to it is one: rsync makes the
//! pending deletion, and then applies what the current context lacks. An update that comes while rsync is working on
//! that is carried out completely. Neither affects an app on a cluster that is in both contexts. This works only if the
//! pending deletion is exactly what the current context lacks: otherwise rsync would permanently delete, or leave out,
//! something else.

use std::collections::BTreeMap;

use emco::{Client, Deployed, DigKey, DigStatus, Error, Revision, StatusQuery};

use crate::model::{AppClusters, Target};

/// An app on a cluster.
type Place = (String, Target);

/// A pending removal, which rsync has not made yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owed {
    /// The former context, and its revision.
    context: String,
    revision: Revision,
    /// The progress of the removal.
    state: Option<Deployed>,
    /// What is to be removed.
    places: Vec<Place>,
    /// Whether the current context places an app there again.
    is_placed: bool,
    /// Whether a rollback to it and an update would cause the removal, and change nothing else.
    can_be_forced: bool,
}

impl Owed {
    /// Whether rsync has not begun the removal.
    pub(super) fn is_forgotten(&self) -> bool {
        self.state == Some(Deployed::Instantiated)
    }

    /// Whether it is a removal of the context with this revision.
    pub(super) fn is_of(&self, revision: Revision) -> bool {
        self.revision == revision
    }

    /// Returns the revision for a rollback that causes the removal, if that is possible.
    pub(super) fn revision(&self) -> Option<Revision> {
        (self.can_be_forced && self.is_forgotten()).then_some(self.revision)
    }

    /// Describes what still runs where.
    pub(super) fn text(&self) -> String {
        let what = if self.is_placed { "is still to be removed from" } else { "still runs on" };
        let places: Vec<String> =
            self.places.iter().map(|(app, cluster)| format!("{app} {what} {cluster}")).collect();
        let placed = if self.is_placed { ", where it is placed again" } else { "" };
        let state = self.state.as_ref().map_or_else(|| "unknown".to_owned(), |state| format!("{state:?}"));
        format!(
            "{}{placed}: EMCO's rsync has not made the removal (app context {} of revision {} is {state}, not Updated)",
            places.join(", "),
            self.context,
            self.revision
        )
    }

    /// Describes what an operator can do about it.
    pub(super) fn advice(&self) -> &'static str {
        match (self.is_placed, self.is_forgotten()) {
            (true, _) => {
                "do not restart EMCO's rsync before the app is placed on another cluster and ready there: the restart \
                 would remove the app"
            }
            (false, true) => {
                "restart EMCO's rsync, which then makes the pending removals of all deployment intent groups"
            }
            (false, false) => "EMCO is working on it: check that the cluster can be reached",
        }
    }
}

/// An app context.
#[derive(Debug, Clone)]
struct Context {
    id: String,
    revision: Revision,
    placed: AppClusters,
    /// The progress of rsync. Not read for the current context.
    state: Option<Deployed>,
    /// Whether a rollback to its revision leads to it: EMCO takes the first action with that number, which may be older
    /// than the DIG's last instantiation.
    has_revision: bool,
}

/// The app contexts of a DIG, oldest first. The last one is the current one.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Context>);

impl Known {
    /// Returns where the current context places the apps.
    pub(super) fn now(&self) -> AppClusters {
        self.0.last().map(|context| context.placed.clone()).unwrap_or_default()
    }

    /// Returns the current revision, if a rollback made it.
    pub(super) fn rolled_back_to(&self) -> Option<Revision> {
        let (current, former) = self.0.split_last()?;
        former.iter().any(|context| context.id == current.id).then_some(current.revision)
    }

    /// Whether there was a rollback.
    pub(super) fn has_rolled_back(&self) -> bool {
        self.0.iter().enumerate().any(|(index, context)| self.comes_back(index, context))
    }

    /// Lists the pending removals of interest, newest last.
    pub(super) fn owed(&self, interest: impl Fn(&str, &Target) -> bool) -> Vec<Owed> {
        let now = self.now();
        let mut owed = Vec::new();
        for (index, pair) in self.0.windows(2).enumerate() {
            let [context, successor] = pair else { continue };
            // A rollback to this context has caused its removal already.
            if self.comes_back(index, context) || context.state == Some(Deployed::Updated) {
                continue;
            }
            let gone = beside(&context.placed, &successor.placed);
            let mut places = gone.clone();
            places.retain(|(app, cluster)| interest(app, cluster));
            if places.is_empty() {
                continue;
            }
            let is_placed = places.iter().any(|(app, cluster)| is_on(&now, app, cluster));
            let can_be_forced = context.has_revision
                && beside(&now, &context.placed).is_empty()
                && beside(&context.placed, &now) == gone;
            let (id, revision, state) = (context.id.clone(), context.revision, context.state.clone());
            owed.push(Owed { context: id, revision, state, places, is_placed, can_be_forced });
        }
        owed
    }

    /// Returns the revision of the newest former context that places the apps on `on` and all other apps where they
    /// are, and to which a rollback is possible. Prefers one that also places the apps where they are now.
    pub(super) fn way_back(&self, on: &AppClusters) -> Option<Revision> {
        let now = self.now();
        let others = |of: &AppClusters| {
            let mut others = of.clone();
            others.retain(|app, _| !on.contains_key(app));
            others
        };
        let mut fallback = None;
        for pair in self.0.windows(2).rev() {
            let [context, successor] = pair else { continue };
            let owes_what_is_lacking =
                beside(&context.placed, &now) == beside(&context.placed, &successor.placed);
            if !context.has_revision
                || !beside(on, &context.placed).is_empty()
                || others(&context.placed) != others(&now)
                || !(owes_what_is_lacking || context.state == Some(Deployed::Updated))
            {
                continue;
            }
            if beside(&now, &context.placed).is_empty() {
                return Some(context.revision);
            }
            fallback = fallback.or(Some(context.revision));
        }
        fallback
    }

    fn comes_back(&self, index: usize, context: &Context) -> bool {
        self.0.iter().skip(index + 1).any(|later| later.id == context.id)
    }
}

/// Reads app contexts. The placement of a context does not change, so it is read once.
pub(super) struct Contexts<'a> {
    emco: &'a Client,
    key: &'a DigKey,
    placed: BTreeMap<String, AppClusters>,
}

impl<'a> Contexts<'a> {
    pub(super) fn new(emco: &'a Client, key: &'a DigKey) -> Self {
        Self { emco, key, placed: BTreeMap::new() }
    }

    /// Reads the contexts from revision `since` on.
    pub(super) async fn known(&mut self, status: &DigStatus, since: Revision) -> Result<Known, Error> {
        let mut known = Known::default();
        for (id, revision) in status.contexts().into_iter().filter(|(_, revision)| *revision >= since) {
            let mut actions = status.states.actions.iter();
            let first = actions.find(|action| action.revision == revision);
            known.0.push(Context {
                id: id.to_owned(),
                revision,
                placed: self.placed(id).await?,
                state: None,
                has_revision: first.is_some_and(|action| action.instance == id),
            });
        }
        let former = known.0.len().saturating_sub(1);
        for context in known.0.iter_mut().take(former) {
            context.state = self.state(&context.id).await?;
        }
        Ok(known)
    }

    async fn placed(&mut self, context: &str) -> Result<AppClusters, Error> {
        if let Some(placed) = self.placed.get(context) {
            return Ok(placed.clone());
        }
        let placed = self.emco.context_clusters(self.key, context).await?;
        self.placed.insert(context.to_owned(), placed.clone());
        Ok(placed)
    }

    async fn state(&self, context: &str) -> Result<Option<Deployed>, Error> {
        let query =
            StatusQuery { instance: Some(context.to_owned()), summary: true, ..StatusQuery::deployed() };
        Ok(self.emco.dig_status(self.key, &query).await?.deployed_status)
    }
}

/// Whether `apps` has this app on this cluster.
pub(super) fn is_on(apps: &AppClusters, app: &str, cluster: &Target) -> bool {
    apps.get(app).is_some_and(|on| on.contains(cluster))
}

/// Lists the places of `one` that `other` does not have.
fn beside(one: &AppClusters, other: &AppClusters) -> Vec<Place> {
    let all = one.iter().flat_map(|(app, on)| on.iter().map(move |cluster| (app, cluster)));
    all.filter(|(app, cluster)| !is_on(other, app, cluster))
        .map(|(app, cluster)| (app.clone(), cluster.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(clusters: &str) -> AppClusters {
        let clusters = clusters.chars().map(|cluster| Target::new("p", cluster)).collect();
        AppClusters::from([("app".to_owned(), clusters)])
    }

    /// Contexts in the order of their creation: ID, clusters of the app, whether the removal was made.
    fn known(contexts: &[(&str, &str, bool)]) -> Known {
        let context = |(index, (id, clusters, is_made)): (usize, &(&str, &str, bool))| Context {
            id: (*id).to_owned(),
            revision: Revision(index as u64 + 1),
            placed: on(clusters),
            state: Some(if *is_made { Deployed::Updated } else { Deployed::Instantiated }),
            has_revision: true,
        };
        Known(contexts.iter().enumerate().map(context).collect())
    }

    /// Pending removals, each as `cluster@revision`, with `!` if it can be forced, `?` if the app is placed there
    /// again.
    fn owed(known: &Known) -> String {
        let text = |of: &Owed| {
            let clusters: String = of.places.iter().map(|(_, on)| on.cluster.as_str()).collect();
            let forced = if of.revision().is_some() { "!" } else { "" };
            format!("{clusters}@{}{forced}{}", of.revision, if of.is_placed { "?" } else { "" })
        };
        known.owed(|_, _| true).iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pending_removals_and_those_that_can_be_forced() {
        for (contexts, expected) in [
            (&[("s", "a", true), ("x", "ab", true), ("y", "b", true)][..], ""),
            (&[("s", "a", true), ("x", "ab", false), ("y", "b", true)], "a@2!"),
            // A context with nothing to remove has no pending removal.
            (&[("s", "a", false), ("x", "ab", true)], ""),
            // A swap has no revision with the app on both sides.
            (&[("s", "a", false), ("y", "b", true)], "a@1"),
            // The app has moved and come back: rsync would remove it.
            (
                &[
                    ("s", "a", true),
                    ("x", "ab", false),
                    ("y", "b", true),
                    ("w", "ab", false),
                    ("v", "a", true),
                ],
                "a@2? b@4!",
            ),
            // Somebody else's update in between: the pending removal is not what the current context lacks.
            (&[("s", "a", true), ("x", "abc", false), ("y", "bc", true), ("z", "b", true)], "a@2"),
            // The rollback caused the former removal, and the later one can be forced again.
            (&[("x", "ab", false), ("y", "b", true), ("x", "ab", false), ("z", "b", true)], "a@3!"),
        ] {
            assert_eq!(owed(&known(contexts)), expected, "{contexts:?}");
        }
    }

    #[test]
    fn a_way_back_has_both_sides_if_possible() {
        for (contexts, revision) in [
            (&[("s", "a", true), ("x", "ab", false), ("y", "b", true)][..], Some(2)),
            (&[("s", "a", true), ("x", "ab", true), ("y", "b", true)], Some(2)),
            (&[("s", "a", false), ("y", "b", true)], Some(1)),
            // A rollback would delete what the current context has, and apply nothing.
            (&[("x", "ab", false), ("y", "b", true), ("z", "ab", true), ("w", "bc", true)], Some(3)),
            (&[("s", "b", true), ("y", "c", true)], None),
        ] {
            assert_eq!(known(contexts).way_back(&on("a")), revision.map(Revision), "{contexts:?}");
        }
    }

    #[test]
    fn a_way_back_keeps_other_apps_where_they_are() {
        let mut known = known(&[("s", "a", true), ("x", "ab", true), ("y", "b", true)]);
        for (context, cluster) in known.0.iter_mut().zip(["d", "d", "e"]) {
            context.placed.insert("other".to_owned(), vec![Target::new("p", cluster)]);
        }
        assert_eq!(known.way_back(&on("a")), None);
    }

    #[test]
    fn a_revision_before_the_last_instantiation_is_not_used() {
        let mut known = known(&[("s", "a", true), ("x", "ab", false), ("y", "b", true)]);
        known.0.iter_mut().for_each(|context| context.has_revision = false);
        assert_eq!((owed(&known).as_str(), known.way_back(&on("a"))), ("a@2", None));
    }
}
