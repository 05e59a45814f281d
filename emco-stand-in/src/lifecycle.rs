//! What was done to a DIG, and what runs where because of it. Pure: time comes in, nothing ticks.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use emco::ClusterRef;

/// Clusters by app.
pub(crate) type AppClusters = BTreeMap<String, Vec<ClusterRef>>;

/// The states that a DIG of the stand-in reaches (EMCO-API §6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum State {
    Created,
    Approved,
    Instantiated,
    Updated,
    Terminated,
}

/// An entry of a DIG's history.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Action {
    pub(crate) state: State,
    pub(crate) instance: String,
    pub(crate) time: Timestamp,
    pub(crate) revision: u64,
}

/// A DIG's history, and where its apps are.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    /// Oldest first, never empty.
    actions: Vec<Action>,
    /// The first app context, which collects the status of all that follow.
    pub(crate) status_context: String,
    operation: Operation,
    apps: BTreeMap<String, Vec<Placed>>,
    leaving: Vec<Leaving>,
    /// What each revision placed where, with its app context.
    revisions: BTreeMap<u64, (String, AppClusters)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    None,
    Instantiate,
    Update,
    Terminate { gone_at: Timestamp },
}

/// An app on a cluster it was placed on.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) cluster: ClusterRef,
    ready_at: Timestamp,
}

#[derive(Debug)]
struct Leaving {
    app: String,
    cluster: ClusterRef,
    gone_at: Timestamp,
}

impl Lifecycle {
    pub(crate) fn created(now: Timestamp) -> Self {
        let created = Action { state: State::Created, instance: String::new(), time: now, revision: 0 };
        Self {
            actions: vec![created],
            status_context: String::new(),
            operation: Operation::None,
            apps: BTreeMap::new(),
            leaving: Vec::new(),
            revisions: BTreeMap::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.actions.last().map_or(State::Created, |action| action.state)
    }

    pub(crate) fn actions(&self) -> &[Action] {
        &self.actions
    }

    pub(crate) fn approve(&mut self, now: Timestamp) {
        self.did(State::Approved, String::new(), now, 0);
    }

    pub(crate) fn instantiate(
        &mut self,
        targets: AppClusters,
        context: String,
        now: Timestamp,
        settle: Duration,
    ) {
        self.revisions = BTreeMap::from([(1, (context.clone(), targets.clone()))]);
        self.place(targets, now, settle);
        self.operation = Operation::Instantiate;
        self.status_context = context.clone();
        self.did(State::Instantiated, context, now, 1);
    }

    /// Returns the new revision.
    pub(crate) fn update(
        &mut self,
        targets: AppClusters,
        context: String,
        now: Timestamp,
        settle: Duration,
    ) -> u64 {
        let kept = targets.clone();
        self.place(targets, now, settle);
        self.operation = Operation::Update;
        let (old_context, old_revision) = self
            .actions
            .last()
            .map_or((String::new(), 0), |action| (action.instance.clone(), action.revision));
        self.revisions.insert(old_revision + 1, (context.clone(), kept));
        self.did(State::Updated, old_context, now, old_revision);
        self.did(State::Instantiated, context, now, old_revision + 1);
        old_revision + 1
    }

    /// Places what an earlier revision placed, as a revision of its own. False where there is no such revision.
    pub(crate) fn rollback(&mut self, revision: u64, now: Timestamp, settle: Duration) -> bool {
        let Some((context, targets)) = self.revisions.get(&revision).cloned() else { return false };
        self.update(targets, context, now, settle);
        true
    }

    pub(crate) fn terminate(&mut self, now: Timestamp, settle: Duration) {
        self.operation = Operation::Terminate { gone_at: now + settle };
        let context = self.actions.last().map_or_else(String::new, |action| action.instance.clone());
        self.did(State::Terminated, context, now, 0);
    }

    /// The apps of the last operation, on the clusters it placed them.
    pub(crate) fn apps(&self) -> &BTreeMap<String, Vec<Placed>> {
        &self.apps
    }

    pub(crate) fn is_up(&self, placed: &Placed, now: Timestamp) -> bool {
        match self.operation {
            Operation::Terminate { gone_at } if gone_at <= now => false,
            _ => placed.ready_at <= now,
        }
    }

    /// Everything that runs, on clusters it was placed on or has yet to leave.
    pub(crate) fn running(&self, now: Timestamp) -> AppClusters {
        let mut running: AppClusters = self.apps.keys().map(|app| (app.clone(), Vec::new())).collect();
        for (app, clusters) in &self.apps {
            let up =
                clusters.iter().filter(|placed| self.is_up(placed, now)).map(|placed| placed.cluster.clone());
            running.entry(app.clone()).or_default().extend(up);
        }
        for leaving in self.leaving.iter().filter(|leaving| leaving.gone_at > now) {
            running.entry(leaving.app.clone()).or_default().push(leaving.cluster.clone());
        }
        running.values_mut().for_each(|clusters| clusters.sort());
        running
    }

    /// How far the last operation got, in EMCO's words; none if there was none.
    pub(crate) fn progress(&self, now: Timestamp) -> Option<&'static str> {
        let settled = self.leaving.iter().all(|leaving| leaving.gone_at <= now)
            && self.apps.values().flatten().all(|placed| placed.ready_at <= now);
        match (self.operation, settled) {
            (Operation::None, _) => None,
            (Operation::Instantiate, false) => Some("Instantiating"),
            (Operation::Instantiate, true) => Some("Instantiated"),
            (Operation::Update, false) => Some("Updating"),
            (Operation::Update, true) => Some("Updated"),
            (Operation::Terminate { gone_at }, _) if gone_at > now => Some("Terminating"),
            (Operation::Terminate { .. }, _) => Some("Terminated"),
        }
    }

