//! `audit verify`: whether the audit is as it was written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use audit_seals::{Fault, Report, Seal, Verifier, Verify, VerifyKeys};
use serde_json::json;

use crate::exit::ended;
use crate::files;
use crate::session::Session;

/// How often the audit is read if events are missing that the bridge may be deleting now, after their retention.
const TRIES: u32 = 3;
/// The pause between two of them: the event of the deletion is sealed meanwhile.
const PAUSE: Duration = Duration::from_secs(3);

/// Verify every sealed event and every seal of the audit. Exits with 1 if anything was changed, removed, inserted,
/// moved or forged.
///
/// All of the audit is read. Events of the last seconds are not sealed yet, and not verified. What the database has
/// beside the events, `bridge audit verify` finds.
#[derive(Debug, clap::Args)]
pub(crate) struct Verification {
    /// A file with the public keys (PEM) that may have signed. Without it, signatures are not verified.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file with seals that were kept elsewhere, as JSON lines: from the log or the webhook. Without one, it is not
    /// found out whether the end of the audit was removed.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Verification {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let verify = Verify {
            keys: self.key.as_deref().map(keys).transpose()?,
            checkpoints: self.checkpoint.as_deref().map(checkpoints).transpose()?.unwrap_or_default(),
        };
        match verified(ctl, &verify).await? {
            Ok(report) => {
                let Report { seals, events, expired, signed, .. } = report;
                let json = json!({
                    "verified": true, "seals": seals, "events": events, "expired": expired, "signed": signed,
                });
                ctl.out.report(&json.to_string(), "verified", &report.sentences(&verify))
            }
            Err(fault) => {
                let json = json!({"verified": false, "fault": fault.to_string()});
                let sentence = format!("The audit is not as it was written: {fault}.");
                ctl.out.report(&json.to_string(), "not-verified", &sentence)?;
                Err(ended(1, ""))
            }
        }
    }
}

async fn verified(ctl: &Session, verify: &Verify) -> Result<Result<Report, Fault>> {
    let mut tries = 1;
    loop {
        let found = walk(ctl, verify).await?;
        if tries == TRIES || !matches!(found, Err(Fault::Deleted(_))) {
            return Ok(found);
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads all batches, and verifies each after those before it.
async fn walk(ctl: &Session, verify: &Verify) -> Result<Result<Report, Fault>> {
    let mut verifier = Verifier::new(verify);
    let mut pages = ctl.bridge.list_batches().pages();
    while let Some(page) = pages.next().await? {
        for batch in page.value {
            if let Err(fault) = batch.verify(&mut verifier) {
                return Ok(Err(fault));
            }
        }
    }
    Ok(verifier.end())
}

fn keys(file: &Path) -> Result<VerifyKeys> {
    VerifyKeys::read(&files::read(file)?).with_context(|| format!("{} cannot be used", file.display()))
}

fn checkpoints(file: &Path) -> Result<Vec<Seal>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Seal::read_lines(&text).with_context(|| format!("{} cannot be used", file.display()))
}
