//! What the stand-in, its handlers and its connections share.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use emco::{ClusterRef, DigKey};

use crate::faults::Faults;
use crate::key::dig_at;
use crate::store::World;

/// The world, and the faults that are planned.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    token: Option<String>,
}

impl Shared {
    pub(crate) fn new(world: World, token: Option<String>) -> Self {
        Self { world: Mutex::new(world), faults: Mutex::default(), token }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Returns where each app of every DIG runs now.
    pub(crate) fn placements(&self) -> BTreeMap<DigKey, BTreeMap<String, Vec<ClusterRef>>> {
        let world = self.world();
        world.digs.keys().filter_map(|key| Some((dig_at(key)?, world.placement(key)))).collect()
    }
}
