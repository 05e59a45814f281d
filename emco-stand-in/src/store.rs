//! The state of the stand-in: documents by their place in the resource tree, as EMCO keeps them in its
//! database.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::holds::Holds;
use crate::key::Key;
use crate::lifecycle::{Clock, Lifecycle, Rsync, Targets};
use crate::references::references;
use crate::reply::Refusal;
use emco::ClusterRef;

/// The whole state of the stand-in.
#[derive(Debug, Default)]
pub(crate) struct World {
    documents: BTreeMap<Key, Document>,
    /// Documents stored so far.
    stored: u64,
    /// State and history of each DIG.
    pub(crate) digs: BTreeMap<Key, Lifecycle>,
    /// The history of each logical cloud.
    pub(crate) clouds: BTreeMap<Key, Cloud>,
    /// How long an app takes to run on a new cluster, and to leave an old one.
    pub(crate) settle_time: Duration,
    /// How long a logical cloud takes to be instantiated.
    pub(crate) cloud_settle_time: Duration,
    /// How far tests moved the clock forward.
    pub(crate) ahead: Duration,
    /// What keeps apps from being ready.
    pub(crate) holds: Holds,
    /// Updates that are made later, each with where it places the apps.
    pub(crate) withheld: Vec<(Key, Targets)>,
    /// What rsync forgets.
    pub(crate) rsync: Rsync,
    /// App contexts made so far.
    pub(crate) contexts: u64,
}

#[derive(Debug)]
struct Document {
    value: Value,
    file: Bytes,
    /// When it was first stored, by [`World::stored`]: EMCO's database lists in this order.
    rank: u64,
}

impl World {
    pub(crate) fn new(settle_time: Duration, cloud_settle_time: Duration, rsync: Rsync) -> Self {
        Self { settle_time, cloud_settle_time, rsync, ..Self::default() }
    }

    /// Returns the time, in milliseconds as EMCO's database keeps it. Whatever takes time is calculated from
    /// it when it is needed.
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the stand-in")]
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now() + self.ahead;
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock { now: self.now(), settle: self.settle_time }
    }

    /// Returns the ID of a new app context. EMCO's are random numbers of this length.
    pub(crate) fn new_context(&mut self) -> String {
        self.contexts += 1;
        (5_577_006_791_947_779_410 + self.contexts).to_string()
    }

    pub(crate) fn contains(&self, key: &[String]) -> bool {
        self.documents.contains_key(key)
    }

    /// Returns the document at `key`, in its own type.
    pub(crate) fn find<T: DeserializeOwned>(&self, key: &[String]) -> Option<T> {
        self.documents.get(key).and_then(|document| serde_json::from_value(document.value.clone()).ok())
    }

    pub(crate) fn value(&self, key: &[String]) -> Option<&Value> {
        self.documents.get(key).map(|document| &document.value)
    }

    pub(crate) fn file(&self, key: &[String]) -> Option<Bytes> {
        self.documents.get(key).map(|document| document.file.clone())
    }

    /// Returns everything directly in a collection, oldest first.
    pub(crate) fn list<'a, T: DeserializeOwned>(&'a self, collection: &[String]) -> Vec<(&'a Key, T)> {
        let mut found: Vec<(&Key, &Document)> = self
            .below(collection)
            // A collection's own documents have one name, or two (composite apps); grandchildren have a
            // collection between.
            .filter(|(key, _)| {
                key.len() == collection.len() + 1
                    || (key.len() == collection.len() + 2
                        && collection.last().is_some_and(|last| last == "composite-apps"))
            })
            .collect();
        found.sort_by_key(|(_, document)| document.rank);
        found
            .into_iter()
            .filter_map(|(key, document)| Some((key, serde_json::from_value(document.value.clone()).ok()?)))
            .collect()
    }

    /// Stores a document. Its parent must exist.
    pub(crate) fn insert(
        &mut self,
        collection: &[String],
        key: Key,
        value: Value,
        file: Bytes,
    ) -> Result<(), Refusal> {
        if let Some(parent) = parent_of(collection)
            && !self.contains(parent)
        {
            return Err(Refusal::parent_missing());
        }
        self.stored += 1;
        let rank = self.documents.get(&key).map_or(self.stored, |replaced| replaced.rank);
        self.documents.insert(key, Document { value, file, rank });
        Ok(())
    }

    /// Removes a document. It must not have children, and no document may refer to it (EMCO-API §8.4, §9.2).
    pub(crate) fn remove(&mut self, key: &[String]) -> Result<(), Refusal> {
        if !self.contains(key) {
            return Err(Refusal::new(404, "The requested resource not found"));
        }
        if self.below(key).next().is_some() {
            return Err(Refusal::new(409, "Cannot delete parent without deleting child references first"));
        }
        let refers_to_it = |(of, document): (&Key, &Document)| {
            references(of, &document.value).iter().any(|reference| reference == key)
        };
        if self.documents.iter().any(refers_to_it) {
            let text = "Cannot delete without deleting or updating referencing resources first";
            return Err(Refusal::new(409, text));
        }
        self.documents.remove(key);
        self.digs.remove(key);
        self.clouds.remove(key);
        Ok(())
    }

    /// Returns the clusters of a provider that have a label, in the order in which they got it.
    pub(crate) fn clusters_with_label(&self, provider: &str, label: &str) -> Vec<String> {
        let clusters = ["cluster-providers", provider, "clusters"].map(str::to_owned);
        let mut labels: Vec<(&Key, &Document)> = self
            .below(&clusters)
            .filter(|(key, _)| {
                matches!(&key[clusters.len()..], [_, collection, of] if collection == "labels" && of == label)
            })
            .collect();
        labels.sort_by_key(|(_, document)| document.rank);
        labels.into_iter().map(|(key, _)| key[clusters.len()].clone()).collect()
    }

    /// Returns where every app of a DIG runs now.
    pub(crate) fn placement(&self, key: &[String]) -> BTreeMap<String, Vec<ClusterRef>> {
        let now = self.now();
        let mut running = self.digs.get(key).map(|lifecycle| lifecycle.running(now)).unwrap_or_default();
        for (app, clusters) in &mut running {
            clusters.retain(|cluster| !self.holds.hold(app, cluster, now));
        }
        running
    }

    /// Returns where every app of a DIG has objects, ready or not, wanted there or not.
    pub(crate) fn applied(&self, key: &[String]) -> BTreeMap<String, Vec<ClusterRef>> {
        self.digs.get(key).map(|lifecycle| lifecycle.applied(self.now())).unwrap_or_default()
    }

    /// Makes rsync do what it forgot.
    pub(crate) fn restart_rsync(&mut self) {
        let clock = self.clock();
        self.digs.values_mut().for_each(|lifecycle| lifecycle.restart_rsync(clock));
    }

    fn below<'a, 'k>(
        &'a self,
        key: &'k [String],
    ) -> impl Iterator<Item = (&'a Key, &'a Document)> + use<'a, 'k> {
        self.documents
            .range::<[String], _>((Bound::Excluded(key), Bound::Unbounded))
            .take_while(move |(below, _)| below.starts_with(key))
    }
}

/// Returns a document as it is stored: with the fields of its type, in their order.
pub(crate) fn to_value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}

/// Returns the resource that a collection belongs to, except for collections at the top.
fn parent_of(collection: &[String]) -> Option<&[String]> {
    collection.split_last().map(|(_, parent)| parent).filter(|parent| !parent.is_empty())
}
