-- For the starts of a project, newest first.
CREATE INDEX runs_of_project ON runs (project, id);

-- For those of a project that are watched, however many have ended. Without it SQLite would rather read all of the project.
CREATE INDEX runs_watched_of_project ON runs (superseded, project, id)
    WHERE outcome <> 'not_started' AND NOT already_running AND superseded = FALSE;

-- The intents that there are, with their documents, in the order of the bytes of their names.
CREATE VIEW intent_documents AS
    SELECT project COLLATE "C" AS project, composite_app COLLATE "C" AS composite_app,
           composite_app_version COLLATE "C" AS composite_app_version,
           deployment_intent_group COLLATE "C" AS deployment_intent_group, name, revision, changed_at, document
    FROM intents
    JOIN intent_revisions
    USING (project, composite_app, composite_app_version, deployment_intent_group, name, revision);
