-- Every start of an intent. No foreign key: a run is kept when its intent is deleted. Times are microseconds since 1970.
CREATE TABLE runs (
    id                      TEXT NOT NULL PRIMARY KEY,
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    intent                  TEXT NOT NULL,
    workflow_id             TEXT NOT NULL,
    idempotency_key         TEXT NOT NULL,
    requested_at            INTEGER NOT NULL,
    outcome                 TEXT NOT NULL CHECK (outcome IN ('starting', 'started', 'not_started', 'unknown')),
    run_id                  TEXT,
    reason                  TEXT,
    settled_at              INTEGER,
    CHECK ((outcome = 'starting') = (settled_at IS NULL)),
    CHECK ((outcome IN ('not_started', 'unknown')) = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_of_intent
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, requested_at, id);

CREATE INDEX runs_starting ON runs (requested_at) WHERE outcome = 'starting';
