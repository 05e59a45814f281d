//! How EMCO handles composite apps beside their placement: dependencies, archives, logical clouds, revisions,
//! and the generic action controller's intents (EMCO-API §6, §7, §9).

use emco_stand_in::{StandIn, samples};
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::support::{
    A_WHILE, Answer, CHART, DIG, archive, ask, assert_refused, bare, loaded, profile_archive, raw, send,
};

const CAPP: &str = "/v2/projects/proj1/composite-apps/capp1/v1";
const CLOUD: &str = "/v2/projects/proj1/logical-clouds/default";
const INTERNAL: &str = "The server encountered an internal error and was unable to complete your request.";

/// Sends a form, whose file is `file`, or `files` for a customization.
async fn form(stand_in: &StandIn, method: &str, path: &str, metadata: &str, file: Option<&[u8]>) -> Answer {
    let form = Form::new().text("metadata", metadata.to_owned());
    let name = if path.contains("/customizations") { "files" } else { "file" };
    let form = match file {
        Some(file) => form.part(name, Part::bytes(file.to_vec()).file_name("filename")),
        None => form,
    };
    send(raw(method, format!("{}{path}", stand_in.url())).multipart(form)).await
}

#[tokio::test]
async fn dependencies_are_checked() {
    let stand_in = loaded().await;
    let path = format!("{CAPP}/apps/collectd/dependency");
    let dependency = |app: &str, status: &str, wait: i64| {
        format!(
            r#"{{"metadata":{{"name":"d"}},"spec":{{"app":"{app}","opStatus":"{status}","wait":{wait}}}}}"#
        )
    };
    let empty = ask(&stand_in, "GET", &path, "").await;
    assert_eq!((empty.status, empty.body.as_str()), (200, "[]\n"));
    let created = ask(&stand_in, "POST", &path, &dependency("other", "READY", 0)).await;
    let expected = concat!(
        r#"{"metadata":{"name":"d","description":"","userData1":"","userData2":""},"spec":{"app":"other","opStatus":"READY"}}"#,
        "\n"
    );
    assert_eq!((created.status, created.body.as_str()), (201, expected));
    for (method, path, body, status, text) in [
        // EMCO's table of errors has no entry for either.
        ("POST", path.clone(), dependency("other", "Ready", 0), 500, INTERNAL),
        ("GET", format!("{path}/none"), String::new(), 500, INTERNAL),
        ("DELETE", format!("{path}/none"), String::new(), 500, INTERNAL),
        ("POST", path.clone(), String::new(), 400, "Empty body"),
        ("POST", path.clone(), "{".to_owned(), 422, "Invalid Body"),
        ("PUT", format!("{path}/e"), dependency("other", "Ready", 0), 400, "Mismatched name in PUT request"),
        (
            "POST",
            path.clone(),
            dependency("other", "Ready", 4097),
            400,
            "Invalid Input:\nMust be less than or equal to 4096",
        ),
        (
            "POST",
            path.clone(),
            dependency("other", "Soon", 0),
            400,
            "Invalid Input:\nspec.opStatus must be one of the following: \"Ready\", \"Deployed\"",
        ),
    ] {
        assert_refused(
            &ask(&stand_in, method, &path, &body).await,
            status,
            text,
            &format!("{method} {body}"),
        );
    }
    let absent = format!("{CAPP}/apps/none/dependency");
    let orphan = ask(&stand_in, "POST", &absent, &dependency("other", "Ready", 0)).await;
    assert_refused(&orphan, 409, "Cannot perform requested operation. Parent resource not found", &absent);
}

