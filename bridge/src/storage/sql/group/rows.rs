//! The statements that put starts on record and settle them. Those that write many read their rows as JSON.

use serde::Serialize;
use sqlx::SqliteConnection;

use crate::run::Run;
use crate::storage::Terms;
use crate::storage::sql::run_row::OutcomeColumns;
use crate::storage::sql::runs::microseconds;

/// Puts starts on record. Of several under one key the first is new; the others, and those whose key is on record, have no row in the
/// answer, and count nothing.
const BEGIN: &str = "
    WITH asked AS (
        SELECT key AS place,
            value->>'id' AS id, value->>'project' AS project, value->>'composite_app' AS composite_app,
            value->>'composite_app_version' AS composite_app_version,
            value->>'deployment_intent_group' AS deployment_intent_group, value->>'intent' AS intent,
            value->>'revision' AS revision, value->>'workflow_id' AS workflow_id, value->>'idempotency_key' AS idempotency_key,
            value->>'fingerprint' AS fingerprint, value->>'key_kept' AS key_kept, value->>'started_by' AS started_by,
            value->>'requested_at' AS requested_at, value->>'lease' AS lease, value->>'spec' AS spec
        FROM jsonb_each($1)),
    fresh AS (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY project, composite_app, composite_app_version, deployment_intent_group, intent, idempotency_key
            ORDER BY place) AS under_key
        FROM asked WHERE fingerprint IS NULL OR NOT EXISTS (
            SELECT 1 FROM runs WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent)
                = (asked.project, asked.composite_app, asked.composite_app_version, asked.deployment_intent_group, asked.intent)
            AND runs.idempotency_key = asked.idempotency_key AND key_until IS NOT NULL)),
    counted AS (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY project, composite_app, composite_app_version, deployment_intent_group, intent ORDER BY place)
            + COALESCE((
                SELECT number FROM runs WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent)
                    = (fresh.project, fresh.composite_app, fresh.composite_app_version, fresh.deployment_intent_group, fresh.intent)
                ORDER BY number DESC LIMIT 1), 0) AS number
        FROM fresh WHERE under_key = 1),
    clock AS (SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now)
    INSERT INTO runs
        (id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision, workflow_id,
         idempotency_key, fingerprint, key_until, started_by, requested_at, attempt, outcome, already_running, leased_until, spec)
    SELECT id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision,
        replace(workflow_id, '{{run}}', CAST(number AS TEXT)), idempotency_key, fingerprint,
        CASE WHEN fingerprint IS NULL THEN NULL ELSE clock.now + key_kept END, started_by, requested_at,
        1, 'starting', FALSE, clock.now + lease, spec
    FROM counted, clock WHERE TRUE
    ON CONFLICT DO NOTHING
    RETURNING id, number, workflow_id";

/// Settles starts that are under way and were not taken over; those have a row in the answer.
const SETTLE: &str = "
    UPDATE runs SET workflow_id = told.workflow_id, outcome = told.outcome, run_id = told.run_id,
        already_running = told.already_running, reason = told.reason, settled_at = told.settled_at, leased_until = NULL,
        spec = CASE WHEN told.outcome = 'unknown' THEN spec ELSE NULL END
    FROM (
        SELECT value->>'id' AS id, value->>'attempt' AS attempt, value->>'workflow_id' AS workflow_id,
            value->>'outcome' AS outcome, value->>'run_id' AS run_id, value->>'already_running' AS already_running,
            value->>'reason' AS reason, value->>'settled_at' AS settled_at
        FROM jsonb_each($1)) AS told
    WHERE runs.id = told.id AND runs.attempt = told.attempt AND runs.outcome = 'starting'
    RETURNING id";

/// The number of an intent's next start, whose key is bound as [`BEGIN_ONE`] does.
macro_rules! next_number {
    () => {
        "(COALESCE((
            SELECT number FROM runs WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent)
                = ($2, $3, $4, $5, $6)
            ORDER BY number DESC LIMIT 1), 0) + 1)"
    };
}

/// The database's clock, which stands still while a statement is carried out.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}

/// Puts one start on record: as [`BEGIN`] does, without the tables that reading rows and counting among them takes. That its key
/// may be on record is left to the index of keys.
const BEGIN_ONE: &str = concat!(
    "INSERT INTO runs
        (id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision, workflow_id,
         idempotency_key, fingerprint, key_until, started_by, requested_at, attempt, outcome, already_running, leased_until, spec)
     VALUES ($1, $2, $3, $4, $5, $6, ", next_number!(), ", $7,
        CASE WHEN instr($8, '{{run}}') THEN replace($8, '{{run}}', CAST(", next_number!(), " AS TEXT)) ELSE $8 END,
        $9, $10, CASE WHEN $10 IS NULL THEN NULL ELSE ", now!(), " + $11 END, $12, $13, 1, 'starting', FALSE, ", now!(), " + $14, $15)
     ON CONFLICT DO NOTHING
     RETURNING number, workflow_id"
);

