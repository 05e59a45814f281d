//! An administrator's day: the commands of `docs/administrator-guide.md`. No other program than `bridgectl` talks
//! to the bridge.

use std::process::Command;

use crate::scene::Scene;

const GUIDE: &str = include_str!("../../../docs/administrator-guide.md");

/// Returns the commands of the guide.
fn commands() -> String {
    let blocks = GUIDE.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_administrators_guide_is_a_day_of_work() {
    let scene = Scene::new().await;
    let ctl = &scene.ctl;
    ctl.file("gate.json", &scene.intent("gate").to_string());
    ctl.file("day.sh", &format!("{}echo 'handed over'\n", commands()));
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_bridgectl")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut day = Command::new("sh");
    day.args(["-eu", "day.sh"]).env("PATH", path).env("HOME", ctl.home()).current_dir(ctl.home());
    day.env_remove("XDG_CONFIG_HOME");
    let day = day.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&day.stdout), String::from_utf8_lossy(&day.stderr));
    assert!(day.status.success(), "{}\n{out}\n{err}", day.status);
    assert!(out.ends_with("handed over\n"), "{out}\n{err}");
}
