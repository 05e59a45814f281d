//! Parses the address of a Temporal server.

use url::Url;

/// The port of Temporal's frontend.
pub(super) const PORT: u16 = 7233;

/// The error for a text that is not the address of a Temporal server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the address of a Temporal server: write host:port, or http:// or https:// and host:port"
)]
pub struct AddressError(String);

/// Parses `host`, `host:port` or a URL. Without a scheme, `tls` decides about it. The default port is 7233;
/// with a scheme, it is that of the scheme, as in the SDK.
pub(super) fn url(text: &str, tls: bool) -> Result<Url, AddressError> {
    let wrong = || AddressError(text.to_owned());
    let trimmed = text.trim();
    let mut url = if trimmed.contains("://") {
        Url::parse(trimmed).map_err(|_| wrong())?
    } else {
        let scheme = if tls { "https" } else { "http" };
        let port = if has_port(trimmed) { String::new() } else { format!(":{PORT}") };
        Url::parse(&format!("{scheme}://{trimmed}{port}")).map_err(|_| wrong())?
    };
    let plain = url.host_str().is_some_and(|host| !host.is_empty())
        && matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain {
        return Err(wrong());
    }
    // Targets are compared, so equal addresses need equal texts.
    url.set_path("/");
    Ok(url)
}

/// Returns whether the text ends with a port: `host:1`, `[::1]:1`, but not `[::1]`.
pub(super) fn has_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_lack_a_scheme_and_a_port() {
        for (text, tls, read) in [
            ("temporal", false, "http://temporal:7233/"),
            ("temporal:7234", false, "http://temporal:7234/"),
            (" 192.168.0.33:7233 ", false, "http://192.168.0.33:7233/"),
            ("[::1]", false, "http://[::1]:7233/"),
            ("[::1]:7234", false, "http://[::1]:7234/"),
            ("cloud.example:7233", true, "https://cloud.example:7233/"),
            ("cloud.example:443", true, "https://cloud.example/"),
            ("https://cloud.example", false, "https://cloud.example/"),
            ("http://temporal:7233", true, "http://temporal:7233/"),
            ("http://Temporal:7233/", false, "http://temporal:7233/"),
        ] {
            assert_eq!(url(text, tls).map(String::from), Ok(read.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "  ",
            ":7233",
            "::1",
            "host:99999",
            "host:port",
            "ftp://host",
            "http://",
            "host/path",
            "host?a=b",
            "user@host",
            "host name",
        ] {
            assert_eq!(url(text, false), Err(AddressError(text.to_owned())));
        }
    }
}
