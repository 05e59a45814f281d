//! A release of a chart, and what the API server makes of it.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;

use harness::Cluster;
use serde_json::{Value, json};

use crate::Chart;
use crate::chart::said;

pub(crate) const HELMS: [&str; 2] = ["Helm 3", "Helm 4"];
/// The kinds of objects that the charts have.
const KINDS: &str = "configmap,deployment,horizontalpodautoscaler,ingress,networkpolicy,persistentvolumeclaim,\
                     poddisruptionbudget,service,serviceaccount,servicemonitor,\
                     certificate,virtualservice";
/// The priority class that profiles name, and one whose name YAML reads as a number.
const PRIORITIES: [&str; 2] = ["emco", "1e3"];

pub(crate) struct Release<'a> {
    cluster: &'a Cluster,
    helm: usize,
    namespace: String,
    chart: Chart,
    name: String,
}

impl<'a> Release<'a> {
    /// Describes a release in a namespace, which is made if needed.
    pub(crate) fn new(cluster: &'a Cluster, helm: usize, within: &str, chart: &str, name: &str) -> Self {
        let chart = Chart::all().find(|known| known.name == chart).unwrap();
        let namespace = namespace(cluster, within);
        Self { cluster, helm, namespace, chart, name: name.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs Helm, and returns its output or its error.
    pub(crate) fn helm(&self, args: &[&str]) -> Result<String, String> {
        let mut helm: Command = self.cluster.helms().into_iter().nth(self.helm).unwrap();
        helm.args(args).args(["--namespace", &self.namespace]);
        said(&helm.output().unwrap())
    }

    /// Installs or upgrades, and returns the release.
    pub(crate) fn run(&self, verb: &str, values: &[&str]) -> Result<Value, String> {
        self.run_chart(verb, self.chart.folder().to_str().unwrap(), values)
    }

    /// Installs or upgrades from a folder.
    pub(crate) fn run_chart(&self, verb: &str, folder: &str, values: &[&str]) -> Result<Value, String> {
        let mut args = vec![verb, &self.name, folder, "--output", "json"];
        // Profiles have all that is required.
        if !values.contains(&"-f") {
            args.extend(self.chart.required().iter().flat_map(|set| ["--set", set]));
        }
        args.extend(values);
        Ok(serde_json::from_str(&self.helm(&args)?).unwrap())
    }

    /// Returns an object that has the name of the release and the chart.
    pub(crate) fn get(&self, kind: &str) -> Value {
        let name = format!("{}-{}", self.name, self.chart.name);
        serde_json::from_str(&self.kubectl(&["get", kind, &name, "-o", "json"], "").unwrap()).unwrap()
    }

    pub(crate) fn kubectl(&self, args: &[&str], input: &str) -> Result<String, String> {
        let args: Vec<_> = args.iter().copied().chain(["-n", &self.namespace]).collect();
        self.cluster.kubectl(&args, input).map_err(|error| format!("{error:#}"))
    }

    /// Checks that the server has what the manifest contains, and that a second applier of the same manifest is not in
    /// conflict and would change nothing. Returns the number of objects.
    pub(crate) fn verify(&self, release: &Value) -> Result<usize, String> {
        let manifest = release["manifest"].as_str().unwrap();
        let second =
            ["apply", "--server-side", "--dry-run=server", "--field-manager=second", "--validate=strict"];
        let second: Vec<_> = second.into_iter().chain(["-o", "json", "-f", "-"]).collect();
        let (second, live) =
            (self.kubectl(&second, manifest)?, self.kubectl(&["get", "-o", "json", "-f", "-"], manifest)?);
        let (second, live) = (objects(&second), objects(&live));
        for (second, live) in second.iter().zip(&live) {
            if second != live {
                return Err(format!("a second applier changes {live} to {second}"));
            }
        }
        Ok(live.len())
    }

    /// Checks that the server takes the pods of an installed release, in a namespace for *restricted* ones.
    pub(crate) fn verify_pods(&self, release: &Value) -> Result<(), String> {
        let mut pod = self.get("deployment")["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["generateName"] = json!("pod-");
        let hooks =
            release["hooks"].as_array().unwrap().iter().map(|hook| hook["manifest"].as_str().unwrap());
        let pods = hooks.fold(pod.to_string(), |pods, hook| format!("{pods}\n---\n{hook}"));
        self.kubectl(&["create", "--dry-run=server", "--validate=strict", "-f", "-"], &pods).map(drop)
    }

    /// Removes the release, and checks that nothing but SQLite's claim remains.
    pub(crate) fn uninstall(&self) -> Result<(), String> {
        self.helm(&["uninstall", &self.name])?;
        let selector = format!("release={}", self.name);
        let left = self.kubectl(&["get", KINDS, "-l", &selector, "-o", "name"], "")?;
        let left: Vec<_> = left.lines().filter(|name| !name.starts_with("persistentvolumeclaim/")).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("uninstall leaves {left:?}")) }
    }
}

/// Returns the objects of kubectl's output, without what a dry run changes in each.
fn objects(text: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(text).unwrap();
    let mut objects = match list["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![list],
    };
    for object in &mut objects {
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.retain(|name, _| !["managedFields", "resourceVersion"].contains(&name.as_str()));
    }
    objects
}

/// Returns a namespace for *restricted* pods, which is made if needed, with what a controller would make in it.
pub(crate) fn namespace(cluster: &Cluster, name: &str) -> String {
    static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !MADE.lock().unwrap().insert(name.to_owned()) {
        return name.to_owned();
    }
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let mut made = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}),
    ];
    made.extend(PRIORITIES.map(|class| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": class}, "value": 1})
    }));
    let list = json!({"apiVersion": "v1", "kind": "List", "items": made});
    cluster.kubectl(&["apply", "--server-side", "-f", "-"], &list.to_string()).unwrap();
    name.to_owned()
}
