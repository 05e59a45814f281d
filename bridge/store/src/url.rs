//! The URL of the database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use url::Url;

/// The URL of a database: `sqlite:///path/to/file`, `sqlite:file` (relative), `sqlite::memory:` or
/// `postgres://user@host/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// SQLite in memory: the data is lost when the process ends.
    SqliteMemory,
    /// SQLite in a file.
    SqliteFile(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return text.parse().map(Self::Postgres);
        }
        let path = match text.strip_prefix("sqlite:") {
            Some(":memory:") => return Ok(Self::SqliteMemory),
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None => "",
        };
        if path.is_empty() || path.contains(['?', '#']) {
            let forms =
                "write sqlite:///path/to/file, sqlite:file, sqlite::memory: or postgres://user@host/database";
            return Err(forms.to_owned());
        }
        Ok(Self::SqliteFile(path.into()))
    }
}

/// The URL of a PostgreSQL server. It may have a password, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    pub(crate) fn options(&self) -> sqlx::Result<PgConnectOptions> {
        self.0.as_str().parse()
    }
}

impl FromStr for PostgresUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 {
            return Err("write postgres://user@host/database".to_owned());
        }
        let url = Self(url);
        url.options().map_err(|error| workflow_api::chain(&error))?;
        Ok(url)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may have a password as well.
        write!(f, "postgres://{}{}", self.0.host_str().unwrap_or_default(), self.0.path())
    }
}
