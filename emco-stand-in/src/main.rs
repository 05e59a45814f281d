//! The stand-in for EMCO as a process. Prints `{"url":…}` when it is ready, logs to standard error.

use std::io::{self, IsTerminal, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use emco_stand_in::{StandIn, StandInOptions, render};
use jiff::SignedDuration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

/// A stand-in for EMCO: orchestrator, CLM and DCM on one port, in memory.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How long an app takes to run on a new cluster, such as 1500ms or 2s.
    #[arg(long, default_value = "1s")]
    settle_time: SignedDuration,
    /// Make every removal at once. Otherwise rsync forgets those of an update that applies nothing until it
    /// restarts, as EMCO's release 2023-07 does.
    #[arg(long)]
    forgets_nothing: bool,
    /// What to load first: `samples`, or a file of resource documents in emcoctl's form. May be repeated.
    #[arg(long, value_name = "samples|FILE")]
    load: Vec<String>,
    /// The values for loaded files, as emcoctl's -v.
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Stop when standard input ends, so that this process does not outlive its parent.
    #[arg(long)]
    until_stdin_closes: bool,
    /// What to log, as a tracing filter.
    #[arg(long, env = "EMCO_STAND_IN_LOG", default_value = "info")]
    log: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&arguments.log)?)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let options = StandInOptions {
        listen: arguments.listen,
        settle_time: arguments.settle_time.try_into().context("--settle-time cannot be negative")?,
        forgets_bare_removals: !arguments.forgets_nothing,
        ..StandInOptions::default()
    };
    let stand_in = StandIn::start(options)
        .await
        .with_context(|| format!("--listen {} is not possible", arguments.listen))?;
    for what in &arguments.load {
        load(&stand_in, what, arguments.values.as_deref())
            .await
            .with_context(|| format!("--load {what} failed"))?;
    }
    announce(stand_in.url());

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stdin_closed(), if arguments.until_stdin_closes => {}
    }
    stand_in.stop().await;
    Ok(())
}

async fn load(stand_in: &StandIn, what: &str, values: Option<&Path>) -> anyhow::Result<()> {
    if what == "samples" {
        return stand_in.load_samples().await;
    }
    let mut documents = std::fs::read_to_string(what).with_context(|| format!("{what} cannot be read"))?;
    if let Some(path) = values {
        let values = std::fs::read_to_string(path)
            .with_context(|| format!("--values {} cannot be read", path.display()))?;
        documents = render(&documents, &values)?;
    }
    stand_in.load(&documents).await
}

#[expect(clippy::print_stdout, reason = "the parent process waits for the line")]
fn announce(url: &str) {
    println!("{}", serde_json::json!({ "url": url }));
}

/// Reads on a thread of its own: tokio's standard input would hold up the end of the process.
async fn stdin_closed() {
    let (closed, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut sink = [0; 1024];
        while io::stdin().read(&mut sink).is_ok_and(|count| count > 0) {}
        let _nobody_waits = closed.send(());
    });
    let _thread_ended = ended.await;
}
