//! What all pages have around their content: navigation, and who is logged in.

use bridge_core::Actor;
use http::Uri;
use http::request::Parts;
use service::auth::{Identity, SessionEnd};

use crate::link::{self, HOME, INTENTS, RUNS};

/// The entries of the navigation: path, name, and the path of an icon of 16 by 16. A new section of pages gets its line
/// here.
pub(crate) const SECTIONS: [(&str, &str, &str); 3] = [
    (HOME, "Overview", "M2 3h5v5H2zM9 3h5v3H9zM9 8h5v5H9zM2 10h5v3H2z"),
    (INTENTS, "Intents", "M4 2h6l3 3v9H4zM6.5 7h4M6.5 10h4"),
    (RUNS, "Runs", "M4 3l9 5-9 5z"),
];

/// What all pages have around their content.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The path of the page.
    path: String,
    /// Who is logged in, or was proven to call in another way; empty for nobody.
    pub(crate) person: String,
    /// Whether the person has a session, which can be ended.
    pub(crate) has_session: bool,
    /// Where to log in, if that makes sense.
    pub(crate) login: Option<String>,
}

impl Frame {
    /// Makes the frame of a page. Before a caller is authenticated, it is one for nobody.
    pub(crate) fn new(parts: &Parts, has_login: bool) -> Self {
        let identity = parts.extensions.get::<Identity>().cloned().unwrap_or_default();
        let actor: Actor = bridge_http::actor(&identity);
        let login = has_login && actor.name().is_empty();
        Self {
            path: parts.uri.path().to_owned(),
            person: actor.label().to_owned(),
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
