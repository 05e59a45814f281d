//! EMCO's codes and texts for what it refuses (EMCO-API §6.3–§6.6, §9.2, §9.3), word for word.

use emco::Kind;
use emco_stand_in::{StandIn, samples};
use reqwest::multipart::{Form, Part};

use crate::support::{
    CHART, DIG, GPI, archive, ask, assert_refused, client, loaded, profile_archive, raw, send,
};

const CAPP: &str = "/v2/projects/proj1/composite-apps/capp1/v1";
const PARENT_MISSING: &str = "Cannot perform requested operation. Parent resource not found";
const INTERNAL: &str = "The server encountered an internal error and was unable to complete your request.";
const PATTERN: &str = "Invalid Input:\nDoes not match pattern '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$'";

fn named(name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}"}}}}"#)
}

#[tokio::test]
async fn what_exists_and_what_does_not_have_emcos_names() {
    let stand_in = loaded().await;
    let gpi = format!("{DIG}/generic-placement-intents");
    let cloud = "/v2/projects/proj1/logical-clouds";
    let dig = r#"{"metadata":{"name":"dig1"},"spec":{"compositeProfile":"p","version":"r1","logicalCloud":"default","overrideValues":[]}}"#;
    let capp = r#"{"metadata":{"name":"capp1"},"spec":{"compositeAppVersion":"v1"}}"#;
    let intents = r#"{"metadata":{"name":"dig1-intent"},"spec":{"intent":{"genericPlacementIntent":"g"}}}"#;
    let app_intent = r#"{"metadata":{"name":"collectd-placement-intent"},"spec":{"app":"a","intent":{"allOf":[{"clusterProvider":"p","cluster":"c"}]}}}"#;
    for (collection, body, exists, missing) in [
        ("/v2/controllers", named("rsync").as_str(), "Controller already exists", "Controller not found"),
        ("/v2/projects", &named("proj1"), "Project already exists", "Project not found"),
        (
            "/v2/cluster-providers",
            &named("provider1"),
            "ClusterProvider already exists",
            "Cluster provider not found",
        ),
        (
            "/v2/cluster-providers/provider1/clusters/cluster1/labels",
            r#"{"clusterLabel":"edge-cluster"}"#,
            "Cluster Label already exists",
            "Cluster label not found",
        ),
        (cloud, &named("default"), "Logical Cloud already exists", "Logical Cloud not found"),
        (
            &format!("{cloud}/default/cluster-references"),
            &named("lc-cl-1"),
            "Cluster reference already exists",
            "Cluster reference not found",
        ),
        ("/v2/projects/proj1/composite-apps", capp, "App already exists", "App not found"),
        (
            &format!("{CAPP}/composite-profiles"),
            &named("capp1-profile"),
            "CompositeProfile already exists",
            "CompositeProfile not found",
        ),
        (
            &format!("{CAPP}/deployment-intent-groups"),
            dig,
            "Intent already exists",
            "DeploymentIntentGroup not found",
        ),
        (&format!("{DIG}/intents"), intents, "Intent already exists", "Intent not found"),
        (&gpi, &named(GPI), "Intent already exists", "Intent not found"),
        (&format!("{gpi}/{GPI}/app-intents"), app_intent, "Intent already exists", "Intent not found"),
    ] {
        assert_refused(&ask(&stand_in, "POST", collection, body).await, 409, exists, collection);
        let name = if collection.ends_with("composite-apps") { "none/v1" } else { "none" };
        let absent = format!("{collection}/{name}");
        assert_refused(&ask(&stand_in, "GET", &absent, "").await, 404, missing, &absent);
        let gone = ask(&stand_in, "DELETE", &absent, "").await;
        let gone_text = if collection == cloud { missing } else { "The requested resource not found" };
        assert_refused(&gone, 404, gone_text, &absent);
    }
}

