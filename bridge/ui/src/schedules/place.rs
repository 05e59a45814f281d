//! The schedule that a page is about, with its links.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use bridge_core::model::{DigKey, ScheduleKey};
use http::request::Parts;

use crate::link;

/// The schedule that a page is about.
#[derive(Debug, Clone)]
pub(crate) struct SchedulePlace(pub(crate) ScheduleKey);

impl<S: Send + Sync> FromRequestParts<S> for SchedulePlace {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<[String; 6]>::from_request_parts(parts, state).await;
        let [project, app, version, group, intent, name] = path.map_err(IntoResponse::into_response)?.0;
        let intent = DigKey::new(project, app, version, group).intent(intent);
        Ok(Self(ScheduleKey { intent, name }))
    }
}

impl SchedulePlace {
    /// Returns the page of the schedule; with a word about what was done there.
    pub(crate) fn link(&self, done: &str) -> String {
        self.page("", &[("done", done)])
    }

    /// Returns a page about the schedule.
    pub(crate) fn below(&self, page: &str) -> String {
        self.page(page, &[])
    }

    /// Returns the page of the intent.
    pub(crate) fn intent_link(&self) -> String {
        link::intent(&self.0.intent)
    }

    fn page(&self, page: &str, params: &[(&str, &str)]) -> String {
        let slash = if page.is_empty() { "" } else { "/" };
        let page = format!("schedules/{}{slash}{page}", link::encoded(&self.0.name));
        link::of_intent(&self.0.intent, &page, params)
    }
}
