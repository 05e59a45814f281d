//! What all pages have around their content: navigation, and who is logged in.

use bridge_core::Request;
use bridge_core::access::Action;
use http::Uri;
use http::request::Parts;
use service::auth::SessionEnd;

use crate::link::{self, ALARMS, AUDIT, CLIENTS, HOME, INTENTS, RULES, RUNS, SCHEDULES, SETTINGS};
use crate::ui::Ui;

/// An entry of the navigation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// The path of its icon in a square of 16 by 16.
    pub(crate) icon: &'static str,
    /// What its page does. Who may not do that anywhere is not offered the page.
    action: Option<Action>,
}

/// The entries of the navigation. A new section of pages gets its line here.
const SECTIONS: [Section; 9] = [
    Section::new(HOME, "Overview", "M2 3h5v5H2zM9 3h5v3H9zM9 8h5v5H9zM2 10h5v3H2z", None),
    Section::new(INTENTS, "Intents", "M4 2h6l3 3v9H4zM6.5 7h4M6.5 10h4", Some(Action::SearchIntents)),
    Section::new(RUNS, "Runs", "M4 3l9 5-9 5z", Some(Action::SearchRuns)),
    Section::new(
        SCHEDULES,
        "Schedules",
        "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12M8 5v3.5l2.5 1.5",
        Some(Action::SearchSchedules),
    ),
    Section::new(RULES, "Rules", "M2.5 3h11L9.5 8v5l-3-1.5V8z", Some(Action::SearchRules)),
    Section::new(ALARMS, "Alarms", "M3 12h10l-1.5-2V7a3.5 3.5 0 0 0-7 0v3zM7 14h2", Some(Action::ListAlarms)),
    Section::new(
        CLIENTS,
        "Clients",
        "M3 3h10v4H3zM3 9h10v4H3zM5.5 5h.5M5.5 11h.5",
        Some(Action::ListClients),
    ),
    Section::new(AUDIT, "Audit", "M3 4h1M3 8h1M3 12h1M6.5 4H13M6.5 8H13M6.5 12H13", Some(Action::ReadAudit)),
    Section::new(SETTINGS, "Settings", "M2 5h5M11 5h3M9 3v4M2 11h2M8 11h6M6 9v4", Some(Action::ReadSettings)),
];

impl Section {
    const fn new(path: &'static str, name: &'static str, icon: &'static str, action: Option<Action>) -> Self {
        Self { path, name, icon, action }
    }
}

/// What all pages have around their content.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The path of the page.
    path: String,
    /// Who is logged in, or was proven to call in another way; empty for nobody.
    pub(crate) person: String,
    /// Whether the person has a session, which can be ended.
    pub(crate) has_session: bool,
    /// The entries of the navigation that the person may see.
    pub(crate) sections: Vec<Section>,
    /// Where to log in, if that makes sense.
    pub(crate) login: Option<String>,
}

impl Frame {
    /// Makes the frame of a page. Before a caller is authenticated, it is one for nobody.
    pub(crate) fn new(parts: &Parts, ui: &Ui, request: &Request) -> Self {
        let login = ui.has_login && request.actor.name().is_empty();
        let is_seen =
            |section: &Section| section.action.is_none_or(|action| ui.app.rights.anywhere(request, action));
        Self {
            path: parts.uri.path().to_owned(),
            person: request.actor.label().to_owned(),
            sections: SECTIONS.into_iter().filter(is_seen).collect(),
            has_session: parts.extensions.get::<SessionEnd>().is_some(),
            login: login.then(|| login_for(&parts.uri)),
        }
    }

    /// Returns whether an entry of the navigation is that of this page.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        if section == HOME { self.path == HOME } else { self.path.starts_with(section) }
    }
}

/// Returns where to log in, to come back to this page.
pub(crate) fn login_for(uri: &Uri) -> String {
    let back = uri.path_and_query().map_or(HOME, |path| path.as_str());
    link::with_query("/login", &[("return", back)])
}
