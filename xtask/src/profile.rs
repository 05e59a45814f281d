//! `cargo xtask profile`: finds out which code requests run through, so that release builds are compiled for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use harness::{Release, target_dir};

/// What the programs are loaded with, and how much that counts: a start takes ten times as long as the others, so that fewer are
/// made in the same time.
const WORK: [(&str, u32); 3] = [("invoke", 1), ("start", 10), ("status", 1)];

/// Each kind of request is made tens of thousands of times. What ran less often than this is of starting and ending.
const OFTEN: u64 = 1000;

/// Take down which code requests run through. Release builds are compiled for that; it is to be done again when Rust has another version,
/// or much has changed. Needs `rustup component add llvm-tools`.
#[derive(Debug, clap::Args)]
pub(crate) struct Profile {}

impl Profile {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let merge = llvm_profdata()?;
        let counts = target_dir().join("profiling").join("counts");
        if counts.exists() {
            fs::remove_dir_all(&counts).with_context(|| format!("cannot empty {}", counts.display()))?;
        }
        let programs = Release::profiling(&counts)?;
        let bench = Release::other("bench")?;
        for (work, _) in WORK {
            // A file for each process.
            let files = counts.join(work).join("%p.profraw");
            let load = Command::new(bench.program("bench"))
                .env("LLVM_PROFILE_FILE", files)
                .arg("--programs")
                .arg(programs.folder())
                .args(["--load", work])
                .status();
            let status = load.context("the benchmark does not start")?;
            ensure!(status.success(), "the programs could not be loaded with `{work}` ({status})");
        }
        let profile = harness::Profile::of_this_compiler()?;
        merged(&merge, &counts, &profile.path)?;
        profile.note_dependencies()?;
        eprintln!("written: {}", profile.path.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Rust's own, as each version of LLVM writes counts of its own kind.
fn llvm_profdata() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries = Command::new(rustc)
        .args(["--print", "target-libdir"])
        .stderr(Stdio::inherit())
        .output()
        .context("rustc does not start")?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&libraries.stdout).trim());
    let program = libraries.with_file_name("bin").join("llvm-profdata");
    ensure!(
        program.is_file(),
        "{} is not there: `rustup component add llvm-tools` installs it",
        program.display()
    );
    Ok(program)
}

/// Merges the counts and keeps those of what ran often.
fn merged(llvm_profdata: &Path, counts: &Path, profile: &Path) -> Result<()> {
    let text = counts.join("counts.txt");
    let mut merge = Command::new(llvm_profdata);
    merge.args(["merge", "--text", "--sparse", "--output"]).arg(&text);
    for (work, weight) in WORK {
        let folder = counts.join(work);
        let files = fs::read_dir(&folder).with_context(|| format!("no counts in {}", folder.display()))?;
        for file in files {
            merge.arg(format!("--weighted-input={weight},{}", file?.path().display()));
        }
    }
    run(&mut merge)?;
    fs::write(&text, often(&fs::read_to_string(&text)?))?;
    if let Some(folder) = profile.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    run(Command::new(llvm_profdata).args(["merge", "--output"]).arg(profile).arg(&text))
}

/// Of LLVM's text of counts, the functions of which some piece ran [`OFTEN`]. They stand between empty lines.
fn often(text: &str) -> String {
    let (kind, functions) = text.split_once(":ir\n").unwrap_or(("", text));
    let ran_often = |function: &&str| {
        let counts = function.lines().skip_while(|line| *line != "# Counter Values:").skip(1);
        counts.map_while(|line| line.parse::<u64>().ok()).any(|count| count >= OFTEN)
    };
    let kept: String = functions.split_inclusive("\n\n").filter(ran_often).collect();
    format!("{kind}:ir\n{kept}")
}

fn run(merge: &mut Command) -> Result<()> {
    let status = merge.status().context("llvm-profdata does not start")?;
    ensure!(status.success(), "the counts could not be merged ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_often_is_kept() {
        let kind = "# IR level Instrumentation Flag\n:ir\n";
        let function = |name: &str, counts: &str| {
            format!(
                "{name}\n# Func Hash:\n742261418966908927\n# Num Counters:\n2\n# Counter Values:\n{counts}\n\n"
            )
        };
        // What is called through a pointer stands behind the counts.
        let called = "0\n1000\n# Num Value Kinds:\n1\n# ValueKind = IPVK_IndirectCallTarget:\n0\n1\n1\n_ZN4somewhere:5000";
        let (often_run, seldom) =
            (function("often", called), function("seldom", "999\n0\n# Num Value Kinds:\n5000"));
        let text = [kind, &seldom, &often_run, &seldom].concat();
        assert_eq!(often(&text), [kind, &often_run].concat());
    }
}
