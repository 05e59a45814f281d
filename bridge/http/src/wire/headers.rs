//! Request headers that are not HTTP's own.

use http::HeaderMap;

use crate::problem::ApiError;
use crate::wire::params::invalid;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const KEY_MAX: usize = 255;

/// Returns the `Idempotency-Key`, either bare or quoted as in the draft standard of the header.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sound = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound && keys.next().is_none() {
        Ok(Some(text.to_owned()))
    } else {
        Err(invalid(IDEMPOTENCY_KEY, "is not one key: write 1 to 255 visible ASCII characters"))
    }
}
