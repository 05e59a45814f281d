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
//! applies what the current context lacks; an update that comes while rsync is at that work is carried out to its end. Neither touches an
//! app on a cluster that both contexts have. That holds only if what it owes is just what the current context lacks: anything else
//! rsync would delete, or leave out, for good.

use std::collections::BTreeMap;

use emco::{Client, Deployed, DigKey, DigStatus, Error, Output, Revision, StatusQuery};

use crate::model::{AppClusters, Target};

/// An app on a cluster.
type Place = (String, Target);

/// A removal that rsync has not made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owed {
    /// The former context, and its revision.
    context: String,
    revision: Revision,
    /// How far rsync got with it.
    state: Option<Deployed>,
    /// What it is to remove.
    places: Vec<Place>,
    /// Whether an app is placed there again.
    is_placed: bool,
    /// Whether a roll-back to it and an update would have it made, and move nothing else.
    can_be_forced: bool,
}

impl Owed {
    /// Whether rsync has not even begun.
    pub(super) fn is_forgotten(&self) -> bool {
        self.state == Some(Deployed::Instantiated)
    }

    /// Whether it is owed of the context of this revision.
    pub(super) fn is_of(&self, revision: Revision) -> bool {
        self.revision == revision
    }

    /// The revision to go back to for having it made, where that is possible.
    pub(super) fn revision(&self) -> Option<Revision> {
        (self.can_be_forced && self.is_forgotten()).then_some(self.revision)
    }

    /// What still runs where, in words.
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

    /// What an operator can do about it.
    pub(super) fn advice(&self) -> &'static str {
        match (self.is_placed, self.is_forgotten()) {
            (true, _) => {
                "do not restart EMCO's rsync before the app is placed on another cluster and ready there: the removal would take it away"
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
    /// How far rsync got with it; of the current one nobody asks.
    state: Option<Deployed>,
    /// Whether EMCO goes back to it where its revision is asked for: EMCO takes the first action of that number, which may be one of before
    /// the DIG was instantiated anew.
    has_revision: bool,
}

/// The app contexts of a DIG, oldest first; the last is the current one.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Context>);

impl Known {
    /// Where the current context places the apps.
    pub(super) fn now(&self) -> AppClusters {
        self.0.last().map(|context| context.placed.clone()).unwrap_or_default()
    }

    /// The current revision, if it was reached by a roll-back.
    pub(super) fn rolled_back_to(&self) -> Option<Revision> {
        let (current, former) = self.0.split_last()?;
        former.iter().any(|context| context.id == current.id).then_some(current.revision)
    }

    /// Whether there was a roll-back.
    pub(super) fn has_rolled_back(&self) -> bool {
        self.0.iter().enumerate().any(|(index, context)| self.comes_back(index, context))
    }

    /// The removals of interest that rsync owes, the newest last.
    pub(super) fn owed(&self, interest: impl Fn(&str, &Target) -> bool) -> Vec<Owed> {
        let now = self.now();
        let mut owed = Vec::new();
        for (index, pair) in self.0.windows(2).enumerate() {
            let [context, successor] = pair else { continue };
            // A context that was gone back to had to make first what it owed.
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

    /// The revision of the newest former context that has the apps on `on`, keeps all other apps where they are, and can be gone back to; one
    /// that has the apps also where they are now is preferred.
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

/// Reads app contexts. Where they place apps cannot change, and is asked for once.
pub(super) struct Contexts<'a> {
    emco: &'a Client,
    key: &'a DigKey,
    placed: BTreeMap<String, AppClusters>,
}

impl<'a> Contexts<'a> {
    pub(super) fn new(emco: &'a Client, key: &'a DigKey) -> Self {
        Self { emco, key, placed: BTreeMap::new() }
    }

    /// The contexts from revision `since` on.
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
        let targets = |on: Vec<emco::ClusterRef>| {
            on.into_iter().map(|of| Target::new(of.provider, of.cluster)).collect::<Vec<_>>()
        };
        let placed = self.emco.context_clusters(self.key, context).await?;
        let placed: AppClusters = placed.into_iter().map(|(app, on)| (app, targets(on))).collect();
        self.placed.insert(context.to_owned(), placed.clone());
        Ok(placed)
    }

    async fn state(&self, context: &str) -> Result<Option<Deployed>, Error> {
        let (instance, output) = (Some(context.to_owned()), Some(Output::Summary));
        let query = StatusQuery { instance, output, ..StatusQuery::deployed() };
        Ok(self.emco.dig_status(self.key, &query).await?.deployed_status)
    }
}

/// Whether an app is among `on` a cluster.
pub(super) fn is_on(apps: &AppClusters, app: &str, cluster: &Target) -> bool {
    apps.get(app).is_some_and(|on| on.contains(cluster))
}

/// The apps of the one on clusters that the other does not have them on.
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

    /// Contexts that were made in this order, each with where it places the app and whether its removal was made.
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

    /// What is owed, each as `cluster@revision`, `!` where it can be forced, `?` where the app is placed again.
    fn owed(known: &Known) -> String {
        let text = |of: &Owed| {
            let clusters: String = of.places.iter().map(|(_, on)| on.cluster.as_str()).collect();
            let forced = if of.revision().is_some() { "!" } else { "" };
            format!("{clusters}@{}{forced}{}", of.revision, if of.is_placed { "?" } else { "" })
        };
        known.owed(|_, _| true).iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_owed_and_can_be_forced() {
        for (contexts, expected) in [
            (&[("s", "a", true), ("x", "ab", true), ("y", "b", true)][..], ""),
            (&[("s", "a", true), ("x", "ab", false), ("y", "b", true)], "a@2!"),
            // Nothing is owed of a context that has nothing to remove.
            (&[("s", "a", false), ("x", "ab", true)], ""),
            // A swap has no revision with the app on both sides.
            (&[("s", "a", false), ("y", "b", true)], "a@1"),
            // There and back: rsync would take the app away.
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
            // Somebody else's update in between: what the context owes is not what the current one lacks.
            (&[("s", "a", true), ("x", "abc", false), ("y", "bc", true), ("z", "b", true)], "a@2"),
            // Gone back to, it had to make first what it owed; and what it owes since can be forced again.
            (&[("x", "ab", false), ("y", "b", true), ("x", "ab", false), ("z", "b", true)], "a@3!"),
        ] {
            assert_eq!(owed(&known(contexts)), expected, "{contexts:?}");
        }
    }

    #[test]
    fn a_way_back_has_both_sides_where_there_is_one() {
        for (contexts, revision) in [
            (&[("s", "a", true), ("x", "ab", false), ("y", "b", true)][..], Some(2)),
            (&[("s", "a", true), ("x", "ab", true), ("y", "b", true)], Some(2)),
            (&[("s", "a", false), ("y", "b", true)], Some(1)),
            // It would delete what the current context has, and find nothing to apply.
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
    fn a_revision_of_before_the_group_was_instantiated_anew_leads_elsewhere() {
        let mut known = known(&[("s", "a", true), ("x", "ab", false), ("y", "b", true)]);
        known.0.iter_mut().for_each(|context| context.has_revision = false);
        assert_eq!((owed(&known).as_str(), known.way_back(&on("a"))), ("a@2", None));
    }
}
