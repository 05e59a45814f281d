//! Login with a browser on any machine, by a code (RFC 8628).

use std::time::Duration;

use anyhow::Result;
use oauth2::StandardDeviceAuthorizationResponse;

use super::issuer::Issuer;
use super::tokens::Tokens;
use crate::exit::ended;
use crate::output::note;

/// Shows a code, and waits until a person has entered it at the issuer.
pub(super) async fn log_in(issuer: &Issuer<'_>, most: Duration) -> Result<Tokens> {
    let Some(url) = issuer.endpoints.device_authorization_endpoint.clone() else {
        return Err(ended(1, format!("the issuer {} has no login by code: use a browser", issuer.at.issuer)));
    };
    let (client, http) = (issuer.client().set_device_authorization_url(url), issuer.http());
    let request = client.exchange_device_code().add_scopes(issuer.scopes());
    let request =
        issuer.resource().fold(request, |request, (name, value)| request.add_extra_param(name, value));
    let asked = request.request_async(&http).await;
    let code: StandardDeviceAuthorizationResponse = asked.map_err(|error| issuer.failed(error))?;
    note(&format!(
        "open {} and enter the code {}",
        code.verification_uri().as_str(),
        code.user_code().secret()
    ));
    if let Some(whole) = code.verification_uri_complete() {
        note(&format!("or open {}", whole.secret()));
    }
    let request = client.exchange_device_access_token(&code);
    let request =
        issuer.resource().fold(request, |request, (name, value)| request.add_extra_param(name, value));
    let response = request.request_async(&http, tokio::time::sleep, Some(most)).await;
    Ok(issuer.tokens(&response.map_err(|error| issuer.failed(error))?, None))
}
