-- The sessions of browsers. `content` is encrypted: the person, and the issuer's refresh token. Times are microseconds since 1970.
CREATE TABLE sessions (
    id           TEXT NOT NULL PRIMARY KEY,
    content      BYTEA NOT NULL,
    ends_at      BIGINT NOT NULL,
    -- When it may be renewed next: while a renewal is under way, and after one that failed, not at once.
    renewable_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_end ON sessions (ends_at);
