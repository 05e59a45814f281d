//! Processes: environment, output and end.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use harness::{Process, ProcessBuilder, eventually, free_port};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);

fn shell(script: &str) -> ProcessBuilder {
    Process::builder("sh").arg("-c").arg(script)
}

#[tokio::test]
async fn output_of_both_streams_is_kept() {
    let mut process = shell("echo out; echo err >&2; exit 3").spawn().unwrap();
    assert_eq!(process.wait_exit(LIMIT).await.unwrap().code(), Some(3));
    assert_eq!(process.log(), "out\nerr\n");
}

#[tokio::test]
async fn variables_are_set_and_a_temporal_profile_is_not_found() {
    let mut process =
        shell("echo $BRIDGE_LISTEN $TEMPORAL_CONFIG_FILE").env("BRIDGE_LISTEN", "here").spawn().unwrap();
    process.wait_exit(LIMIT).await.unwrap();
    assert_eq!(process.log(), "here /dev/null\n");
}

#[tokio::test]
async fn terminating_reaches_the_program_itself() {
    let mut process =
        shell("trap 'echo drained; exit 0' TERM; echo up; while :; do sleep 0.01; done").spawn().unwrap();
    eventually(LIMIT, "the trap is set", async || process.log().contains("up")).await;
    process.terminate().unwrap();
    assert!(process.wait_exit(LIMIT).await.unwrap().success());
    assert!(process.log().contains("drained"));
    process.terminate().unwrap_err();
}

#[tokio::test]
async fn a_killed_program_starts_again_with_the_same_log() {
    let mut process = shell("echo start; exec sleep 600").spawn().unwrap();
    let first = process.pid();
    eventually(LIMIT, "the first start", async || process.log() == "start\n").await;
    process.kill().unwrap();
    assert_eq!(process.exit_status().unwrap().unwrap().signal(), Some(9));

    process.restart().unwrap();
    assert_ne!(process.pid(), first);
    eventually(LIMIT, "the second start", async || process.log() == "start\nstart\n").await;
    assert_eq!(process.exit_status().unwrap(), None);
}

#[tokio::test]
async fn a_program_that_ends_early_is_an_error_with_its_output() {
    let mut process = shell("echo BRIDGE_LISTEN is no address; exit 2").spawn().unwrap();
    let error = process
        .wait_ready(&format!("http://127.0.0.1:{}/readyz", free_port()))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("exit status: 2"), "{error}");
    assert!(error.contains("BRIDGE_LISTEN is no address"), "{error}");
}

/// Runs twice: as the test, and in a copy of this test program as the parent that is killed.
#[tokio::test]
async fn children_of_a_killed_parent_die_too() {
    const PIPE: &str = "HARNESS_TEST_PIPE";
    if let Some(pipe) = std::env::var_os(PIPE) {
        let _child = shell("exec >$PIPE; echo up; exec sleep 600").env("PIPE", pipe).spawn().unwrap();
        std::future::pending::<()>().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("held-open-by-the-child");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader = pipe::OpenOptions::new().open_receiver(&pipe).unwrap();
    let mut parent = Process::builder(std::env::current_exe().unwrap())
        .args(["--exact", "children_of_a_killed_parent_die_too"])
        .env(PIPE, &pipe)
        .spawn()
        .unwrap();
    let mut text = [0; 3];
    eventually(LIMIT, "the child is up", async || reader.read_exact(&mut text).await).await;
    assert_eq!(&text, b"up\n");

    parent.kill().unwrap();
    // The pipe ends when the last process that can write to it is gone.
    let rest = timeout(LIMIT, reader.read(&mut text)).await.expect("the child outlived its parent");
    assert_eq!(rest.unwrap(), 0);
}
