//! A bearer token in a file.

use std::time::Duration;

use harness::{Mount, eventually};
use service::token::TokenFile;

fn load(content: &str) -> Result<TokenFile, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, content).unwrap();
    TokenFile::load(file.path()).map_err(|error| error.to_string())
}

#[test]
fn space_around_a_token_is_not_part_of_it() {
    assert_eq!(load(" hunter2\r\n").unwrap().bearer(), "Bearer hunter2");
}

#[test]
fn what_is_no_token_is_refused_and_not_shown() {
    for content in ["", "\n", "hunter2 3", "hunter2\nhunter3", "hünter"] {
        let error = load(content).unwrap_err();
        assert!(error.contains("holds no token") && !error.contains("hunter"), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_replaced_is_sent_within_two_seconds() {
    let mut mount = Mount::new(&[("token", "0")]).unwrap();
    let token = TokenFile::load(mount.path("token").as_path()).unwrap();
    for number in ["1", "2", "3"] {
        mount.swap(&[("token", number)]).unwrap();
        let expected = format!("Bearer {number}");
        eventually(Duration::from_secs(2), "the new token", async || token.bearer() == *expected).await;
    }
}

#[test]
fn a_token_is_not_printed() {
    assert!(!format!("{:?}", load("hunter2").unwrap()).contains("hunter2"));
}
