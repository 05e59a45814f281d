-- Every start of an intent. No foreign key: a run is kept when its intent is deleted. Times are microseconds since 1970.
CREATE TABLE runs (
    id                      TEXT NOT NULL PRIMARY KEY,
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    intent                  TEXT NOT NULL,
    -- Counts the starts of the intent.
    number                  INTEGER NOT NULL,
    revision                INTEGER NOT NULL,
    workflow_id             TEXT NOT NULL,
    idempotency_key         TEXT NOT NULL,
    -- Of keys that callers gave: what was asked for under the key, and until when it stands for this start.
    fingerprint             TEXT,
    key_until               INTEGER,
    started_by              TEXT NOT NULL,
    requested_at            INTEGER NOT NULL,
    attempt                 INTEGER NOT NULL,
    outcome                 TEXT NOT NULL CHECK (outcome IN ('starting', 'started', 'not_started', 'unknown')),
    run_id                  TEXT,
    already_running         INTEGER NOT NULL CHECK (already_running IN (0, 1)),
    reason                  TEXT,
    settled_at              INTEGER,
    -- Of starts under way: until when nobody else may set about them.
    leased_until            INTEGER,
    -- What the client is told, as the intent's `spec`; kept while the start may have to be made again.
    spec                    TEXT,
    CHECK ((fingerprint IS NULL) = (key_until IS NULL)),
    CHECK ((outcome = 'starting') = (settled_at IS NULL)),
    CHECK ((outcome = 'starting') = (leased_until IS NOT NULL)),
    CHECK ((outcome IN ('starting', 'unknown')) = (spec IS NOT NULL)),
    CHECK ((outcome IN ('not_started', 'unknown')) = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX runs_of_intent
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, number);

CREATE UNIQUE INDEX runs_by_key
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, idempotency_key)
    WHERE key_until IS NOT NULL;

CREATE INDEX runs_by_run_id ON runs (run_id) WHERE run_id IS NOT NULL;

CREATE INDEX runs_keys ON runs (key_until) WHERE key_until IS NOT NULL;

CREATE INDEX runs_starting ON runs (leased_until) WHERE outcome = 'starting';
