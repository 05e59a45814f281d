//! Tokens that must not be accepted.

use ring::hmac;
use serde_json::{Value, json};

use super::signer::{Signer, encoded};
use super::{BEGIN, Guarded, TestIssuer};

/// The claims with one of them changed, or without it.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    claims
}

/// A token that is signed with a secret.
fn by_secret(secret: &[u8], id: &str, claims: &Value) -> String {
    let header = json!({"alg": "HS256", "kid": id, "typ": "JWT"});
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", encoded(signature))
}

#[tokio::test]
async fn forged_tokens_are_refused_with_the_reason() {
    let (rsa, es, other) = (Signer::rsa("rsa"), Signer::es256("es"), Signer::es256("es"));
    let issuer = TestIssuer::start(&[]).await;
    let weak = encoded([0xff; 128]);
    let encryption = with(&Signer::ed("enc").jwk(), "use", "enc".into());
    let sealing = with(&with(&Signer::ed("ops").jwk(), "use", Value::Null), "key_ops", json!(["sign"]));
    issuer.publishes(json!({"keys": [
        rsa.jwk(), es.jwk(), encryption, sealing,
        {"kty": "oct", "kid": "oct", "k": encoded("secret")},
        {"kty": "RSA", "kid": "weak", "n": weak, "e": "AQAB"},
        {"kty": "RSA", "kid": "pinned", "alg": "PS256", "n": rsa.jwk()["n"], "e": "AQAB"},
        {"kty": "unheard of"},
    ]}));
    let server = Guarded::by(&issuer).await;
    let claims = issuer.claims();
    assert!(server.accepts(&es.token(&claims)).await);

    let header = |more: Value| {
        let mut header = json!({"alg": "ES256", "kid": "es", "typ": "at+jwt"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    let es_with = |more| es.signed(&header(more), &claims);
    let rsa_as = |header: Value| rsa.signed(&header, &claims);
    let claimed = |name, value| es.token(&with(&claims, name, value));
    let unsigned =
        format!("{}.{}.", encoded(json!({"alg": "none"}).to_string()), encoded(claims.to_string()));
    let good = es.token(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let changed = format!(
        "{}.{}.{signature}",
        message.split_once('.').unwrap().0,
        encoded(with(&claims, "sub", "root".into()).to_string())
    );
    let public = rsa.jwk()["n"].as_str().unwrap().to_owned();
    let (key, wrong, header_fault) =
        ("a key that its issuer does not have", "signature of the token", "crit, jku");
    let (unknown, claim, expired) = ("is not known here", "lacks a claim", "has expired");
    for (what, token, reason) in [
        ("no signature at all", unsigned, unknown),
        ("HS256 with the public key", by_secret(public.as_bytes(), "rsa", &claims), key),
        ("a published secret", by_secret(b"secret", "oct", &claims), key),
        ("a changed claim", changed, wrong),
        ("an empty signature", format!("{message}."), wrong),
        ("another issuer's key", other.token(&claims), wrong),
        ("an algorithm of another family", rsa_as(json!({"alg": "RS256", "kid": "es"})), key),
        ("the wrong algorithm of the family", rsa_as(json!({"alg": "RS256", "kid": "pinned"})), key),
        ("RSA with 1024 bits", rsa_as(json!({"alg": "RS256", "kid": "weak"})), key),
        ("a key for encryption", rsa_as(json!({"alg": "EdDSA", "kid": "enc"})), key),
        ("a key for signing only", rsa_as(json!({"alg": "EdDSA", "kid": "ops"})), key),
        ("two keys could be meant", rsa_as(json!({"alg": "PS256"})), key),
        ("crit", es_with(json!({"crit": ["exp"], "exp": 1})), header_fault),
        ("crit b64", es_with(json!({"crit": ["b64"], "b64": true})), header_fault),
        ("jku", es_with(json!({"jku": "https://evil.example/keys"})), header_fault),
        ("x5u", es_with(json!({"x5u": "https://evil.example/cert"})), header_fault),
        ("jwk", es_with(json!({"jwk": other.jwk()})), header_fault),
        ("another type", es_with(json!({"typ": "dpop+jwt"})), "type of the token"),
        ("no issuer", claimed("iss", Value::Null), unknown),
        ("several issuers", claimed("iss", json!([issuer.url()])), unknown),
        ("another issuer", claimed("iss", "https://evil.example".into()), "issuer of the token"),
        (
            "the issuer with a slash",
            claimed("iss", format!("{}/", issuer.url()).into()),
            "issuer of the token",
        ),
        ("no audience", claimed("aud", Value::Null), claim),
        ("an ID token, for its client", claimed("aud", "some-client".into()), "audience"),
        ("a part of the audience", claimed("aud", "bridg".into()), "audience"),
        ("no expiry", claimed("exp", Value::Null), claim),
        ("an expiry as text", claimed("exp", (BEGIN + 60).to_string().into()), claim),
        ("expired", claimed("exp", (BEGIN - 30).into()), expired),
        ("expired long ago", claimed("exp", 0.into()), expired),
        ("not yet", claimed("nbf", (BEGIN + 31).into()), "not valid yet"),
        ("not before as text", claimed("nbf", "now".into()), claim),
        ("no subject", claimed("sub", Value::Null), claim),
        ("a subject with a control character", claimed("sub", "a\u{7}".into()), claim),
        ("one part", "token".to_owned(), unknown),
        ("two parts", message.to_owned(), unknown),
        ("four parts", format!("{good}.x"), unknown),
        ("nothing", "..".to_owned(), unknown),
    ] {
        let mut caller = server.connect().await;
        caller
            .send(format!("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"))
            .await
            .unwrap();
        let refused = caller.answer().await.unwrap();
        assert_eq!(refused.status, 401, "{what}: {}", refused.body);
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(
            challenge
                .starts_with("Bearer realm=\"workflows\", error=\"invalid_token\", error_description=\"")
                && challenge.contains(reason)
                && refused.body.contains(reason),
            "{what}: {challenge}"
        );
    }
    // Clocks may differ by half a minute.
    for (name, value) in [("exp", BEGIN - 29), ("nbf", BEGIN + 30)] {
        assert!(server.accepts(&claimed(name, value.into())).await, "{name}");
    }
    assert!(server.accepts(&claimed("exp", json!(BEGIN as f64 + 0.5))).await);
    assert!(server.accepts(&claimed("aud", "bridge".into())).await);
}

#[tokio::test]
async fn a_remembered_token_expires() {
    let signer = Signer::es256("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&issuer).await;
    let token = signer.token(&with(&issuer.claims(), "exp", (BEGIN + 20).into()));
    assert!(server.accepts(&token).await);
    server.pass(49);
    assert!(server.accepts(&token).await);
    server.pass(1);
    assert!(!server.accepts(&token).await);
}
