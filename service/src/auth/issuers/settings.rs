//! The file of issuers.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use crate::files::{FileError, SettingFile};

/// The settings of one issuer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerSettings {
    /// How bindings, audit and metrics call it.
    pub(super) name: String,
    /// The claim `iss` of its tokens, to the letter, and the base of its discovery document.
    pub(super) issuer: String,
    /// What the claim `aud` must contain.
    pub(super) audience: String,
    /// The claim with the groups of a caller: its name, or a path (`realm_access.roles`).
    pub(super) groups_claim: Option<String>,
    /// The claim with the name of a caller.
    #[serde(default = "subject")]
    pub(super) name_claim: String,
    /// The URL of its keys. Without it, the discovery document has it.
    #[serde(default, deserialize_with = "some_url")]
    pub(super) keys_url: Option<Url>,
    /// Authorities to trust for it instead of the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// The token with which its documents are requested.
    pub(super) token_file: Option<PathBuf>,
    /// Whether its documents may be requested without TLS.
    #[serde(default)]
    pub(super) allow_http: bool,
    /// Whether persons log in there with their browsers.
    pub(super) login: Option<LoginSettings>,
}

/// How persons log in at an issuer with their browsers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginSettings {
    /// The ID of this process as a client of the issuer.
    pub(super) client_id: String,
    /// The file with the client's secret. Without it, it is a public client.
    pub(super) client_secret_file: Option<PathBuf>,
    /// What is asked for, separated by spaces.
    #[serde(default = "scope")]
    pub(super) scope: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    issuer: Vec<IssuerSettings>,
}

pub(super) fn some_url<'de, D: Deserializer<'de>>(text: D) -> Result<Option<Url>, D::Error> {
    a_url(text).map(Some)
}

/// Reads a URL from its text.
pub(super) fn a_url<'de, D: Deserializer<'de>>(text: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(text)?).map_err(D::Error::custom)
}

fn scope() -> String {
    "openid profile".to_owned()
}

fn subject() -> String {
    "sub".to_owned()
}

/// Reads the issuers of the file `file`.
pub(super) fn read(file: &SettingFile, content: &[u8]) -> Result<Vec<IssuerSettings>, FileError> {
    let text = str::from_utf8(content).map_err(|error| file.fault_because("is no text", error))?;
    let document: Document = toml::from_str(text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start);
        let line = content[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
        file.fault(format!("is not valid in line {line}: {}", error.message()))
    })?;
    let (mut names, mut urls) = (HashSet::new(), HashSet::new());
    let mut logins = 0;
    for issuer in &document.issuer {
        let name = &issuer.name;
        let fault = |fault: &str| Err(file.fault(format!("cannot be used: the issuer `{name}` {fault}")));
        if name.is_empty() || name.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return fault("needs a name without spaces");
        }
        if !names.insert(name) {
            return fault("stands there twice");
        }
        if !urls.insert(&issuer.issuer) {
            return fault("has the URL of another one");
        }
        if issuer.audience.is_empty() {
            return fault("needs an `audience`: what its tokens for this process have in `aud`");
        }
        if issuer.name_claim.is_empty() {
            return fault("needs a `name_claim`, such as sub");
        }
        let Ok(url) = Url::parse(&issuer.issuer) else {
            return fault("needs a URL as `issuer`, such as https://login.example.org/realms/emco");
        };
        if let Some(login) = &issuer.login {
            if login.client_id.is_empty() {
                return fault("needs a `client_id` for its login");
            }
            if !login.scope.split(' ').any(|scope| scope == "openid") {
                return fault("needs `openid` in the `scope` of its login");
            }
            if !issuer.may_request(&url) {
                return fault("is requested without TLS for logins; use https, or set allow_http = true");
            }
            logins += 1;
        }
        if !issuer.may_request(issuer.keys_url.as_ref().unwrap_or(&url)) {
            return fault("is requested without TLS; use https, or set allow_http = true");
        }
    }
    if logins > 1 {
        return Err(file.fault("has several issuers with a `login`; browsers log in at one"));
    }
    if document.issuer.is_empty() {
        return Err(file.fault("has no issuer; write [[issuer]] with name, issuer and audience"));
    }
    Ok(document.issuer)
}

impl IssuerSettings {
    /// Whether a document may be requested at this URL: over TLS, from this machine, or as the operator allows.
    pub(super) fn may_request(&self, url: &Url) -> bool {
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        url.scheme() == "https" || (url.scheme() == "http" && (is_local || self.allow_http))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.example.org\"\naudience = \"b\"\n";

    const LOGIN: &str = "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.example.org\"\naudience = \"b\"\n\
                         [issuer.login]\nclient_id = \"bridge\"\n";

    fn fault(content: &str) -> String {
        let file = SettingFile::of("ISSUERS", "/issuers.toml");
        crate::chain(&read(&file, content.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_file_that_cannot_be_used_names_the_line_or_the_issuer() {
        for (content, words) in [
            ("", "is not valid in line 1: missing field `issuer`"),
            ("issuer = []", "has no issuer"),
            (
                "[[issuer]]\nname = \"corp\"\nissure = \"x\"\n",
                "is not valid in line 3: unknown field `issure`",
            ),
            (&GOOD.replace("corp", "a b"), "needs a name without spaces"),
            (&GOOD.replace("https:", "http:"), "without TLS; use https, or set allow_http"),
            (&GOOD.replace("https://", ""), "needs a URL as `issuer`"),
            (&GOOD.replace("\"b\"", "\"\""), "needs an `audience`"),
            (&format!("{GOOD}{GOOD}"), "the issuer `corp` stands there twice"),
            (&format!("{GOOD}{}", GOOD.replace("corp", "other")), "`other` has the URL of another one"),
            (&format!("{GOOD}login = {{}}"), "is not valid in line 5: missing field `client_id`"),
            (&format!("{GOOD}login = {{ client_id = \"\" }}"), "needs a `client_id`"),
            (&format!("{GOOD}login = {{ client_id = \"b\", scope = \"open\" }}"), "needs `openid`"),
            (&format!("{LOGIN}{}", LOGIN.replace("corp", "two").replace(".org", ".com")), "several issuers"),
            (&format!("{GOOD}keys_url = \"http://login.example.org/keys\""), "without TLS"),
        ] {
            let error = fault(content);
            assert!(error.contains(words) && error.contains("(ISSUERS)"), "{words}: {error}");
        }
    }

    #[test]
    fn documents_are_requested_over_tls_or_from_this_machine() {
        let file = SettingFile::of("ISSUERS", "/issuers.toml");
        let [strict, allowing] = ["", "allow_http = true"]
            .map(|more| read(&file, format!("{GOOD}{more}").as_bytes()).unwrap().remove(0));
        for (url, is_strictly) in [
            ("https://login.example.org", true),
            ("http://127.0.0.1:80/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://localhost.example.org/", false),
            ("http://10.0.0.1/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(strict.may_request(&url), is_strictly, "{url}");
            assert!(allowing.may_request(&url), "{url}");
        }
        assert!(!allowing.may_request(&Url::parse("ftp://localhost/").unwrap()));
    }
}
