//! Kubernetes as an issuer: its documents need its authority and the pod's token.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use harness::eventually;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use service::http::{Options, Tls, TlsFiles};

use super::signer::Signer;
use super::{BEGIN, Guarded};
use crate::https::{Secret, authority};
use crate::server::{SOON, Server};

const URL: &str = "https://kubernetes.default.svc.cluster.local";

#[tokio::test]
async fn a_service_account_is_known_by_its_token() {
    let (signer, ours) = (Signer::rsa("cluster"), authority());
    // An API server: over TLS with a certificate of its own authority, for those who have a token.
    let keys = json!({"keys": [signer.jwk()]}).to_string();
    let router = Router::new().route(
        "/openid/v1/jwks",
        get(async move |headers: HeaderMap| {
            let is_known = headers.get("authorization").is_some_and(|token| token == "Bearer of-the-pod");
            if is_known { Ok(keys) } else { Err(StatusCode::UNAUTHORIZED) }
        }),
    );
    let secret = Secret::new(&ours, &ours);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([Ipv4Addr::LOCALHOST.to_string()]).unwrap();
    secret.write("tls.crt", params.signed_by(&key, &ours).unwrap().pem());
    secret.write("tls.key", key.serialize_pem());
    secret.write("token", "of-the-pod\n");
    let file = |name| secret.path(name);
    let (certificate, key) = (file("tls.crt").as_path().into(), file("tls.key").as_path().into());
    let tls = Some(Tls::load(TlsFiles { certificate, key, callers: None }).unwrap());
    let server = Server::with(router, Options { tls, ..Options::default() }, Duration::from_secs(30)).await;

    let entry = format!(
        "[[issuer]]\nname = \"kubernetes\"\nissuer = {URL:?}\naudience = \"emco-bridge\"\n\
         keys_url = \"https://{}/openid/v1/jwks\"\nca_file = {:?}\n",
        server.address,
        file("ca.crt")
    );
    let with_token = format!("{entry}token_file = {:?}\n", file("token"));
    let token = |audience: Value| {
        signer.token(&json!({
            "iss": URL, "sub": "system:serviceaccount:emco:policy-controller", "aud": audience,
            "exp": BEGIN + 600, "nbf": BEGIN, "iat": BEGIN, "jti": "1",
            "kubernetes.io": {"namespace": "emco", "serviceaccount": {"name": "policy-controller", "uid": "1"}},
        }))
    };
    let guarded = Guarded::with(&with_token).await;
    let ours = token(json!(["emco-bridge"]));
    eventually(SOON, "the keys are fetched", async || guarded.accepts(&ours).await).await;
    let accepted = guarded.ask(&ours).await;
    let name = "Issuer kubernetes system:serviceaccount:emco:policy-controller []";
    assert_eq!(accepted, (200, name.to_owned()));
    // The token that each pod has for the API server is none for us.
    assert_eq!(guarded.ask(&token(json!([URL]))).await.0, 401);

    let without = Guarded::with(&entry).await;
    assert_eq!(
        without.ask(&token(json!("emco-bridge"))).await.0,
        503,
        "the API server wants the pod's token"
    );
}
