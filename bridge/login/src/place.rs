//! Where browsers find the bridge, and where they go after a login.

use std::str::FromStr;

use url::{Host, Url};

/// The URL at which browsers find the bridge: `https://bridge.example.org`. Plain HTTP is for this machine alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    is_secure: bool,
}

impl PublicUrl {
    /// Returns its origin, without a slash at the end.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether browsers reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Returns the whole URL of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Returns the path if it is one of ours. A login must not lead to another site.
    pub(crate) fn is_ours(&self, path: &str) -> bool {
        // Browsers read `\` as `/`, and skip control characters; `//host` is another site.
        let is_path = path.starts_with('/') && !path.starts_with("//");
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let joined = Url::parse(&self.origin).and_then(|origin| origin.join(path));
        is_path && is_plain && joined.is_ok_and(|url| url.origin().ascii_serialization() == self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "write an address without a path such as https://bridge.example.org";
        let url = Url::parse(text).map_err(|_| WRONG)?;
        let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !is_origin || has_user {
            return Err(WRONG);
        }
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => Ok(Self { origin: url.origin().ascii_serialization(), is_secure: true }),
            "http" if is_local => Ok(Self { origin: url.origin().ascii_serialization(), is_secure: false }),
            "http" => Err("only an address of this machine can be without TLS: write https"),
            _ => Err(WRONG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin_over_tls_or_of_this_machine() {
        for (text, origin) in [
            ("https://bridge.example.org", "https://bridge.example.org"),
            ("https://Bridge.example.org:443/", "https://bridge.example.org"),
            ("https://10.0.0.1:8443", "https://10.0.0.1:8443"),
            ("http://localhost:9095", "http://localhost:9095"),
            ("http://127.0.0.1:9095/", "http://127.0.0.1:9095"),
            ("http://[::1]:9095", "http://[::1]:9095"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.origin(), url.is_secure()), (origin, origin.starts_with("https")), "{text}");
        }
        for text in [
            "",
            "bridge.example.org",
            "http://bridge.example.org",
            "http://localhost.example.org",
            "https://bridge.example.org/path",
            "https://bridge.example.org/?q",
            "https://bridge.example.org/#f",
            "https://user@bridge.example.org",
            "ftp://localhost",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_are_ours() {
        let url: PublicUrl = "https://bridge.example.org".parse().unwrap();
        for path in ["/", "/session", "/a?b=//c&d=%5C#e", "/a//b", "/@other.example"] {
            assert!(url.is_ours(path), "{path}");
        }
        for path in [
            "",
            "session",
            "//other.example",
            "///other.example",
            "/\\other.example",
            "\\\\other.example",
            "/a\\..\\..\\other.example",
            "/\t/other.example",
            "\t//other.example",
            "/\n/other.example",
            " //other.example",
            "https://other.example",
            "https:/other.example",
            "https:other.example",
            "javascript:alert(1)",
            "/ü",
            "/\u{0}",
        ] {
            assert!(!url.is_ours(path), "{path}");
        }
    }
}
