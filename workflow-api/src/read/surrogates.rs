//! Surrogates that stand alone: Go reads each as U+FFFD, and serde_json refuses them.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// The bytes of an escape such as `\ud800`.
const ESCAPE: usize = 6;

#[derive(PartialEq, Eq)]
enum Surrogate {
    High,
    Low,
}

/// The JSON `text` with the escape of U+FFFD in place of each escape of a surrogate without its other half.
pub(super) fn paired(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if memmem::find(bytes, br"\u").is_none() {
        return Cow::Borrowed(text);
    }
    let mut paired = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(backslash) = bytes.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += backslash;
        match surrogate(bytes, at) {
            // A backslash and what it escapes, such as another one.
            None => at += 2,
            Some(Surrogate::High) if surrogate(bytes, at + ESCAPE) == Some(Surrogate::Low) => {
                at += 2 * ESCAPE
            }
            Some(Surrogate::High | Surrogate::Low) => {
                paired.to_mut().replace_range(at..at + ESCAPE, r"\ufffd");
                at += ESCAPE;
            }
        }
    }
    paired
}

/// The surrogate whose escape stands at `at`.
fn surrogate(bytes: &[u8], at: usize) -> Option<Surrogate> {
    let digits = bytes.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
    match u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()? {
        0xD800..=0xDBFF => Some(Surrogate::High),
        0xDC00..=0xDFFF => Some(Surrogate::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lone_surrogate_is_replaced() {
        for (text, expected) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""a\udc00b""#, r#""a\ufffdb""#),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (r#""\ud800\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud800\u0041""#, r#""\ufffd\u0041""#),
            (r#""\\ud800""#, r#""\\ud800""#),
            (r#""\\\ud800""#, r#""\\\ufffd""#),
            (r#""\ud80""#, r#""\ud80""#),
            (r#""\ud8é""#, r#""\ud8é""#),
            ("\\", "\\"),
        ] {
            assert_eq!(paired(text), expected);
        }
    }
}
