//! The composite app on a real API server, as EMCO's rsync applies it: what Helm renders, with a label for the
//! deployment, applied by the client, app after app (EMCO-API §7.1).

use std::io::Write;

use harness::Cluster;
use serde_json::{Value, json};

use crate::helm::objects;
use crate::site::Folder;

/// The order in which EMCO deploys them.
const APPS: [&str; 3] = ["worker", "workflow-client", "bridge"];

/// Returns what rsync applies. Pods of `helm test` are hooks, which it leaves out.
fn of_rsync(folder: &Folder, app: &str) -> Vec<Value> {
    let mut objects = objects(folder, app).unwrap();
    objects.retain(|object| object.pointer("/metadata/annotations/helm.sh~1hook").is_none());
    for object in &mut objects {
        object["metadata"]["labels"]["emco/deployment-id"] = json!(format!("1234567890-{app}"));
        if object["kind"] == "Deployment" {
            object["spec"]["template"]["metadata"]["labels"]["emco/deployment-id"] =
                json!(format!("1234567890-{app}"));
        }
    }
    objects
}

struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Namespace<'_> {
    fn kubectl(&self, args: &[&str], objects: &[Value]) -> String {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let args: Vec<_> = args.iter().copied().chain(["-n", &self.name, "-f", "-"]).collect();
        self.cluster.kubectl(&args, &list).unwrap()
    }

    fn apply(&self, objects: &[Value]) -> String {
        self.kubectl(&["apply", "--validate=strict"], objects)
    }

    /// Applies objects again, and expects that nothing changes.
    #[track_caller]
    fn assert_unchanged(&self, objects: &[Value]) {
        let before = self.kubectl(&["get", "-o", "json"], objects);
        self.apply(objects);
        assert_eq!(self.kubectl(&["get", "-o", "json"], objects), before);
    }

    /// Returns the image of an app.
    fn image(&self, app: &str) -> String {
        let deployment = format!("workflows-{app}");
        let image = "-o=jsonpath={.spec.template.spec.containers[0].image}";
        self.cluster.kubectl(&["get", "deployment", &deployment, image, "-n", &self.name], "").unwrap()
    }
}

#[test]
fn every_environment_is_applied_updated_and_rolled_back() {
    let Some(cluster) = Cluster::shared().unwrap() else { return };
    let mut count = 0;
    for environment in ["dev", "test", "prod"] {
        let namespace = Namespace { cluster: &cluster, name: format!("emco-{environment}") };
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name, "labels": labels}});
        cluster.kubectl(&["apply", "-f", "-"], &made.to_string()).unwrap();
        let (first, next) =
            (Folder::new(&["--env", environment]), Folder::new(&["--env", environment, "--image-tag", "v2"]));
        for app in APPS {
            let (first, next) = (of_rsync(&first, app), of_rsync(&next, app));
            count += first.len();
            let created = namespace.apply(&first);
            assert!(created.lines().all(|result| result.ends_with(" created")), "{created}");
            namespace.assert_unchanged(&first);
            let image = namespace.image(app);
            namespace.apply(&next);
            assert!(namespace.image(app).ends_with(":v2"));
            namespace.apply(&first);
            assert_eq!(namespace.image(app), image);
            namespace.assert_unchanged(&first);
            let mut pod =
                first.iter().find(|object| object["kind"] == "Deployment").unwrap()["spec"]["template"]
                    .clone();
            pod["apiVersion"] = json!("v1");
            pod["kind"] = json!("Pod");
            pod["metadata"]["name"] = json!(app);
            namespace.kubectl(&["create", "--dry-run=server", "--validate=strict"], &[pod]);
            namespace
                .kubectl(&["apply", "--server-side", "--dry-run=server", "--field-manager=second"], &first);
        }
        for app in APPS.iter().rev() {
            // The claim of SQLite stays until a controller has released it.
            namespace.kubectl(&["delete", "--wait=false"], &of_rsync(&first, app));
        }
    }
    // Not by a macro, whose output the test harness hides.
    let figures = format!("composite app: 3 environments, {count} objects\n");
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}
