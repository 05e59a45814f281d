-- For the workflows that the starts of an intent have made, however many starts it has.
CREATE INDEX runs_made_workflows
    ON runs (project, composite_app, composite_app_version, deployment_intent_group, intent, workflow_id)
    WHERE outcome <> 'not_started' AND NOT already_running;
