//! The cookies (RFC 6265bis).

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;

/// The names of the cookies. Over TLS they begin with `__Host-`: no other host and no page without TLS can set them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    pub(crate) is_secure: bool,
}

impl Cookies {
    /// Returns the name of the cookie of a session.
    pub(crate) fn session(self) -> String {
        self.name("bridge-session")
    }

    /// Returns the name of the cookie of a login with this state. Each has its own, so that several pages can log in at
    /// the same time.
    pub(crate) fn login(self, state: &str) -> String {
        let beginning = state.get(..8).unwrap_or_default();
        self.name(&format!("bridge-login-{beginning}"))
    }

    fn name(self, name: &str) -> String {
        format!("{}{name}", if self.is_secure { "__Host-" } else { "" })
    }

    /// Returns the value of `Set-Cookie` that sets a cookie for some time. No script can read it, and browsers do not
    /// send it with the requests that other sites make, except when they lead here.
    pub(crate) fn set(self, name: &str, value: &str, age: SignedDuration) -> Option<HeaderValue> {
        let (age, secure) = (age.as_secs().max(0), if self.is_secure { "; Secure" } else { "" });
        let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(cookie).ok()
    }

    /// Returns the value of `Set-Cookie` that deletes a cookie.
    pub(crate) fn delete(self, name: &str) -> Option<HeaderValue> {
        self.set(name, "", SignedDuration::ZERO)
    }
}

/// Returns the value of a cookie.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let headers = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs =
        headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        for header in ["a=1; ab=2", "b=3=4;c=; __Host-b=5", "d"] {
            headers.append(COOKIE, HeaderValue::from_static(header));
        }
        for (name, expected) in [
            ("a", Some("1")),
            ("ab", Some("2")),
            ("b", Some("3=4")),
            ("c", Some("")),
            ("d", None),
            ("", None),
        ] {
            assert_eq!(value(&headers, name), expected, "{name}");
        }
    }

    #[test]
    fn attributes_are_strict_over_tls_and_plain_on_this_machine() {
        let (secure, plain) = (Cookies { is_secure: true }, Cookies { is_secure: false });
        let set =
            |cookies: Cookies, name: &str| cookies.set(name, "v", SignedDuration::from_mins(15)).unwrap();
        assert_eq!(
            set(secure, &secure.session()),
            "__Host-bridge-session=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set(plain, &plain.session()),
            "bridge-session=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"
        );
        assert_eq!(secure.login("abcdefghijk"), "__Host-bridge-login-abcdefgh");
        assert_eq!(plain.delete("x").unwrap(), "x=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
