//! What a handler of a page gets: who visits it, and what the URL and the form have.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request as HttpRequest};
use axum::response::{IntoResponse, Response};
use bridge_core::Request;
use bridge_core::model::{DigKey, IntentKey};
use http::request::Parts;

use crate::fields::Fields;
use crate::frame::Frame;
use crate::ui::Ui;

/// A visit of a page.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The use cases and the settings.
    pub(crate) ui: Arc<Ui>,
    /// The caller, the correlation and the time.
    pub(crate) request: Request,
    /// What is around the page.
    pub(crate) frame: Frame,
    /// The query.
    pub(crate) query: Fields,
}

impl FromRequestParts<Arc<Ui>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, ui: &Arc<Ui>) -> Result<Self, Infallible> {
        let request = bridge_http::context(parts, &*ui.clock);
        Ok(Self {
            frame: Frame::new(parts, ui, &request),
            request,
            query: Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()),
            ui: Arc::clone(ui),
        })
    }
}

/// The intent in a path.
#[derive(Debug, Clone)]
pub(crate) struct OfIntent(pub(crate) IntentKey);

impl<S: Send + Sync> FromRequestParts<S> for OfIntent {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<[String; 5]>::from_request_parts(parts, state).await;
        let [project, app, version, group, name] = path.map_err(IntoResponse::into_response)?.0;
        Ok(Self(DigKey::new(project, app, version, group).intent(name)))
    }
}

/// The fields of a form that was sent.
#[derive(Debug)]
pub(crate) struct Form(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: HttpRequest, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self(Fields::of_form(&body)))
    }
}
