//! The upkeep of the audit: seals each second, and deletes what has passed its retention.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bridge_clients::Webhook;
use bridge_core::access::AuditOptions;
use bridge_core::{Clock, Tasks};
use bridge_store::{Database, Seal, SealKey};
use service::files::{FileError, Reloaded, SettingFile};
use service::outbound::Resolver;
use service::settings::duration;
use service::shutdown::Shutdown;
use tokio::sync::watch;
use tokio::time::sleep;
use url::Url;

use crate::config::http_url;

const KEY: &str = "BRIDGE_AUDIT_KEY";
/// Interval between two seals.
const SEAL: Duration = Duration::from_secs(1);
/// Interval between two deletions of old events.
const EXPIRE: Duration = Duration::from_secs(3600);
/// Interval between two attempts to post a seal.
const POST: Duration = Duration::from_secs(10);

/// The audit: who did what. It is kept in the database, in the same transaction as the changes.
#[derive(Debug, Clone, clap::Args)]
pub struct AuditSettings {
    /// File with the Ed25519 key (PKCS#8, PEM or DER) that signs the seals of the audit; `bridge audit keygen` makes
    /// one. It is read again when it changes. Without it, the audit is sealed but not signed.
    #[arg(long, env = KEY, value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// How long events of the audit are kept; 0s means for ever. Their seals are always kept.
    #[arg(long, env = "BRIDGE_AUDIT_RETENTION", default_value = "0s", value_name = "TIME", value_parser = duration)]
    pub audit_retention: Duration,
    /// Which reads the audit has: those of `payloads` (histories, queries, event streams and the audit itself), or
    /// `all`.
    #[arg(long, env = "BRIDGE_AUDIT_READS", default_value = "payloads", value_name = "WHICH")]
    pub audit_reads: AuditReads,
    /// The number of denied calls per minute and caller that the audit has one by one. Further ones are counted in
    /// one event.
    #[arg(long, env = "BRIDGE_AUDIT_DENIALS", default_value = "10", value_name = "NUMBER")]
    pub audit_denials: u32,
    /// URL to which each seal is posted as JSON, so that it is kept outside of the database.
    // Such URLs often have a key in their path.
    #[arg(
        long,
        env = "BRIDGE_AUDIT_WEBHOOK",
        value_name = "URL",
        value_parser = http_url,
        hide_env_values = true
    )]
    pub audit_webhook: Option<Url>,
}

/// Which reads the audit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AuditReads {
    /// Those whose answers have payloads.
    Payloads,
    /// All.
    All,
}

impl AuditSettings {
    pub(crate) fn options(&self, tasks: Tasks) -> AuditOptions {
        AuditOptions { reads: self.audit_reads == AuditReads::All, denials: self.audit_denials, tasks }
    }
}

/// Seals the audit, and deletes what has passed its retention.
#[derive(Debug)]
pub(crate) struct Upkeep {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    key: Option<Reloaded<SealKey>>,
    retention: Duration,
    webhook: Option<Webhook>,
    newest: watch::Sender<Option<Seal>>,
}

/// Why the audit cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] FileError),
    /// The HTTP client for the webhook cannot be built.
    #[error("BRIDGE_AUDIT_WEBHOOK cannot be used")]
    Webhook(#[from] reqwest::Error),
}

impl Upkeep {
    pub(crate) fn open(
        settings: &AuditSettings,
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuditError> {
        let key = settings.audit_key.as_ref().map(|path| {
            let file = SettingFile::of(KEY, path);
            Reloaded::load(vec![file.clone()], move |content| {
                SealKey::read(&content.concat()).map_err(|error| file.fault(error.to_string()))
            })
        });
        if key.is_none() {
            tracing::warn!("{KEY} is not set: the audit is sealed, but not signed");
        }
        let webhook = settings.audit_webhook.clone().map(|url| Webhook::new(url, Resolver::default()));
        Ok(Self {
            database,
            clock,
            key: key.transpose()?,
            retention: settings.audit_retention,
            webhook: webhook.transpose()?,
            newest: watch::Sender::default(),
        })
    }

    /// Seals and deletes until the process drains.
    pub(crate) async fn keep(self: Arc<Self>, shutdown: Shutdown) {
        if let Some(webhook) = self.webhook.clone() {
            shutdown.spawn(post(webhook, self.newest.subscribe(), shutdown.clone()));
            // An earlier process may have ended before it was posted.
            match self.database.newest_seal().await {
                Ok(newest) => drop(self.newest.send_replace(newest)),
                Err(error) => {
                    tracing::error!(error = workflow_api::chain(&error), "the newest seal cannot be posted");
                }
            }
        }
        let mut expire_in = Duration::ZERO;
        while !shutdown.is_draining() {
            self.seal().await;
            if !self.retention.is_zero() && expire_in.is_zero() {
                self.expire().await;
                expire_in = EXPIRE;
            }
            expire_in = expire_in.saturating_sub(SEAL);
            tokio::select! {
                () = sleep(SEAL) => {}
                () = shutdown.draining() => {}
            }
        }
    }

    /// Seals all events that can be sealed.
    pub(crate) async fn seal(&self) {
        loop {
            let key = self.key.as_ref().map(Reloaded::current);
            match self.database.seal(key.as_deref(), self.clock.now()).await {
                Ok(Some(seal)) => {
                    let text = serde_json::to_string(&seal).unwrap_or_default();
                    tracing::info!(seal = text, "audit sealed");
                    self.newest.send_replace(Some(seal));
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(error = workflow_api::chain(&error), "the audit cannot be sealed");
                    return;
                }
            }
        }
    }

    async fn expire(&self) {
        let now = self.clock.now();
        let before = now.checked_sub(self.retention).unwrap_or(jiff::Timestamp::MIN);
        loop {
            match self.database.expire(before, now).await {
                Ok(Some(through)) => tracing::info!(through, "deleted old batches of the audit"),
                Ok(None) => return,
                Err(error) => {
                    let error = workflow_api::chain(&error);
                    tracing::error!(error, "old events of the audit cannot be deleted");
                    return;
                }
            }
        }
    }
}

/// Posts the newest seal until the process drains. A seal covers those before it, so one that could not be posted
/// need not be repeated after the next.
async fn post(webhook: Webhook, mut seals: watch::Receiver<Option<Seal>>, shutdown: Shutdown) {
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            changed = seals.changed(), if pause.is_zero() => if changed.is_err() { return },
            () = sleep(pause), if !pause.is_zero() => {}
        }
        let Some(newest) = seals.borrow_and_update().clone() else { continue };
        pause = match webhook.post(&newest).await {
            Ok(()) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(error = workflow_api::chain(&error), "a seal of the audit cannot be posted");
                POST
            }
        };
    }
}
