-- The alarms in the list: one for an object, a cause and a specific problem. `document` is the alarm as JSON; the columns before it are taken
-- from it, to find alarms. `severity` is the rank of what others see, 0 if cleared. Times are microseconds since 1970.
CREATE TABLE alarms (
    id           TEXT NOT NULL PRIMARY KEY,
    -- The hash of object, cause and problem.
    identity     TEXT NOT NULL UNIQUE,
    object       TEXT NOT NULL,
    cause        TEXT NOT NULL,
    severity     INTEGER NOT NULL,
    cleared      INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    -- When it is to be cleared, if it is not raised before.
    clearing_at  INTEGER,
    -- Each change increases it.
    version      INTEGER NOT NULL,
    -- The last notification about it.
    notified     INTEGER NOT NULL,
    document     TEXT NOT NULL
) STRICT;

CREATE INDEX alarms_by_clearing ON alarms (clearing_at) WHERE clearing_at IS NOT NULL;

-- What has happened to alarms. `document` is the notification as JSON, with the alarm as it was afterwards.
CREATE TABLE alarm_notifications (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    alarm_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX alarm_notifications_by_time ON alarm_notifications (at);

-- Those that no other can precede any more.
CREATE VIEW settled_alarm_notifications AS SELECT number, document FROM alarm_notifications;

-- What is to be delivered to whom. A row is deleted once it is delivered.
CREATE TABLE alarm_deliveries (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    target       TEXT NOT NULL,
    alarm_id     TEXT NOT NULL,
    notification INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    dead_at      INTEGER,
    error        TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX alarm_deliveries_in_order ON alarm_deliveries (target, alarm_id, notification);
CREATE INDEX alarm_deliveries_by_time ON alarm_deliveries (target, due_at);
CREATE INDEX alarm_deliveries_of_notification ON alarm_deliveries (notification);

-- Subscriptions to notifications. `document` is the subscription as JSON.
CREATE TABLE alarm_subscriptions (
    id         TEXT NOT NULL PRIMARY KEY,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    document   TEXT NOT NULL
) STRICT;
