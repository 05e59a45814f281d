//! A stand-in for EMCO: orchestrator, CLM, DCM and GAC on one port, in memory, for tests and the demo.
//!
//! It behaves as EMCO's release 2023-07, with its preconditions, codes and texts (EMCO-API §6, §9), and is
//! tested against a recording of the real one. A label in an app intent becomes the clusters that have it, a
//! placement must be within the logical cloud, only an instantiated DIG is updated, and every app needs an
//! app intent and a profile. Apps move some time after EMCO's response, and until then `/status` shows that.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use emco_stand_in::{StandIn, StandInOptions, samples};
//!
//! let stand_in = StandIn::start(StandInOptions::default()).await?; stand_in.load_samples().await?;
//! assert!(stand_in.placement(&samples::dig())["collectd"].is_empty(), "EMCO has responded, but the app does
//! not run yet"); stand_in.advance(Duration::from_secs(2));
//! assert_eq!(stand_in.placement(&samples::dig())["collectd"][0].to_string(), "provider1/cluster1");
//! # Ok(()) }
//! ```
//!
//! Charts and profiles are checked as EMCO does before it renders them, but they are not rendered. The README
//! lists all intended differences. [`Emcoctl`] runs the commands of emcoctl.

mod archive;
mod charts;
mod cloud;
mod clusters;
mod controls;
mod crud;
mod dependencies;
mod digs;
mod documents;
mod emcoctl;
mod faults;
mod gac;
mod go_json;
mod holds;
mod key;
mod lifecycle;
mod logical_clouds;
mod operations;
mod references;
mod reply;
mod resources;
mod routes;
pub mod samples;
mod schema;
mod server;
mod shared;
mod status;
mod store;
mod template;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use emcoctl::{Emcoctl, Reply};
pub use faults::{Effect, Fault};
pub use template::render;

use emco::{ClusterRef, DigKey};
use key::dig_key;
use lifecycle::Rsync;
use shared::Shared;
use store::World;

/// How the stand-in behaves.
#[derive(Debug, Clone)]
pub struct StandInOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long an app takes to run on a new cluster, and to leave an old one.
    pub settle_time: Duration,
    /// How long a logical cloud takes to be instantiated.
    pub logical_cloud_settle_time: Duration,
    /// Whether rsync forgets the removals of an update that applies nothing until it restarts, as release
    /// 2023-07 does. The app then continues to run where it was, although the update is a success.
    pub forgets_bare_removals: bool,
    /// The bearer token that every request must carry, if any.
    pub token: Option<String>,
}

impl Default for StandInOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            settle_time: Duration::from_secs(1),
            logical_cloud_settle_time: Duration::ZERO,
            forgets_bare_removals: true,
            token: None,
        }
    }
}

