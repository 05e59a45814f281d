//! A progress display on standard error: one line that changes on a terminal, one line per change elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Instant;

/// The current step, and the time since the first one.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    terminal: bool,
    current: String,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), terminal: std::io::stderr().is_terminal(), current: String::new() }
    }

    /// Shows the current step, unless it is shown already.
    pub(crate) fn doing(&mut self, what: impl Into<String>) {
        let what = what.into();
        if what == self.current {
            return;
        }
        if self.terminal {
            eprint!("\r\x1b[K… {what}");
            // A terminal that is gone is no reason to stop.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("… {what}");
        }
        self.current = what;
    }

    /// Shows a finished step, which stays on the screen.
    pub(crate) fn done(&mut self, what: impl AsRef<str>) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{clear}✓ {} ({:.1} s)", what.as_ref(), self.started.elapsed().as_secs_f64());
        self.current.clear();
    }
}
