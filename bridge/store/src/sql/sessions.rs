//! Sessions of browsers in SQL.

use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::Event;
use bridge_core::ports::{NewSession, SessionStore, StoreError};

use super::starts::microseconds;
use super::{Sql, SqlStore};
use crate::error::failed;

/// Deletes the sessions whose time has passed.
const EXPIRE: &str = "DELETE FROM sessions WHERE ends_at <= (SELECT now FROM clock)";

#[async_trait]
impl<S: Sql> SessionStore for SqlStore<S> {
    async fn begin_session(&self, session: &NewSession, event: &Event) -> Result<(), StoreError> {
        let begin = "INSERT INTO sessions (id, content, ends_at, renewable_at)
             VALUES ($1, $2, (SELECT now FROM clock) + $3, 0)";
        let values = [
            session.id.as_str().into(),
            session.content.as_slice().into(),
            microseconds(session.lasts).into(),
        ];
        let begun = self.execute_both((begin, &values), (EXPIRE, &[]), Some(event)).await;
        begun.map(drop).map_err(failed("keep a session"))
    }

    async fn session(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let find = "SELECT content FROM sessions WHERE id = $1 AND ends_at > (SELECT now FROM clock)";
        let rows: Vec<(Vec<u8>,)> = self.read("look up a session", find, &[id.into()]).await?;
        Ok(rows.into_iter().next().map(|(content,)| content))
    }

    async fn session_to_renew(&self, id: &str, pause: Duration) -> Result<Option<Vec<u8>>, StoreError> {
        let begin = "UPDATE sessions SET renewable_at = (SELECT now FROM clock) + $2
             WHERE id = $1 AND ends_at > (SELECT now FROM clock) AND renewable_at <= (SELECT now FROM clock)
             RETURNING content";
        let values = [id.into(), microseconds(pause).into()];
        let row: Option<(Vec<u8>,)> = self.write("begin to renew a session", begin, &values).await?;
        Ok(row.map(|(content,)| content))
    }

    async fn renew_session(&self, id: &str, content: &[u8]) -> Result<(), StoreError> {
        let renew = "UPDATE sessions SET content = $2, renewable_at = 0 WHERE id = $1";
        self.execute("renew a session", renew, &[id.into(), content.into()]).await?;
        Ok(())
    }

    async fn end_session(&self, id: &str, event: &Event) -> Result<bool, StoreError> {
        let end = "DELETE FROM sessions WHERE id = $1 AND ends_at > (SELECT now FROM clock)";
        let ended = self.execute_both((end, &[id.into()]), (EXPIRE, &[]), Some(event)).await;
        ended.map_err(failed("end a session"))
    }
}
