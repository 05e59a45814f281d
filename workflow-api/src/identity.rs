//! Identities of Temporal's objects. Each is a type, so that a run ID cannot be used as a workflow ID.

use serde::{Deserialize, Serialize};

/// The longest identity that Temporal accepts, in bytes.
pub(crate) const IDENTITY_MAX: usize = 1000;

macro_rules! identity {
    ($(#[doc = $doc:literal] $name:ident,)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text, as on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether there is no value. On EMCO's wire an absent value is the empty text.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Returns the text, without a copy.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }

            pub(crate) fn as_mut_string(&mut self) -> &mut String {
                &mut self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl crate::read::FromJson for $name {
            fn read_into(&mut self, node: crate::read::Node<'_>, reader: &mut crate::read::Reader) {
                self.as_mut_string().read_into(node, reader);
            }
        }
    )+};
}

identity! {
    /// A workflow ID. It names a workflow through all its runs.
    WorkflowId,
    /// A run ID. It names one run of a workflow; Temporal makes it.
    RunId,
    /// A task queue, which workers poll for work.
    TaskQueue,
    /// A Temporal namespace.
    Namespace,
    /// A workflow type: the name under which workers register the workflow.
    WorkflowType,
}
