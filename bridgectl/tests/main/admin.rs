//! An administrator's day, as a shell script: no other program than `bridgectl` talks to the bridge.

use std::process::Command;

use crate::scene::Scene;

#[tokio::test]
async fn an_administrators_day_is_a_shell_script() {
    let scene = Scene::new().await;
    let ctl = &scene.ctl;
    ctl.file("gate.json", &scene.intent("gate").to_string());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/day.sh");
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_bridgectl")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut day = Command::new("sh");
    day.args(["-eu", script]).env("PATH", path).env("HOME", ctl.home()).current_dir(ctl.home());
    day.env_remove("XDG_CONFIG_HOME");
    let day = day.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&day.stdout), String::from_utf8_lossy(&day.stderr));
    assert!(day.status.success(), "{}\n{out}\n{err}", day.status);
    assert!(out.ends_with("handed over\n"), "{out}\n{err}");
}
