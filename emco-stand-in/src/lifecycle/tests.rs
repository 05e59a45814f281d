//! What runs where after which operations, and what a restart of rsync makes of it.

use super::*;

fn on(clusters: &[&str]) -> AppClusters {
    let clusters = clusters.iter().map(|cluster| ClusterRef::new("p", *cluster)).collect();
    AppClusters::from([("app".to_owned(), clusters)])
}

fn to(clusters: &[&str]) -> Targets {
    Targets { clusters: on(clusters), ..Targets::default() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn from(seconds: i64) -> Clock {
    Clock { now: at(seconds), settle: Duration::from_secs(10) }
}

/// rsync as it is in release 2023-07.
fn forgetful() -> Rsync {
    Rsync { forgets_bare_removals: true, forgets_next: 0 }
}

/// A DIG whose app is on `a`, by context 1.
fn on_a() -> Lifecycle {
    let mut dig = Lifecycle::created(at(0));
    dig.instantiate(to(&["a"]), "1".to_owned(), from(0));
    dig
}

/// A DIG whose app moved from `a` to `b` by way of both, and was forgotten on `a`.
fn moved(rsync: &mut Rsync) -> Lifecycle {
    let mut dig = on_a();
    dig.update(to(&["a", "b"]), "2".to_owned(), from(20), rsync);
    dig.update(to(&["b"]), "3".to_owned(), from(40), rsync);
    dig
}

#[test]
fn a_move_keeps_the_old_cluster_until_the_new_one_is_up() {
    let (mut dig, mut rsync) = (on_a(), forgetful());
    assert_eq!((dig.running(at(9)), dig.progress_of("1", at(9))), (on(&[]), Some("Instantiating")));
    assert_eq!((dig.running(at(10)), dig.progress_of("1", at(10))), (on(&["a"]), Some("Instantiated")));

    assert_eq!(dig.update(to(&["b"]), "2".to_owned(), from(20), &mut rsync), 2);
    assert_eq!((dig.running(at(29)), dig.progress_of("2", at(29))), (on(&["a"]), Some("Instantiating")));
    assert_eq!(dig.progress_of("1", at(29)), Some("Updating"));
    assert_eq!((dig.running(at(30)), dig.progress_of("2", at(30))), (on(&["b"]), Some("Instantiated")));
    assert_eq!(dig.progress_of("1", at(30)), Some("Updated"));
}

#[test]
fn a_removal_alone_is_forgotten_until_rsync_restarts() {
    let mut dig = moved(&mut forgetful());
    assert_eq!((dig.current(), dig.progress_of("3", at(40))), ("3", Some("Instantiated")));
    assert_eq!((dig.running(at(90)), dig.progress_of("2", at(90))), (on(&["a", "b"]), Some("Instantiated")));
    dig.restart_rsync(from(90));
    assert_eq!(dig.progress_of("2", at(99)), Some("Updating"));
    assert_eq!((dig.running(at(100)), dig.progress_of("2", at(100))), (on(&["b"]), Some("Updated")));
}

#[test]
fn an_rsync_that_forgets_nothing_removes_at_once() {
    let dig = moved(&mut Rsync::default());
    assert_eq!((dig.running(at(50)), dig.progress_of("2", at(50))), (on(&["b"]), Some("Updated")));
}

#[test]
fn there_and_back_and_a_restart_lose_the_app() {
    let mut rsync = forgetful();
    let mut dig = moved(&mut rsync);
    dig.update(to(&["a", "b"]), "4".to_owned(), from(60), &mut rsync);
    dig.update(to(&["a"]), "5".to_owned(), from(80), &mut rsync);
    assert_eq!(dig.running(at(90)), on(&["a", "b"]));
    dig.restart_rsync(from(90));
    assert_eq!(dig.running(at(100)), on(&[]));
}

#[test]
fn a_roll_back_does_what_was_forgotten_first() {
    let mut rsync = forgetful();
    let mut dig = moved(&mut rsync);
    assert!(dig.rollback(2, from(60), &mut rsync));
    // Deleted, and applied again: the other one serves meanwhile.
    assert_eq!((dig.running(at(69)), dig.progress_of("2", at(69))), (on(&["a", "b"]), Some("Updating")));
    assert_eq!((dig.running(at(79)), dig.progress_of("2", at(79))), (on(&["b"]), Some("Instantiating")));
    assert_eq!((dig.running(at(80)), dig.progress_of("2", at(80))), (on(&["a", "b"]), Some("Instantiated")));
    dig.restart_rsync(from(90));
    assert_eq!(dig.running(at(100)), on(&["a", "b"]));
}

#[test]
fn a_roll_back_loses_what_the_current_context_has_too() {
    let mut rsync = forgetful();
    let mut dig = moved(&mut rsync);
    // Context 2 owes the removal from `a`, where the app is again.
    dig.update(to(&["a", "b"]), "4".to_owned(), from(60), &mut rsync);
    dig.rollback(2, from(80), &mut rsync);
    assert_eq!(dig.running(at(200)), on(&["b"]));
    // Context 1 does not apply again what it kept when `b` was added.
    let mut dig = on_a();
    dig.update(to(&["a", "b"]), "2".to_owned(), from(20), &mut Rsync { forgets_next: 1, ..forgetful() });
    dig.update(to(&["b"]), "3".to_owned(), from(40), &mut Rsync::default());
    dig.rollback(1, from(60), &mut Rsync::default());
    assert_eq!(dig.running(at(200)), on(&[]));
}

#[test]
fn a_context_at_work_takes_a_removal_up() {
    let mut rsync = forgetful();
    let mut dig = moved(&mut rsync);
    dig.rollback(2, from(60), &mut rsync);
    dig.update(to(&["b"]), "4".to_owned(), from(61), &mut rsync);
    assert_eq!((dig.running(at(90)), dig.progress_of("2", at(90))), (on(&["b"]), Some("Updated")));
    // Not one that is done.
    dig.rollback(2, from(100), &mut rsync);
    dig.update(to(&["b"]), "5".to_owned(), from(115), &mut rsync);
    assert_eq!(
        (dig.running(at(190)), dig.progress_of("2", at(190))),
        (on(&["a", "b"]), Some("Instantiated"))
    );
}

#[test]
fn a_removal_beside_something_new_may_be_forgotten_too() {
    let (mut dig, mut rsync) = (on_a(), Rsync { forgets_next: 1, ..forgetful() });
    dig.update(to(&["b"]), "2".to_owned(), from(20), &mut rsync);
    assert_eq!((dig.running(at(30)), dig.progress_of("1", at(30))), (on(&["a", "b"]), Some("Instantiated")));
}

#[test]
fn an_update_that_changes_nothing_is_done_at_once() {
    let mut dig = on_a();
    dig.update(to(&["a"]), "2".to_owned(), from(20), &mut forgetful());
    assert_eq!((dig.running(at(20)), dig.progress_of("2", at(20))), (on(&["a"]), Some("Instantiated")));
}

#[test]
fn an_update_in_mid_move_does_not_strand_the_app() {
    let (mut dig, mut rsync) = (on_a(), forgetful());
    dig.update(to(&["b"]), "2".to_owned(), from(20), &mut rsync);
    dig.update(to(&["c"]), "3".to_owned(), from(25), &mut rsync);
    assert_eq!(dig.running(at(29)), on(&["a"]));
    assert_eq!(dig.running(at(30)), on(&["b"]));
    assert_eq!(dig.running(at(40)), on(&["c"]));
}

#[test]
fn terminating_takes_its_time_and_leaves_nothing() {
    let mut dig = on_a();
    dig.terminate(from(20));
    assert_eq!((dig.running(at(29)), dig.progress_of("1", at(29))), (on(&["a"]), Some("Terminating")));
    assert_eq!((dig.running(at(30)), dig.progress_of("1", at(30))), (on(&[]), Some("Terminated")));
    assert_eq!(dig.state(), State::Terminated);
}

#[test]
fn an_app_that_waits_for_a_ready_one_hangs_in_an_update() {
    let mut dig = on_a();
    let waiting = Targets { waiting: ["app".to_owned()].into(), ..to(&["a"]) };
    dig.update(waiting, "2".to_owned(), from(20), &mut forgetful());
    assert_eq!(dig.progress_of("2", at(9999)), Some("Instantiating"));
    dig.terminate(from(9999));
    let end = at(10_009);
    assert_eq!((dig.applied(end), dig.progress_of("2", end)), (on(&["a"]), Some("Terminated")));
}
