//! The names that EMCO, Kubernetes and Docker would refuse, refused before anything is written.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, ensure};

/// A name that EMCO takes for any of its resources (EMCO-API §0.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let within = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let at_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        ensure!(
            text.len() <= 128
                && at_end(text.bytes().next())
                && at_end(text.bytes().last())
                && text.bytes().all(within),
            "EMCO takes 1 to 128 letters, digits, `-`, `_` and `.`, a letter or digit first and last"
        );
        Ok(Self(text.to_owned()))
    }
}

/// A name of which others are made, with up to 20 characters behind it.
#[derive(Debug, Clone)]
pub(super) struct Stem(Name);

impl FromStr for Stem {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        ensure!(text.len() <= 100, "write at most 100 characters: other names are made of this one");
        Ok(Self(text.parse()?))
    }
}

/// The longest of `-bridge`, `-worker`, `-workflow-client`, all of which follow a release's name.
const LONGEST_SUFFIX: usize = "-workflow-client".len();

/// A Helm release: the beginning of the names of Kubernetes' objects, which must be DNS labels (EMCO-API §6.2, §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release(String);

impl FromStr for Release {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let longest = 63 - LONGEST_SUFFIX;
        let within = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        // Services are named after it, and begin with a letter.
        ensure!(
            text.len() <= longest
                && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
                && text.bytes().last() != Some(b'-')
                && text.bytes().all(within),
            "a release is 1 to {longest} lower-case letters, digits and `-`, a letter first and no `-` last"
        );
        Ok(Self(text.to_owned()))
    }
}

/// An image's tag; empty for the charts' own version.
#[derive(Debug, Clone, Default)]
pub(super) struct Tag(String);

impl FromStr for Tag {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let within = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ensure!(
            text.len() <= 128 && text.bytes().all(within) && !text.starts_with(['-', '.']),
            "a tag is up to 128 letters, digits, `-`, `_` and `.`, neither `-` nor `.` first"
        );
        Ok(Self(text.to_owned()))
    }
}

/// Text that stands between double quotes in a YAML file as it is.
#[derive(Debug, Clone)]
pub(super) struct Plain(String);

impl FromStr for Plain {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"\\{},".contains(&byte);
        // EMCO bounds values to override, and Helm's --set splits them at commas.
        ensure!(
            (1..=128).contains(&text.len()) && text.bytes().all(fits),
            "write 1 to 128 characters without blanks, quotes, `\\`, `,` and braces"
        );
        Ok(Self(text.to_owned()))
    }
}

macro_rules! shown {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

shown!(Name, Stem, Release, Tag, Plain);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Stem {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Release {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Plain {
    fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_emcos_pattern() {
        let longest = "a".repeat(128);
        for good in ["a", "9", "A-b_c.d", "v1", &longest] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let too_long = "a".repeat(129);
        for bad in ["", "-a", "a-", "a b", "a/b", "ä", ".", &too_long] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_release_leaves_room_for_its_objects() {
        for good in ["a", "workflows-2", &"a".repeat(47)] {
            assert!(good.parse::<Release>().is_ok(), "{good}");
        }
        for bad in ["", "1a", "A", "a.b", "a_b", "a-", &"a".repeat(48)] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_would_break_out_of_its_quotes_is_refused() {
        for bad in ["", "a b", "a\"", "a\\", "{{.X}}", "a,b=c", "a\n"] {
            assert!(bad.parse::<Plain>().is_err(), "{bad:?}");
        }
        assert!("temporal-frontend.temporal:7233".parse::<Plain>().is_ok());
        assert!("latest@sha256:0".parse::<Tag>().is_err() && "".parse::<Tag>().is_ok());
    }
}