#[tokio::test]
async fn apps_that_wait_for_each_other_are_found_at_the_update() {
    let stand_in = loaded().await;
    let update = async || ask(&stand_in, "POST", &format!("{DIG}/update"), "").await;
    let waits_for = |app: &str| {
        format!(r#"{{"metadata":{{"name":"d"}},"spec":{{"app":"{app}","opStatus":"Deployed"}}}}"#)
    };
    // For one that is not in the composite app nobody waits.
    let path = format!("{CAPP}/apps/collectd/dependency");
    assert_eq!(ask(&stand_in, "POST", &path, &waits_for("elsewhere")).await.status, 201);
    assert_eq!(update().await.status, 202);
    assert_eq!(ask(&stand_in, "PUT", &format!("{path}/d"), &waits_for("collectd")).await.status, 201);
    let text = "Cyclic Dependency between apps found in composite app:capp1";
    assert_refused(&update().await, 500, text, "itself");
}

#[tokio::test]
async fn archives_are_checked_at_instantiation() {
    let stand_in = loaded().await;
    let update = async || ask(&stand_in, "POST", &format!("{DIG}/update"), "").await;
    let app = r#"{"metadata":{"name":"collectd"}}"#;
    let whole = archive(&[("./collectd/Chart.yaml", CHART)]);
    let library = format!("{CHART}type: library\n");
    for (files, text) in [
        (vec![], "Empty or non-existant Tar file found"),
        (vec![("other/Chart.yaml", CHART)], "stat /tmp/k8s-ext-0/collectd: no such file or directory"),
        (vec![("collectd/values.yaml", "")], "Chart.yaml file is missing"),
        (vec![("collectd/Chart.yaml", "name: x\n")], "validation: chart.metadata.version is required"),
        (
            vec![("collectd/Chart.yaml", library.as_str())],
            r#"chart "second" has an unsupported type and is not installable: "library""#,
        ),
    ] {
        // The upload is taken, whatever is in it.
        let put = form(&stand_in, "PUT", &format!("{CAPP}/apps/collectd"), app, Some(&archive(&files))).await;
        assert_eq!(put.status, 201, "{}", put.body);
        assert_refused(&update().await, 500, text, text);
    }
    form(&stand_in, "PUT", &format!("{CAPP}/apps/collectd"), app, Some(&whole)).await;
    assert_eq!(update().await.status, 202);

    let profiles = format!("{CAPP}/composite-profiles/capp1-profile/profiles/collectd-profile");
    let profile = r#"{"metadata":{"name":"collectd-profile"},"spec":{"app":"collectd"}}"#;
    let manifest = "version: v1\ntype:\n  values: values.yaml\n";
    for (files, text) in [
        (vec![("values.yaml", "")], "open /tmp/k8s-ext-0/manifest.yaml: no such file or directory"),
        (vec![("manifest.yaml", manifest)], "open /tmp/k8s-ext-0/values.yaml: no such file or directory"),
    ] {
        form(&stand_in, "PUT", &profiles, profile, Some(&archive(&files))).await;
        assert_refused(&update().await, 500, text, text);
    }
    form(&stand_in, "PUT", &profiles, profile, Some(&profile_archive())).await;
    assert_eq!(update().await.status, 202);
}

#[tokio::test]
async fn a_release_becomes_a_dns_label() {
    let stand_in = bare().await;
    let documents = samples::documents().unwrap().replace("version: r1", "version: R1");
    let error = stand_in.load(&documents).await.unwrap_err().to_string();
    assert!(error.contains("500") && error.contains("release name R1 is not a valid DNS label"), "{error}");
}

#[tokio::test]
async fn a_rollback_needs_its_revision() {
    let stand_in = loaded().await;
    let rollback = async |body: &str| ask(&stand_in, "POST", &format!("{DIG}/rollback"), body).await;
    assert_refused(&rollback("").await, 400, "Empty body", "no body");
    let unknown = rollback(r#"{"spec":{"revision":"7"}}"#).await;
    assert_refused(&unknown, 500, "No matching ContextId found", "no such revision");
    assert_eq!(rollback(r#"{"spec":{"revision":7}}"#).await.status, 422);
    let back = rollback(r#"{"spec":{"revision":"1"}}"#).await;
    assert_eq!((back.status, back.body.as_str()), (202, ""));
    let absent =
        ask(&stand_in, "POST", &DIG.replace("dig1", "dig9/rollback"), r#"{"spec":{"revision":"1"}}"#).await;
    assert_refused(&absent, 500, "DeploymentIntentGroup StateInfo not found", "no such group");
}

#[tokio::test]
async fn only_an_operation_in_progress_can_be_stopped() {
    let stand_in = loaded().await;
    let post = async |operation: &str| ask(&stand_in, "POST", &format!("{DIG}/{operation}"), "").await;
    let idle = "DeploymentIntentGroup is not instantiating or terminating:dig1";
    assert_refused(&post("stop").await, 500, idle, "instantiated");
    assert_eq!((post("terminate").await.status, post("stop").await.status), (202, 202));
    let again = "DeploymentIntentGroup termination already stopped: dig1";
    assert_refused(&post("stop").await, 500, again, "twice");
    stand_in.advance(A_WHILE);
    assert_eq!(stand_in.applied(&samples::dig())["collectd"].len(), 1);
}

#[tokio::test]
async fn a_group_moves_to_none_that_is_absent() {
    let stand_in = loaded().await;
    let to = |version: &str, dig: &str| {
        let spec = json!({"targetCompositeAppVersion": version, "targetDeploymentIntentGroup": dig});
        json!({"metadata": {"description": ""}, "spec": spec}).to_string()
    };
    let migrate = async |body: &str| ask(&stand_in, "POST", &format!("{DIG}/migrate"), body).await;
    assert_refused(&migrate("").await, 400, "Empty body", "no body");
    assert_refused(&migrate(&to("v9", "zz")).await, 404, "DeploymentIntentGroup not found", "absent");
    assert_eq!(migrate(&to("v1", "dig1")).await.status, 501);
}

#[tokio::test]
async fn a_logical_cloud_ends_when_nothing_uses_it() {
    let stand_in = loaded().await;
    let terminate = async || ask(&stand_in, "POST", &format!("{CLOUD}/terminate"), "").await;
    let deployed = async || ask(&stand_in, "GET", &format!("{CLOUD}/status"), "").await.body;
    assert!(deployed().await.contains(r#""deployedStatus":"Instantiated""#));
    assert_eq!(terminate().await.status, 400, "a deployment intent group uses it");
    ask(&stand_in, "POST", &format!("{DIG}/terminate"), "").await;
    assert_refused(&ask(&stand_in, "DELETE", DIG, "").await, 500, INTERNAL, "still terminating");
    stand_in.advance(A_WHILE);
    let children = "Cannot delete parent without deleting child references first";
    assert_refused(&ask(&stand_in, "DELETE", DIG, "").await, 409, children, "with intents");
    let gpi = format!("{DIG}/generic-placement-intents/dig1-placement-intent");
    for path in [
        &format!("{gpi}/app-intents/collectd-placement-intent"),
        &gpi,
        &format!("{DIG}/intents/dig1-intent"),
        DIG,
    ] {
        assert_eq!(ask(&stand_in, "DELETE", path, "").await.status, 204, "{path}");
    }
    assert_eq!(terminate().await.status, 202);
    assert!(deployed().await.contains("Terminated"));
    assert_refused(&terminate().await, 409, "The Logical Cloud has already been terminated", "twice");
    let absent = ask(&stand_in, "POST", &CLOUD.replace("default", "none/terminate"), "").await;
    assert_refused(&absent, 404, "Logical Cloud not found", "absent");
}

const RESOURCE: &str = r#"{"metadata":{"name":"r"},"spec":{"app":"collectd","newObject":"false","resourceGVK":{"apiVersion":"v1","kind":"ConfigMap","name":"c"}}}"#;
const CUSTOMIZATION: &str = r#"{"metadata":{"name":"c"},"spec":{"clusterSpecific":"true","clusterInfo":{"scope":"name","clusterProvider":"provider1","cluster":"cluster1","mode":"allow"},"patchType":"json","patchJson":[{"op":"replace","path":"/data/A","value":"b"}]}}"#;

#[tokio::test]
async fn the_action_controllers_intents_are_kept_as_it_keeps_them() {
    let stand_in = loaded().await;
    let intents = format!("{DIG}/generic-k8s-intents");
    let (resources, customizations) =
        (format!("{intents}/g/resources"), format!("{intents}/g/resources/r/customizations"));
    let orphan = form(&stand_in, "POST", &resources, RESOURCE, Some(b"")).await;
    assert_refused(&orphan, 409, "Cannot perform requested operation. Parent resource not found", "orphan");

    assert_eq!(ask(&stand_in, "POST", &intents, r#"{"metadata":{"name":"g"}}"#).await.status, 201);
    let none = ask(&stand_in, "GET", &resources, "").await;
    assert_eq!((none.status, none.body.as_str()), (404, "null\n"));
    assert_eq!(form(&stand_in, "POST", &resources, RESOURCE, Some(b"")).await.status, 201);
    let created = form(&stand_in, "POST", &customizations, CUSTOMIZATION, Some(b"")).await;
    let expected = concat!(
        r#"{"metadata":{"name":"c","description":"","userData1":"","userData2":""},"spec":{"clusterSpecific":"true","#,
        r#""clusterInfo":{"scope":"name","clusterProvider":"provider1","cluster":"cluster1","clusterLabel":"","mode":"allow"},"#,
        r#""patchType":"json","patchJson":[{"op":"replace","path":"/data/A","value":"b"}],"configMapOptions":{},"secretOptions":{}}}"#,
        "\n"
    );
    assert_eq!((created.status, created.body.as_str()), (201, expected));
    let again = form(&stand_in, "PUT", &format!("{customizations}/c"), CUSTOMIZATION, None).await;
    assert_eq!(again.status, 200, "{}", again.body);

    for (path, metadata, text) in [
        (&resources, RESOURCE, "resource already exists"),
        (&customizations, CUSTOMIZATION, "customization already exists"),
    ] {
        assert_refused(&form(&stand_in, "POST", path, metadata, None).await, 409, text, path);
    }
    let twice = ask(&stand_in, "POST", &intents, r#"{"metadata":{"name":"g"}}"#).await;
    assert_refused(&twice, 409, "genericK8sIntent already exists", "twice");
    for (path, text) in [
        (format!("{intents}/none"), "genericK8sIntent not found"),
        (format!("{resources}/none"), "resource not found"),
        (format!("{customizations}/none"), "customization not found"),
    ] {
        assert_refused(&ask(&stand_in, "GET", &path, "").await, 404, text, &path);
    }
    let label = "/v2/cluster-providers/provider1/clusters/cluster1/labels/edge-cluster";
    let in_use = "Cannot delete without deleting or updating referencing resources first";
    let app_intents = format!("{DIG}/generic-placement-intents/dig1-placement-intent/app-intents");
    assert_refused(
        &ask(&stand_in, "DELETE", label, "").await,
        409,
        in_use,
        "an app intent found a cluster by it",
    );
    let by_name = r#"{"metadata":{"name":"collectd-placement-intent"},"spec":{"app":"collectd","intent":{"allOf":[{"clusterProvider":"provider1","cluster":"cluster1"}]}}}"#;
    assert_eq!(ask(&stand_in, "PUT", &format!("{app_intents}/x"), by_name).await.status, 200);
    assert_eq!(ask(&stand_in, "DELETE", label, "").await.status, 204);
    let cluster = ask(&stand_in, "DELETE", "/v2/cluster-providers/provider1/clusters/cluster1", "").await;
    assert_refused(&cluster, 409, in_use, "a cluster with a customization");
}

#[tokio::test]
async fn the_action_controller_reports_what_is_missing() {
    let stand_in = loaded().await;
    let intents = format!("{DIG}/generic-k8s-intents");
    ask(&stand_in, "POST", &intents, r#"{"metadata":{"name":"g"}}"#).await;
    let resources = format!("{intents}/g/resources");
    form(&stand_in, "POST", &resources, RESOURCE, None).await;
    let customizations = format!("{resources}/r/customizations");
    let new = RESOURCE.replace("false", "true").replace(r#""r""#, r#""n""#);
    let deployment = new.replace("ConfigMap", "Deployment");
    for (path, metadata, file, status, text) in [
        (&resources, "", None, 400, "empty request body"),
        (&resources, "{", None, 422, "error decoding the request body"),
        (
            &resources,
            "{}",
            None,
            400,
            "resource name may not be empty\napp may not be empty\nnewObject may not be empty\napiVersion may not be empty\n\
             kind may not be empty\nname may not be empty",
        ),
        (
            &resources,
            &deployment,
            None,
            422,
            "the provided file field name is not present in the request or not a file field",
        ),
        (
            &resources,
            &new,
            Some("kind: ConfigMap\n"),
            400,
            "failed to validate the resource template file\n. Error validating data\n apiVersion not set",
        ),
        (
            &customizations,
            &CUSTOMIZATION.replace(r#""scope":"name","clusterProvider":"provider1","#, ""),
            None,
            400,
            "scope may not be empty\ncluster provider may not be empty",
        ),
        (
            &customizations,
            &CUSTOMIZATION.replace(r#""cluster":"cluster1","#, ""),
            None,
            400,
            "clusterName is missing",
        ),
        (
            &customizations,
            &CUSTOMIZATION.replace("allow", "permit").replace("replace", "swap"),
            None,
            400,
            "Invalid Input:\nspec.clusterInfo.mode must be one of the following: \"allow\", \"deny\"\n\
             spec.patchJson.0.op must be one of the following: \"add\", \"remove\", \"replace\", \"move\", \"copy\", \"test\"",
        ),
        (
            &customizations,
            &CUSTOMIZATION.replace(r#""scope":"name""#, r#""scope":"label""#),
            None,
            400,
            "clusterLabel is missing",
        ),
    ] {
        let answer = form(&stand_in, "POST", path, metadata, file.map(str::as_bytes)).await;
        assert_refused(&answer, status, text, metadata);
    }
    let answer = ask(&stand_in, "POST", &intents, r#"{"metadata":{}}"#).await;
    assert_refused(&answer, 400, "genericK8sIntent name may not be empty", "no name");
    let renamed = ask(&stand_in, "PUT", &format!("{intents}/h"), r#"{"metadata":{"name":"g"}}"#).await;
    assert_refused(&renamed, 400, "the intent name is not matching with the name in the request", "renamed");
    assert_eq!(ask(&stand_in, "POST", &resources, RESOURCE).await.status, 422, "not a form");
}