    fn did(&mut self, state: State, instance: String, time: Timestamp, revision: u64) {
        self.actions.push(Action { state, instance, time, revision });
    }

    /// What stays keeps running; what is new comes up, and what is no longer wanted goes away, `settle` from now.
    fn place(&mut self, targets: AppClusters, now: Timestamp, settle: Duration) {
        let running = self.running(now);
        let runs = |app: &str, cluster: &ClusterRef| running.get(app).is_some_and(|on| on.contains(cluster));
        let wanted =
            |app: &str, cluster: &ClusterRef| targets.get(app).is_some_and(|on| on.contains(cluster));
        let apps = targets
            .iter()
            .map(|(app, clusters)| {
                let placed = clusters.iter().map(|cluster| Placed {
                    ready_at: if runs(app, cluster) { now } else { now + settle },
                    cluster: cluster.clone(),
                });
                (app.clone(), placed.collect())
            })
            .collect();
        self.leaving = running
            .iter()
            .flat_map(|(app, clusters)| clusters.iter().map(move |cluster| (app, cluster)))
            .filter(|(app, cluster)| !wanted(app, cluster))
            .map(|(app, cluster)| Leaving {
                app: app.clone(),
                cluster: cluster.clone(),
                gone_at: now + settle,
            })
            .collect();
        self.apps = apps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(10);

    fn on(clusters: &[&str]) -> AppClusters {
        let clusters = clusters.iter().map(|cluster| ClusterRef::new("p", *cluster)).collect();
        AppClusters::from([("app".to_owned(), clusters)])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_move_keeps_the_old_cluster_until_the_new_one_is_up() {
        let mut dig = Lifecycle::created(at(0));
        dig.instantiate(on(&["a"]), "1".to_owned(), at(0), SETTLE);
        assert_eq!((dig.running(at(9)), dig.progress(at(9))), (on(&[]), Some("Instantiating")));
        assert_eq!((dig.running(at(10)), dig.progress(at(10))), (on(&["a"]), Some("Instantiated")));

        assert_eq!(dig.update(on(&["b"]), "2".to_owned(), at(20), SETTLE), 2);
        assert_eq!((dig.running(at(29)), dig.progress(at(29))), (on(&["a"]), Some("Updating")));
        assert_eq!((dig.running(at(30)), dig.progress(at(30))), (on(&["b"]), Some("Updated")));
    }

    #[test]
    fn what_stays_never_stops() {
        let mut dig = Lifecycle::created(at(0));
        dig.instantiate(on(&["a"]), "1".to_owned(), at(0), SETTLE);
        dig.update(on(&["a", "b"]), "2".to_owned(), at(20), SETTLE);
        assert_eq!(dig.running(at(20)), on(&["a"]));
        assert_eq!(dig.running(at(30)), on(&["a", "b"]));
        assert_eq!(dig.update(on(&["b"]), "3".to_owned(), at(40), SETTLE), 3);
        assert_eq!(dig.running(at(50)), on(&["b"]));
    }

    #[test]
    fn an_update_that_changes_nothing_is_done_at_once() {
        let mut dig = Lifecycle::created(at(0));
        dig.instantiate(on(&["a"]), "1".to_owned(), at(0), SETTLE);
        dig.update(on(&["a"]), "2".to_owned(), at(20), SETTLE);
        assert_eq!(dig.progress(at(20)), Some("Updated"));
    }

    #[test]
    fn an_update_in_mid_move_does_not_strand_the_app() {
        let mut dig = Lifecycle::created(at(0));
        dig.instantiate(on(&["a"]), "1".to_owned(), at(0), SETTLE);
        dig.update(on(&["b"]), "2".to_owned(), at(20), SETTLE);
        dig.update(on(&["c"]), "3".to_owned(), at(25), SETTLE);
        assert_eq!(dig.running(at(30)), on(&["a"]));
        assert_eq!(dig.running(at(35)), on(&["c"]));
    }

    #[test]
    fn terminating_takes_its_time_and_leaves_nothing() {
        let mut dig = Lifecycle::created(at(0));
        dig.instantiate(on(&["a"]), "1".to_owned(), at(0), SETTLE);
        dig.terminate(at(20), SETTLE);
        assert_eq!((dig.running(at(29)), dig.progress(at(29))), (on(&["a"]), Some("Terminating")));
        assert_eq!((dig.running(at(30)), dig.progress(at(30))), (on(&[]), Some("Terminated")));
        assert_eq!(dig.state(), State::Terminated);
    }
}
