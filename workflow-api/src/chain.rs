//! An error and its causes on one line. Our errors keep the cause in `source()`, and `Display` does not contain it.

use std::error::Error;

/// Returns the error and its causes, joined by `: `. A cause with which the text already ends is not repeated.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Link>>);

    #[test]
    fn causes_follow_the_error() {
        let error =
            Link("cannot start", Some(Box::new(Link("no answer", Some(Box::new(Link("closed", None)))))));
        assert_eq!(chain(&error), "cannot start: no answer: closed");
    }

    #[test]
    fn a_cause_already_in_the_text_is_not_repeated() {
        let error = Link("transport: closed", Some(Box::new(Link("closed", None))));
        assert_eq!(chain(&error), "transport: closed");
    }
}