/// A start to be put on record.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) run: Run,
    pub(super) spec: String,
    pub(super) terms: Terms,
}

/// The number and the workflow ID that a new start has got.
pub(in crate::storage::sql) type Numbered = (i64, String);

/// Those that are new.
pub(super) async fn begin(
    writer: &mut SqliteConnection,
    begins: &[&Begin],
) -> Result<Vec<(String, Option<Numbered>)>, sqlx::Error> {
    if let [one] = begins {
        return begin_one(writer, one).await;
    }
    let rows = json(begins.iter().map(|begin| BeginRow::from(*begin)))?;
    let begun: Vec<(String, i64, String)> = sqlx::query_as(BEGIN).bind(rows).fetch_all(writer).await?;
    Ok(begun.into_iter().map(|(id, number, workflow_id)| (id, Some((number, workflow_id)))).collect())
}

async fn begin_one(
    writer: &mut SqliteConnection,
    begin: &Begin,
) -> Result<Vec<(String, Option<Numbered>)>, sqlx::Error> {
    let row = BeginRow::from(begin);
    let begun: Vec<Numbered> = sqlx::query_as(BEGIN_ONE)
        .bind(&row.id)
        .bind(row.project)
        .bind(row.composite_app)
        .bind(row.composite_app_version)
        .bind(row.deployment_intent_group)
        .bind(row.intent)
        .bind(row.revision)
        .bind(row.workflow_id)
        .bind(row.idempotency_key)
        .bind(row.fingerprint)
        .bind(row.key_kept)
        .bind(row.started_by)
        .bind(row.requested_at)
        .bind(row.lease)
        .bind(row.spec)
        .fetch_all(writer)
        .await?;
    Ok(begun.into_iter().map(|numbered| (row.id.clone(), Some(numbered))).collect())
}

/// Those that are settled now.
pub(super) async fn settle(
    writer: &mut SqliteConnection,
    runs: &[&Run],
) -> Result<Vec<(String, bool)>, sqlx::Error> {
    let rows = json(runs.iter().map(|run| SettleRow::from(*run)))?;
    let settled: Vec<(String,)> = sqlx::query_as(SETTLE).bind(rows).fetch_all(writer).await?;
    Ok(settled.into_iter().map(|(id,)| (id, true)).collect())
}

/// As SQLite reads them.
fn json(rows: impl Iterator<Item: Serialize>) -> Result<String, sqlx::Error> {
    let rows: Vec<_> = rows.collect();
    serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A start to be put on record, as [`BEGIN`] reads it.
#[derive(Serialize)]
struct BeginRow<'a> {
    id: String,
    project: &'a str,
    composite_app: &'a str,
    composite_app_version: &'a str,
    deployment_intent_group: &'a str,
    intent: &'a str,
    revision: i64,
    workflow_id: &'a str,
    idempotency_key: &'a str,
    fingerprint: Option<&'a str>,
    key_kept: i64,
    started_by: &'a str,
    requested_at: i64,
    lease: i64,
    spec: &'a str,
}

impl<'a> From<&'a Begin> for BeginRow<'a> {
    fn from(Begin { run, spec, terms }: &'a Begin) -> Self {
        let dig = &run.intent.dig;
        Self {
            id: run.id.to_string(),
            project: &dig.project,
            composite_app: &dig.composite_app,
            composite_app_version: &dig.version,
            deployment_intent_group: &dig.dig,
            intent: &run.intent.name,
            revision: run.revision,
            workflow_id: run.workflow_id.as_str(),
            idempotency_key: &run.key.text,
            fingerprint: run.key.fingerprint.as_deref(),
            key_kept: microseconds(terms.key_kept),
            started_by: &run.started_by,
            requested_at: run.requested_at.as_microsecond(),
            lease: microseconds(terms.lease),
            spec,
        }
    }
}

/// A start to be settled, as [`SETTLE`] reads it.
#[derive(Serialize)]
struct SettleRow<'a> {
    id: String,
    attempt: i64,
    workflow_id: &'a str,
    outcome: &'static str,
    run_id: Option<&'a str>,
    already_running: bool,
    reason: Option<&'a str>,
    settled_at: Option<i64>,
}

