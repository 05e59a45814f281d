//! The file of issuers, and the keys of an issuer, replaced three times while callers work.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use harness::{eventually, under_load};

use super::signer::Signer;
use super::{Guarded, TestIssuer, entry};
use crate::server::SOON;

/// How long a change of the file may take to be seen.
const WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_swapped_file_counts_within_two_seconds_and_unchanged_issuers_keep_their_keys() {
    let signer = Signer::es256("1");
    let hers = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&hers).await;
    let alice = signer.token(&hers.claims());
    let swaps = async {
        let mut former: Option<String> = None;
        for number in 1..=3 {
            let other = TestIssuer::start(&[&signer]).await;
            let token = signer.token(&other.claims());
            assert_eq!(server.ask(&token).await.0, 401);
            server.set(&(entry("test", &hers.url()) + &entry(&format!("other-{number}"), &other.url())));
            if let Some(former) = &former {
                eventually(WITHIN, "the former one is refused", async || !server.accepts(former).await).await;
            }
            eventually(SOON, "the other issuer is accepted", async || server.accepts(&token).await).await;
            former = Some(token);
        }
    };
    under_load(async || assert!(server.accepts(&alice).await), swaps).await;
    assert_eq!(hers.fetches(), 1);
}

#[tokio::test]
async fn keys_of_an_issuer_are_replaced_under_requests() {
    let mut old = Signer::es256("0");
    let issuer = TestIssuer::start(&[&old]).await;
    let server = Guarded::by(&issuer).await;
    let claims = issuer.claims();
    // What alice gets from the issuer at the time.
    let (hers, served) = (RefCell::new(old.token(&claims)), Cell::new(0));
    let load = async || {
        let token = hers.borrow().clone();
        assert!(server.accepts(&token).await);
        served.set(served.get() + 1);
    };
    let swaps = async {
        for id in ["1", "2", "3"] {
            let former = old.token(&claims);
            assert!(server.accepts(&former).await);
            let new = Signer::ed(id);
            issuer.has(&[&old, &new]);
            // Longer ago than an unknown key is left alone.
            server.pass(10);
            let next = new.token(&claims);
            eventually(SOON, "the new key is accepted", async || server.accepts(&next).await).await;
            *hers.borrow_mut() = next;
            let before = served.get();
            eventually(SOON, "she uses the new one", async || served.get() >= before + 10).await;
            issuer.has(&[&new]);
            assert!(server.accepts(&former).await, "nothing has been fetched since");
            server.pass(300);
            eventually(SOON, "the former key is refused", async || !server.accepts(&former).await).await;
            old = new;
        }
    };
    under_load(load, swaps).await;
    assert_eq!(issuer.fetches(), 7);
}
