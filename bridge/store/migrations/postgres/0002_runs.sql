-- Every start of an intent. No foreign key: a run is kept when its intent is deleted. Times are microseconds since 1970.
CREATE TABLE runs (
    id                      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    intent                  TEXT NOT NULL,
    -- Counts the starts of the intent.
    number                  BIGINT NOT NULL,
    revision                BIGINT NOT NULL,
    workflow_id             TEXT NOT NULL,
    idempotency_key         TEXT NOT NULL,
    -- Of keys that callers gave: what was asked for under the key, and until when it stands for this start.
    fingerprint             TEXT,
    key_until               BIGINT,
    started_by              TEXT NOT NULL,
    requested_at            BIGINT NOT NULL,
    attempt                 BIGINT NOT NULL,
    outcome                 TEXT NOT NULL CHECK (outcome IN ('starting', 'started', 'not_started', 'unknown')),
    run_id                  TEXT,
    already_running         BOOLEAN NOT NULL,
    reason                  TEXT,
    settled_at              BIGINT,
    -- Of starts under way: until when nobody else may set about them.
    leased_until            BIGINT,
    -- What the client is told, as the intent's `spec`; kept while the start may have to be made again.
    spec                    TEXT,
    CHECK ((fingerprint IS NULL) = (key_until IS NULL)),
    CHECK ((outcome = 'starting') = (settled_at IS NULL)),
    CHECK ((outcome = 'starting') = (leased_until IS NOT NULL)),
    CHECK ((outcome IN ('starting', 'unknown')) = (spec IS NOT NULL)),
    CHECK ((outcome IN ('not_started', 'unknown')) = (reason IS NOT NULL))
);

CREATE UNIQUE INDEX runs_of_intent
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, number);

CREATE UNIQUE INDEX runs_by_key
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, idempotency_key)
    WHERE key_until IS NOT NULL;

CREATE INDEX runs_by_run_id ON runs (run_id) WHERE run_id IS NOT NULL;

CREATE INDEX runs_keys ON runs (key_until) WHERE key_until IS NOT NULL;

CREATE INDEX runs_starting ON runs (leased_until) WHERE outcome = 'starting';

-- The number of the last start of each intent. A row is locked while its intent's next start is put on record, so that no
-- number is given twice.
CREATE TABLE run_numbers (
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    intent                  TEXT NOT NULL,
    last                    BIGINT NOT NULL,
    PRIMARY KEY (project, composite_app, composite_app_version, deployment_intent_group, intent)
);
