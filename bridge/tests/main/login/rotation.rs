//! Keys of sessions are replaced while people are logged in; and replicas share sessions.

use std::time::{Duration, Instant};

use harness::{PostgreSql, eventually};

use super::visitor::Visitor;
use super::{ONE, Place, TWO};

const SOON: Duration = Duration::from_secs(20);

/// Starts two replicas on one fresh PostgreSQL database.
async fn replicas() -> [Place; 2] {
    let database = PostgreSql::shared().await.unwrap().database().await.unwrap();
    [Place::on_database(&database).await, Place::on_database(&database).await]
}

/// Returns a visitor of the second replica with the session that a visitor has at the first.
fn moved(visitor: &Visitor, [from, to]: &[Place; 2]) -> Visitor {
    Visitor::with(to, &visitor.session(from))
}

#[tokio::test]
async fn a_logout_holds_on_all_replicas() {
    let replicas = replicas().await;
    let [one, two] = &replicas;
    for _ in 0..20 {
        let visitor = Visitor::new();
        visitor.log_in(one, "one").await;
        let there = moved(&visitor, &replicas);
        assert!(there.is_in(two).await);
        let since = Instant::now();
        assert_eq!(visitor.post(&one.at("/logout"), "").await.status(), 303);
        // At once, and not just within two seconds.
        assert!(!there.is_in(two).await);
        assert!(since.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn the_former_key_opens_sessions_until_it_is_removed() {
    let replicas = replicas().await;
    let [one, two] = &replicas;
    let former = Visitor::new();
    former.log_in(one, "one").await;
    // The second has the new key alone; so it shows with which key the first one seals.
    two.write("keys", TWO);
    eventually(SOON, "the second replica has the new key", async || {
        !moved(&former, &replicas).is_in(two).await
    })
    .await;
    one.write("keys", &format!("# since today\n{TWO}\n{ONE}\n"));
    let latter = Visitor::new();
    eventually(SOON, "the first replica seals with the new key", async || {
        latter.log_in(one, "two").await;
        moved(&latter, &replicas).is_in(two).await
    })
    .await;
    assert!(former.is_in(one).await && latter.is_in(one).await);
    // A file that cannot be used changes nothing.
    one.write("keys", "no key");
    assert!(former.is_in(one).await);
    one.write("keys", TWO);
    eventually(SOON, "the former key opens nothing", async || !former.is_in(one).await).await;
    assert!(latter.is_in(one).await);
}