#[tokio::test]
async fn children_need_their_parents_and_keep_them() {
    let stand_in = loaded().await;
    let nowhere = DIG.replace("dig1", "dig9");
    let app_intent = r#"{"metadata":{"name":"x"},"spec":{"app":"a","intent":{"allOf":[{"clusterProvider":"provider1","cluster":"cluster1"}]}}}"#;
    for (method, path, body, status, text) in [
        ("POST", "/v2/projects/none/composite-apps", named("c").as_str(), 409, PARENT_MISSING),
        ("POST", &format!("{nowhere}/generic-placement-intents"), &named("g"), 409, PARENT_MISSING),
        (
            "PUT",
            &format!("{DIG}/generic-placement-intents/none/app-intents/x"),
            app_intent,
            409,
            PARENT_MISSING,
        ),
        (
            "PUT",
            &format!("{nowhere}/generic-placement-intents/{GPI}/app-intents/x"),
            app_intent,
            404,
            "DeploymentIntentGroup not found",
        ),
        ("POST", "/v2/projects/none/logical-clouds", &named("lc"), 404, "Project not found"),
        (
            "POST",
            "/v2/projects/proj1/logical-clouds/none/cluster-references",
            &named("r"),
            404,
            "Logical Cloud not found",
        ),
        (
            "GET",
            "/v2/projects/none/composite-apps/c/v1/deployment-intent-groups",
            "",
            404,
            "Project not found",
        ),
        (
            "GET",
            "/v2/projects/proj1/composite-apps/none/v1/deployment-intent-groups",
            "",
            404,
            "App not found",
        ),
        (
            "DELETE",
            "/v2/projects/proj1",
            "",
            409,
            "Cannot delete parent without deleting child references first",
        ),
        ("DELETE", DIG, "", 500, INTERNAL),
        (
            "DELETE",
            "/v2/projects/proj1/logical-clouds/default",
            "",
            409,
            "The Logical Cloud is instantiated, please terminate first",
        ),
    ] {
        let what = format!("{method} {path}");
        assert_refused(&ask(&stand_in, method, path, body).await, status, text, &what);
    }
}

