//! Pod Security's profile *restricted*, with the *baseline* that it includes, control by control as in the standard
//! (Kubernetes 1.37). No pod runs on Windows, so the exceptions for Windows are left out.

use serde_json::Value;

/// Returns the controls that a pod violates, as `control: place`.
pub(crate) fn violations(pod: &Pod<'_>) -> Vec<String> {
    let mut found: Vec<String> =
        pod.all().filter_map(|violated| violated.map(|(control, at)| format!("{control}: {at}"))).collect();
    found.sort();
    found.dedup();
    found
}

type Violation = Option<(&'static str, String)>;

/// The parts of a pod that the standard restricts.
pub(crate) struct Pod<'a> {
    pub(crate) metadata: &'a Value,
    pub(crate) spec: &'a Value,
}

impl<'a> Pod<'a> {
    /// Returns the pod that an object is, or creates.
    pub(crate) fn of(object: &'a Value) -> Option<Self> {
        let pod = match object["kind"].as_str()? {
            "Pod" => object,
            "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
            _ => {
                object["spec"].get("template").filter(|template| template["spec"]["containers"].is_array())?
            }
        };
        Some(Self { metadata: &pod["metadata"], spec: &pod["spec"] })
    }

    fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let spec = self.spec;
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|kind| list(&spec[kind]))
    }

    fn all(&self) -> impl Iterator<Item = Violation> + use<'a> {
        let (spec, context) = (self.spec, &self.spec["securityContext"]);
        let mut found = vec![
            host_namespaces(spec),
            app_armor_annotations(&self.metadata["annotations"]),
            sysctls(context),
            user(context, "pod"),
            profile("AppArmor", &context["appArmorProfile"], "pod"),
            selinux(context, "pod"),
            host_process(context, "pod"),
        ];
        found.extend(list(&spec["volumes"]).map(volume_type));
        for container in self.containers() {
            let name = container["name"].as_str().unwrap_or("a container without name");
            let own = &container["securityContext"];
            found.extend([
                host_process(own, name),
                unless(own["privileged"] != true, "Privileged Containers", name),
                host_ports(container, name),
                host_probes(container, name),
                profile("AppArmor", &own["appArmorProfile"], name),
                selinux(own, name),
                unless(one_of(&own["procMount"], &["Default"]), "/proc Mount Type", name),
                unless(own["allowPrivilegeEscalation"] == false, "Privilege Escalation", name),
                unless(*effective(own, context, "runAsNonRoot") == true, "Running as Non-root", name),
                user(own, name),
                seccomp(effective(own, context, "seccompProfile"), name),
                capabilities(&own["capabilities"], name),
            ]);
        }
        found.into_iter()
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn unless(kept: bool, control: &'static str, at: impl Into<String>) -> Violation {
    (!kept).then(|| (control, at.into()))
}

/// Reports whether a value is not set, or one of these.
fn one_of(value: &Value, allowed: &[&str]) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| allowed.contains(&text))
}

/// Returns a container's setting, or else the pod's.
fn effective<'a>(own: &'a Value, pod: &'a Value, name: &str) -> &'a Value {
    if own[name].is_null() { &pod[name] } else { &own[name] }
}

fn host_process(context: &Value, at: &str) -> Violation {
    unless(context["windowsOptions"]["hostProcess"] != true, "HostProcess", at)
}

fn host_namespaces(spec: &Value) -> Violation {
    let shared = ["hostNetwork", "hostPID", "hostIPC"].into_iter().find(|name| spec[*name] == true);
    shared.map(|name| ("Host Namespaces", name.to_owned()))
}

fn host_ports(container: &Value, at: &str) -> Violation {
    let kept = list(&container["ports"]).all(|port| port["hostPort"].as_u64().unwrap_or(0) == 0);
    unless(kept, "Host Ports", at)
}

fn host_probes(container: &Value, at: &str) -> Violation {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| &container[probe]);
    let hooks = ["postStart", "preStop"].map(|hook| &container["lifecycle"][hook]);
    let kept = probes
        .into_iter()
        .chain(hooks)
        .all(|asks| ["httpGet", "tcpSocket"].into_iter().all(|way| one_of(&asks[way]["host"], &[""])));
    unless(kept, "Host Probes / Lifecycle Hooks", at)
}

fn app_armor_annotations(annotations: &Value) -> Violation {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let kept = |value: &Value| {
        value.as_str().is_some_and(|text| text == "runtime/default" || text.starts_with("localhost/"))
    };
    annotations
        .as_object()?
        .iter()
        .find(|(key, value)| key.starts_with(PREFIX) && !kept(value))
        .map(|(key, _)| ("AppArmor", key.clone()))
}

fn profile(control: &'static str, profile: &Value, at: &str) -> Violation {
    unless(one_of(&profile["type"], &["RuntimeDefault", "Localhost"]), control, at)
}

fn selinux(context: &Value, at: &str) -> Violation {
    const TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    let options = &context["seLinuxOptions"];
    let kept = one_of(&options["type"], &TYPES)
        && one_of(&options["user"], &[""])
        && one_of(&options["role"], &[""]);
    unless(kept, "SELinux", at)
}

fn sysctls(context: &Value) -> Violation {
    const SAFE: [&str; 11] = [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    ];
    let mut names = list(&context["sysctls"]).map(|sysctl| sysctl["name"].as_str().unwrap_or_default());
    names.find(|name| !SAFE.contains(name)).map(|name| ("Sysctls", name.to_owned()))
}

fn volume_type(volume: &Value) -> Violation {
    const TYPES: [&str; 8] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let mut kinds = volume.as_object()?.keys().filter(|key| *key != "name");
    kinds.find(|kind| !TYPES.contains(&kind.as_str())).map(|kind| ("Volume Types", kind.clone()))
}

fn user(context: &Value, at: &str) -> Violation {
    unless(context["runAsUser"] != 0, "Running as Non-root user", at)
}

/// Stricter than the baseline's: it must be set.
fn seccomp(profile: &Value, at: &str) -> Violation {
    let kept = matches!(profile["type"].as_str(), Some("RuntimeDefault" | "Localhost"));
    unless(kept, "Seccomp", at)
}

fn capabilities(capabilities: &Value, at: &str) -> Violation {
    let drops_all = list(&capabilities["drop"]).any(|name| name == "ALL");
    let adds = list(&capabilities["add"]).all(|name| name == "NET_BIND_SERVICE");
    unless(drops_all && adds, "Capabilities", at)
}
