//! The rule that a page is about, with its links.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use bridge_core::model::RuleKey;
use http::request::Parts;

use crate::link::{self, RULES};

/// The rule that a page is about.
#[derive(Debug, Clone)]
pub(crate) struct RulePlace(pub(crate) RuleKey);

impl<S: Send + Sync> FromRequestParts<S> for RulePlace {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<[String; 2]>::from_request_parts(parts, state).await;
        let [project, name] = path.map_err(IntoResponse::into_response)?.0;
        Ok(Self(RuleKey::of(&project, &name)))
    }
}

impl RulePlace {
    /// Returns the page of the rule; with a word about what was done there.
    pub(crate) fn link(&self, done: &str) -> String {
        self.page("", &[("done", done)])
    }

    /// Returns a page about the rule.
    pub(crate) fn below(&self, page: &str) -> String {
        self.page(page, &[])
    }

    /// Returns a page about the rule, with parameters.
    pub(crate) fn page(&self, page: &str, params: &[(&str, &str)]) -> String {
        let [project, name] = [self.0.parent(), &self.0.name].map(link::encoded);
        let slash = if page.is_empty() { "" } else { "/" };
        link::with_query(&format!("{RULES}/{project}/{name}{slash}{page}"), params)
    }

    /// Returns the list of the rules of the same project.
    pub(crate) fn list(&self) -> String {
        link::with_query(RULES, &[("project", self.0.project.as_deref().unwrap_or_default())])
    }

    /// Returns which project the rule is about.
    pub(crate) fn project(&self) -> &str {
        self.0.project.as_deref().unwrap_or("All projects")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_comes_out_of_a_link_as_it_went_in() {
        for (project, name) in [("*", "late"), ("a/b c", "é%2F?#"), ("p.1", "a-b_c")] {
            let link = RulePlace(RuleKey::of(project, name)).below("edit");
            let url = url::Url::parse("http://bridge").unwrap().join(&link).unwrap();
            let segments = url.path_segments().unwrap().map(|segment| {
                percent_encoding::percent_decode_str(segment).decode_utf8().unwrap().into_owned()
            });
            assert_eq!(segments.collect::<Vec<_>>(), ["ui", "rules", project, name, "edit"]);
        }
    }
}
