//! Percent-encoding that is wrong. Go's server refuses it too.

/// Returns the first `%` of a path or query that is not followed by two hex digits, with what follows it.
#[must_use]
pub fn wrong_escape(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_wrong = |at: &usize| {
        !bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let at = memchr::memchr_iter(b'%', bytes).find(is_wrong)?;
    text.get(at..at + 3).or_else(|| text.get(at..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_escape_is_found() {
        for (text, escape) in [("%zz", "%zz"), ("a%41%4", "%4"), ("%", "%"), ("%é", "%é"), ("%4é%", "%4é%")]
        {
            assert_eq!(wrong_escape(text), Some(escape));
        }
        assert_eq!(wrong_escape("/%41/%ff%2F"), None);
    }
}
