//! `bridge audit`: verifies and exports the audit, and makes its key. Works on the database, also while bridges use
//! it.

use std::fs::{self, OpenOptions};
use std::io::{Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use bridge_core::model::{Event, EventActor, EventObject, EventOutcome};
use bridge_core::{Clock, SystemClock};
use bridge_store::{Database, DatabaseUrl, Seal, SealKey, Verify, VerifyKeys};
use serde_json::value::RawValue;

/// How many events are exported at once.
const PAGE: u32 = 1000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Verify every event and every seal of the audit. The exit code is 1 if anything was changed, removed, inserted,
    /// moved or forged; the first such event is printed.
    Verify(Verification),
    /// Print all events as JSON lines, oldest first. The export itself is an event of the audit.
    Export(Export),
    /// Make a key that signs the seals, and print its public key.
    Keygen(Keygen),
}

#[derive(Debug, clap::Args)]
pub(super) struct Verification {
    #[command(flatten)]
    database: DatabaseOption,
    /// File with seals that were kept elsewhere, as JSON lines: from the log or the webhook. Without one, it is not
    /// found out whether the end of the audit was removed.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// File with the public keys (PEM) that may have signed. Without it, signatures are not verified.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Debug, clap::Args)]
pub(super) struct Keygen {
    /// The file to create. Only its owner can read it.
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct DatabaseOption {
    /// The database, as for `bridge serve`.
    #[arg(long = "database", env = "BRIDGE_DATABASE", value_name = "URL")]
    url: DatabaseUrl,
}

impl DatabaseOption {
    async fn open(&self) -> Result<Arc<dyn Database>> {
        bridge_store::open_audit(&self.url).await.context("BRIDGE_DATABASE cannot be used")
    }
}

impl Command {
    pub(super) fn run(self) -> Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        match self {
            Self::Verify(verification) => runtime.block_on(verification.run(&mut stdout().lock())),
            Self::Export(export) => {
                runtime.block_on(export.run(&mut stdout().lock())).map(|()| ExitCode::SUCCESS)
            }
            Self::Keygen(keygen) => keygen.run(&mut stdout().lock()).map(|()| ExitCode::SUCCESS),
        }
    }
}

impl Verification {
    async fn run(&self, out: &mut impl Write) -> Result<ExitCode> {
        let verify = Verify {
            keys: self.key.as_deref().map(keys).transpose()?,
            checkpoints: self.checkpoint.as_deref().map(checkpoints).transpose()?.unwrap_or_default(),
        };
        match self.database.open().await?.verify(&verify).await? {
            Ok(report) => {
                writeln!(out, "{}", report.sentences(&verify))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(fault) => {
                writeln!(out, "The audit is not as it was written: {fault}.")?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn keys(file: &Path) -> Result<VerifyKeys> {
    let content = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    VerifyKeys::read(&content).with_context(|| format!("{} cannot be used", file.display()))
}

fn checkpoints(file: &Path) -> Result<Vec<Seal>> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Seal::read_lines(&text).with_context(|| format!("{} cannot be used", file.display()))
}

impl Export {
    async fn run(&self, out: &mut impl Write) -> Result<()> {
        let database = self.database.open().await?;
        database
            .record(&exported())
            .await
            .context("the export cannot be recorded, so nothing is exported")?;
        let mut after = i64::MIN;
        loop {
            let events = database.export(after, PAGE).await?;
            let Some(last) = events.last() else { return Ok(()) };
            after = last.number;
            for event in &events {
                let line = Line {
                    number: event.number,
                    batch: event.batch,
                    event: serde_json::from_str(&event.document)
                        .with_context(|| format!("event {} is not readable", event.number))?,
                };
                serde_json::to_writer(&mut *out, &line)?;
                out.write_all(b"\n")?;
            }
        }
    }
}

/// A line of an export. The event is as it was hashed.
#[derive(serde::Serialize)]
struct Line<'a> {
    number: i64,
    batch: Option<i64>,
    event: &'a RawValue,
}

/// Returns the event of an export, by the user who runs this command.
fn exported() -> Event {
    let name = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let event = Event::of_the_bridge("export-audit", EventObject::default(), SystemClock.now());
    Event { actor: EventActor { name, ..event.actor.clone() }, outcome: EventOutcome::Allowed, ..event }
}

impl Keygen {
    fn run(&self, out: &mut impl Write) -> Result<()> {
        let key = SealKey::generate()?;
        let public = SealKey::read(key.as_bytes())?.public();
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file);
        let written = created.and_then(|mut file| file.write_all(key.as_bytes()));
        written.with_context(|| format!("{} cannot be created", self.file.display()))?;
        out.write_all(public.as_bytes()).context("cannot print the public key")
    }
}
