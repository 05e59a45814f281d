//! Responses are written as Go's HTTP server and JSON encoder write them (EMCO-API §0).

use emco::StatusQuery;
use emco_stand_in::samples;
use serde_json::{Value, json};

use crate::support::{DIG, GPI, ask, bare, client, loaded, raw, send};

#[tokio::test]
async fn routes_and_methods_are_refused_as_by_gos_router() {
    let stand_in = bare().await;
    for path in ["/", "/v2", "/v2/projects/", "/v2/nothing"] {
        let answer = ask(&stand_in, "GET", path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (404, "404 page not found\n"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    for method in ["DELETE", "PATCH", "HEAD", "OPTIONS"] {
        let answer = ask(&stand_in, method, "/v2/projects", "").await;
        assert_eq!((answer.status, answer.body.as_str(), answer.header("allow")), (405, "", ""), "{method}");
    }
    let answer = ask(&stand_in, "GET", "/v2//projects", "").await;
    assert_eq!((answer.status, answer.header("location")), (301, "/v2/projects"));
}

#[tokio::test]
async fn empty_lists_are_null_except_at_clm_and_dcm() {
    let stand_in = bare().await;
    let list = async |path: &str| {
        let answer = ask(&stand_in, "GET", path, "").await;
        (answer.status, answer.body)
    };
    assert_eq!(list("/v2/projects").await, (200, "null\n".to_owned()));
    assert_eq!(list("/v2/cluster-providers").await, (200, "[]\n".to_owned()));
    let references = "/v2/projects/p/logical-clouds/l/cluster-references";
    assert_eq!(list(references).await, (404, "Logical Cloud not found\n".to_owned()));
    assert_eq!(list(&format!("{DIG}/intents")).await, (200, "{\"intent\":null}\n".to_owned()));
}

#[tokio::test]
async fn documents_come_back_in_gos_form() {
    let stand_in = bare().await;
    // Keys in any case, a null, an unknown key, bytes after the value; all four fields back, HTML escaped, a
    // newline.
    let body = r#"{"METADATA":{"Name":"p","userdata1":"<&>","description":null},"spec":{"x":1}} trailing"#;
    let answer = ask(&stand_in, "POST", "/v2/projects", body).await;
    let expected = concat!(
        r#"{"metadata":{"name":"p","description":"","userData1":"\u003c\u0026\u003e","userData2":""}}"#,
        "\n"
    );
    assert_eq!((answer.status, answer.body.as_str()), (201, expected));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(ask(&stand_in, "GET", "/v2/projects/p", "").await.body, expected);
    assert_eq!(ask(&stand_in, "GET", "/v2/projects/%70", "").await.body, expected);
    assert_eq!(ask(&stand_in, "PUT", "/v2/projects/p", body).await.status, 200);
    let deleted = ask(&stand_in, "DELETE", "/v2/projects/p", "").await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
}

#[tokio::test]
async fn app_intents_omit_empty_metadata_and_expand_labels() {
    let stand_in = loaded().await;
    let path = format!("{DIG}/generic-placement-intents/{GPI}/app-intents");
    let expected = concat!(
        r#"[{"metadata":{"name":"collectd-placement-intent","description":"description of placement_intent"},"#,
        r#""spec":{"app":"collectd","intent":{"selector":"label","allOf":"#,
        r#"[{"clusterProvider":"provider1","cluster":"cluster1","clusterLabel":"edge-cluster"}]}}}]"#,
        "\n"
    );
    assert_eq!(ask(&stand_in, "GET", &path, "").await.body, expected);
}

#[tokio::test]
async fn a_label_becomes_the_clusters_of_the_cloud_that_have_it() {
    let stand_in = loaded().await;
    let labelled = |cluster: &str| {
        format!(
            "resourceContext: {{anchor: cluster-providers/provider1/clusters}}\nmetadata: {{name: {cluster}}}\nfile: kubeconfig\n---\n\
             resourceContext: {{anchor: cluster-providers/provider1/clusters/{cluster}/labels}}\nclusterLabel: edge-cluster\n"
        )
    };
    let reference = "resourceContext: {anchor: projects/proj1/logical-clouds/default/cluster-references}\n\
                     metadata: {name: third}\nspec: {clusterProvider: provider1, cluster: cluster0}\n";
    stand_in.load(&[&labelled("cluster0"), &labelled("outside"), reference].join("\n---\n")).await.unwrap();

    let path = format!("{DIG}/generic-placement-intents/{GPI}/app-intents");
    let label = json!({"clusterProvider": "provider1", "clusterLabel": "edge-cluster"});
    let intent =
        json!({"metadata": {"name": "x"}, "spec": {"app": "collectd", "intent": {"allOf": [label, label]}}});
    let posted = ask(&stand_in, "POST", &path, &intent.to_string()).await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    // In the order in which they got the label, once for each mention of it.
    let clause = |cluster: &str| json!({"clusterProvider": "provider1", "cluster": cluster, "clusterLabel": "edge-cluster"});
    let expanded = [clause("cluster1"), clause("cluster0"), clause("cluster1"), clause("cluster0")];
    let stored = stand_in.document(&format!("{path}/x").replace("/v2/", "")).unwrap();
    assert_eq!(stored["spec"]["intent"], json!({"selector": "label", "allOf": expanded}));

    let unlabelled =
        ask(&stand_in, "DELETE", "/v2/cluster-providers/provider1/clusters/outside/labels/edge-cluster", "");
    assert_eq!(unlabelled.await.status, 204, "no app intent speaks of it");
}

#[tokio::test]
async fn a_put_uses_the_bodys_name_and_reports_a_replacement() {
    let stand_in = loaded().await;
    let path = format!("{DIG}/generic-placement-intents/{GPI}/app-intents");
    let body = r#"{"metadata":{"name":"x"},"spec":{"app":"a","intent":{"selector":"name","allOf":[{"clusterProvider":"provider1","cluster":"cluster1"}]}}}"#;
    let url = format!("{path}/whatever");
    assert_eq!(ask(&stand_in, "PUT", &url, body).await.status, 201);
    assert_eq!(ask(&stand_in, "PUT", &url, body).await.status, 200);
    assert_eq!(ask(&stand_in, "GET", &format!("{path}/x"), "").await.body, format!("{body}\n"));
    assert_eq!(ask(&stand_in, "GET", &url, "").await.status, 404);
}

#[tokio::test]
async fn a_dig_without_history_has_a_short_status() {
    let stand_in = bare().await;
    let mut documents = samples::documents().unwrap();
    documents.truncate(documents.find("# Both are single POSTs").unwrap());
    stand_in.load(&documents).await.unwrap();
    let status: Value =
        serde_json::from_str(&ask(&stand_in, "GET", &format!("{DIG}/status"), "").await.body).unwrap();
    let mut keys: Vec<_> = status.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.pop(), Some("states"));
    assert_eq!(keys, ["digId", "project", "compositeApp", "compositeAppVersion", "compositeProfile", "name"]);
    let read = client(&stand_in).dig_status(&samples::dig(), &StatusQuery::ready()).await.unwrap();
    assert!(!read.is_ready() && read.ready_status.is_none());
}

#[tokio::test]
async fn only_an_update_returns_a_number() {
    let stand_in = loaded().await;
    let update = ask(&stand_in, "POST", &format!("{DIG}/update"), "").await;
    assert_eq!(
        (update.status, update.body.as_str(), update.header("content-type")),
        (202, "2\n", "application/json")
    );
    let terminate = ask(&stand_in, "POST", &format!("{DIG}/terminate"), "").await;
    assert_eq!((terminate.status, terminate.body.as_str()), (202, ""));
}

#[tokio::test]
async fn resources_with_files_are_read_by_accept() {
    let stand_in = loaded().await;
    let url = format!("{}/v2/projects/proj1/composite-apps/capp1/v1/apps/collectd", stand_in.url());
    let get = async |accept: Option<&str>| {
        let request = raw("GET", url.clone());
        send(request.header("accept", accept.unwrap_or_default())).await
    };
    assert_eq!(get(None).await.status, 406);
    assert_eq!(get(Some("text/html")).await.status, 300);
    let metadata = get(Some("application/json")).await;
    assert!(metadata.body.starts_with(r#"{"metadata":{"name":"collectd""#), "{}", metadata.body);
    assert_eq!(
        get(Some("application/octet-stream")).await.header("content-type"),
        "application/octet-stream"
    );
}

#[tokio::test]
async fn the_presence_flags_of_status_list_names() {
    let stand_in = loaded().await;
    let ask = async |flag: &str| -> Value {
        serde_json::from_str(&ask(&stand_in, "GET", &format!("{DIG}/status?{flag}"), "").await.body).unwrap()
    };
    assert_eq!(ask("apps&clusters").await["apps"], json!(["collectd"]));
    let cluster = json!({"clusterProvider": "provider1", "cluster": "cluster1"});
    assert_eq!(ask("clusters").await["clustersByApp"], json!([{"app": "collectd", "clusters": [cluster]}]));
    let resources = ask("resources").await;
    assert_eq!(resources["resourcesByApp"][0]["resources"][0]["GVK"]["Kind"], "Deployment");
}

#[tokio::test]
async fn clusters_are_listed_in_three_ways() {
    let stand_in = loaded().await;
    let clusters = "/v2/cluster-providers/provider1/clusters";
    let list = async |query: &str| ask(&stand_in, "GET", &format!("{clusters}{query}"), "").await.body;
    let metadata = r#""metadata":{"name":"cluster1","description":"","userData1":"","userData2":""}"#;
    let git_ops = r#"{"gitOpsType":"","gitOpsReferenceObject":"","gitOpsResourceObject":""}"#;
    assert_eq!(list("").await, format!("[{{{metadata},\"spec\":{{\"gitOps\":{git_ops}}}}}]\n"));
    assert_eq!(list("?label=edge-cluster").await, "[\"cluster1\"]\n");
    let labels = r#""labels":[{"clusterLabel":"edge-cluster"}]"#;
    assert_eq!(list("?withLabels=true").await, format!("[{{{metadata},{labels}}}]\n"));
}
