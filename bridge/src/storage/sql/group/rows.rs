//! The statements that write many starts at once, and the rows that they read, as JSON.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::SqlitePool;

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

/// The number and the workflow ID that a new start has got.
pub(in crate::storage::sql) type Numbered = (i64, String);

/// A start to be put on record, as [`BEGIN`] reads it.
#[derive(Serialize)]
struct BeginRow<'a> {
    id: &'a str,
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

/// A start to be settled, as [`SETTLE`] reads it.
#[derive(Serialize)]
struct SettleRow<'a> {
    id: &'a str,
    attempt: i64,
    workflow_id: &'a str,
    outcome: &'static str,
    run_id: Option<&'a str>,
    already_running: bool,
    reason: Option<&'a str>,
    settled_at: Option<i64>,
}

pub(super) fn begin_row(run: &Run, spec: &str, terms: Terms) -> Result<String, sqlx::Error> {
    let dig = &run.intent.dig;
    json(&BeginRow {
        id: &run.id.to_string(),
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
    })
}

pub(super) fn settle_row(run: &Run) -> Result<String, sqlx::Error> {
    let OutcomeColumns { run_id, already_running, reason, settled_at } = (&run.outcome).into();
    json(&SettleRow {
        id: &run.id.to_string(),
        attempt: run.attempt,
        workflow_id: run.workflow_id.as_str(),
        outcome: run.outcome.word(),
        run_id,
        already_running,
        reason,
        settled_at,
    })
}

fn json(row: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(row).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) async fn begin(
    writer: &SqlitePool,
    rows: String,
) -> Result<HashMap<String, Option<Numbered>>, sqlx::Error> {
    let begun: Vec<(String, i64, String)> = sqlx::query_as(BEGIN).bind(rows).fetch_all(writer).await?;
    Ok(begun.into_iter().map(|(id, number, workflow_id)| (id, Some((number, workflow_id)))).collect())
}

pub(super) async fn settle(writer: &SqlitePool, rows: String) -> Result<HashMap<String, bool>, sqlx::Error> {
    let settled: Vec<(String,)> = sqlx::query_as(SETTLE).bind(rows).fetch_all(writer).await?;
    Ok(settled.into_iter().map(|(id,)| (id, true)).collect())
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A start under this key.
    pub(in super::super) fn begun(id: &str, key: &str) -> String {
        let row = BeginRow {
            id,
            project: "p",
            composite_app: "c",
            composite_app_version: "v",
            deployment_intent_group: "d",
            intent: "i",
            revision: 1,
            workflow_id: "w-{{run}}",
            idempotency_key: key,
            fingerprint: Some("f"),
            key_kept: 1_000_000,
            started_by: "",
            requested_at: 0,
            lease: 1_000_000,
            spec: "{}",
        };
        json(&row).unwrap()
    }

    /// A start that led to this run.
    pub(in super::super) fn settled(id: &str, run_id: &str) -> String {
        let row = SettleRow {
            id,
            attempt: 1,
            workflow_id: "w",
            outcome: "started",
            run_id: Some(run_id),
            already_running: false,
            reason: None,
            settled_at: Some(1),
        };
        json(&row).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::SqliteStore;

    #[tokio::test]
    async fn of_one_key_one_start_is_new_and_counts() {
        let store = SqliteStore::in_memory().await.unwrap();
        let rows = [("1", "one"), ("2", "one"), ("3", "two")].map(|(id, key)| samples::begun(id, key));
        let begun = begin(store.writer(), format!("[{}]", rows.join(","))).await.unwrap();
        assert_eq!(begun.get("1"), Some(&Some((1, "w-1".to_owned()))));
        assert_eq!((begun.get("2"), begun.len()), (None, 2));
        assert_eq!(begun.get("3"), Some(&Some((2, "w-2".to_owned()))));
        let again = begin(store.writer(), format!("[{}]", samples::begun("4", "two"))).await.unwrap();
        assert!(again.is_empty());
    }
}
