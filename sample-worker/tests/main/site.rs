//! The EMCO of a scenario that runs with any EMCO: the one that `EMCO_URL` names, or the scenario's own stand-in.
//!
//! In a real EMCO one scenario at a time moves the app, and then everything is restored, also if the scenario failed.

use std::time::Duration;

use emco::{AppIntent, Client, ClusterRef, Deployed, DigKey, DigState, Retry, Settings, StatusQuery, Token};
use emco_stand_in::{StandIn, StandInOptions, samples};
use harness::eventually;
use tokio::sync::{Mutex, MutexGuard};

use crate::run::patience;
use crate::scene::Emco;

/// The variables that the worker needs too.
const OF_WORKER: [&str; 4] = ["EMCO_TOKEN_FILE", "EMCO_CA_FILE", "EMCO_CERT_FILE", "EMCO_KEY_FILE"];

/// Held by the scenario that moves the app of a real EMCO.
static TURN: Mutex<()> = Mutex::const_new(());

/// Whether the EMCO is a real one.
pub(crate) fn is_real() -> bool {
    variable("EMCO_URL").is_some()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) clm: Option<String>,
    pub(crate) dcm: Option<String>,
    pub(crate) dig: DigKey,
    pub(crate) app: String,
    pub(crate) source: ClusterRef,
    pub(crate) target: ClusterRef,
    pub(crate) client: Client,
    intents: Vec<(String, Vec<AppIntent>)>,
    stand_in: Option<StandIn>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Site {
    pub(crate) async fn find() -> Self {
        let or = |name: &str, sample: &str| variable(name).unwrap_or_else(|| sample.to_owned());
        let (turn, stand_in) = match is_real() {
            true => (Some(TURN.lock().await), None),
            false => (None, Some(stand_in().await)),
        };
        let url = stand_in.as_ref().map_or_else(|| or("EMCO_URL", ""), |stand_in| stand_in.url().to_owned());
        let client = Client::new(&url, settings()).unwrap();
        let dig = DigKey::new(
            or("EMCO_PROJECT", "proj1"),
            or("EMCO_COMPOSITE_APP", "capp1"),
            or("EMCO_COMPOSITE_APP_VERSION", "v1"),
            or("EMCO_DIG", "dig1"),
        );
        let cluster = |of: &str, provider: &str, cluster: &str| {
            ClusterRef::new(
                or(&format!("EMCO_{of}_PROVIDER"), provider),
                or(&format!("EMCO_{of}_CLUSTER"), cluster),
            )
        };
        let (source, target) =
            (cluster("SOURCE", "provider1", "cluster1"), cluster("TARGET", "provider2", "cluster2"));
        let mut intents = Vec::new();
        for gpi in client.list_generic_placement_intents(&dig).await.unwrap() {
            let of = client.list_app_intents(&dig, &gpi.metadata.name).await.unwrap();
            intents.push((gpi.metadata.name, of));
        }
        let (clm, dcm) = (variable("EMCO_CLM_URL"), variable("EMCO_DCM_URL"));
        let app = or("EMCO_APP", "collectd");
        let site = Self { url, clm, dcm, dig, app, source, target, client, intents, stand_in, _turn: turn };
        assert_eq!(
            site.app_runs_on().await,
            [site.source.to_string()],
            "{} of {} must run on the source alone",
            site.app,
            site.dig
        );
        site
    }

    /// Returns the variables with which the worker may call a real EMCO.
    pub(crate) fn worker_variables(&self) -> Vec<(String, String)> {
        if self.stand_in.is_some() {
            return Vec::new();
        }
        let urls = [Some(&self.url), self.clm.as_ref(), self.dcm.as_ref()];
        let urls: Vec<&str> = urls.into_iter().flatten().map(String::as_str).collect();
        let of_worker = OF_WORKER.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?)));
        of_worker.chain([("EMCO_URLS".to_owned(), urls.join(","))]).collect()
    }

    /// Returns the clusters on which the app is ready, after EMCO has completed its work.
    pub(crate) async fn app_runs_on(&self) -> Vec<String> {
        if let Some(stand_in) = &self.stand_in {
            stand_in.advance(SETTLE);
        }
        let what = format!("{} is settled", self.dig);
        eventually(patience(), &what, async || {
            let status = self.client.dig_status(&self.dig, &StatusQuery::ready()).await.unwrap();
            let settled = matches!(status.deployed_status, Some(Deployed::Instantiated | Deployed::Updated));
            if status.state() != Some(&DigState::Instantiated) || !settled {
                return Err(format!("{:?}, {:?}", status.state(), status.deployed_status));
            }
            let app = status.apps.iter().filter(|app| app.name == self.app);
            let mut on: Vec<ClusterRef> = app
                .flat_map(|app| &app.clusters)
                .map(|of| ClusterRef::new(&of.cluster_provider, &of.cluster))
                .collect();
            on.sort();
            let unready = on.iter().find(|cluster| !status.is_ready_on(&self.app, cluster));
            match unready {
                Some(cluster) => Err(format!("not ready on {cluster}")),
                None => Ok(on.iter().map(ToString::to_string).collect()),
            }
        })
        .await
    }

    /// Returns the current app intents.
    pub(crate) async fn intents(&self) -> Vec<(String, Vec<AppIntent>)> {
        let mut now = Vec::new();
        for (gpi, _) in &self.intents {
            now.push((gpi.clone(), self.client.list_app_intents(&self.dig, gpi).await.unwrap()));
        }
        now
    }

    /// Returns the app intents as they were at the beginning.
    pub(crate) fn found(&self) -> &[(String, Vec<AppIntent>)] {
        &self.intents
    }

    /// Restores everything.
    pub(crate) async fn leave(&self) {
        if self.stand_in.is_some() {
            return;
        }
        let now = self.intents().await;
        for (gpi, intent) in self.intents.iter().flat_map(|(gpi, of)| of.iter().map(move |of| (gpi, of))) {
            if !now.iter().any(|(of, intents)| of == gpi && intents.contains(intent)) {
                self.client.put_app_intent(&self.dig, gpi, intent).await.unwrap();
            }
        }
        let home = [self.source.to_string()];
        if now != self.intents || self.app_runs_on().await != home {
            self.client.update_dig(&self.dig).await.unwrap();
        }
        let what = format!("{} is back on {}", self.app, self.source);
        eventually(patience(), &what, async || {
            let on = self.app_runs_on().await;
            if on == home { Ok(()) } else { Err(on.join(", ")) }
        })
        .await;
    }
}

impl Emco for Site {
    fn url(&self) -> &str {
        &self.url
    }
}

/// How long apps take to start and to stop. Forcing a removal takes three times as long.
pub(crate) const SETTLE: Duration = Duration::from_millis(200);

/// Starts a stand-in with the samples, whose app is ready.
pub(crate) async fn stand_in() -> StandIn {
    let emco =
        StandIn::start(StandInOptions { settle_time: SETTLE, ..StandInOptions::default() }).await.unwrap();
    emco.load_samples().await.unwrap();
    emco.advance(SETTLE);
    assert!(emco.placement(&samples::dig()).contains_key("collectd"));
    emco
}

fn settings() -> Settings {
    let file = |name| variable(name).map(|path| std::fs::read(path).unwrap());
    let identity = file("EMCO_CERT_FILE").zip(file("EMCO_KEY_FILE"));
    Settings {
        token: variable("EMCO_TOKEN_FILE").map(Token::file),
        roots: file("EMCO_CA_FILE"),
        identity: identity.map(|(certificate, key)| [certificate, key].join(&b'\n')),
        retry: Retry::default(),
        ..Settings::default()
    }
}
