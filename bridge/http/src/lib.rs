//! The REST API of the bridge (EMCO-API §1): reads a request, calls one use case, writes the response.
#![warn(missing_docs)]

mod alarms;
mod api;
mod audit;
mod intents;
mod openapi;
mod problem;
mod rights;
mod rules;
mod runs;
mod schedules;
mod session;
mod starts;
mod wire;
mod workflows;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, patch, post};

use crate::alarms::standard;
use crate::wire::path;
pub use api::Api;
pub use openapi::document;
pub use problem::ApiError;
pub use runs::temporal_ui_link;
pub use wire::body::read_document;
pub use wire::call::{actor, context};
pub use wire::success::{SuccessRules, SuccessStatus};
pub use wire::waits::is_wait;

/// Returns the routes of the API.
pub fn router(api: Arc<Api>) -> Router {
    let router = Router::new()
        .route(path::INTENTS, post(intents::create::create_intent).get(intents::list::list_intents))
        .route(
            path::INTENT,
            get(intents::get::get_intent)
                .put(intents::put::put_intent)
                .delete(intents::delete::delete_intent),
        )
        .route(path::GROUPS, get(intents::groups::list_groups))
        .route(path::REVISIONS, get(intents::revisions::list_revisions))
        .route(path::REVISION, get(intents::revisions::get_revision))
        .route(path::ROLLBACK, post(intents::rollback::roll_back_intent))
        .route(path::CHECK, get(intents::check::check_intent))
        .route(path::START, post(starts::start_intent))
        .route(path::RUNS, get(runs::list_runs))
        .route(path::RUN, get(runs::get_run))
        .route(path::STATUS, get(workflows::status::intent_status))
        .route(path::CANCEL, post(workflows::cancel::cancel_workflow))
        .route(path::PAUSE, post(workflows::pause::pause_workflow))
        .route(path::UNPAUSE, post(workflows::pause::unpause_workflow))
        .route(path::SIGNAL, post(workflows::signal::signal_workflow))
        .route(path::QUERY, post(workflows::query::query_workflow))
        .route(path::UPDATE, post(workflows::update::update_workflow))
        .route(path::TERMINATE, post(workflows::terminate::terminate_workflow))
        .route(path::RESET, post(workflows::reset::reset_workflow))
        .route(path::SCHEDULES, get(schedules::get::list_schedules))
        .route(
            path::SCHEDULE,
            get(schedules::get::get_schedule)
                .put(schedules::change::put_schedule)
                .delete(schedules::change::delete_schedule),
        )
        .route(path::SCHEDULE_REVISIONS, get(schedules::revisions::list_schedule_revisions))
        .route(path::SCHEDULE_REVISION, get(schedules::revisions::get_schedule_revision))
        .route(path::SCHEDULE_STATUS, get(schedules::get::schedule_status))
        .route(
            path::SCHEDULE_PREVIEW,
            get(schedules::preview::preview_schedule).post(schedules::preview::preview_times),
        )
        .route(path::SCHEDULE_PAUSE, post(schedules::command::pause_schedule))
        .route(path::SCHEDULE_RESUME, post(schedules::command::resume_schedule))
        .route(path::SCHEDULE_TRIGGER, post(schedules::command::trigger_schedule))
        .route(path::SCHEDULE_BACKFILL, post(schedules::command::backfill_schedule))
        .route(path::RIGHTS, get(rights::my_rights))
        .route(path::AUDIT, get(audit::list_events))
        .route(path::AUDIT_BATCHES, get(audit::list_batches))
        .route(path::SESSION, get(session::my_session))
        .route(path::ALARMS, get(alarms::list::list_alarms))
        .route(path::ALARM_COUNTS, get(alarms::list::count_alarms))
        .route(path::ALARM_EVENTS, get(alarms::events::alarm_events))
        .route(path::ALARM, get(alarms::list::get_alarm).patch(alarms::change::patch_alarm))
        .route(path::ALARM_COMMENTS, post(alarms::change::comment_alarm))
        .route(
            path::ALARM_SUBSCRIPTIONS,
            get(alarms::subscriptions::list_subscriptions).post(alarms::subscriptions::create_subscription),
        )
        .route(path::ALARM_SUBSCRIPTION, delete(alarms::subscriptions::delete_subscription))
        .route(path::ALARM_DELIVERIES, get(alarms::deliveries::list_deliveries))
        .route(path::ALARM_DELIVERY, delete(alarms::deliveries::discard_delivery))
        .route(path::ALARM_DELIVERY_RETRY, post(alarms::deliveries::retry_delivery))
        .route(path::MNS_ALARMS, get(standard::mns_alarms).patch(standard::mns_patch_alarms))
        .route(path::MNS_COUNT, get(standard::mns_count))
        .route(path::MNS_ALARM, patch(standard::mns_patch_alarm))
        .route(path::MNS_COMMENTS, post(standard::mns_comment))
        .route(path::MNS_SUBSCRIPTIONS, post(standard::mns_subscribe))
        .route(path::MNS_SUBSCRIPTION, delete(standard::mns_unsubscribe))
        .route(path::OPENAPI, get(openapi::serve));
    rules::add_to(router).with_state(api)
}
