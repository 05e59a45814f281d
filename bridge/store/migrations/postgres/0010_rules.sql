-- When the workflow of a start has ended, and in which state, and when that was noted. `superseded`: it was noted a
-- while ago, and a later start of the intent has surely led to a workflow of its own, so that it can never be the intent's last again.
ALTER TABLE runs ADD COLUMN end_state TEXT;
ALTER TABLE runs ADD COLUMN ended_at BIGINT;
ALTER TABLE runs ADD COLUMN noted_at BIGINT;
ALTER TABLE runs ADD COLUMN superseded BOOLEAN NOT NULL DEFAULT FALSE;

-- For the starts to watch, however many have ended. `superseded` is a column of it, because otherwise SQLite would rather read
-- all starts by their IDs.
CREATE INDEX runs_watched ON runs (superseded, id, project)
    WHERE outcome <> 'not_started' AND NOT already_running AND superseded = FALSE;

CREATE INDEX runs_watched_of_intent
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, number)
    WHERE outcome <> 'not_started' AND NOT already_running AND superseded = FALSE;

-- Few: those that may be the last of their intents again.
CREATE INDEX runs_ended_of_intent
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, number)
    WHERE ended_at IS NOT NULL AND superseded = FALSE;

CREATE INDEX runs_failed
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, ended_at)
    WHERE end_state IN ('Failed', 'TimedOut');

-- The intents that there are, with the times of their last changes, in the order of the bytes of their names: in whatever
-- locale the database is.
CREATE INDEX intents_in_order
    ON intents (project COLLATE "C", composite_app COLLATE "C", composite_app_version COLLATE "C",
                deployment_intent_group COLLATE "C", name);

CREATE VIEW intent_changes AS
    SELECT project COLLATE "C" AS project, composite_app COLLATE "C" AS composite_app,
           composite_app_version COLLATE "C" AS composite_app_version,
           deployment_intent_group COLLATE "C" AS deployment_intent_group, name, changed_at
    FROM intents
    JOIN intent_revisions
    USING (project, composite_app, composite_app_version, deployment_intent_group, name, revision);

-- The courses of rules. `parent` is the project of a rule, or `*`; `subject` is the path of an intent, or the ID of a start.
-- `document` is the course as JSON. Times are microseconds since 1970.
CREATE TABLE rule_courses (
    parent     TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    -- Each change increases it.
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- Whether its decision, as in the document, is quiet or cleared.
    settled    BOOLEAN NOT NULL,
    document   TEXT NOT NULL,
    PRIMARY KEY (parent, name, subject)
);

CREATE INDEX rule_courses_settled ON rule_courses (changed_at) WHERE settled = TRUE;

-- What rules have seen. `intent` is the path of the intent, and `document` are the facts as JSON.
CREATE TABLE rule_observations (
    subject  TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    project  TEXT COLLATE "C" NOT NULL,
    intent   TEXT COLLATE "C" NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (subject, at)
);

CREATE INDEX rule_observations_of_project ON rule_observations (project, subject, at);
CREATE INDEX rule_observations_by_time ON rule_observations (at);
