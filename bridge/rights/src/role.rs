//! The built-in roles: each is the right to one group of actions.

use bridge_core::access::{Action, Group};

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Role(pub(crate) Group);

impl Role {
    const ALL: [Self; 4] =
        [Self(Group::Author), Self(Group::Operate), Self(Group::Administer), Self(Group::View)];

    pub(crate) fn read(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            format!("`{name}` is not a role: write `{names}`")
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Group::View => "viewer",
            Group::Author => "author",
            Group::Operate => "operator",
            Group::Administer => "administrator",
        }
    }

    pub(crate) fn includes(self, action: Action) -> bool {
        action.groups().contains(&self.0)
    }
}