/// A running stand-in. It stops, and closes its connections, when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl StandIn {
    /// Starts listening.
    ///
    /// # Errors
    /// Returns an error if the address cannot be listened on.
    pub async fn start(options: StandInOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let rsync = Rsync { forgets_bare_removals: options.forgets_bare_removals, forgets_next: 0 };
        let world = World::new(options.settle_time, options.logical_cloud_settle_time, rsync);
        let shared = Arc::new(Shared::new(world, options.token));
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { url, shared, serving })
    }

    /// Returns the base URL of all services.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns where each app of a DIG runs now.
    pub fn placement(&self, dig: &DigKey) -> BTreeMap<String, Vec<ClusterRef>> {
        self.shared.world().placement(&dig_key(dig))
    }

    /// Returns where each app of every DIG runs now. The route is `GET /stand-in/placements`.
    pub fn placements(&self) -> BTreeMap<DigKey, BTreeMap<String, Vec<ClusterRef>>> {
        self.shared.placements()
    }

    /// Returns where each app of a DIG has objects now, ready or not. A removed app may still have objects,
    /// if rsync forgot the removal.
    pub fn applied(&self, dig: &DigKey) -> BTreeMap<String, Vec<ClusterRef>> {
        self.shared.world().applied(&dig_key(dig))
    }

    /// Sets whether rsync forgets the removals of an update that applies nothing.
    pub fn forget_bare_removals(&self, forgets: bool) {
        self.shared.world().rsync.forgets_bare_removals = forgets;
    }

    /// Makes rsync forget the removals of the next updates that also apply something. In EMCO that is a race.
    pub fn forget_removals(&self, updates: usize) {
        self.shared.world().rsync.forgets_next = updates;
    }

    /// Restarts rsync, which then makes all the removals that it forgot. The route is
    /// `POST /stand-in/rsync/restart`.
    pub fn restart_rsync(&self) {
        self.shared.world().restart_rsync();
    }

    /// Moves the stand-in's clock forward, so that tests need not wait for apps to settle.
    pub fn advance(&self, by: Duration) {
        self.shared.world().ahead += by;
    }

    /// Sets how long apps take to run on a new cluster, and to leave an old one.
    pub fn set_settle_time(&self, time: Duration) {
        self.shared.world().settle_time = time;
    }

    /// Keeps an app, or all apps, from being ready on a cluster, for this time or until
    /// [`release`](Self::release).
    ///
    /// The route is `PUT /stand-in/holds/{provider}/{cluster}?app=A&for=5s`, and `DELETE`.
    pub fn hold(&self, cluster: &ClusterRef, app: Option<&str>, time: Option<Duration>) {
        let mut world = self.shared.world();
        let until = time.map(|time| world.now() + time);
        world.holds.add(cluster.clone(), app.map(str::to_owned), until);
    }

    /// Ends all [`hold`](Self::hold)s on a cluster.
    pub fn release(&self, cluster: &ClusterRef) {
        self.shared.world().holds.release(cluster);
    }

    /// Makes requests fail.
    pub fn fail(&self, fault: Fault) {
        self.shared.faults().plan(fault);
    }

    /// Forgets all planned faults.
    pub fn heal(&self) {
        self.shared.faults().forget();
    }

    /// Makes the updates that [`Effect::Withhold`] kept, in their order, and returns their number.
    pub fn commit_withheld(&self) -> usize {
        operations::commit_withheld(&self.shared)
    }

    /// Returns how many requests came with this method whose path contains `part`, failed ones included.
    pub fn requests(&self, method: &str, part: &str) -> usize {
        self.shared.faults().seen(method, part)
    }

    /// Returns how many requests came with this method whose path ends with `end`, failed ones included.
    pub fn requests_at(&self, method: &str, end: &str) -> usize {
        self.shared.faults().seen_at(method, end)
    }

    /// Returns a resource as it is stored, even if requests for it fail. The path is that of its URL after
    /// `/v2/`, without escapes.
    pub fn document(&self, path: &str) -> Option<serde_json::Value> {
        let key: Vec<String> = path.split('/').map(str::to_owned).collect();
        self.shared.world().value(&key).cloned()
    }

    /// Applies emcoctl's resource documents (a YAML stream, after [`render`]) in order, as `emcoctl -s apply`
    /// does.
    ///
    /// A document's `file` is not read: a small archive, or an empty kubeconfig, takes its place.
    ///
    /// # Errors
    /// Returns an error for the first document that EMCO refuses, or that cannot be read.
    pub async fn load(&self, documents: &str) -> anyhow::Result<()> {
        Emcoctl::without_files(&self.url, self.shared.token())?.load(documents).await
    }

    /// Applies the [`samples`]. The DIG [`samples::dig`] is instantiated afterwards.
    ///
    /// # Errors
    /// Returns an error as [`load`](Self::load) does.
    pub async fn load_samples(&self) -> anyhow::Result<()> {
        self.load(&samples::documents()?).await
    }

    /// Stops the stand-in, and waits until its port is free.
    pub async fn stop(mut self) {
        self.serving.abort();
        let _cancelled = (&mut self.serving).await;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
