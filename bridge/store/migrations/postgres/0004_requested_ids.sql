-- Of starts whose workflow client started another workflow than it was asked for: the ID that it was asked for.
ALTER TABLE runs ADD COLUMN requested_id TEXT;

-- For the last start of an intent that may have led to a workflow, however many have failed since.
CREATE INDEX runs_perhaps_started
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, number)
    WHERE outcome <> 'not_started';
