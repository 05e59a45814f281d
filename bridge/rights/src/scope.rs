//! Where a binding holds: everywhere, or below a project, a composite app, a version, or a deployment intent group.

use std::fmt;

use bridge_core::model::DigKey;
use cedar_policy::EntityUid;
use workflow_api::rules::is_name;

use crate::schema::{LEVELS, uid};

const FORMS: &str = "write `**`, `project/**`, `project/app/**`, `project/app/version/**` or \
                     `project/app/version/group`";

/// A scope: the names that lead to it, none for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope(Vec<String>);

impl Scope {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut parts: Vec<_> = text.split('/').collect();
        let is_whole = match (parts.last(), parts.len()) {
            (Some(&"**"), 1..=4) => true,
            // The groups of a version have nothing but intents below them.
            (Some(&"*"), 4) => true,
            (_, 4) => false,
            _ => return Err(format!("`{text}` is not a scope: {FORMS}")),
        };
        if is_whole {
            parts.pop();
        }
        match parts.iter().find(|part| !is_name(part)) {
            Some(part) => Err(format!("`{part}` in the scope `{text}` is not a name: {FORMS}")),
            None => Ok(Self(parts.into_iter().map(str::to_owned).collect())),
        }
    }

    pub(crate) fn everywhere() -> Self {
        Self(Vec::new())
    }

    /// Returns whether it covers all of what these names lead to.
    pub(crate) fn covers(&self, place: &[&str]) -> bool {
        self.0.len() <= place.len() && self.0.iter().zip(place).all(|(ours, theirs)| ours == theirs)
    }

    pub(crate) fn uid(&self) -> EntityUid {
        level(self.0.len(), &self.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = match self.0.len() {
            0 => "**",
            4 => "",
            _ => "/**",
        };
        write!(f, "{}{tail}", self.0.join("/"))
    }
}

fn names(dig: &DigKey) -> [&str; 4] {
    [&dig.project, &dig.composite_app, &dig.version, &dig.dig]
}

/// Returns a project, and what it is in.
pub(crate) fn project(name: &str) -> [EntityUid; 2] {
    let names = [name.to_owned()];
    [1, 0].map(|depth| level(depth, &names))
}

/// Returns a group, and everything that it is in.
pub(crate) fn path(dig: &DigKey) -> [EntityUid; 5] {
    let names = names(dig).map(str::to_owned);
    [4, 3, 2, 1, 0].map(|depth| level(depth, &names))
}

fn level(depth: usize, names: &[String]) -> EntityUid {
    uid(&LEVELS[depth], &names[..depth].join("/"))
}
