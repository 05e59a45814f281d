//! Faults in the folder. EMCO's stand-in refuses each in the same place, and with the same response, as EMCO.

use std::fs;

use emco_stand_in::Reply;

use crate::site::{A_WHILE, Site, run};

/// Applies everything, and returns the first response that is not a success.
async fn first_refusal(site: &Site) -> Reply {
    for command in site.folder.commands("Apply") {
        if command.ends_with("/status") {
            site.stand_in.advance(A_WHILE);
        }
        let refused =
            run(&site.emcoctl(), &command).await.into_iter().find(|reply| !reply.status.is_success());
        if let Some(refused) = refused {
            return refused;
        }
    }
    panic!("nothing is refused");
}

#[track_caller]
fn assert_refused(reply: &Reply, anchor: &str, status: u16, text: &str) {
    assert!(reply.anchor.ends_with(anchor), "{reply:?}");
    assert_eq!((reply.status.as_u16(), reply.body.trim_end()), (status, text), "{}", reply.anchor);
}

async fn site() -> Site {
    Site::new(&["--env", "test"]).await
}

const PATTERN: &str = "Invalid Input:\nDoes not match pattern '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$'";

#[tokio::test]
async fn a_chart_under_another_directory() {
    let site = site().await;
    let apps = site.folder.path().join("apps");
    fs::copy(apps.join("bridge.tgz"), apps.join("worker.tgz")).unwrap();
    let text = "stat /tmp/k8s-ext-0/worker: no such file or directory";
    assert_refused(&first_refusal(&site).await, "/instantiate", 500, text);
}

#[tokio::test]
async fn a_profile_without_manifest() {
    let site = site().await;
    fs::copy(site.folder.path().join("apps/worker.tgz"), site.folder.path().join("profiles/worker.tgz"))
        .unwrap();
    let text = "open /tmp/k8s-ext-0/manifest.yaml: no such file or directory";
    assert_refused(&first_refusal(&site).await, "/instantiate", 500, text);
}

#[tokio::test]
async fn a_chart_that_is_no_archive() {
    let site = site().await;
    fs::write(site.folder.path().join("apps/worker.tgz"), "no archive").unwrap();
    assert_refused(&first_refusal(&site).await, "/apps", 422, "Error in file format");
}

#[tokio::test]
async fn an_app_without_placement() {
    let site = site().await;
    let text = site.folder.text("30-deployment.yaml");
    let (without_bridge, _) = text.rsplit_once("---\n").unwrap();
    fs::write(site.folder.path().join("30-deployment.yaml"), without_bridge).unwrap();
    let text = "No compatible clusters have been provided to the Deployment Intent Group";
    assert_refused(&first_refusal(&site).await, "/instantiate", 500, text);
}

#[tokio::test]
async fn an_app_without_profile() {
    let site = site().await;
    let text = site.folder.text("21-profiles.yaml");
    let (without_bridge, _) = text.rsplit_once("---\n").unwrap();
    fs::write(site.folder.path().join("21-profiles.yaml"), without_bridge).unwrap();
    assert_refused(&first_refusal(&site).await, "/instantiate", 500, "AppProfileContent not found");
}

#[tokio::test]
async fn apps_that_wait_for_each_other() {
    let site = site().await;
    let mut text = site.folder.text("20-composite-app.yaml");
    let (_, last) = text.rsplit_once("---\n").unwrap();
    let back = last.replace("apps/bridge/", "apps/worker/").replace("workflow-client", "bridge");
    text.push_str(&format!("---\n{back}"));
    fs::write(site.folder.path().join("20-composite-app.yaml"), text).unwrap();
    let text = "Cyclic Dependency between apps found in composite app:temporal-workflows";
    assert_refused(&first_refusal(&site).await, "/instantiate", 500, text);
}

#[tokio::test]
async fn a_name_that_is_none() {
    let site = site().await;
    site.folder.set(&[("Project", "-x")]);
    assert_refused(&first_refusal(&site).await, "projects", 400, PATTERN);
}

#[tokio::test]
async fn a_release_that_is_no_dns_label() {
    let site = site().await;
    site.folder.set(&[("Release", "Workflows")]);
    let refused = first_refusal(&site).await;
    let has_reason = refused
        .body
        .starts_with("release name Workflows is not a valid DNS label: a lowercase RFC 1123 label");
    assert!(refused.anchor.ends_with("/instantiate") && refused.status == 500 && has_reason, "{refused:?}");
}

#[tokio::test]
async fn a_cluster_that_no_label_finds() {
    let site = site().await;
    site.folder.replace("30-deployment.yaml", "{{.WorkerLabel}}", "elsewhere");
    // EMCO looks for the clusters when the app intent is written, and its response has no reason.
    let text = "The server encountered an internal error and was unable to complete your request.";
    assert_refused(&first_refusal(&site).await, "/app-intents", 500, text);
}

#[tokio::test]
async fn a_customization_of_no_cluster() {
    let site = site().await;
    site.folder.replace("31-temporal-server.yaml", "    cluster: \"{{.Cluster1}}\"\n", "");
    assert_refused(&first_refusal(&site).await, "/customizations", 400, "clusterName is missing");
}

#[tokio::test]
async fn a_logical_cloud_that_is_not_ready() {
    let site = site().await;
    let emcoctl = site.emcoctl();
    for command in site.folder.commands("Apply").iter().filter(|command| command.starts_with("apply")) {
        let replies = run(&emcoctl, command).await;
        if let Some(refused) = replies.iter().find(|reply| !reply.status.is_success()) {
            let text = "The Logical Cloud is still instantiating, please wait and try again.";
            return assert_refused(refused, "/instantiate", 500, text);
        }
    }
    panic!("nothing is refused");
}
