-- Workflow intents, by the path that names them (EMCO-API §1.1). `document` is the intent's JSON.
-- Names are ordered byte by byte, in whatever locale the database is.
CREATE TABLE intents (
    project                 TEXT NOT NULL,
    composite_app           TEXT NOT NULL,
    composite_app_version   TEXT NOT NULL,
    deployment_intent_group TEXT NOT NULL,
    name                    TEXT COLLATE "C" NOT NULL,
    document                TEXT NOT NULL,
    PRIMARY KEY (project, composite_app, composite_app_version, deployment_intent_group, name)
);
