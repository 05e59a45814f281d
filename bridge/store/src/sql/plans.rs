//! How the databases find rows.

use std::num::NonZeroU32;

use harness::PostgreSql;
use sqlx::AssertSqlSafe;

use super::starts::MADE;
use super::{Sql, SqlStore, Value, observations, rules, search};
use crate::{PostgresStore, SqliteStore};

/// Many starts that have ended, and few that have not.
const STARTS: &str = "INSERT INTO runs
        (id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision,
         workflow_id, idempotency_key, started_by, requested_at, attempt, outcome, already_running, settled_at,
         ended_at, end_state, superseded)
     SELECT 's' || n, 'p', 'a', 'v', 'g', 'i' || n % 100, n, 1, 'w', 'k' || n, '', 0, 1, 'started', FALSE, 0,
         CASE WHEN n < 9900 THEN n END, CASE WHEN n < 9900 THEN 'Completed' END, n < 9900
     FROM generate_series(1, 10000) AS n";

const SEEN: &str = "INSERT INTO rule_observations (subject, at, project, intent, document)
     SELECT 's' || n % 100, n, 'p' || n % 10, 'p/a/v/g/i', '{}' FROM generate_series(1, 10000) AS n";

/// A statement and how it must find rows: the end of a step of SQLite's plan; an index of PostgreSQL and the beginning
/// of a condition that is looked up in it.
struct Case {
    statement: String,
    values: Vec<Value<'static>>,
    sqlite: &'static str,
    postgres: (&'static str, &'static str),
}

