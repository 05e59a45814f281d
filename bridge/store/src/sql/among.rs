//! The condition that intents are among some.

use bridge_core::access::Visible;

use super::Value;

/// The largest number of names in a statement. With more, the caller's gate filters alone.
const MOST: usize = 500;
/// No name has this character.
const ESCAPE: char = '!';

/// A condition on the column `name`, with its values.
#[derive(Debug, Default)]
pub(super) struct Among {
    /// The end of the condition: empty, or with `AND` before it.
    pub(super) condition: String,
    values: Vec<String>,
}

impl Among {
    /// Makes the condition. The number of its first value is `first`.
    pub(super) fn new(visible: &Visible, first: usize) -> Self {
        let Visible::Like(names) = visible else { return Self::default() };
        if names.len() > MOST {
            return Self::default();
        }
        let (globs, exact): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.contains('*'));
        let place = |number: usize| format!("${}", first + number);
        let places: Vec<_> = (0..exact.len()).map(place).collect();
        // Without patterns, a database looks up the names one by one. `NULL` keeps an empty list valid.
        let among = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
        let mut condition = format!("AND (name IN ({among})");
        for number in exact.len()..names.len() {
            condition += &format!(" OR name LIKE {} ESCAPE '{ESCAPE}'", place(number));
        }
        condition.push(')');
        let values = exact.into_iter().cloned().chain(globs.into_iter().map(|glob| like(glob)));
        Self { condition, values: values.collect() }
    }

    /// Returns its values, in order.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.values.iter().map(|value| value.as_str().into())
    }
}

/// Returns a pattern of `LIKE` for what has this text.
pub(super) fn containing(text: &str) -> String {
    // No name has a slash. In place of `*`, and of what no database accepts, it makes the pattern fit none.
    like(&format!("*{}*", text.replace(['*', '\0'], "/")))
}

/// Returns a pattern of `LIKE`. That of SQLite finds names in another case too; the caller's gate leaves them out.
fn like(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len());
    for letter in glob.chars() {
        match letter {
            '*' => pattern.push('%'),
            '%' | '_' | ESCAPE => pattern.extend([ESCAPE, letter]),
            _ => pattern.push(letter),
        }
    }
    pattern
}
