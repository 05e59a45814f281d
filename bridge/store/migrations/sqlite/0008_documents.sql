-- Every state of documents of the bridge's own, such as schedules. `parent` is the path of what a document belongs to, as in
-- `proj1/capp1/v1/dig1/intent1`. Deleting is a change like others, so numbers go on when a name is used again. `document` is
-- JSON. Times are microseconds since 1970.
CREATE TABLE document_revisions (
    kind       TEXT NOT NULL,
    parent     TEXT NOT NULL,
    name       TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('created', 'replaced', 'deleted')),
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    document   TEXT,
    PRIMARY KEY (kind, parent, name, revision),
    CHECK ((action = 'deleted') = (document IS NULL))
) STRICT, WITHOUT ROWID;

-- The revision that each document is at, deleted ones too, and the one that the engine has.
CREATE TABLE documents (
    kind     TEXT NOT NULL,
    parent   TEXT NOT NULL,
    name     TEXT NOT NULL,
    revision INTEGER NOT NULL,
    applied  INTEGER NOT NULL,
    -- Until when one call holds it, so that commands to the engine do not meet.
    held_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, parent, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_unapplied ON documents (kind) WHERE applied <> revision;

-- The moments that stand for callers' keys, in seconds since 1970. `key_hash` is the SHA-256 of a key.
CREATE TABLE document_moments (
    kind     TEXT NOT NULL,
    parent   TEXT NOT NULL,
    name     TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    moment   INTEGER NOT NULL,
    PRIMARY KEY (kind, parent, name, key_hash),
    UNIQUE (kind, parent, name, moment)
) STRICT, WITHOUT ROWID;

-- Names this database, also beside others in one namespace of Temporal.
CREATE TABLE installation (id TEXT NOT NULL PRIMARY KEY);
INSERT INTO installation (id) VALUES (lower(hex(randomblob(6))));
