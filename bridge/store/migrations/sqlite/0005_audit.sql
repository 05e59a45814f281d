-- The audit: what callers did. `document` is the event as JSON, and `leaf` its hash (RFC 6962); the columns between them are taken
-- from the document, to find events. `batch` is the seal that the event is in. Times are microseconds since 1970.
CREATE TABLE audit_events (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    verb     TEXT NOT NULL,
    object   TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    document TEXT NOT NULL,
    leaf     BLOB NOT NULL,
    batch    INTEGER
) STRICT;

CREATE INDEX audit_events_of_batch ON audit_events (batch, number);
CREATE INDEX audit_events_by_time ON audit_events (at, number);
CREATE INDEX audit_events_by_actor ON audit_events (actor, at, number);
CREATE INDEX audit_events_by_verb ON audit_events (verb, at, number);
CREATE INDEX audit_events_by_object ON audit_events (object, at, number);
CREATE INDEX audit_events_by_outcome ON audit_events (outcome, at, number);

-- The seals of the audit, each over the events of one batch. `leaves` are the hashes of the events, in the order of their numbers;
-- `root` is the root of their tree, and `previous` the hash of the seal before. When the events are deleted after their
-- retention, `leaves` is set to NULL.
CREATE TABLE audit_seals (
    number    INTEGER NOT NULL PRIMARY KEY,
    events    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    root      BLOB NOT NULL,
    previous  BLOB NOT NULL,
    key       TEXT,
    signature BLOB,
    leaves    BLOB,
    CHECK ((key IS NULL) = (signature IS NULL))
) STRICT;
