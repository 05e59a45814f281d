//! Patterns in which `*` stands for any text.

/// Whether `text` is `pattern`, in which `*` stands for any text. Takes time in proportion to the text.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |text, part| text.find(part))
}

/// Does the same. `find` returns where a part of the pattern begins in a text.
fn matches_by(pattern: &str, text: &str, mut find: impl FnMut(&str, &str) -> Option<usize>) -> bool {
    let mut parts = pattern.split('*');
    let start = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(start) else { return false };
    let Some(end) = parts.next_back() else { return rest.is_empty() };
    let Some(middle) = rest.strip_suffix(end) else { return false };
    rest = middle;
    // The first place of each part leaves the most for those after it.
    parts.all(|part| {
        let found = find(rest, part);
        rest = found.map_or(rest, |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the result, and how many bytes of the text were searched.
    fn searched(pattern: &str, text: &str) -> (bool, usize) {
        let mut searched = 0;
        let result = matches_by(pattern, text, |rest, part| {
            let at = rest.find(part);
            searched += at.map_or(rest.len(), |at| at + part.len());
            assert!(searched <= text.len(), "{pattern}: the text is searched again");
            at
        });
        (result, searched)
    }

    #[test]
    fn many_stars_cost_no_more_than_one() {
        let text = "a".repeat(1_000);
        for stars in [1, 2, 50] {
            assert!(!searched(&format!("{}*b*", "*a".repeat(stars)), &text).0);
            assert!(!searched(&format!("{}*", "*aa".repeat(stars * 11)), &"a".repeat(stars * 22 - 1)).0);
            assert_eq!(searched(&format!("{}*", "*a".repeat(stars)), &text), (true, stars));
        }
    }
}
