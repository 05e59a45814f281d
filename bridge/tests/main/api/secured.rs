//! Authentication and TLS of the listener.

use harness::http;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, Identity, Method};
use service::auth::NewToken;

use super::{Api, problem_of};

#[tokio::test]
async fn callers_need_a_token_and_operators_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    std::fs::write(&tokens, NewToken::of("alice", "let-me-in").unwrap().line()).unwrap();
    let flags = ["--bearer-tokens", tokens.to_str().unwrap(), "--trusted-proxies", ""];
    let api = Api::with(&flags).await;
    let known = api.request(Method::GET, "").bearer_auth("let-me-in").send().await.unwrap();
    assert_eq!(known.status(), 200);
    let unknown = api.request(Method::GET, "").send().await.unwrap();
    assert_eq!(unknown.headers()["www-authenticate"], "Bearer realm=\"workflows\"");
    problem_of(unknown, 401, "unauthorized").await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http().get(format!("{}{path}", api.url)).send().await.unwrap().status(), 200, "{path}");
    }
}

/// An authority, and a certificate signed by it for 127.0.0.1, as text and in files.
pub(super) struct Papers {
    authority: String,
    chain: String,
    key: String,
    pub(super) certificate: String,
    pub(super) key_file: String,
    pub(super) ca: String,
    pub(super) directory: tempfile::TempDir,
}

impl Papers {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned(), "bridge.test".to_owned()]).unwrap();
        let (chain, key) = (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem());
        let directory = tempfile::tempdir().unwrap();
        let authority = authority.pem();
        let file = |name: &str, content: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (certificate, key_file) = (file("tls.crt", &chain), file("tls.key", &key));
        let ca = file("ca.crt", &authority);
        Self { authority, chain, key, certificate, key_file, ca, directory }
    }

    /// Writes another file, and returns its path.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn callers_with_a_certificate_are_served_over_tls() {
    let papers = Papers::new();
    let Papers { authority, chain, key, certificate, key_file, ca, .. } = &papers;
    let flags = ["--tls-certificate", certificate, "--tls-key", key_file, "--tls-client-ca", ca];
    let api = Api::with(&flags).await;
    let url = api.url.replace("http:", "https:") + "/healthz";
    // The process chooses its TLS provider.
    http();
    let caller = || {
        let roots = [Certificate::from_pem(authority.as_bytes()).unwrap()];
        Client::builder().no_proxy().tls_certs_only(roots)
    };
    let identity = Identity::from_pem(format!("{chain}{key}").as_bytes()).unwrap();
    let certified = caller().identity(identity).build().unwrap();
    assert_eq!(certified.get(&url).send().await.unwrap().status(), 200);
    assert!(caller().build().unwrap().get(&url).send().await.is_err());
    assert!(http().get(format!("{}/healthz", api.url)).send().await.is_err());
}
