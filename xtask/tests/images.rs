//! The lists of what is in our images.

use std::fs;
use std::time::Duration;

use emco_build::images::write_lists;
use emco_build::{SHIPPED, workspace_dir};
use serde_json::{Value, json};

#[tokio::test]
async fn lists_follow_the_schema_of_cyclonedx() {
    let folder = tempfile::tempdir().unwrap();
    write_lists(folder.path()).unwrap();
    for program in SHIPPED {
        let file = folder.path().join(format!("{program}.cdx.json"));
        let list = fs::read_to_string(&file).unwrap();
        assert!(!list.contains(&workspace_dir().display().to_string()), "it has a path of this machine");
        let parsed: Value = serde_json::from_str(&list).unwrap();
        let components = parsed["components"].as_array().unwrap();
        for component in components {
            assert!(component["licenses"][0]["expression"].is_string(), "no licence: {component}");
        }
        let names: Vec<_> = components.iter().map(|component| &component["name"]).collect();
        assert!(names.contains(&&json!("ring")) && names.contains(&&json!("rust-std")), "{names:?}");
        assert!(!names.contains(&&json!("syn")), "what only the compiler runs is not in the program");
        assert_eq!(names.contains(&&json!("sqlx-core")), program == "bridge", "each its own");

        let mut check = harness::cyclonedx_check().unwrap().arg(file).spawn().unwrap();
        let ended = check.wait_exit(Duration::from_secs(60)).await.unwrap();
        assert!(ended.success(), "{program}: {}", check.log());
    }
}
