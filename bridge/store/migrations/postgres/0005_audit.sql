-- The audit: what callers did. `document` is the event as JSON, and `leaf` its hash (RFC 6962); the columns between them are taken
-- from the document, to find events. `batch` is the seal that the event is in. Times are microseconds since 1970.
CREATE TABLE audit_events (
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    verb     TEXT COLLATE "C" NOT NULL,
    object   TEXT COLLATE "C" NOT NULL,
    outcome  TEXT COLLATE "C" NOT NULL,
    document TEXT NOT NULL,
    leaf     BYTEA NOT NULL,
    batch    BIGINT,
    -- The transaction that wrote the event. Numbers are given before transactions end, so a later number may be visible first; an
    -- event is sealed only when every transaction up to its own has ended.
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id()
);

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
    number    BIGINT NOT NULL PRIMARY KEY,
    events    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    root      BYTEA NOT NULL,
    previous  BYTEA NOT NULL,
    key       TEXT,
    signature BYTEA,
    leaves    BYTEA,
    CHECK ((key IS NULL) = (signature IS NULL))
);
