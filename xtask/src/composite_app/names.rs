//! The names of our apps, and checks of names: those that EMCO, Kubernetes or Docker would refuse are refused before
//! anything is written.

use anyhow::{Context, Result, ensure};
use regex::Regex;

/// The apps, each before those that depend on it, and their images. An app's name is also that of its chart, its
/// archives and its profiles.
pub(super) const APPS: [(&str, &str); 3] =
    [("worker", "sample-worker"), ("workflow-client", "sample-client"), ("bridge", "bridge")];

/// Reads a name that EMCO takes for any of its resources (EMCO-API §0.4).
pub(super) fn name(text: &str) -> Result<String> {
    let pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?$";
    matching(
        text,
        pattern,
        "EMCO takes 1 to 128 letters, digits, `-`, `_` and `.`, a letter or digit first and last",
    )
}

/// Reads a name from which others are made, with up to 20 characters behind it.
pub(super) fn stem(text: &str) -> Result<String> {
    ensure!(text.len() <= 100, "write at most 100 characters: other names are made of this one");
    name(text)
}

/// Reads the name of a Helm release. The names of objects in Kubernetes begin with it, end with
/// `-workflow-client` at the longest, and must be DNS labels; those of Services begin with a letter (EMCO-API
/// §6.2, §7.1).
pub(super) fn release(text: &str) -> Result<String> {
    let pattern = "^[a-z]([a-z0-9-]{0,45}[a-z0-9])?$";
    matching(
        text,
        pattern,
        "a release is 1 to 47 lower-case letters, digits and `-`, a letter first and no `-` last",
    )
}

/// Reads the tag of an image, which is empty for the charts' own version.
pub(super) fn tag(text: &str) -> Result<String> {
    let pattern = "^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$";
    matching(text, pattern, "a tag is up to 128 letters, digits, `-`, `_` and `.`, neither `-` nor `.` first")
}

/// Reads text that can stand between double quotes in a YAML file. EMCO limits the length of values to override, and
/// Helm's `--set` splits them at commas.
pub(super) fn plain(text: &str) -> Result<String> {
    let pattern = r#"^[[!-~]--["\\{},]]{1,128}$"#;
    matching(text, pattern, "write 1 to 128 characters without blanks, quotes, `\\`, `,` and braces")
}

/// Reads the name of a host, and a port: Temporal's, if none is given.
pub(super) fn server(text: &str) -> Result<(String, u16)> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "7233"));
    let port = port.parse().context("write the port as a number up to 65535")?;
    Ok((plain(host)?, port))
}

fn matching(text: &str, pattern: &str, rule: &'static str) -> Result<String> {
    ensure!(Regex::new(pattern)?.is_match(text), rule);
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_emcos_pattern() {
        let longest = "a".repeat(128);
        for good in ["a", "9", "A-b_c.d", "v1", &longest] {
            assert!(name(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(129);
        for bad in ["", "-a", "a-", "a b", "a/b", "ä", ".", "a\n", &too_long] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_release_leaves_room_for_its_objects() {
        for good in ["a", "workflows-2", &"a".repeat(47)] {
            assert!(release(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "9", "007", "1e3", "A", "a.b", "a_b", "a-", &"a".repeat(48)] {
            assert!(release(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_would_break_out_of_its_quotes_is_refused() {
        for bad in ["", "a b", "a\"", "a\\", "{{.X}}", "a,b=c", "a\n"] {
            assert!(plain(bad).is_err(), "{bad:?}");
        }
        assert!(plain("temporal-frontend.temporal").is_ok());
        assert!(tag("latest@sha256:0").is_err() && tag("").is_ok());
    }

    #[test]
    fn a_server_is_a_host_with_or_without_port() {
        assert_eq!(server("temporal.example").unwrap(), ("temporal.example".to_owned(), 7233));
        assert_eq!(server("temporal.example:7234").unwrap(), ("temporal.example".to_owned(), 7234));
        for bad in ["", ":7233", "a b", "a:", "a:b", "a:70000"] {
            assert!(server(bad).is_err(), "{bad:?}");
        }
    }
}