fn case(
    statement: &str,
    values: &[&[Value<'static>]],
    sqlite: &'static str,
    postgres: [&'static str; 2],
) -> Case {
    let [index, condition] = postgres;
    Case { statement: statement.to_owned(), values: values.concat(), sqlite, postgres: (index, condition) }
}

fn cases() -> Vec<Case> {
    let intent = &["p", "a", "v", "g", "i"].map(Value::from)[..];
    let (text, ten) = (&[Value::from("s")][..], &[Value::from(10)][..]);
    // As for the first page of a search, and for a later one. There is no project `s`, so it has few rows: those of the
    // only one are read as fast in the order of all.
    let (last, middle) = (&[Value::from("z")][..], &[Value::from("s5")][..]);
    vec![
        case(
            MADE,
            &[intent, text],
            "runs_made_workflows (project=? AND composite_app=? AND composite_app_version=? AND \
             deployment_intent_group=? AND intent=? AND workflow_id=?)",
            ["runs_made_workflows", "(workflow_id ="],
        ),
        case(
            rules::INTENTS,
            &[intent, text, ten],
            "PRIMARY KEY ((project,composite_app,composite_app_version,deployment_intent_group,name)>(?,?,?,?,?) \
             AND project<?)",
            ["intents_in_order", "(ROW((project)::text"],
        ),
        case(
            rules::WATCHED,
            &[text, ten, ten],
            "runs_watched (superseded=? AND id>?)",
            ["runs_watched", "(id >"],
        ),
        case(
            rules::WATCHED,
            &[text, ten, ten],
            "runs_watched_of_intent (project=? AND composite_app=? AND composite_app_version=? AND \
             deployment_intent_group=? AND intent=? AND number>?)",
            ["runs_watched_of_intent", "(number >"],
        ),
        case(
            rules::WATCHED_IN_PROJECT,
            &[text, ten, ten, &intent[..1]],
            "runs_watched_of_project (superseded=? AND project=? AND id>?)",
            ["runs_watched_of_project", "(project ="],
        ),
        case(
            rules::SUPERSEDE,
            &[text, ten],
            "runs_ended_of_intent (project=? AND composite_app=? AND composite_app_version=? AND \
             deployment_intent_group=? AND intent=? AND number<?)",
            ["runs_ended_of_intent", "(number <"],
        ),
        case(
            rules::SUPERSEDE,
            &[text, ten],
            "runs_watched_of_intent (project=? AND composite_app=? AND composite_app_version=? AND \
             deployment_intent_group=? AND intent=?)",
            ["runs_watched_of_intent", "(intent ="],
        ),
        case(
            search::INTENTS,
            &[intent, text, text, ten],
            "PRIMARY KEY ((project,composite_app,composite_app_version,deployment_intent_group,name)>(?,?,?,?,?) \
             AND project<?)",
            ["intents_in_order", "(ROW((project)::text"],
        ),
        case(search::STARTS, &[last, ten], "PRIMARY KEY (id<?)", ["runs_pkey", "(id <"]),
        case(
            search::STARTS_IN_PROJECT,
            &[last, ten, text],
            "runs_of_project (project=? AND id<?)",
            ["runs_of_project", "(project ="],
        ),
        case(search::OPEN, &[middle, ten], "runs_watched (superseded=? AND id<?)", ["runs_watched", "(id <"]),
        case(
            search::OPEN_IN_PROJECT,
            &[middle, ten, &intent[..1]],
            "runs_watched_of_project (superseded=? AND project=? AND id<?)",
            ["runs_watched_of_project", "(project ="],
        ),
        case(
            rules::FAILURES,
            &[intent, ten, ten],
            "runs_failed (project=? AND composite_app=? AND composite_app_version=? AND deployment_intent_group=? \
             AND intent=? AND ended_at>?)",
            ["runs_failed", "(ended_at >="],
        ),
        case(
            rules::FORGET,
            &[ten],
            "rule_courses_settled (changed_at<?)",
            ["rule_courses_settled", "(changed_at <"],
        ),
        case(
            observations::SEEN,
            &[text, ten, ten, ten],
            "sqlite_autoindex_rule_observations_1 ((subject,at)>(?,?))",
            ["rule_observations_pkey", "(ROW(subject, at) >"],
        ),
        case(
            observations::SEEN_IN_PROJECT,
            &[text, ten, ten, ten, text],
            "rule_observations_of_project (project=? AND (subject,at)>(?,?))",
            ["rule_observations_of_project", "(ROW(subject, at) >"],
        ),
        case(
            observations::TRIM,
            &[text, ten],
            "sqlite_autoindex_rule_observations_1 (subject=? AND at<?)",
            ["rule_observations_pkey", "(at <="],
        ),
        case(
            observations::FORGET,
            &[ten, ten],
            "rule_observations_by_time (at<?)",
            ["rule_observations_by_time", "(at <"],
        ),
    ]
}

#[tokio::test]
async fn rows_are_found_by_their_indexes() {
    let SqlStore(sqlite) = SqliteStore::in_memory().await.unwrap();
    let url = PostgreSql::shared().await.unwrap().database().await.unwrap();
    // One connection, so that its setting holds. With few rows, a scan costs least.
    let connections = NonZeroU32::MIN;
    let SqlStore(postgres) = PostgresStore::connect(&url.parse().unwrap(), connections).await.unwrap();
    for statement in ["SET enable_seqscan = off", STARTS, SEEN, "ANALYZE"] {
        sqlx::query(statement).execute(postgres.readers().1).await.unwrap();
    }
    for Case { statement, values, sqlite: step, postgres: (index, condition) } in cases() {
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlite.read(plan, &values).await.unwrap();
        assert!(plan.iter().any(|(.., line)| line.ends_with(step)), "{step} is not in {plan:#?}");

        let plan = AssertSqlSafe(format!("EXPLAIN {statement}"));
        let plan: Vec<(String,)> = postgres.read(plan, &values).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|(line,)| line).collect();
        let scans = [format!("using {index} on"), format!("Scan on {index} ")];
        let found = plan.windows(2).any(|lines| {
            scans.iter().any(|scan| lines[0].contains(scan))
                && lines[1].contains("Index Cond")
                && lines[1].contains(condition)
        });
        assert!(found, "{index} with `{condition}` is not in {plan:#?}");
    }
}
