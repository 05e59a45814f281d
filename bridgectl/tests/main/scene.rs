//! The program, with a home of its own, and a bridge with a workflow that waits at a gate.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::{Process, Stack, free_port, program, python_with_temporalio};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for what Temporal and the bridge do by themselves, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(90);
pub(crate) const GROUP: &str = "proj1/capp1/v1/dig1";
/// The task queue of the worker, and the type of its workflow.
const QUEUE: &str = "gate";

/// The program in a home of its own.
pub(crate) struct Ctl {
    home: TempDir,
    env: Vec<(String, String)>,
}

/// What a command has printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ctl {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// With a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file, and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bridgectl"));
        for (name, _) in std::env::vars() {
            if name.starts_with("BRIDGECTL_") || name.starts_with("XDG_") {
                command.env_remove(name);
            }
        }
        command.args(args).env("HOME", self.home()).current_dir(self.home()).envs(self.env.clone());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a command that goes on meanwhile.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Runs a command.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ended(self.spawn(args))
    }

    /// Starts a shell command at a terminal. What the terminal shows is in the file `screen`.
    pub(crate) fn at_terminal(&self, line: &str) -> Child {
        let folder = Path::new(env!("CARGO_BIN_EXE_bridgectl")).parent().unwrap();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--flush", "--command", line, "screen"]).env("PATH", path);
        script
            .env("HOME", self.home())
            .env("TERM", "xterm")
            .env_remove("XDG_CONFIG_HOME")
            .current_dir(self.home());
        script.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    }

    /// Returns what the last of these words is completed to, without the options that could come there too.
    pub(crate) fn completes(&self, words: &[&str]) -> Vec<String> {
        let mut command = self.command(&[&["--", "bridgectl"], words].concat());
        command.env("BRIDGECTL_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        let ran = ended(command.spawn().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}: {ran:?}");
        // As the program separates them where no shell names another separator.
        ran.out.lines().filter(|word| !word.starts_with("--")).map(str::to_owned).collect()
    }

    /// Runs a command with this on standard input.
    pub(crate) fn given(&self, input: &str, args: &[&str]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ended(child)
    }

    /// Runs a command that must succeed, and returns its output.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    }

    /// Runs a command that must succeed, and returns its output as JSON.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.ok(&[args, &["-o", "json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
    }

    /// Runs a command that must fail with this code, and returns its standard error.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        ran.err
    }
}

/// Waits for the end of a command.
pub(crate) fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

/// A bridge without Temporal, with its database in the home of a program.
pub(crate) struct Alone {
    pub(crate) url: String,
    pub(crate) process: Process,
}

impl Alone {
    /// Starts it with these options too.
    pub(crate) async fn start(ctl: &Ctl, options: &[&str]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let database = format!("sqlite://{}/bridge.db", ctl.home().display());
        let process = Process::builder(program("bridge").unwrap())
            .args(["serve", "--listen", &address, "--database", &database])
            .args(["--temporal-address", &format!("127.0.0.1:{}", free_port())])
            .args(options)
            .env("LOG_FORMAT", "json");
        let url = format!("http://{address}");
        let mut process = process.spawn().unwrap();
        process.wait_ready(&format!("{url}/readyz")).await.unwrap();
        Self { url, process }
    }
}

pub(crate) struct Scene {
    pub(crate) ctl: Ctl,
    pub(crate) stack: Stack,
    _worker: Process,
}

impl Scene {
    /// A bridge, a worker, and a context for both.
    pub(crate) async fn new() -> Self {
        let stack = Stack::start().await.unwrap();
        let worker = python_with_temporalio().unwrap();
        let worker = worker.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../bridge-client/tests/gate.py"));
        let worker = worker.args([stack.temporal.address(), QUEUE]).spawn().unwrap();
        let ctl = Ctl::new();
        ctl.ok(&["context", "set", "lab", "--url", &stack.bridge.url(), "--group", GROUP]);
        Self { ctl, stack, _worker: worker }
    }

    /// An intent whose workflow waits at a gate. `name` is the workflow ID too.
    pub(crate) fn intent(&self, name: &str) -> Value {
        let mut intent = self.stack.sample_intent();
        intent["metadata"] = json!({"name": name});
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowClientName"] = "workflowclient".into();
        temporal["workflowStartOptions"] = json!({"ID": name, "TaskQueue": QUEUE});
        temporal["workflowParams"] = json!({"activityParams": {"all-activities": {"color": "red"}}});
        intent
    }

    /// With such an intent.
    pub(crate) async fn with_gate() -> Self {
        let scene = Self::new().await;
        let file = scene.ctl.file("gate.json", &scene.intent("gate").to_string());
        assert_eq!(scene.ctl.ok(&["apply", "-f", &file]), format!("intent {GROUP}/gate created\n"));
        scene
    }
}
