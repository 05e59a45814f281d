//! Tokens, certificates, authorities and revocation lists that are replaced three times while callers work.

use std::time::Duration;

use harness::{Mount, Wire, eventually, under_load};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, KeyIdMethod, KeyPair, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use service::auth::{Authenticator, BearerTokens, authenticated};
use service::files::SettingFile;
use service::http::{CallerFiles, ClientAuth, Options, TlsFiles};
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::HandshakeKind;

use crate::auth::{ask, lines, who};
use crate::http2::Http2;
use crate::https::{
    Authority, NAME, QUESTION, Secret, Trust, authority, certificate, options, question, serve,
    served_throughout,
};
use crate::server::{SOON, Server, echo};

/// How long a change may take to be seen.
const WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn tokens_are_replaced_under_requests() {
    let file = |number: usize| {
        let other = format!("other-{number}");
        [("tokens", lines(&[("alice", "hers"), ("bob", &other)]))]
    };
    let mut mount = Mount::new(&file(0)).unwrap();
    let tokens = Some(BearerTokens::load(mount.path("tokens").as_path()).unwrap());
    let server =
        Server::start(authenticated(who(), Authenticator { tokens, ..Authenticator::default() })).await;
    let mut kept = Wire::connect(server.address).await.unwrap();
    let alice = async || {
        let answer = ask(&mut kept, "GET", "Authorization: Bearer hers\r\n").await;
        assert_eq!(answer, (200, "Token alice".to_owned()));
    };
    let bob = async {
        let status = async |number: usize| {
            let mut caller = Wire::connect(server.address).await.unwrap();
            ask(&mut caller, "GET", &format!("Authorization: Bearer other-{number}\r\n")).await.0
        };
        for number in 1..=3 {
            assert_eq!(status(number - 1).await, 200);
            mount.swap(&file(number)).unwrap();
            eventually(WITHIN, "the former token is refused", async || status(number - 1).await == 401).await;
            assert_eq!(status(number).await, 200);
        }
    };
    under_load(alice, bob).await;
}

/// The files of a secret: a new certificate and key of the listener, and the authorities of callers.
fn papers(listener: &Authority, callers: [&Authority; 2]) -> [(&'static str, String); 3] {
    let (certificate, key) = certificate(listener, NAME);
    let authorities = callers.map(|authority| authority.pem()).concat();
    [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem()), ("ca.crt", authorities)]
}

/// Returns the certificate that the listener shows.
async fn shown(trust: &Trust, server: &Server) -> Vec<u8> {
    let stream = trust.connect(server.address).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn certificates_and_authorities_are_replaced_under_requests_on_kept_connections() {
    let (ours, hers) = (authority(), authority());
    let mut others = authority();
    let mut mount = Mount::new(&papers(&ours, [&hers, &others])).unwrap();
    let file = |name| SettingFile::from(mount.path(name).as_path());
    let (certificate_file, key) = (file("tls.crt"), file("tls.key"));
    let callers = CallerFiles { authorities: file("ca.crt"), revoked: None, auth: ClientAuth::Required };
    let server =
        serve(options(TlsFiles { certificate: certificate_file, key, callers: Some(callers) })).await;
    let trust = |authority: &Authority| Trust::of(&ours, Some(certificate(authority, "caller")));
    let (alice, alice_h2) = (trust(&hers), trust(&hers).speaking("h2"));
    let mut kept = Wire::over(alice.connect(server.address).await.unwrap());
    let kept_h2 = Http2::over(alice_h2.connect(server.address).await.unwrap()).await;
    let load = async || {
        kept.send(QUESTION).await.unwrap();
        assert_eq!(kept.answer().await.unwrap().status, 200);
        assert_eq!(kept_h2.ask(question()).await.unwrap().0, 200);
        assert!(alice.is_served(server.address).await);
    };
    let swaps = async {
        for _ in 0..3 {
            let bob = trust(&others);
            let mut bobs = Wire::over(bob.connect(server.address).await.unwrap());
            bobs.send(QUESTION).await.unwrap();
            assert_eq!(bobs.answer().await.unwrap().status, 200);
            let bobs_h2 = bob.speaking("h2").connect(server.address).await.unwrap();
            let bobs_h2 = Http2::over(bobs_h2).await;
            let former = shown(&alice_h2, &server).await;

            others = authority();
            mount.swap(&papers(&ours, [&hers, &others])).unwrap();
            let since = Instant::now();
            timeout(SOON, bobs.closed()).await.unwrap().unwrap();
            eventually(SOON, "the other is closed", async || bobs_h2.ask(question()).await.is_err()).await;
            assert!(since.elapsed() < WITHIN, "{:?}", since.elapsed());
            assert_ne!(shown(&alice_h2, &server).await, former);
            assert!(trust(&others).is_served(server.address).await);
        }
    };
    Box::pin(under_load(load, swaps)).await;
}

/// A certificate with this serial number.
fn numbered(authority: &Authority, number: u64) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["caller".to_owned()]).unwrap();
    params.serial_number = Some(SerialNumber::from(number));
    (params.signed_by(&key, authority).unwrap(), key)
}

