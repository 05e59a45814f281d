//! Who may do what: bindings give roles to subjects, and [Cedar](https://www.cedarpolicy.com) decides by them.
//!
//! Each binding of `rights.toml` becomes a policy for each of its subjects: a link of its role's template or, if it
//! names intents or what they may use, a policy of its own. Beside them are policies that an operator writes, which
//! can only forbid. A decision evaluates the policies of this caller and those that forbid, and no others. Where there
//! are none that forbid, what was allowed is remembered.
#![warn(missing_docs)]

mod binding;
mod document;
mod fault;
mod forbids;
mod policy;
mod question;
mod rights;
mod role;
mod schema;
mod scope;
mod subject;

pub use document::check;
pub use fault::{Fault, Faults, RightsFile};
pub use forbids::check as check_policies;
pub use rights::Rights;
