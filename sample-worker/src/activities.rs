//! The activities: the calls to EMCO, and the meaning of its responses. Temporal may run each activity more than once.
#![expect(missing_debug_implementations, reason = "of the types that the SDK's macro makes")]

mod child;
mod intents;
mod preflight;
mod readiness;
mod removals;
mod rollback;
mod route;
mod search;
mod update;

use emco::Revision;
use sample_params::activity;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use worker_kit::{NamedActivity, heartbeating};

use crate::capacity::Count;
use crate::evacuation::{Child, Found, Outcome, Search};
use crate::model::{
    AppClusters, AppIntents, Before, Check, Dig, Migration, Originals, Relocation, Route, Snapshot, Updated,
    Wait, WayBack,
};

/// The activities of an evacuation, for which an intent can have options. EMCO's own come first (EMCO-API §2.5). The
/// last one is the evacuation's, and the one before it is also a relocation's.
pub(crate) const OF_EVACUATION: &[&dyn NamedActivity] = &[
    &MigrateActivities::get_dig_app_intents,
    &MigrateActivities::update_app_intents,
    &MigrateActivities::do_dig_update,
    &MigrateActivities::check_readiness_status,
    &MigrateActivities::preflight_check,
    &MigrateActivities::restore_app_intents,
    &MigrateActivities::do_dig_rollback,
    &MigrateActivities::plan_relocation,
    &MigrateActivities::find_digs_on_cluster,
];
pub(crate) const OF_CAPACITY: &[&dyn NamedActivity] = &[&MigrateActivities::count_digs_on_cluster];
pub(crate) const OF_RELOCATION: &[&dyn NamedActivity] = OF_EVACUATION.split_at(8).0;
pub(crate) const OF_MIGRATION: &[&dyn NamedActivity] = OF_EVACUATION.split_at(7).0;

/// The activities of the workflows.
#[derive(Debug)]
pub struct MigrateActivities;

#[activities]
impl MigrateActivities {
    /// Reads a DIG's app intents and its state.
    #[activity(name = activity::GET_DIG_APP_INTENTS)]
    pub async fn get_dig_app_intents(ctx: ActivityContext, dig: Dig) -> Result<Snapshot, ActivityError> {
        heartbeating(&ctx, intents::find(&dig)).await
    }

    /// Finds the DIGs that have apps on a cluster.
    #[activity(name = activity::FIND_DIGS_ON_CLUSTER)]
    pub(crate) async fn find_digs_on_cluster(
        ctx: ActivityContext,
        search: Search,
    ) -> Result<Vec<Found>, ActivityError> {
        heartbeating(&ctx, search::find(&search)).await
    }

    /// Counts the DIGs that have apps on a cluster.
    #[activity(name = activity::COUNT_DIGS_ON_CLUSTER)]
    pub(crate) async fn count_digs_on_cluster(
        ctx: ActivityContext,
        search: Search,
    ) -> Result<Count, ActivityError> {
        heartbeating(&ctx, search::count(&search)).await
    }

    /// Waits for the end of a relocation.
    #[activity(name = "AwaitRelocation")]
    pub(crate) async fn await_relocation(
        ctx: ActivityContext,
        child: Child,
    ) -> Result<Outcome, ActivityError> {
        heartbeating(&ctx, child::wait(ctx.client(), &child)).await
    }

    /// Refuses, before anything is written, what EMCO would refuse or carry out in part.
    #[activity(name = activity::PREFLIGHT_CHECK)]
    pub(crate) async fn preflight_check(ctx: ActivityContext, check: Check) -> Result<(), ActivityError> {
        heartbeating(&ctx, preflight::check(&check)).await
    }

    /// Plans the move of one app.
    #[activity(name = activity::PLAN_RELOCATION)]
    pub(crate) async fn plan_relocation(
        ctx: ActivityContext,
        relocation: Relocation,
    ) -> Result<Route, ActivityError> {
        heartbeating(&ctx, route::plan(&relocation)).await
    }

    /// Writes the new placements. Returns the DIG's revision afterwards.
    #[activity(name = activity::UPDATE_APP_INTENTS)]
    pub async fn update_app_intents(
        ctx: ActivityContext,
        migration: Migration,
        intents: AppIntents,
    ) -> Result<Option<Revision>, ActivityError> {
        heartbeating(&ctx, intents::place(&migration, &intents, ctx.info().scheduled_time)).await
    }

    /// Makes EMCO act on the changed intents of a DIG whose revision was `before`.
    #[activity(name = activity::DO_DIG_UPDATE)]
    pub async fn do_dig_update(
        ctx: ActivityContext,
        dig: Dig,
        before: Before,
    ) -> Result<Updated, ActivityError> {
        let (attempt, scheduled) = (ctx.info().attempt, ctx.info().scheduled_time);
        heartbeating(&ctx, update::update(&dig, before, attempt, scheduled)).await
    }

    /// Waits until the apps are where they should be. Returns where they are ready.
    #[activity(name = activity::CHECK_READINESS_STATUS)]
    pub(crate) async fn check_readiness_status(
        ctx: ActivityContext,
        wait: Wait,
    ) -> Result<AppClusters, ActivityError> {
        heartbeating(&ctx, readiness::wait(&wait, ctx.info().scheduled_time)).await
    }

    /// Rolls back to a revision in which the apps are on their former clusters too. Returns the new revision.
    #[activity(name = activity::DO_DIG_ROLLBACK)]
    pub(crate) async fn do_dig_rollback(
        ctx: ActivityContext,
        dig: Dig,
        way: WayBack,
    ) -> Result<Option<Revision>, ActivityError> {
        heartbeating(&ctx, rollback::roll_back(&dig, &way)).await
    }

    /// Restores app intents completely. Returns the DIG's revision afterwards.
    #[activity(name = activity::RESTORE_APP_INTENTS)]
    pub(crate) async fn restore_app_intents(
        ctx: ActivityContext,
        dig: Dig,
        originals: Originals,
    ) -> Result<Option<Revision>, ActivityError> {
        heartbeating(&ctx, intents::restore(&dig, &originals)).await
    }
}
