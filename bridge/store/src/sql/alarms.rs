//! Alarms in SQL.

use async_trait::async_trait;
use bridge_core::model::{Alarm, AlarmId, AlarmObject, Notification, ProbableCause};
use bridge_core::ports::{AlarmChange, AlarmFilter, AlarmStore, KeptAlarm, KeptNotification, StoreError};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use workflow_api::alarms::{AlarmAckState, PerceivedSeverity};

use super::event_row::{EventRow, RECORD};
use super::{Sql, SqlStore, Value};
use crate::error::failed;

const INSERT: &str = "INSERT INTO alarms
        (id, identity, object, cause, severity, cleared, acknowledged, clearing_at, document, version, notified)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0)
     ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE alarms
     SET identity = $2, object = $3, cause = $4, severity = $5, cleared = $6, acknowledged = $7, clearing_at = $8,
         document = $9, version = version + 1
     WHERE id = $1 AND version = $10";
const DELETE: &str = "DELETE FROM alarms WHERE id = $1 AND version = $2";
const NOTIFY: &str =
    "INSERT INTO alarm_notifications (alarm_id, at, document) VALUES ($1, $2, $3) RETURNING number";
const NOTIFIED: &str = "UPDATE alarms SET notified = $2 WHERE id = $1";
const DELIVER: &str = "INSERT INTO alarm_deliveries
        (target, alarm_id, notification, due_at, leased_until, attempts, error)
     VALUES ($1, $2, $3, (SELECT now FROM clock), 0, 0, '')";

#[async_trait]
impl<S: Sql> AlarmStore for SqlStore<S> {
    async fn alarm(&self, id: &AlarmId) -> Result<Option<KeptAlarm>, StoreError> {
        let find = "SELECT id, version, notified, document FROM alarms WHERE id = $1";
        // No alarm has an ID that the database cannot hold.
        if id.as_str().contains('\0') {
            return Ok(None);
        }
        let rows: Vec<AlarmRow> = self.read("look up an alarm", find, &[id.as_str().into()]).await?;
        rows.into_iter().next().map(KeptAlarm::try_from).transpose()
    }

    async fn alarm_of(
        &self,
        object: &AlarmObject,
        cause: ProbableCause,
        problem: &str,
    ) -> Result<Option<KeptAlarm>, StoreError> {
        let find = "SELECT id, version, notified, document FROM alarms WHERE identity = $1";
        let identity = identity(&object.dn(), cause, problem);
        let rows: Vec<AlarmRow> = self.read("look up an alarm", find, &[identity.as_str().into()]).await?;
        rows.into_iter().next().map(KeptAlarm::try_from).transpose()
    }

    async fn alarms(&self, filter: &AlarmFilter, limit: u32) -> Result<Vec<KeptAlarm>, StoreError> {
        // A name in a distinguished name ends with its string or with a comma, which `-` follows.
        let list = "SELECT id, version, notified, document FROM alarms
             WHERE id < $1 AND ($2 IS NULL OR cleared = $2) AND ($3 IS NULL OR acknowledged = $3)
               AND ($4 IS NULL OR severity = $4) AND ($5 IS NULL OR cause = $5)
               AND ($6 IS NULL OR object = $6 OR (object > $6 || ',' AND object < $6 || '-'))
             ORDER BY id DESC LIMIT $7";
        let (cleared, acknowledged) = states(filter.state);
        let values = [
            filter.after.as_ref().map_or("~", AlarmId::as_str).into(),
            cleared.into(),
            acknowledged.into(),
            filter.severity.map(rank).into(),
            filter.cause.map(ProbableCause::word).into(),
            filter.base.as_deref().into(),
            i64::from(limit).into(),
        ];
        let rows: Vec<AlarmRow> = self.read("list alarms", list, &values).await?;
        rows.into_iter().map(KeptAlarm::try_from).collect()
    }

    async fn alarm_count(&self) -> Result<u64, StoreError> {
        let rows: Vec<(i64,)> = self.read("count alarms", "SELECT COUNT(*) FROM alarms", &[]).await?;
        Ok(rows.first().map_or(0, |(count,)| count.unsigned_abs()))
    }