impl<'a> From<&'a Run> for SettleRow<'a> {
    fn from(run: &'a Run) -> Self {
        let OutcomeColumns { run_id, already_running, reason, settled_at } = (&run.outcome).into();
        Self {
            id: run.id.to_string(),
            attempt: run.attempt,
            workflow_id: run.workflow_id.as_str(),
            outcome: run.outcome.word(),
            run_id,
            already_running,
            reason,
            settled_at,
        }
    }
}

#[cfg(test)]
pub(super) mod samples {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::intent::DigKey;
    use crate::run::{Outcome, StartId, StartKey};

    /// A start under this key.
    pub(in super::super) fn begun(key: &str) -> Begin {
        let name = str::to_owned;
        let dig = DigKey { project: name("p"), composite_app: name("c"), version: name("v"), dig: name("d") };
        let run = Run {
            id: StartId::new(),
            intent: dig.intent("i"),
            number: 0,
            revision: 1,
            workflow_id: "w-{{run}}".into(),
            key: StartKey { text: name(key), fingerprint: Some(name("f")) },
            started_by: String::new(),
            requested_at: Timestamp::UNIX_EPOCH,
            attempt: 0,
            outcome: Outcome::Starting,
        };
        let second = Duration::from_secs(1);
        Begin { run, spec: name("{}"), terms: Terms { lease: second, key_kept: second } }
    }

    /// The same start, which led to this run.
    pub(in super::super) fn settled(run: &Run, run_id: &str) -> Run {
        let outcome = Outcome::Started {
            run_id: Some(run_id.into()),
            already_running: false,
            at: Timestamp::UNIX_EPOCH,
        };
        Run { attempt: 1, outcome, ..run.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::SqliteStore;

    async fn numbers(store: &SqliteStore, begins: &[&Begin]) -> Vec<Option<Numbered>> {
        let mut begun = begin(&mut store.writer().await.unwrap(), begins).await.unwrap();
        let mut of = |begin: &&Begin| {
            let at = begun.iter().position(|(id, _)| *id == begin.run.id.to_string())?;
            begun.swap_remove(at).1
        };
        begins.iter().map(&mut of).collect()
    }

    #[tokio::test]
    async fn of_one_key_one_start_is_new_and_counts() {
        let store = SqliteStore::in_memory().await.unwrap();
        let [one, same, two, again, three] = ["one", "one", "two", "two", "three"].map(samples::begun);
        let first = Some((1, "w-1".to_owned()));
        let second = Some((2, "w-2".to_owned()));
        assert_eq!(numbers(&store, &[&one, &same, &two]).await, [first, None, second]);
        assert_eq!(numbers(&store, &[&again]).await, [None]);
        assert_eq!(numbers(&store, &[&three]).await, [Some((3, "w-3".to_owned()))]);
    }

    #[tokio::test]
    async fn a_start_alone_is_put_on_record_as_it_is_among_others() {
        let [alone, among] =
            [SqliteStore::in_memory().await.unwrap(), SqliteStore::in_memory().await.unwrap()];
        let (mut keyed, other) = (samples::begun("one"), samples::begun("two"));
        begin(&mut alone.writer().await.unwrap(), &[&keyed]).await.unwrap();
        begin(&mut among.writer().await.unwrap(), &[&keyed, &other]).await.unwrap();
        keyed.run = Run { id: crate::run::StartId::new(), ..keyed.run };
        keyed.run.key = crate::run::StartKey { text: "own".to_owned(), fingerprint: None };
        begin(&mut alone.writer().await.unwrap(), &[&other]).await.unwrap();
        begin(&mut alone.writer().await.unwrap(), &[&keyed]).await.unwrap();
        begin(&mut among.writer().await.unwrap(), &[&keyed, &samples::begun("three")]).await.unwrap();
        // All but what the clock says, which differs by moments.
        let rows = "SELECT json_array(id, project, composite_app, composite_app_version, deployment_intent_group, intent, number,
                revision, workflow_id, idempotency_key, fingerprint, key_until IS NULL, started_by, requested_at, attempt, outcome,
                already_running, key_until - leased_until, spec)
            FROM runs WHERE number <= 3 ORDER BY number";
        let [of_alone, of_among]: [Vec<(String,)>; 2] = [
            sqlx::query_as(rows).fetch_all(&mut *alone.writer().await.unwrap()).await.unwrap(),
            sqlx::query_as(rows).fetch_all(&mut *among.writer().await.unwrap()).await.unwrap(),
        ];
        assert_eq!(of_alone, of_among);
        assert_eq!(of_alone.len(), 3);
    }
}
