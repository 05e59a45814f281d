//! Verifies one token.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::client::Client;
use super::key_set::{Key, KeySet};
use super::keys::Keys;
use super::settings::IssuerSettings;
use crate::auth::identity::{Identity, Proof};
use crate::clock::Clock;

/// How far the clocks of issuers may be from ours.
const LEEWAY: i64 = 30;
/// How long a verified token is believed without another look.
const BELIEVED: SignedDuration = SignedDuration::from_secs(60);

/// An issuer whose tokens are accepted.
pub(super) struct Issuer {
    name: String,
    url: String,
    /// What the claims of its tokens must be. The algorithms are added for each key.
    validation: Validation,
    groups_claim: Option<String>,
    name_claim: String,
    keys: Arc<Keys>,
    /// How persons log in there with their browsers.
    pub(super) client: Option<Client>,
    pub(super) clock: Clock,
}

/// Why a token is not accepted. The texts are sent to the caller: they must fit into `error_description` of RFC 6750.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::auth) enum TokenFault {
    #[error("the bearer token is not known here")]
    Unknown,
    #[error("the issuer of the token is not accepted here")]
    Issuer,
    #[error("the type of the token is not that of an access token")]
    Type,
    #[error("the token has a header that is not accepted: crit, jku, jwk or x5u")]
    Header,
    #[error("the keys of the issuer cannot be fetched now; try again later")]
    NoKeys,
    #[error("the token is signed with a key that its issuer does not have, or not for this algorithm")]
    Key,
    #[error("the signature of the token is wrong")]
    Signature,
    #[error("the token is not for this service: its audience is another one")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    TooEarly,
    #[error("the token lacks a claim, or a claim has the wrong type")]
    Claim,
}

#[derive(Deserialize)]
struct Claimed {
    /// An array is no issuer, whatever it contains.
    iss: String,
}

/// Returns the issuer that a token names. Nothing is verified yet.
pub(super) fn issuer_of(token: &[u8]) -> Result<String, TokenFault> {
    let claimed = dangerous::insecure_decode_claims::<Claimed>(token);
    claimed.map(|claimed| claimed.iss).map_err(|_| TokenFault::Unknown)
}

impl Issuer {
    pub(super) fn new(
        settings: &IssuerSettings,
        keys: Arc<Keys>,
        client: Option<Client>,
        clock: Clock,
    ) -> Self {
        let mut validation = Validation::default();
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_audience(&[&settings.audience]);
        validation.set_issuer(&[&settings.issuer]);
        // These are compared with the clock of the process: see `is_current`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            name: settings.name.clone(),
            url: settings.issuer.clone(),
            validation,
            groups_claim: settings.groups_claim.clone(),
            name_claim: settings.name_claim.clone(),
            keys,
            client,
            clock,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn has_url(&self, url: &str) -> bool {
        self.url == url
    }

    pub(super) async fn prepare(&self) {
        self.keys.current().await;
    }

    /// Returns the owner of a token that names this issuer.
    pub(super) async fn owner(&self, token: &[u8]) -> Result<Identity, TokenFault> {
        let keys = self.keys.current().await.ok_or(TokenFault::NoKeys)?;
        let digest = Sha256::digest(token).into();
        if let Some(identity) = keys.remembered(&digest, self.clock.now()) {
            return Ok(identity);
        }
        let (claims, keys) = self.verified(token, keys, &self.validation).await?;
        let now = self.clock.now();
        let until = expiry(&claims, now)?;
        let identity = self.identity(&claims)?;
        keys.remember(digest, identity.clone(), until.min(now + BELIEVED));
        Ok(identity)
    }

    /// Returns the claims of an ID token for this client of the issuer (OpenID Connect Core 1.0, 3.1.3.7).
    pub(super) async fn id_token(&self, token: &str, client: &str) -> Result<Map<String, Value>, TokenFault> {
        let keys = self.keys.current().await.ok_or(TokenFault::NoKeys)?;
        let mut validation = self.validation.clone();
        validation.set_audience(&[client]);
        let (claims, _) = self.verified(token.as_bytes(), keys, &validation).await?;
        expiry(&claims, self.clock.now())?;
        // An array that has it would be accepted as well.
        if claims.get("iss").and_then(Value::as_str) != Some(&self.url) {
            return Err(TokenFault::Issuer);
        }
        let is_for_several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
        match claims.get("azp") {
            Some(party) if party.as_str() == Some(client) => Ok(claims),
            None if !is_for_several => Ok(claims),
            _ => Err(TokenFault::Audience),
        }
    }

    /// Verifies a token, with these keys or newer ones.
    async fn verified(
        &self,
        token: &[u8],
        mut keys: Arc<KeySet>,
        validation: &Validation,
    ) -> Result<(Map<String, Value>, Arc<KeySet>), TokenFault> {
        let header = accepted_header(token)?;
        let id = header.kid.as_deref();
        if keys.find(id, header.alg).is_none() {
            keys = self.keys.again().await.ok_or(TokenFault::NoKeys)?;
        }
        let key = keys.find(id, header.alg).ok_or(TokenFault::Key)?;
        let claims = verify(token, key, validation)?;
        Ok((claims, keys))
    }

    /// Returns who the owner of a token with these claims is.
    pub(super) fn identity(&self, claims: &Map<String, Value>) -> Result<Identity, TokenFault> {
        let name = claims.get(&self.name_claim).and_then(Value::as_str).ok_or(TokenFault::Claim)?;
        let groups = self.groups_claim.as_deref().and_then(|path| claim(claims, path));
        let identity = self.person(name, groups.map(texts).unwrap_or_default());
        if identity.name().is_empty() { Err(TokenFault::Claim) } else { Ok(identity) }
    }

    /// Returns the owner of a token with this name and these groups.
    pub(super) fn person(&self, name: &str, groups: Arc<[String]>) -> Identity {
        Identity::new(name, Proof::Issuer).issued(&self.name, groups)
    }
}

fn verify(token: &[u8], key: &Key, validation: &Validation) -> Result<Map<String, Value>, TokenFault> {
    let validation = Validation { algorithms: key.algorithms.clone(), ..validation.clone() };
    let verified = decode::<Map<String, Value>>(token, &key.key, &validation);
    verified.map(|token| token.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidAudience => TokenFault::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => TokenFault::Key,
        ErrorKind::InvalidIssuer => TokenFault::Issuer,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => TokenFault::Claim,
        _ => TokenFault::Unknown,
    })
}

