//! The REST API (EMCO-API §1): extract, ask the use case, answer.

mod answer;
mod ask;
mod caller;
mod cancel;
mod change;
mod check;
mod create;
mod delete;
mod error;
mod etag;
mod events;
mod get;
mod list;
mod openapi;
mod page;
mod path;
mod prefer;
mod problems;
mod put;
mod query;
mod reset;
mod revisions;
mod rollback;
mod runs;
mod signal;
mod start;
mod status;
mod status_query;
mod terminate;
mod update;
mod verb;
mod verb_errors;
mod waits;

use std::sync::Arc;

use ::http::HeaderName;
use axum::routing::{get, post};
use axum::{Extension, Router};
use url::Url;

use self::caller::UserHeader;
use self::runs::TemporalUi;
use crate::app::App;
use crate::callers::SuccessRules;
pub use openapi::document;
pub(crate) use waits::is_wait;

/// What the operator sets of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The header that names the caller.
    pub user_header: HeaderName,
    /// Which callers want another status for a start that succeeded.
    pub success_status: SuccessRules,
    /// Where Temporal's own UI is.
    pub temporal_ui: Option<Url>,
}

/// The routes of the API.
pub fn router(app: Arc<App>, settings: Settings) -> Router {
    Router::new()
        .route(path::INTENTS, post(create::create_intent).get(list::list_intents))
        .route(path::INTENT, get(get::get_intent).put(put::put_intent).delete(delete::delete_intent))
        .route(path::REVISIONS, get(revisions::list_revisions))
        .route(path::REVISION, get(revisions::get_revision))
        .route(path::ROLLBACK, post(rollback::roll_back_intent))
        .route(path::CHECK, get(check::check_intent))
        .route(path::START, post(start::start_intent))
        .route(path::RUNS, get(runs::list_runs))
        .route(path::RUN, get(runs::get_run))
        .route(path::STATUS, get(status::intent_status))
        .route(path::CANCEL, post(cancel::cancel_workflow))
        .route(path::SIGNAL, post(signal::signal_workflow))
        .route(path::QUERY, post(ask::query_workflow))
        .route(path::UPDATE, post(update::update_workflow))
        .route(path::TERMINATE, post(terminate::terminate_workflow))
        .route(path::RESET, post(reset::reset_workflow))
        .route(path::OPENAPI, get(openapi::serve))
        // As one layer: each costs every request allocations.
        .layer((
            Extension(UserHeader(settings.user_header)),
            Extension(TemporalUi(settings.temporal_ui.map(Arc::new))),
            Extension(Arc::new(settings.success_status)),
        ))
        .with_state(app)
}
