//! A program that a test or the demo starts. It ends with this process, and its output is shown if the test fails.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::eventually::until;
use crate::{http, leash};

/// Long enough for a debug build on a busy machine; a program that exits is noticed at once.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Prefixes of variables that would change what our programs do.
const NOT_INHERITED: [&str; 7] = ["BRIDGE_", "CLIENT_", "EMCO_", "LOG_", "OTEL_", "TEMPORAL_", "WORKER_"];
const SHOWN_LINES: usize = 60;

/// A program to start.
#[derive(Debug)]
pub struct ProcessBuilder(Command);

impl ProcessBuilder {
    /// Adds one argument.
    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    /// Sets a variable. `TEMPORAL_*` and our own variables are not inherited from the test's environment.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    /// Starts the program.
    pub fn spawn(mut self) -> Result<Process> {
        // A file without a name is removed when the last process that has it open ends.
        let log = tempfile::tempfile().context("cannot make a file for a program's output")?;
        // Clones share one position, so both streams append.
        self.0.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        let child = start(&mut self.0)?;
        Ok(Process { command: self.0, child, log })
    }
}

fn start(command: &mut Command) -> Result<Child> {
    leash::spawn(command).with_context(|| format!("cannot start {}", command.get_program().display()))
}

/// Removes the variables that a program under test must not inherit.
pub(crate) fn clear_env(command: &mut Command) {
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(|key| NOT_INHERITED.iter().any(|prefix| key.starts_with(prefix))) {
            command.env_remove(key);
        }
    }
    // The home directory may have a Temporal profile; this one is empty.
    command.env("TEMPORAL_CONFIG_FILE", "/dev/null");
}

/// Returns what a program has written to its log so far.
pub(crate) fn text(log: &File) -> String {
    let mut bytes = vec![0; log.metadata().map_or(0, |log| log.len() as usize)];
    // Reading at a position leaves the one that the program writes at alone.
    let read = log.read_exact_at(&mut bytes, 0);
    read.map_or_else(|error| error.to_string(), |()| String::from_utf8_lossy(&bytes).into_owned())
}

/// A program that was started. It is killed when dropped; if that is due to a panic, the end of its output is printed
/// first.
#[derive(Debug)]
pub struct Process {
    command: Command,
    child: Child,
    log: File,
}

impl Process {
    /// Describes a program to start.
    pub fn builder(path: impl AsRef<OsStr>) -> ProcessBuilder {
        let mut command = Command::new(path);
        clear_env(&mut command);
        ProcessBuilder(command)
    }

    /// Returns the process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a GET of `url` returns 200. If the program ends before, the error has its last lines.
    pub async fn wait_ready(&mut self, url: &str) -> Result<()> {
        let ready = until(READY_WITHIN, async || {
            if let Some(status) = self.exit_status().transpose() {
                return Ok(Err(status));
            }
            match http().get(url).timeout(Duration::from_secs(5)).send().await {
                Ok(answer) if answer.status().is_success() => Ok(Ok(())),
                Ok(answer) => Err(format!("answers {}", answer.status())),
                Err(error) => Err(format!("{:#}", anyhow!(error))),
            }
        })
        .await;
        match ready {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => {
                bail!("{} ended ({}) before it was ready\n{}", self.name(), status?, self.tail())
            }
            Err(state) => {
                bail!("{} not ready within {READY_WITHIN:?}: {url}: {state}\n{}", self.name(), self.tail())
            }
        }
    }

    /// Sends SIGTERM: the program may drain and end.
    pub fn terminate(&mut self) -> Result<()> {
        // The process ID may belong to another process by now.
        ensure!(self.exit_status()?.is_none(), "{} has already ended", self.name());
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).with_context(|| format!("cannot send SIGTERM to {}", self.name()))
    }

    /// Kills the program (SIGKILL) and waits until it has ended. Does nothing if it has ended before.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("cannot kill {}", self.name()))?;
        self.child.wait().map(drop).with_context(|| format!("cannot wait for {}", self.name()))
    }

    /// Starts the program again with the same arguments and environment, after killing it if it still runs.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.child = start(&mut self.command)?;
        Ok(())
    }

    /// Returns the exit status, or `None` while the program runs.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot get the state of {}", self.name()))
    }

    /// Waits until the program has ended by itself.
    pub async fn wait_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        match until(limit, async || self.exit_status().transpose()).await {
            Ok(status) => status,
            Err(_) => bail!("{} still runs after {limit:?}\n{}", self.name(), self.tail()),
        }
    }

    /// Returns what the program has written so far to standard output and standard error.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    fn name(&self) -> String {
        let path = Path::new(self.command.get_program());
        path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Returns the last lines that the program has written, with its name before and after them.
    pub fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        let name = self.name();
        format!("--- end of the output of {name} ---\n{}\n--- {name} ---", lines[from..].join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error cannot be reported here, and the program still ends with this process.
        let _ = self.kill();
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        }
    }
}
