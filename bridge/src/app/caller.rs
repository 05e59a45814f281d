//! Who asks for something, and how Temporal is told.

/// Long enough for any name; Temporal refuses identities of more than 1,000 characters.
const USER_MAX: usize = 200;

/// Who asks for something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    user: String,
}

impl Caller {
    /// A user that the proxy in front of the bridge names. Control characters are left out: the name goes to logs and histories.
    pub fn new(user: &str) -> Self {
        Self { user: user.trim().chars().filter(|c| !c.is_control()).take(USER_MAX).collect() }
    }

    /// The user; empty for one without a name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What Temporal's histories call the caller: `alice via bridge@host:pid`, or the bridge alone.
    pub fn identity(&self) -> String {
        let bridge = temporal::identity();
        if self.user.is_empty() { bridge } else { format!("{} via {bridge}", self.user) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_acts_through_the_bridge() {
        let bridge = Caller::default().identity();
        assert!(bridge.contains('@') && !bridge.contains("via"), "{bridge}");
        assert_eq!(Caller::new(" alice\n").identity(), format!("alice via {bridge}"));
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(Caller::new(&"ä".repeat(1000)).user().chars().count(), USER_MAX);
    }
}