/// Returns the header, if it is that of an access token (RFC 9068, and those before it) and asks for nothing that is
/// not done here. A token never names its own key.
fn accepted_header(token: &[u8]) -> Result<Header, TokenFault> {
    let header = decode_header(token).map_err(|_| TokenFault::Unknown)?;
    let is_access_token = header.typ.as_deref().is_none_or(|typ| {
        ["at+jwt", "application/at+jwt", "JWT"].iter().any(|known| typ.eq_ignore_ascii_case(known))
    });
    if !is_access_token {
        return Err(TokenFault::Type);
    }
    let asks = header.crit.is_some() || header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some();
    if asks { Err(TokenFault::Header) } else { Ok(header) }
}

/// Returns until when the token is valid, if it is now.
fn expiry(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, TokenFault> {
    // Fractions are allowed (RFC 7519, NumericDate); so far from now they are of no use.
    let seconds = |claim: &Value| claim.as_f64().map(|seconds| seconds as i64).ok_or(TokenFault::Claim);
    let expires = claims.get("exp").ok_or(TokenFault::Claim).and_then(seconds)?;
    if now.as_second() >= expires.saturating_add(LEEWAY) {
        return Err(TokenFault::Expired);
    }
    if let Some(from) = claims.get("nbf").map(seconds).transpose()?
        && from > now.as_second().saturating_add(LEEWAY)
    {
        return Err(TokenFault::TooEarly);
    }
    Ok(Timestamp::from_second(expires).unwrap_or(Timestamp::MAX))
}

/// Returns the claim of this name, else the one at this path.
fn claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    // Names that are URLs have dots.
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        claim(claims.get(first)?.as_object()?, rest)
    })
}

/// Returns the texts of a list, or the one text.
fn texts(claim: &Value) -> Arc<[String]> {
    match claim {
        Value::String(text) => Arc::new([text.clone()]),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Arc::default(),
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_found_by_name_and_by_path() {
        let claims = json!({
            "groups": ["a", 1, "b"], "role": "admin", "realm_access": {"roles": ["c"]},
            "https://example.org/groups": ["d"],
        });
        let claims = claims.as_object().unwrap();
        for (path, groups) in [
            ("groups", &["a", "b"][..]),
            ("role", &["admin"]),
            ("realm_access.roles", &["c"]),
            ("https://example.org/groups", &["d"]),
            ("realm_access", &[]),
            ("realm_access.other", &[]),
            ("groups.a", &[]),
        ] {
            assert_eq!(*claim(claims, path).map(texts).unwrap_or_default(), *groups, "{path}");
        }
    }

    #[test]
    fn faults_can_be_quoted_in_a_challenge() {
        for fault in [TokenFault::Header, TokenFault::Key, TokenFault::NoKeys] {
            let text = fault.to_string();
            assert!(text.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{text}");
        }
    }
}
