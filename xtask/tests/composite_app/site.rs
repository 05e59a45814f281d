//! A folder that the command wrote, and an administrator who follows its README with EMCO's stand-in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use emco_stand_in::{Emcoctl, Reply, StandIn, StandInOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than any change in the stand-in takes.
pub(crate) const A_WHILE: Duration = Duration::from_secs(60);

pub(crate) fn xtask(args: &[&str], out: &Path) -> Output {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.arg("composite-app").args(args).arg("--out").arg(out).output().unwrap()
}

/// A folder that the command wrote and the administrator completed.
#[derive(Debug)]
pub(crate) struct Folder {
    home: TempDir,
}

impl Folder {
    pub(crate) fn new(args: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let told = xtask(args, &home.path().join("out"));
        assert!(told.status.success(), "{args:?}: {}", String::from_utf8_lossy(&told.stderr));
        let folder = Self { home };
        fs::create_dir(folder.path().join("kubeconfigs")).unwrap();
        for (key, path) in folder.values() {
            if key.starts_with("KubeConfig") {
                fs::write(folder.path().join(path), "kind: Config\n").unwrap();
            }
        }
        folder
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.home.path().join("out")
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        serde_saphyr::from_str(&self.text("values.yaml")).unwrap()
    }

    /// Changes values, as an editor does.
    pub(crate) fn set(&self, changes: &[(&str, &str)]) {
        let mut values = self.values();
        for (name, value) in changes {
            let former = values.insert((*name).to_owned(), (*value).to_owned());
            assert!(former.is_some(), "there is no value {name}");
        }
        // JSON is YAML.
        fs::write(self.path().join("values.yaml"), serde_json::to_vec(&values).unwrap()).unwrap();
    }

    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert!(text.contains(from), "{file} lacks {from}");
        fs::write(self.path().join(file), text.replacen(from, to, 1)).unwrap();
    }

    /// Returns emcoctl for this folder, with its configuration, in which only hosts and ports are changed.
    pub(crate) fn emcoctl(&self, emco: &str, workflowmgr: &str) -> Emcoctl {
        let mut config: BTreeMap<String, Value> = serde_saphyr::from_str(&self.text("emcoctl.yaml")).unwrap();
        for (section, of) in &mut config {
            let url = if section == "workflowmgr" { workflowmgr } else { emco };
            let port = url.rsplit(':').next().unwrap().parse::<u16>().unwrap();
            *of = json!({"host": "127.0.0.1", "port": port});
        }
        Emcoctl::new(self.path(), &serde_json::to_string(&config).unwrap()).unwrap()
    }

    /// Returns the commands of a section of the README.
    pub(crate) fn commands(&self, heading: &str) -> Vec<String> {
        commands(&self.text("README.md"), heading)
    }
}

/// Returns the lines of a section that call emcoctl, without their comments.
pub(crate) fn commands(page: &str, heading: &str) -> Vec<String> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let calls = section.lines().filter_map(|line| line.strip_prefix("emcoctl --config emcoctl.yaml "));
    let calls: Vec<String> = calls.map(|call| call.split('#').next().unwrap().trim().to_owned()).collect();
    assert!(!calls.is_empty(), "{heading} has no commands");
    calls
}

/// Runs one command of the README.
pub(crate) async fn run(emcoctl: &Emcoctl, command: &str) -> Vec<Reply> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let replies = match words.as_slice() {
        [verb, "-f", file, "-v", values] => emcoctl.run(verb, file, values).await,
        ["get", anchor] => emcoctl.get_anchor(anchor).await.map(|reply| vec![reply]),
        other => panic!("{other:?}"),
    };
    replies.unwrap_or_else(|error| panic!("{command}: {error:#}"))
}

/// Fails unless all responses are successes.
#[track_caller]
pub(crate) fn assert_done(command: &str, replies: &[Reply]) {
    for reply in replies {
        let Reply { method, anchor, status, body, .. } = reply;
        assert!(status.is_success(), "{command}: {method} {anchor}: {status} {body}");
    }
}

/// A folder, and the EMCO that it is applied to.
pub(crate) struct Site {
    pub(crate) folder: Folder,
    pub(crate) stand_in: StandIn,
}

impl Site {
    pub(crate) async fn new(args: &[&str]) -> Self {
        let options = StandInOptions {
            settle_time: A_WHILE,
            logical_cloud_settle_time: A_WHILE,
            ..StandInOptions::default()
        };
        Self { folder: Folder::new(args), stand_in: StandIn::start(options).await.unwrap() }
    }

    pub(crate) fn emcoctl(&self) -> Emcoctl {
        // There is no workflow manager at this address.
        self.folder.emcoctl(self.stand_in.url(), "http://127.0.0.1:1")
    }

    /// Follows a section of a folder's README, and waits where it waits. Only commands for which `takes`
    /// returns true are run. Returns all responses.
    pub(crate) async fn follow(
        &self,
        folder: &Folder,
        heading: &str,
        takes: impl Fn(&str) -> bool,
    ) -> Vec<Reply> {
        let emcoctl = folder.emcoctl(self.stand_in.url(), "http://127.0.0.1:1");
        let mut all = Vec::new();
        for command in folder.commands(heading).iter().filter(|command| takes(command)) {
            if command.ends_with("/status") {
                self.stand_in.advance(A_WHILE);
            }
            let replies = run(&emcoctl, command).await;
            assert_done(command, &replies);
            all.extend(replies);
        }
        all
    }
}
