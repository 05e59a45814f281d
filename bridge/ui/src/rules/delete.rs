//! `…/{rule}/delete`: deletes a rule.

use askama::Template;
use axum::response::Response;
use bridge_core::RuleOptions;
use bridge_core::access::Action;
use bridge_http::ApiError;

use super::place::RulePlace;
use crate::act::{Act, unless_changed};
use crate::frame::Frame;
use crate::link::{RULES, with_query};
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "rules/delete.html")]
struct DeletePage {
    frame: Frame,
    act: Act,
    place: RulePlace,
    at: String,
}

impl DeletePage {
    /// Shows the form about the rule as it is now.
    async fn page(visit: Visit, place: RulePlace, act: Act) -> Result<Response, ApiError> {
        let at = visit.ui.app.rules.get(&visit.request, &place.0).await?.revision.to_string();
        Ok(page(act.status(), &Self { frame: visit.frame, act, place, at }))
    }
}

pub(crate) async fn form(visit: Visit, place: RulePlace) -> Result<Response, ApiError> {
    let act = Act::about(&visit, Action::DeleteRule, place.0.place());
    DeletePage::page(visit, place, act).await
}

pub(crate) async fn act(visit: Visit, place: RulePlace, Form(form): Form) -> Result<Response, ApiError> {
    let options = RuleOptions { conditions: unless_changed(&form), ..RuleOptions::default() };
    match visit.ui.app.rules.delete(&visit.request, &place.0, &options).await {
        Ok(()) => Ok(see(&with_query(RULES, &[("done", "deleted")]))),
        Err(error) => DeletePage::page(visit, place, Act::failed(error)).await,
    }
}
