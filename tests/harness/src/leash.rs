//! Ends all children of this process with it, even if SIGKILL ended it.
//!
//! All children join one process group. Its leader is a shell that reads a pipe which only this process holds open:
//! when this process is gone, the pipe ends and the shell kills the group. A signal sent to a child reaches the child
//! itself, and Ctrl-C on the terminal reaches this process alone, which can then stop its children in order.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// Starts `command` so that it cannot outlive this process.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    command.process_group(group()?).spawn()
}

/// The process group of this process's children.
pub(crate) fn group() -> io::Result<i32> {
    // Never dropped: the pipe's writing end lives in the `Child` and closes with this process.
    static WATCHDOG: LazyLock<Result<Child, String>> = LazyLock::new(|| {
        Command::new("sh")
            .args(["-c", "read -r _; kill -s KILL 0"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("`sh`, which watches over child processes, does not start: {error}"))
    });
    match &*WATCHDOG {
        Ok(leader) => i32::try_from(leader.id()).map_err(io::Error::other),
        Err(text) => Err(io::Error::other(text.as_str())),
    }
}
