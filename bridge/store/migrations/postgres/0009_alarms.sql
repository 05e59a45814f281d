-- The alarms in the list: one for an object, a cause and a specific problem. `document` is the alarm as JSON; the columns before it are taken
-- from it, to find alarms. `severity` is the rank of what others see, 0 if cleared. Times are microseconds since 1970.
CREATE TABLE alarms (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- The hash of object, cause and problem.
    identity     TEXT COLLATE "C" NOT NULL UNIQUE,
    object       TEXT COLLATE "C" NOT NULL,
    cause        TEXT COLLATE "C" NOT NULL,
    severity     BIGINT NOT NULL,
    cleared      BIGINT NOT NULL,
    acknowledged BIGINT NOT NULL,
    -- When it is to be cleared, if it is not raised before.
    clearing_at  BIGINT,
    -- Each change increases it.
    version      BIGINT NOT NULL,
    -- The last notification about it.
    notified     BIGINT NOT NULL,
    document     TEXT NOT NULL
);

CREATE INDEX alarms_by_clearing ON alarms (clearing_at) WHERE clearing_at IS NOT NULL;

-- What has happened to alarms. `document` is the notification as JSON, with the alarm as it was afterwards.
CREATE TABLE alarm_notifications (
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    document TEXT NOT NULL,
    -- The transaction that wrote it. Numbers are given before transactions end, so a later number may be visible first.
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE INDEX alarm_notifications_by_time ON alarm_notifications (at);

-- Those that no other can precede any more.
CREATE VIEW settled_alarm_notifications AS SELECT number, document FROM alarm_notifications
    WHERE xid < pg_snapshot_xmin(pg_current_snapshot());

-- What is to be delivered to whom. A row is deleted once it is delivered.
CREATE TABLE alarm_deliveries (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target       TEXT COLLATE "C" NOT NULL,
    alarm_id     TEXT COLLATE "C" NOT NULL,
    notification BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    dead_at      BIGINT,
    error        TEXT NOT NULL
);

CREATE UNIQUE INDEX alarm_deliveries_in_order ON alarm_deliveries (target, alarm_id, notification);
CREATE INDEX alarm_deliveries_by_time ON alarm_deliveries (target, due_at);
CREATE INDEX alarm_deliveries_of_notification ON alarm_deliveries (notification);

-- Subscriptions to notifications. `document` is the subscription as JSON.
CREATE TABLE alarm_subscriptions (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    document   TEXT NOT NULL
);
