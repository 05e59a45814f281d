//! `/ui/settings`: the settings that the bridge runs with, without secrets.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bridge_core::model::{Running, Setting};
use bridge_http::ApiError;
use http::StatusCode;

use crate::choice::Choice;
use crate::frame::Frame;
use crate::page::page;
use crate::visit::Visit;

/// Which settings to show, with their words.
const WHICH: [(&str, &str); 2] = [("set", "Set by somebody"), ("default", "Left as they are")];

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    running: Arc<Running>,
    name: String,
    which: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<Setting>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let running = visit.ui.app.settings.read(&visit.request).await?;
    let (name, which) = (visit.query.text("name").to_owned(), visit.query.text("which"));
    let (part, is_default) = (name.to_lowercase(), which == "default");
    let fits = |setting: &&Setting| {
        let names = [&setting.flag, &setting.variable, &setting.help].map(|text| text.to_lowercase());
        (which.is_empty() || setting.is_default == is_default)
            && names.iter().any(|text| text.contains(&part))
    };
    let view = SettingsPage {
        rows: running.settings.iter().filter(fits).cloned().collect(),
        which: WHICH.map(|(value, word)| Choice::new(value, word, which)).into(),
        is_filtered: !name.is_empty() || !which.is_empty(),
        frame: visit.frame,
        running,
        name,
    };
    Ok(page(StatusCode::OK, &view))
}
