//! The activities: what is asked of EMCO, and what its answers mean. Each may run twice.
#![expect(missing_debug_implementations, reason = "of the types that the SDK's macro makes")]

use emco::{Clause, DigKey, Output, Retry, Revision, Settings, StatusQuery};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use worker_kit::{InvalidParams, heartbeating};

use crate::migration::{AppIntents, AppNameIntentPair, Dig, Migration};

/// The names of the activities (EMCO-API §2.5), which an intent's options may name.
pub(crate) const ACTIVITIES: [&str; 3] = ["GetDigAppIntents", "UpdateAppIntents", "DoDigUpdate"];

/// The activities of the migration.
#[derive(Debug)]
pub struct MigrateActivities;

#[activities]
impl MigrateActivities {
    /// Finds the app intents of a DIG.
    #[activity(name = "GetDigAppIntents")]
    pub async fn get_dig_app_intents(ctx: ActivityContext, dig: Dig) -> Result<AppIntents, ActivityError> {
        heartbeating(&ctx, find_app_intents(&dig)).await
    }

    /// Places every app on the target, and answers with the revision that the DIG then has.
    #[activity(name = "UpdateAppIntents")]
    pub async fn update_app_intents(
        ctx: ActivityContext,
        migration: Migration,
        intents: AppIntents,
    ) -> Result<Option<Revision>, ActivityError> {
        heartbeating(&ctx, place_apps(&migration, &intents)).await
    }

    /// Makes EMCO act on the changed intents of a DIG whose revision was `before`.
    #[activity(name = "DoDigUpdate")]
    pub async fn do_dig_update(
        ctx: ActivityContext,
        dig: Dig,
        before: Option<Revision>,
    ) -> Result<Revision, ActivityError> {
        heartbeating(&ctx, update(&dig, before, ctx.info().attempt)).await
    }
}

async fn find_app_intents(dig: &Dig) -> Result<AppIntents, ActivityError> {
    let (emco, key) = (client(dig)?, dig.key());
    let mut intents = AppIntents::new();
    for gpi in emco.list_generic_placement_intents(&key).await.map_err(failure)? {
        let of_gpi = emco.list_app_intents(&key, &gpi.metadata.name).await.map_err(failure)?;
        let pairs = of_gpi.into_iter().map(|intent| AppNameIntentPair {
            app_name: intent.spec.app,
            app_intent_name: intent.metadata.name,
        });
        intents.insert(gpi.metadata.name, pairs.collect());
    }
    // EMCO answers with an empty list too when the DIG does not exist (EMCO-API §6.4).
    if intents.values().all(Vec::is_empty) {
        let message = format!("{key} has no app intents to change; does the deployment intent group exist?");
        return Err(lasting("NoAppIntents", message));
    }
    Ok(intents)
}

/// Intents are read again just before they are written, so that whatever else they say is kept as it is by then.
async fn place_apps(migration: &Migration, intents: &AppIntents) -> Result<Option<Revision>, ActivityError> {
    let (emco, key) = (client(&migration.dig)?, migration.dig.key());
    let target = &migration.target;
    let placement = [Clause::cluster(&target.provider, &target.cluster)];
    for (gpi, pairs) in intents {
        let mut found = emco.list_app_intents(&key, gpi).await.map_err(failure)?;
        for AppNameIntentPair { app_name, app_intent_name } in pairs {
            let Some(intent) = found.iter_mut().find(|intent| intent.metadata.name == *app_intent_name)
            else {
                let message =
                    format!("the app intent {gpi}/{app_intent_name} of {app_name} is gone; start again");
                return Err(lasting("AppIntentGone", message));
            };
            let placed = &mut intent.spec.intent;
            if placed.all_of != placement || !placed.any_of.is_empty() {
                placed.all_of = placement.to_vec();
                placed.any_of.clear();
                emco.put_app_intent(&key, gpi, intent).await.map_err(failure)?;
            }
        }
    }
    revision(&emco, &key).await
}

/// An update whose answer was lost may have happened all the same, and each one makes a revision. A later attempt therefore
/// looks first: a revision newer than `before`, which was read when all intents were written, holds our change. Should EMCO
/// still be at work on the lost one, a second update follows it; that one finds nothing left to change.
async fn update(dig: &Dig, before: Option<Revision>, attempt: u32) -> Result<Revision, ActivityError> {
    let (emco, key) = (client(dig)?, dig.key());
    if attempt > 1 {
        let now = revision(&emco, &key).await?;
        if let Some(now) = now.filter(|now| Some(*now) > before) {
            return Ok(now);
        }
    }
    emco.update_dig(&key).await.map_err(failure)
}

async fn revision(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, ActivityError> {
    let query = StatusQuery { output: Some(Output::Summary), ..StatusQuery::default() };
    let status = emco.dig_status(key, &query).await.map_err(failure)?;
    Ok(status.revision())
}

fn client(dig: &Dig) -> Result<emco::Client, ActivityError> {
    // Temporal repeats what fails, by the intent's rules and for all to see.
    let settings = Settings { retry: Retry::NEVER, ..Settings::default() };
    emco::Client::new(dig.emco_url.as_str(), settings)
        .map_err(|error| lasting(InvalidParams::TYPE, anyhow::Error::from(error)))
}

/// EMCO's failure as the activity's: of the type `Emco` and the kind of failure, such as `EmcoNotInstantiated`.
fn failure(error: emco::Error) -> ActivityError {
    let (kind, passes) = (error.kind(), error.is_retryable());
    // With its causes on one line; Temporal keeps the outermost text only.
    let text = format!("{:#}", anyhow::Error::from(error));
    let failure = ApplicationFailure::builder(text).type_name(format!("Emco{kind:?}")).non_retryable(!passes);
    ActivityError::application(failure.build())
}

/// A failure that no retry can mend.
fn lasting(kind: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ActivityError {
    let failure = ApplicationFailure::builder(error).type_name(kind.to_owned()).non_retryable(true);
    ActivityError::application(failure.build())
}
