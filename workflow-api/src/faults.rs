//! Faults of an input, of which a response lists a bounded number.

use crate::Fault;

/// The most faults that are listed.
pub const MOST_FAULTS: usize = 100;

/// The length, in bytes, to which texts of a caller are cut in messages.
const SHOWN: usize = 200;

/// Collects faults. It keeps the first ones and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    listed: Vec<Fault>,
    more: usize,
}

impl Faults {
    /// Adds a fault. `fault` is called only if it will be listed.
    pub(crate) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        if self.listed.len() < MOST_FAULTS {
            self.listed.push(fault());
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Whether there is a fault at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.listed.iter().any(|fault| fault.path == path)
    }

    /// Returns the faults. If there are too many, the last one of the list has the number of the rest.
    pub(crate) fn into_list(mut self) -> Vec<Fault> {
        if let (1.., Some(last)) = (self.more, self.listed.last_mut()) {
            *last = Fault::new("$", format!("there are {} more faults", self.more + 1));
        }
        self.listed
    }
}

/// Bounds a list of faults, as every response does.
#[must_use]
pub fn bounded(faults: Vec<Fault>) -> Vec<Fault> {
    let mut bounded = Faults::default();
    faults.into_iter().for_each(|fault| bounded.push(|| fault));
    bounded.into_list()
}

/// Cuts a text of a caller for a message.
pub fn cut(text: &str) -> std::borrow::Cow<'_, str> {
    let shown = &text[..text.floor_char_boundary(SHOWN)];
    if shown.len() < text.len() { format!("{shown}…").into() } else { text.into() }
}
