//! The REST API (EMCO-API §1): extract, ask the use case, answer.

mod answer;
mod caller;
mod cancel;
mod create;
mod delete;
mod error;
mod get;
mod list;
mod openapi;
mod path;
mod prefer;
mod problems;
mod query;
mod start;
mod status;

use std::sync::Arc;

use ::http::HeaderName;
use axum::routing::{get, post};
use axum::{Extension, Router};

use self::caller::UserHeader;
use crate::app::App;
pub use openapi::document;

/// The routes of the API. `user_header` names the caller.
pub fn router(app: Arc<App>, user_header: HeaderName) -> Router {
    Router::new()
        .route(path::INTENTS, post(create::create_intent).get(list::list_intents))
        .route(path::INTENT, get(get::get_intent).delete(delete::delete_intent))
        .route(path::START, post(start::start_intent))
        .route(path::STATUS, get(status::intent_status))
        .route(path::CANCEL, post(cancel::cancel_intent))
        .route(path::OPENAPI, get(openapi::serve))
        .layer(Extension(UserHeader(user_header)))
        .with_state(app)
}