    async fn due_alarms(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptAlarm>, StoreError> {
        let due = "SELECT id, version, notified, document FROM alarms
             WHERE clearing_at IS NOT NULL AND clearing_at <= $1 ORDER BY clearing_at LIMIT $2";
        let values = [now.as_microsecond().into(), i64::from(limit).into()];
        let rows: Vec<AlarmRow> = self.read("look up alarms to clear", due, &values).await?;
        rows.into_iter().map(KeptAlarm::try_from).collect()
    }

    async fn save_alarm(&self, change: &AlarmChange<'_>) -> Result<bool, StoreError> {
        self.save(change).await.map_err(failed("write an alarm"))
    }

    async fn notifications(&self, after: i64, limit: u32) -> Result<Vec<KeptNotification>, StoreError> {
        let list = "SELECT number, document FROM settled_alarm_notifications
             WHERE number > $1 ORDER BY number LIMIT $2";
        let values = [after.into(), i64::from(limit).into()];
        let rows: Vec<NotificationRow> = self.read("read notifications", list, &values).await?;
        rows.into_iter().map(KeptNotification::try_from).collect()
    }

    async fn notification_range(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let range = "SELECT MIN(number), MAX(number) FROM settled_alarm_notifications";
        let rows: Vec<(Option<i64>, Option<i64>)> = self.read("read notifications", range, &[]).await?;
        Ok(rows.into_iter().next().and_then(|(oldest, newest)| oldest.zip(newest)))
    }

    async fn forget_notifications(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forget = "DELETE FROM alarm_notifications WHERE at < $1
             AND NOT EXISTS (SELECT 1 FROM alarm_deliveries WHERE notification = alarm_notifications.number)";
        self.execute("delete old notifications", forget, &[before.as_microsecond().into()]).await
    }
}

#[expect(private_bounds, reason = "nobody else calls this function")]
impl<S: Sql> SqlStore<S> {
    async fn save(&self, change: &AlarmChange<'_>) -> Result<bool, sqlx::Error> {
        self.0.guard()?;
        let alarm = change.alarm;
        let id = alarm.id.as_str();
        let object = alarm.object.dn();
        let identity = identity(&object, alarm.cause, &alarm.problem);
        let document = text_of(alarm)?;
        let mut values = vec![
            id.into(),
            identity.as_str().into(),
            object.as_str().into(),
            alarm.cause.word().into(),
            rank(alarm.perceived_severity()).into(),
            i64::from(!alarm.is_active()).into(),
            i64::from(alarm.is_acknowledged()).into(),
            alarm.clearing_at.map(Timestamp::as_microsecond).into(),
            document.as_str().into(),
        ];
        let mut transaction = self.0.writers().1.begin().await?;
        let written = match change.before {
            None => S::execute(&mut *transaction, INSERT, &values).await?,
            Some(version) if alarm.is_over() => {
                S::execute(&mut *transaction, DELETE, &[id.into(), version.into()]).await?
            }
            Some(version) => {
                values.push(version.into());
                S::execute(&mut *transaction, UPDATE, &values).await?
            }
        };
        if written == 0 {
            return Ok(false);
        }
        for (notification, targets) in change.notifications {
            let document = text_of(notification)?;
            let values = [id.into(), notification.at.as_microsecond().into(), document.as_str().into()];
            let numbers: Vec<(i64,)> = S::fetch(&mut *transaction, NOTIFY, &values).await?;
            let (number,) = numbers.into_iter().next().ok_or(sqlx::Error::RowNotFound)?;
            S::execute(&mut *transaction, NOTIFIED, &[id.into(), number.into()]).await?;
            for target in targets {
                let values: [Value<'_>; 3] = [target.as_str().into(), id.into(), number.into()];
                S::execute(&mut *transaction, DELIVER, &values).await?;
            }
        }
        if let Some(event) = change.event.map(EventRow::of) {
            S::execute(&mut *transaction, RECORD, &event.values()).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

#[derive(FromRow)]
struct AlarmRow {
    id: String,
    version: i64,
    notified: i64,
    document: String,
}

impl TryFrom<AlarmRow> for KeptAlarm {
    type Error = StoreError;

    fn try_from(row: AlarmRow) -> Result<Self, StoreError> {
        let alarm: Alarm = read("alarms", &row.id, &row.document)?;
        Ok(Self { alarm, version: row.version, number: row.notified })
    }
}

#[derive(FromRow)]
pub(super) struct NotificationRow {
    pub(super) number: i64,
    pub(super) document: String,
}

impl TryFrom<NotificationRow> for KeptNotification {
    type Error = StoreError;

    fn try_from(row: NotificationRow) -> Result<Self, StoreError> {
        let notification: Notification = read("alarm_notifications", &row.number.to_string(), &row.document)?;
        Ok(Self { number: row.number, notification })
    }
}

/// Reads the document of a row.
pub(super) fn read<T: DeserializeOwned>(
    table: &'static str,
    row: &str,
    document: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(document).map_err(|error| StoreError::Inconsistent {
        table,
        column: "document",
        row: row.to_owned(),
        source: error.into(),
    })
}

pub(super) fn text_of(value: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A hash, because the text of all three may be too long for an index.
fn identity(object: &str, cause: ProbableCause, problem: &str) -> String {
    let mut hash = Sha256::new();
    for part in [object, cause.word(), problem] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

fn rank(severity: PerceivedSeverity) -> i64 {
    severity as i64
}

/// Returns which alarms have this state: cleared or not, and acknowledged or not.
fn states(state: Option<AlarmAckState>) -> (Option<i64>, Option<i64>) {
    match state {
        None | Some(AlarmAckState::All) => (None, None),
        Some(AlarmAckState::Active) => (Some(0), None),
        Some(AlarmAckState::ActiveAcknowledged) => (Some(0), Some(1)),
        Some(AlarmAckState::ActiveUnacknowledged) => (Some(0), Some(0)),
        Some(AlarmAckState::ClearedUnacknowledged) => (Some(1), Some(0)),
        Some(AlarmAckState::Unacknowledged) => (None, Some(0)),
    }
}
