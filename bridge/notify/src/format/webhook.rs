//! Notifications with a signature.

use bridge_core::ports::KeptNotification;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use ring::hmac;

use crate::message::Message;

const SIGNATURE: HeaderName = HeaderName::from_static("emco-signature");
const DELIVERY: HeaderName = HeaderName::from_static("emco-delivery");

/// Adds `Emco-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", in hexadecimal>`, and the ID of the
/// delivery, which is the same for each try.
pub(super) fn signed(
    mut message: Message,
    kept: &KeptNotification,
    secret: Option<&Vec<u8>>,
    now: Timestamp,
) -> Result<Message, serde_json::Error> {
    let secret = secret.map(Vec::as_slice).unwrap_or_default();
    let signature = signature(secret, now.as_second(), &message.body);
    let id = format!("{}:{}", kept.notification.alarm.id.as_str(), kept.number);
    for (name, value) in [(SIGNATURE, signature), (DELIVERY, id)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            message.headers.insert(name, value);
        }
    }
    Ok(message)
}

fn signature(secret: &[u8], seconds: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    format!("t={seconds},v1={}", hex::encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_of_time_and_body() {
        // printf '7.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let expected = "t=7,v1=3cd0ad802237a2c96b7ee3b06705b7350cc8cf0ba4123033d13eda91ad9c4ec2";
        assert_eq!(signature(b"0123456789abcdef", 7, b"{}"), expected);
    }
}
