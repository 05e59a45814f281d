//! What stands for the names in a path.

use workflow_api::{DigKey, IntentKey};

/// One or several names in the path of an operation, in their order.
pub trait Place {
    /// Returns the names, not encoded.
    fn names(&self) -> Vec<String>;
}

impl Place for str {
    fn names(&self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl Place for i64 {
    fn names(&self) -> Vec<String> {
        vec![self.to_string()]
    }
}

impl Place for DigKey {
    fn names(&self) -> Vec<String> {
        [&self.project, &self.composite_app, &self.version, &self.dig].map(String::clone).to_vec()
    }
}

impl Place for IntentKey {
    fn names(&self) -> Vec<String> {
        let mut names = self.dig.names();
        names.push(self.name.clone());
        names
    }
}