#[tokio::test]
async fn invalid_and_empty_bodies_are_distinguished() {
    let stand_in = loaded().await;
    let app_intents = format!("{DIG}/generic-placement-intents/{GPI}/app-intents");
    let intent = |clause: &str| {
        format!(r#"{{"metadata":{{"name":"x"}},"spec":{{"app":"a","intent":{{"allOf":[{clause}]}}}}}}"#)
    };
    let cluster = r#"{"clusterProvider":"p","cluster":"c"}"#;
    for (path, body, status, text) in [
        ("/v2/projects", String::new(), 400, "Empty body"),
        ("/v2/projects", r#"{"metadata":"#.to_owned(), 422, "unexpected EOF"),
        ("/v2/projects", named("-x"), 400, PATTERN),
        ("/v2/projects", "{}".to_owned(), 400, PATTERN),
        (&app_intents, intent(r#"{"cluster":"c"}"#), 400, "Missing clusterProvider in an intent"),
        (&app_intents, intent(r#"{"clusterProvider":"p"}"#), 400, "Missing cluster or clusterLabel"),
        (
            &app_intents,
            intent(r#"{"clusterProvider":"p","cluster":"c","clusterLabel":"l"}"#),
            400,
            "Invalid Input:\nMust validate one and only one schema (oneOf)\nMust not validate the schema (not)",
        ),
        (
            &app_intents,
            intent("{}"),
            400,
            "Invalid Input:\nMust validate one and only one schema (oneOf)\nanyOf is required",
        ),
        (
            &app_intents,
            intent(&format!(r#"{{"clusterProvider":"p","cluster":"c","anyOf":[{cluster}]}}"#)),
            400,
            "Invalid Input:\nMust validate one and only one schema (oneOf)",
        ),
        (&app_intents, intent(r#"{"anyOf":[{"cluster":"c"}]}"#), 400, "Missing clusterProvider in an intent"),
        (&app_intents, intent(&format!(r#"{{"anyOf":[{cluster}]}}"#)), 500, INTERNAL),
        (
            &app_intents,
            intent(cluster).replace(r#""intent":{"#, r#""intent":{"selector":"x","#),
            400,
            "Invalid Input:\nspec.intent.selector must be one of the following: \"name\", \"label\"",
        ),
        (&app_intents, intent(cluster).replace(r#""app":"a","#, ""), 400, "Missing app for the intent"),
        (&app_intents, intent(cluster).replace(r#""name":"x""#, ""), 400, "Missing name for the intent"),
        (&app_intents, intent(cluster).replace(r#""x""#, r#""-x""#), 400, PATTERN),
        (
            &format!("{CAPP}/deployment-intent-groups"),
            r#"{"metadata":{"name":"d"},"spec":{"compositeProfile":"p","version":"r","logicalCloud":"l"}}"#
                .to_owned(),
            400,
            "Invalid Input:\nInvalid type. Expected: array, given: null",
        ),
        (
            &format!("{DIG}/intents"),
            named("i"),
            400,
            "Invalid Input:\nInvalid type. Expected: object, given: null",
        ),
    ] {
        let what = format!("{path} {body}");
        assert_refused(&ask(&stand_in, "POST", path, &body).await, status, text, &what);
    }
    let answer = ask(&stand_in, "POST", "/v2/projects", r#"{"metadata":{"name":7}}"#).await;
    assert_eq!((answer.status, answer.body.starts_with("json: ")), (422, true), "{}", answer.body);
    let renamed = ask(&stand_in, "PUT", "/v2/projects/proj1", &named("proj2")).await;
    assert_refused(&renamed, 400, "Mismatched name in PUT request", "renaming a project");
}

#[tokio::test]
async fn every_app_needs_an_app_intent_and_a_profile() {
    let stand_in = loaded().await;
    let emco = client(&stand_in);
    upload(&stand_in, "/apps", &named("second"), archive(&[("second/Chart.yaml", CHART)])).await;
    let update = async || emco.update_dig(&samples::dig()).await.unwrap_err();
    let missing = update().await;
    assert!(missing.to_string().ends_with(": AppProfileContent not found"), "{missing}");
    let profile = r#"{"metadata":{"name":"second-profile"},"spec":{"app":"second"}}"#;
    upload(&stand_in, "/composite-profiles/capp1-profile/profiles", profile, profile_archive()).await;
    assert_eq!(update().await.kind(), Kind::NoClusters);
}

/// An archive without entries.
fn chart() -> Vec<u8> {
    archive(&[])
}

async fn upload(stand_in: &StandIn, below: &str, metadata: &str, file: Vec<u8>) {
    let form = Form::new().text("metadata", metadata.to_owned()).part("file", Part::bytes(file));
    let answer = send(raw("POST", format!("{}{CAPP}{below}", stand_in.url())).multipart(form)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn forms_are_checked() {
    let stand_in = loaded().await;
    let url = |below: &str| format!("{}{CAPP}{below}", stand_in.url());
    let form = |metadata: &str| Form::new().text("metadata", metadata.to_owned());
    let file = |bytes: &[u8]| Part::bytes(bytes.to_vec());
    let profiles = "/composite-profiles/capp1-profile/profiles";
    let profile = r#"{"metadata":{"name":"other"},"spec":{"app":"collectd"}}"#;
    for (below, form, status, text) in [
        ("/apps", form(&named("a")), 422, "Unable to process file"),
        ("/apps", form(&named("a")).part("file", file(b"no archive")), 422, "Error in file format"),
        ("/apps", Form::new().part("file", file(&chart())), 400, "Empty body"),
        ("/apps", form(&named("collectd")).part("file", file(&chart())), 409, "App already exists"),
        (profiles, form(profile).part("file", file(&chart())), 409, "App already has an AppProfile"),
        (
            "/composite-profiles/none/profiles",
            form(profile).part("file", file(&chart())),
            404,
            "CompositeProfile not found",
        ),
    ] {
        let answer = send(raw("POST", url(below)).multipart(form)).await;
        assert_refused(&answer, status, text, below);
    }
    assert_eq!(ask(&stand_in, "POST", &format!("{CAPP}/apps"), &named("a")).await.status, 422, "not a form");
    let provider = "/v2/cluster-providers/provider1/clusters";
    let cluster =
        send(raw("POST", format!("{}{provider}", stand_in.url())).multipart(form(&named("c")))).await;
    assert_refused(&cluster, 422, "Unable to process file", "a cluster without kubeconfig");
    let git_ops = r#"{"metadata":{"name":"c"},"spec":{"gitOps":{"gitOpsType":"fluxv2"}}}"#;
    let cluster = send(raw("POST", format!("{}{provider}", stand_in.url())).multipart(form(git_ops))).await;
    assert_eq!(cluster.status, 201, "{}", cluster.body);
}
