//! Problems as pages. Handlers and the layers around them refuse with problems; browsers get pages of them, programs
//! get them as they are. Who must log in first is led there.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::header::{ACCEPT, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Method};
use workflow_api::Problem;

use crate::frame::{Frame, login_for};
use crate::link::HOME;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::ui::Ui;

/// A problem as a page.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    notice: Notice,
}

/// Makes pages of the problems of the pages themselves. Their callers are known.
pub(crate) fn with_problems(router: Router<Arc<Ui>>, ui: Arc<Ui>) -> Router<Arc<Ui>> {
    router.layer(from_fn_with_state(ui, at_the_door))
}

/// Makes pages of the problems of the layers around the pages, such as the authentication, and leads browsers from
/// `/` to the pages. It goes outside of all that.
pub fn with_pages_of_problems(router: Router, ui: Arc<Ui>) -> Router {
    router.layer(from_fn_with_state(ui, at_the_door)).layer(from_fn(at_the_root))
}

/// Programs get at `/` what they get without pages.
async fn at_the_root(request: Request, next: Next) -> Response {
    let is_visit = request.uri().path() == "/" && request.method() == Method::GET;
    if is_visit && accepts_pages(request.headers()) { see(HOME) } else { next.run(request).await }
}

async fn at_the_door(State(ui): State<Arc<Ui>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !(path.starts_with(HOME) || path == "/ui") || !accepts_pages(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let response = next.run(Request::from_parts(parts.clone(), body)).await;
    match response.extensions().get::<Arc<Problem>>() {
        None => response,
        Some(problem) if problem.status == 401 && parts.method.is_safe() && ui.has_login => {
            see(&login_for(&parts.uri))
        }
        Some(problem) => {
            let request = bridge_http::context(&parts, &*ui.clock);
            shown(Frame::new(&parts, &ui, &request), problem, response.headers())
        }
    }
}

/// Returns the page of a problem, with those headers of the response that browsers heed.
fn shown(frame: Frame, problem: &Problem, headers: &HeaderMap) -> Response {
    let notice = Notice::from(problem);
    let mut shown = page(notice.status, &ProblemPage { frame, notice });
    for name in [RETRY_AFTER, SET_COOKIE] {
        if let Some(value) = headers.get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}
