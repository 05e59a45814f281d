//! The intent that a page is about, with its links.

use bridge_core::ChangeOptions;
use bridge_core::model::IntentKey;

use crate::act;
use crate::fields::Fields;
use crate::link;

/// The intent that a page is about.
#[derive(Debug, Clone)]
pub(crate) struct IntentPlace(pub(crate) IntentKey);

impl IntentPlace {
    pub(crate) fn link(&self) -> String {
        link::intent(&self.0)
    }

    /// Returns a page about the intent.
    pub(crate) fn below(&self, page: &str) -> String {
        self.page(page, &[])
    }

    /// Returns a page about the intent with these parameters.
    pub(crate) fn page(&self, page: &str, params: &[(&str, &str)]) -> String {
        link::of_intent(&self.0, page, params)
    }
}

/// Returns the options of a change that was decided on while the intent was at the revision in the form. If somebody
/// else was faster, nothing is changed.
pub(crate) fn unless_changed(form: &Fields) -> ChangeOptions {
    ChangeOptions { conditions: act::unless_changed(form), ..ChangeOptions::default() }
}
