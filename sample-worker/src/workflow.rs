//! The workflow: which activities, in which order, with what.
#![expect(missing_debug_implementations, reason = "of the types that the SDK's macro makes")]

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult};
use worker_kit::{ActivityPlan, Progress, Steps};

use crate::activities::{ACTIVITIES, MigrateActivities};
use crate::migration::{Migration, MigrationResult};

/// Moves every app of a composite app to one cluster, as EMCO's own migrate workflow does (EMCO-API §2.5).
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoMigrateWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl EmcoMigrateWorkflow {
    #[run(name = "EmcoMigrateWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<MigrationResult> {
        let params = worker_kit::params(&input)?;
        let (plan, migration) =
            worker_kit::both(ActivityPlan::new(&params, &ACTIVITIES), Migration::from_params(&params))?;

        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress);
        let intents = steps
            .finish(async |steps| {
                let intents =
                    steps.run(MigrateActivities::get_dig_app_intents, migration.dig.clone()).await?;
                let change = (migration.clone(), intents.clone());
                let before = steps.run(MigrateActivities::update_app_intents, change).await?;
                steps.run(MigrateActivities::do_dig_update, (migration.dig.clone(), before)).await?;
                Ok(intents)
            })
            .await?;
        Ok(MigrationResult::new(&params, &migration, intents))
    }

    /// `started`, then the running activity, then `completed`. Takes any argument, or none.
    #[query(name = "current-state")]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Where it stands, in more detail: [`Progress`]. Takes any argument, or none.
    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}
