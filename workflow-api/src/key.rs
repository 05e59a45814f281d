//! The names of deployment intent groups and of workflow intents.

use std::fmt;
use std::str::FromStr;

use crate::rules::{NAME_MAX, is_name};
use crate::{Fault, WorkflowIntent, cut};

/// Names a deployment intent group: the parent of workflow intents.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DigKey {
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The composite app's version.
    pub version: String,
    /// The deployment intent group.
    pub dig: String,
}

impl DigKey {
    /// Makes a key of its four names.
    pub fn new(
        project: impl Into<String>,
        composite_app: impl Into<String>,
        version: impl Into<String>,
        dig: impl Into<String>,
    ) -> Self {
        Self {
            project: project.into(),
            composite_app: composite_app.into(),
            version: version.into(),
            dig: dig.into(),
        }
    }

    /// Returns a fault for each name that EMCO would reject (EMCO-API §0.4), under the part of the URL's path
    /// that it came from.
    pub fn faults(&self) -> Vec<Fault> {
        [
            ("project", &self.project),
            ("compositeApp", &self.composite_app),
            ("compositeAppVersion", &self.version),
            ("deploymentIntentGroup", &self.dig),
        ]
        .into_iter()
        .filter(|(_, name)| !is_name(name))
        .map(|(part, name)| {
            let message = format!(
                "`{}` is not a valid name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`, \
                 with a letter or digit at both ends",
                cut(name)
            );
            Fault::new(format!("path.{part}"), message)
        })
        .collect()
    }

    /// Returns the key of the intent `name` in this group.
    pub fn intent(&self, name: impl Into<String>) -> IntentKey {
        IntentKey { dig: self.clone(), name: name.into() }
    }
}

/// Reads what [`Display`](fmt::Display) has written: four names.
impl FromStr for DigKey {
    type Err = NotAGroup;

    fn from_str(path: &str) -> Result<Self, NotAGroup> {
        match path.split('/').collect::<Vec<_>>()[..] {
            [project, app, version, dig] if path.split('/').all(|name| !name.is_empty()) => {
                Ok(Self::new(project, app, version, dig))
            }
            _ => Err(NotAGroup),
        }
    }
}

/// The text does not name a deployment intent group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a deployment intent group: write project/app/version/group")]
pub struct NotAGroup;

/// Names that are too long to be valid are cut.
impl fmt::Display for DigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [project, app, version, dig] =
            [&self.project, &self.composite_app, &self.version, &self.dig].map(|name| cut(name));
        write!(f, "{project}/{app}/{version}/{dig}")
    }
}

/// Names a workflow intent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntentKey {
    /// The group that it belongs to.
    pub dig: DigKey,
    /// Its name in the group.
    pub name: String,
}

impl IntentKey {
    /// Returns the key of `intent` in `dig`.
    pub fn of(dig: &DigKey, intent: &WorkflowIntent) -> Self {
        dig.intent(&intent.metadata.name)
    }

    /// Reads what [`Display`](fmt::Display) has written: five names.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        match path.split('/').collect::<Vec<_>>()[..] {
            [project, app, version, dig, name] => Some(DigKey::new(project, app, version, dig).intent(name)),
            _ => None,
        }
    }

    /// Returns whether an intent can have this key. Other keys are not looked up in the database.
    pub fn is_sound(&self) -> bool {
        self.dig.faults().is_empty() && is_name(&self.name)
    }
}

/// As that of [`DigKey`].
impl fmt::Display for IntentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.dig, cut(&self.name))
    }
}
