-- Every state that a workflow intent was in, by the path that names it (EMCO-API §1.1). Deleting is a change like others, so
-- numbers go on when the name is used again. `document` is the intent's JSON. Times are microseconds since 1970.
-- Names are ordered byte by byte, in whatever locale the database is.
CREATE TABLE intent_revisions (
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    name                    TEXT COLLATE "C" NOT NULL,
    revision                BIGINT NOT NULL,
    action                  TEXT NOT NULL CHECK (action IN ('created', 'replaced', 'rolled_back', 'deleted')),
    rolled_back_to          BIGINT,
    changed_by              TEXT NOT NULL,
    changed_at              BIGINT NOT NULL,
    document                TEXT,
    PRIMARY KEY (project, composite_app, composite_app_version, deployment_intent_group, name, revision),
    CHECK ((action = 'deleted') = (document IS NULL)),
    CHECK ((action = 'rolled_back') = (rolled_back_to IS NOT NULL))
);

-- The intents that there are, and the revision that each is at.
CREATE TABLE intents (
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    name                    TEXT COLLATE "C" NOT NULL,
    revision                BIGINT NOT NULL,
    PRIMARY KEY (project, composite_app, composite_app_version, deployment_intent_group, name)
);
