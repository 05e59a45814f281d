//! A PostgreSQL of one's own, or the one all tests share.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::geteuid;
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::eventually::until;
use crate::{free_port, process};

/// Where tests find a PostgreSQL that somebody else runs: a URL, with the right to create databases.
const URL_VARIABLE: &str = "BRIDGE_TEST_POSTGRES_URL";
/// Debian and its kin keep the programs here, by version, and off `PATH`.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root. This user is everywhere, and owns nothing.
const NOBODY: u32 = 65534;

/// Two tests may draw the same free port; the second then tries another.
const ATTEMPTS: usize = 3;
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Keeps a cluster: makes it, starts and stops it as the lines on standard input say, and stops and removes it when they
/// end, which they also do when the process that holds the other end is killed.
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
const START: &str = "start\n";
/// Without a checkpoint, as if killed; but nothing of it is left in the machine's shared memory.
const STOP: &str = "stop --mode immediate\n";

/// A PostgreSQL server, listening on 127.0.0.1.
#[derive(Debug)]
pub struct PostgreSql {
    /// Of the database `postgres`.
    url: String,
    /// None where somebody else runs the server.
    own: Option<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    keeper: Child,
    log: File,
}

impl PostgreSql {
    /// Starts a server of one's own, to be killed and restarted at will.
    pub async fn start() -> Result<Self> {
        let programs = programs()?;
        let mut attempt = 1;
        loop {
            match Self::try_start(&programs).await {
                Err(error) if attempt == ATTEMPTS => return Err(error.context("PostgreSQL does not start")),
                Err(_) => attempt += 1,
                started => return started,
            }
        }
    }

    /// The server shared by all tests: the one that `BRIDGE_TEST_POSTGRES_URL` names (`cargo xtask test` sets it), else
    /// one per process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<PostgreSql> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || match std::env::var(URL_VARIABLE) {
                Ok(url) => Ok(Self { url, own: None }),
                Err(_) => Self::start().await,
            })
            .await
    }

    /// The URL of the server's database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates an empty database and gives its URL. It goes with its server; one that somebody else runs keeps it.
    pub async fn database(&self) -> Result<String> {
        let name = format!("bridge_test_{:016x}", fastrand::u64(..));
        let mut url =
            reqwest::Url::parse(&self.url).with_context(|| format!("{URL_VARIABLE} is not a URL"))?;
        let mut connection = self.connect().await.context("cannot connect to the PostgreSQL for tests")?;
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .with_context(|| format!("cannot create {name}"))?;
        connection.close().await?;
        url.set_path(&name);
        Ok(url.into())
    }

    /// Ends the server at once: connections break, and what was not committed is lost.
    pub async fn kill(&mut self) -> Result<()> {
        self.own()?.tell(STOP)?;
        let refused = until(READY_WITHIN, async || self.connect().await.is_err()).await;
        refused.map_err(|_| anyhow!("PostgreSQL does not stop\n{}", self.log()))
    }

    /// Starts the killed server again on the same port, with what had been committed.
    pub async fn restart(&mut self) -> Result<()> {
        self.own()?.tell(START)?;
        self.wait_ready().await
    }

    async fn try_start(programs: &Path) -> Result<Self> {
        let port = free_port();
        let own = Some(Cluster::create(programs, port)?);
        let mut server = Self { url: format!("postgres://bridge@127.0.0.1:{port}/postgres"), own };
        server.restart().await?;
        Ok(server)
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let ready = until(READY_WITHIN, async || match self.own()?.keeper.try_wait()? {
            Some(_) => Ok(false),
            None => self.connect().await.map(|_| true).map_err(anyhow::Error::new),
        })
        .await;
        match ready {
            Ok(true) => Ok(()),
            Ok(false) => bail!("PostgreSQL ended before it was ready\n{}", self.log()),
            Err(state) => bail!("PostgreSQL not ready within {READY_WITHIN:?}: {state}\n{}", self.log()),
        }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url).await
    }

    fn log(&self) -> String {
        self.own.as_ref().map(Cluster::log).unwrap_or_default()
    }

    fn own(&mut self) -> Result<&mut Cluster> {
        self.own.as_mut().context("this PostgreSQL belongs to somebody else")
    }
}

impl Cluster {
    fn create(programs: &Path, port: u16) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("harness-postgresql-").tempdir()?;
        let log = tempfile::tempfile()?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(programs).arg(folder.path()).arg(settings(port));
        // Otherwise messages and sorting are those of whoever runs the tests.
        keeper.env("LC_ALL", "C").current_dir("/");
        if geteuid().is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
            keeper.uid(NOBODY).gid(NOBODY);
        }
        // In a group of its own, out of reach of Ctrl-C and of the leash: it ends by itself, and cleans up first.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        let keeper = keeper.spawn().context("`sh`, which watches over PostgreSQL, does not start")?;
        // From here on the keeper removes it.
        let _ = folder.keep();
        Ok(Self { keeper, log })
    }

    /// Has the keeper run one command of `pg_ctl`.
    fn tell(&mut self, command: &str) -> Result<()> {
        let stdin = self.keeper.stdin.as_mut().context("PostgreSQL's keeper does not listen")?;
        stdin.write_all(command.as_bytes()).context("PostgreSQL's keeper has ended")
    }

    fn log(&self) -> String {
        process::text(&self.log)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // An error here has nobody to go to.
        let _ = self.keeper.wait();
    }
}

/// Survives every death but the machine's, and leaves nothing outside its folder.
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

/// The folder with `initdb` and `pg_ctl` of the newest PostgreSQL on this machine.
fn programs() -> Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
    std::env::split_paths(&on_path)
        .chain(versions)
        .find(|folder| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()))
        .with_context(|| {
            format!("no PostgreSQL for tests: name one in {URL_VARIABLE}, or install one (Debian: `apt-get install postgresql`)")
        })
}

/// `15` of `/usr/lib/postgresql/15/bin`.
fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}
