//! Connections that callers share, and those that make room for others.

use futures::future::join_all;
use temporal::{ConnectionSettings, TemporalConnections, TemporalTarget};

use super::{OK, Peer, count, counted};
use crate::SOON;

fn target(address: &str) -> TemporalTarget {
    TemporalTarget::new(address, "default").unwrap()
}

#[tokio::test]
async fn all_namespaces_of_a_server_share_one_connection() {
    let peer = Peer::start(false, |_, _| counted(7, OK)).await;
    for home in [peer.target(), target("localhost:1")] {
        let before = peer.connections();
        let connections = TemporalConnections::new(home, ConnectionSettings::default());
        for number in 0..100 {
            let target = peer.target().with_namespace(format!("made-up-{number}"));
            assert_eq!(count(&connections.get(&target).unwrap()).await.unwrap(), 7);
        }
        assert_eq!(peer.connections(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_on_all_threads_share_one_connection() {
    let peer = Peer::start(false, |_, _| counted(7, OK)).await;
    let connection = peer.connection();
    let calls = (0..100).map(|_| {
        tokio::spawn({
            let connection = connection.clone();
            async move { count(&connection).await.unwrap() }
        })
    });
    assert!(join_all(calls).await.into_iter().all(|count| count.unwrap() == 7));
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn the_connection_that_makes_room_for_others_is_closed() {
    /// How many servers besides the configured one may be connected.
    const MOST: usize = 64;
    let peer = Peer::start(false, |_, _| counted(7, OK)).await;
    let connections = TemporalConnections::new(target("localhost:1"), ConnectionSettings::default());
    count(&connections.get(&peer.target()).unwrap()).await.unwrap();
    for number in 1..MOST {
        connections.get(&target(&format!("host-{number}:7233"))).unwrap();
    }
    assert_eq!(peer.open_connections(), 1);
    connections.get(&target("host-64:7233")).unwrap();
    let closed = async || peer.open_connections() == 0;
    harness::eventually(SOON, "the connection is closed", closed).await;
}