/// The list of an authority that revokes these serial numbers.
fn list(authority: &Authority, numbers: std::ops::Range<u64>) -> String {
    let revoked = numbers.map(|number| RevokedCertParams {
        serial_number: SerialNumber::from(number),
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2021, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

fn files(secret: &Secret, lists: &Mount) -> TlsFiles {
    let TlsFiles { certificate, key, callers } = secret.mutual(ClientAuth::Required);
    let revoked = Some(SettingFile::from(lists.path("ca.crl").as_path()));
    TlsFiles { certificate, key, callers: callers.map(|callers| CallerFiles { revoked, ..callers }) }
}

#[tokio::test]
async fn revoked_callers_are_out_within_two_seconds_and_others_go_on() {
    let (ours, callers) = (authority(), authority());
    let secret = Secret::new(&ours, &callers);
    let mut lists = Mount::new(&[("ca.crl", list(&callers, 0..0))]).unwrap();
    let server = serve(options(files(&secret, &lists))).await;
    let trust = |number| Trust::of(&ours, Some(numbered(&callers, number)));
    let mut alice = Wire::over(trust(99).connect(server.address).await.unwrap());
    let alice_h2 = trust(99).speaking("h2").connect(server.address).await.unwrap();
    let alice_h2 = Http2::over(alice_h2).await;
    for number in 1..=3 {
        // A kept connection of each protocol, in use and idle, whose certificate will be revoked.
        let bob = trust(number);
        let mut kept = Wire::over(bob.connect(server.address).await.unwrap());
        kept.send(QUESTION).await.unwrap();
        assert_eq!(kept.answer().await.unwrap().status, 200);
        let kept_h2 = Http2::over(trust(number).speaking("h2").connect(server.address).await.unwrap()).await;
        assert_eq!(kept_h2.ask(question()).await.unwrap().0, 200);

        lists.swap(&[("ca.crl", list(&callers, 1..number + 1))]).unwrap();
        let since = Instant::now();
        timeout(SOON, kept.closed()).await.unwrap().unwrap();
        assert!(since.elapsed() < WITHIN, "{:?}", since.elapsed());
        eventually(WITHIN, "the other one is closed", async || kept_h2.ask(question()).await.is_err()).await;
        assert!(!bob.is_served(server.address).await);

        // Others lose nothing, not even their connection.
        alice.send(QUESTION).await.unwrap();
        assert_eq!(alice.answer().await.unwrap().status, 200);
        assert_eq!(alice_h2.ask(question()).await.unwrap().0, 200);
        assert!(trust(99).is_served(server.address).await);
    }
    // A broken list changes nothing.
    lists.swap(&[("ca.crl", "no list")]).unwrap();
    served_throughout(&trust(99), server.address).await;
    assert!(!trust(1).is_served(server.address).await);
}

#[tokio::test]
async fn a_certificate_whose_authority_has_no_list_is_refused() {
    let (ours, callers) = (authority(), authority());
    let secret = Secret::new(&ours, &callers);
    let lists = Mount::new(&[("ca.crl", list(&ours, 0..0))]).unwrap();
    let server = serve(options(files(&secret, &lists))).await;
    assert!(!Trust::of(&ours, Some(numbered(&callers, 1))).is_served(server.address).await);
}

#[tokio::test]
async fn no_session_outlives_a_change_of_authorities() {
    let (ours, before, after) = (authority(), authority(), authority());
    let secret = Secret::new(&ours, &before);
    let server = serve(options(secret.mutual(ClientAuth::Required))).await;
    let trust = Trust::of(&ours, Some(certificate(&before, "caller")));
    let connect = async || {
        let caller = trust.connect(server.address).await?;
        let kind = caller.get_ref().1.handshake_kind();
        // The session comes with the response.
        let mut wire = Wire::over(caller);
        wire.send(QUESTION).await?;
        anyhow::Ok((kind, wire.answer().await?.status))
    };
    assert_eq!(connect().await.unwrap(), (Some(HandshakeKind::Full), 200));
    assert_eq!(connect().await.unwrap(), (Some(HandshakeKind::Resumed), 200));
    secret.write("ca.crt", after.pem());
    eventually(WITHIN, "the former authority is not accepted", async || connect().await.is_err()).await;
}

#[tokio::test]
async fn a_connection_with_a_certificate_is_not_kept_for_ever() {
    let (ours, callers) = (authority(), authority());
    let secret = Secret::new(&ours, &callers);
    let options = Options { certified_for: Duration::ZERO, ..options(secret.mutual(ClientAuth::Optional)) };
    let server = Server::with(echo(), options, Duration::from_secs(30)).await;
    for (own, is_kept) in [(Some(certificate(&callers, "caller")), false), (None, true)] {
        let trust = Trust::of(&ours, own);
        let mut caller = Wire::over(trust.connect(server.address).await.unwrap());
        caller.send(QUESTION).await.unwrap();
        let answer = caller.answer().await.unwrap();
        assert_eq!((answer.status, answer.header("connection") != Some("close")), (200, is_kept));
        let http2 = Http2::over(trust.speaking("h2").connect(server.address).await.unwrap()).await;
        if is_kept {
            assert_eq!(http2.ask(question()).await.unwrap().0, 200);
        } else {
            http2.left().await;
        }
    }
}
