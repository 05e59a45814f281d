//! The login of persons at an issuer: OpenID Connect Core 1.0, authorization code flow, with PKCE (RFC 7636).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::client::{Client, LoginFault};
use super::token::{Issuer, TokenFault};
use crate::auth::identity::Identity;

/// The issuer at which persons log in with their browsers.
#[derive(Debug, Clone)]
pub struct Login(Arc<Issuer>);

/// The secrets of one login, which the browser keeps for us until it is complete.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoginAttempt {
    /// Comes back with the response.
    pub state: String,
    nonce: String,
    verifier: String,
}

/// What the browser brings back from the issuer.
#[derive(Debug, Clone)]
pub struct LoginResponse<'a> {
    /// The code, with which tokens are fetched once.
    pub code: &'a str,
    /// The issuer that has sent it, if it names itself (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// A person who has logged in.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    name: String,
    groups: Vec<String>,
    /// The claim `sub`, which must stay the same.
    subject: String,
    nonce: String,
    /// With it, the issuer is asked whether the login still holds.
    refresh: Option<String>,
}

impl LoginAttempt {
    /// Returns new secrets; `None` if the system has no random numbers.
    pub fn new() -> Option<Self> {
        let random = || {
            let mut bytes = [0; 32];
            SystemRandom::new().fill(&mut bytes).ok()?;
            Some(URL_SAFE_NO_PAD.encode(bytes))
        };
        Some(Self { state: random()?, nonce: random()?, verifier: random()? })
    }
}

impl LoggedIn {
    /// Returns the person as if it had sent a token of the issuer.
    pub fn identity(&self, issuer: &Login) -> Identity {
        issuer.0.person(&self.name, self.groups.as_slice().into())
    }

    /// Whether the issuer can be asked if the login still holds.
    pub fn can_be_renewed(&self) -> bool {
        self.refresh.is_some()
    }
}

impl Login {
    /// `issuer` has a client.
    pub(super) fn new(issuer: Arc<Issuer>) -> Self {
        Self(issuer)
    }

    /// Returns the name that the settings give to the issuer.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns the issuer's own name, a URL.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    fn client(&self) -> Result<&Client, LoginFault> {
        self.0.client.as_ref().ok_or(LoginFault::Unavailable(None))
    }

    /// Returns where the browser must go. The issuer sends it back to `redirect`.
    ///
    /// # Errors
    /// When the issuer's document cannot be fetched.
    pub async fn begin(&self, attempt: &LoginAttempt, redirect: &str) -> Result<Url, LoginFault> {
        let client = self.client()?;
        let mut url = client.endpoints(self.0.clock.now()).await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.settings.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &client.settings.scope)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&attempt.verifier)))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Completes the login with what the browser has brought back, whose state the caller has compared.
    ///
    /// # Errors
    /// When the issuer is away or refuses it, or its answer is not for this attempt.
    pub async fn complete(
        &self,
        attempt: &LoginAttempt,
        response: LoginResponse<'_>,
        redirect: &str,
    ) -> Result<LoggedIn, LoginFault> {
        let client = self.client()?;
        let endpoints = client.endpoints(self.0.clock.now()).await?;
        let must_be_named = endpoints.authorization_response_iss_parameter_supported;
        if response.issuer.map_or(must_be_named, |issuer| !self.0.has_url(issuer)) {
            return Err(LoginFault::OtherIssuer);
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", response.code),
            ("redirect_uri", redirect),
            ("code_verifier", &attempt.verifier),
        ];
        let tokens = client.tokens(&endpoints, &form).await?;
        let token = tokens.id_token.ok_or_else(|| LoginFault::Token("there is none".to_owned()))?;
        let person = self.person(&token, &attempt.nonce, true).await?;
        Ok(LoggedIn { refresh: tokens.refresh_token, ..person })
    }

    /// Asks the issuer whether a login still holds (OpenID Connect Core 1.0, 12).
    ///
    /// # Errors
    /// When the issuer is away, or the login does not hold: [`LoginFault::Refused`] or [`LoginFault::Token`].
    pub async fn renew(&self, person: &LoggedIn) -> Result<LoggedIn, LoginFault> {
        let client = self.client()?;
        let Some(refresh) = &person.refresh else {
            return Err(LoginFault::Refused("no_refresh_token".to_owned()));
        };
        let endpoints = client.endpoints(self.0.clock.now()).await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let tokens = client.tokens(&endpoints, &form).await?;
        // An issuer need not send an ID token again.
        let renewed = match &tokens.id_token {
            Some(token) => self.person(token, &person.nonce, false).await?,
            None => person.clone(),
        };
        if renewed.subject != person.subject {
            return Err(LoginFault::Token("it is that of another person".to_owned()));
        }
        Ok(LoggedIn { refresh: tokens.refresh_token.or_else(|| person.refresh.clone()), ..renewed })
    }

    /// Returns where the browser must go to log out at the issuer too, if that is possible (OpenID Connect RP-Initiated
    /// Logout 1.0). The request has no ID token, because no token goes through the browser; so the issuer may ask.
    pub async fn end(&self, back: &str) -> Option<Url> {
        let client = self.client().ok()?;
        let mut url = client.endpoints(self.0.clock.now()).await.ok()?.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &client.settings.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url)
    }

    async fn person(&self, token: &str, nonce: &str, has_nonce: bool) -> Result<LoggedIn, LoginFault> {
        let wrong = |fault: TokenFault| match fault {
            TokenFault::NoKeys => LoginFault::Unavailable(Some(fault.into())),
            fault => LoginFault::Token(fault.to_string()),
        };
        let claims = self.0.id_token(token, &self.client()?.settings.client_id).await.map_err(wrong)?;
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").ok_or_else(|| wrong(TokenFault::Claim))?;
        if claims.get("nonce").map_or(has_nonce, |claim| claim.as_str() != Some(nonce)) {
            return Err(LoginFault::Token("it is not for this login".to_owned()));
        }
        let identity = self.0.identity(&claims).map_err(wrong)?;
        let (name, groups) = (identity.name().to_owned(), identity.groups().to_vec());
        Ok(LoggedIn { name, groups, subject, nonce: nonce.to_owned(), refresh: None })
    }
}

// Their secrets are not printed.
impl fmt::Debug for LoginAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAttempt").finish_non_exhaustive()
    }
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn").field("name", &self.name).finish_non_exhaustive()
    }
}
