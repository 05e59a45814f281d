//! The pages of the bridge, below `/ui/`. A page calls use cases as the REST API does, with the caller's `Request`, so
//! rights, audit and validation are the same. Pages are whole without a script; the script only adds to them.
//!
//! Each page has one file with its handler and its view, and a template of the same name in `templates/`.
#![warn(missing_docs)]

mod act;
mod alarms;
mod assets;
mod audit;
mod choice;
mod clients;
mod diff;
mod document;
mod door;
mod fields;
mod frame;
mod intents;
mod json;
mod link;
mod may;
mod notice;
mod overview;
mod page;
mod rules;
mod runs;
mod schedules;
mod schema;
mod settings;
mod show;
mod ui;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

pub use assets::router as assets;
pub use door::with_pages_of_problems;
pub use ui::Ui;

use crate::link::{ALARMS, AUDIT, CLIENTS, HOME, INTENTS, NEW_INTENT, RULES, RUNS, SCHEDULES, SETTINGS};

/// Returns the path of a page about an intent.
macro_rules! intent {
    ($page:literal) => {
        concat!("/ui/intents/{project}/{app}/{version}/{group}/{intent}", $page)
    };
}

/// Returns the pages. Their callers are authenticated.
pub fn router(ui: Arc<Ui>) -> Router {
    use intents::{check, delete, detail, edit, list, revisions, rollback, start};

    let pages = Router::new()
        .route("/ui", get(async || Redirect::permanent(HOME)))
        .route(HOME, get(overview::show))
        .route(INTENTS, get(list::show))
        .route(NEW_INTENT, get(edit::new).post(edit::create))
        .route(intent!(""), get(detail::show))
        .route(intent!("/edit"), get(edit::form).post(edit::act))
        .route(intent!("/start"), get(start::form).post(start::act))
        .route(intent!("/check"), get(check::show))
        .route(intent!("/revisions"), get(revisions::show))
        .route(intent!("/rollback"), get(rollback::form).post(rollback::act))
        .route(intent!("/delete"), get(delete::form).post(delete::act))
        .route(RUNS, get(runs::list::show))
        .route(ALARMS, get(alarms::list::show))
        .route("/ui/alarms/{alarm}", get(alarms::detail::show).post(alarms::detail::act))
        .route(CLIENTS, get(clients::show))
        .route(AUDIT, get(audit::show))
        .route(SETTINGS, get(settings::show));
    door::with_problems(of_rules(of_schedules(of_runs(pages))), Arc::clone(&ui)).with_state(ui)
}

/// Adds the pages of schedules.
fn of_schedules(pages: Router<Arc<Ui>>) -> Router<Arc<Ui>> {
    use schedules::{backfill, delete, detail, edit, list, pause, resume, trigger};

    pages
        .route(SCHEDULES, get(list::show))
        .route(intent!("/new-schedule"), get(edit::new).post(edit::create))
        .route(intent!("/schedules/{schedule}"), get(detail::show))
        .route(intent!("/schedules/{schedule}/edit"), get(edit::form).post(edit::act))
        .route(intent!("/schedules/{schedule}/pause"), get(pause::form).post(pause::act))
        .route(intent!("/schedules/{schedule}/resume"), get(resume::form).post(resume::act))
        .route(intent!("/schedules/{schedule}/trigger"), get(trigger::form).post(trigger::act))
        .route(intent!("/schedules/{schedule}/backfill"), get(backfill::form).post(backfill::act))
        .route(intent!("/schedules/{schedule}/delete"), get(delete::form).post(delete::act))
}

/// Adds the pages of rules. What stands for all projects is `*`.
fn of_rules(pages: Router<Arc<Ui>>) -> Router<Arc<Ui>> {
    use rules::{delete, detail, edit, list, rehearse, revisions};

    pages
        .route(RULES, get(list::show))
        .route("/ui/rules/new", get(edit::new).post(edit::create))
        .route("/ui/rules/{project}/{rule}", get(detail::show))
        .route("/ui/rules/{project}/{rule}/edit", get(edit::form).post(edit::act))
        .route("/ui/rules/{project}/{rule}/rehearse", get(rehearse::form).post(rehearse::act))
        .route("/ui/rules/{project}/{rule}/revisions", get(revisions::show))
        .route("/ui/rules/{project}/{rule}/delete", get(delete::form).post(delete::act))
}

/// Adds the pages of a run. The query names it: as a part of a path, some workflow IDs would not arrive.
fn of_runs(pages: Router<Arc<Ui>>) -> Router<Arc<Ui>> {
    use runs::{cancel, detail, history, pause, query, reset, signal, terminate, timeline, unpause, update};

    pages
        .route(intent!("/run"), get(detail::show))
        .route(intent!("/run/timeline"), get(timeline::show))
        .route(intent!("/run/history"), get(history::show))
        .route(intent!("/run/cancel"), get(cancel::form).post(cancel::act))
        .route(intent!("/run/terminate"), get(terminate::form).post(terminate::act))
        .route(intent!("/run/pause"), get(pause::form).post(pause::act))
        .route(intent!("/run/unpause"), get(unpause::form).post(unpause::act))
        .route(intent!("/run/reset"), get(reset::form).post(reset::act))
        .route(intent!("/run/signal"), get(signal::form).post(signal::act))
        .route(intent!("/run/query"), get(query::form).post(query::act))
        .route(intent!("/run/update"), get(update::form).post(update::act))
}
