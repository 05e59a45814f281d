//! The pages of the bridge, below `/ui/`. A page calls use cases as the REST API does, with the caller's `Request`, so
//! rights, audit and validation are the same. Pages are whole without a script; the script only adds to them.
//!
//! Each page has one file with its handler and its view, and a template of the same name in `templates/`.
#![warn(missing_docs)]

mod act;
mod assets;
mod door;
mod fields;
mod frame;
mod intents;
mod link;
mod may;
mod notice;
mod overview;
mod page;
mod runs;
mod show;
mod ui;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub use assets::router as assets;
pub use door::with_pages_of_problems;
pub use ui::Ui;

/// Returns the pages. Their callers are authenticated.
pub fn router(ui: Arc<Ui>) -> Router {
    let intent = Router::new()
        .route("/", get(intents::detail::show))
        .route("/start", get(intents::start::form).post(intents::start::act))
        .route("/check", get(intents::check::show))
        .route("/revisions", get(intents::revisions::show))
        .route("/rollback", get(intents::rollback::form).post(intents::rollback::act))
        .route("/delete", get(intents::delete::form).post(intents::delete::act))
        .nest("/run", run());
    let pages = Router::new()
        .route("/", get(overview::show))
        .route("/intents", get(intents::list::show))
        .route("/runs", get(runs::list::show))
        .nest("/intents/{project}/{app}/{version}/{group}/{intent}", intent);
    door::with_problems(Router::new().nest("/ui", pages), Arc::clone(&ui)).with_state(ui)
}

/// Returns the pages of a run. The query names it: as a part of a path, some workflow IDs would not arrive.
fn run() -> Router<Arc<Ui>> {
    Router::new()
        .route("/", get(runs::detail::show))
        .route("/history", get(runs::history::show))
        .route("/cancel", get(runs::cancel::form).post(runs::cancel::act))
        .route("/terminate", get(runs::terminate::form).post(runs::terminate::act))
        .route("/pause", get(runs::pause::form).post(runs::pause::act))
        .route("/unpause", get(runs::unpause::form).post(runs::unpause::act))
        .route("/reset", get(runs::reset::form).post(runs::reset::act))
        .route("/signal", get(runs::signal::form).post(runs::signal::act))
        .route("/query", get(runs::query::form).post(runs::query::act))
        .route("/update", get(runs::update::form).post(runs::update::act))
}
