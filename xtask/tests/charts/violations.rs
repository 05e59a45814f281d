//! No pod of the charts violates the *restricted* profile, and a violation of each control is found.

use serde_json::{Value, json};

use crate::Chart;
use crate::chart::one;
use crate::restricted::{Pod, violations};

#[test]
fn no_pod_violates_a_control() {
    let mut pods = 0;
    for chart in Chart::all() {
        for profile in chart.profiles() {
            for object in chart.objects(&profile) {
                if let Some(pod) = Pod::of(&object) {
                    pods += 1;
                    assert_eq!(violations(&pod), Vec::<String>::new(), "{} {}", profile.name, object["kind"]);
                }
            }
        }
    }
    // The Deployment, and the pod of `helm test`, in three charts with three profiles.
    assert!(pods >= 18, "{pods}");
}

/// Returns a Deployment with this value at a JSON pointer below the template of its pod.
fn violating(pointer: &str, value: Value) -> Value {
    let objects = Chart { name: "bridge" }.with(&[]).unwrap();
    let mut deployment = one(&objects, "Deployment").clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let template = &mut deployment["spec"]["template"];
    let parent = template.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}"));
    match (parent, key) {
        (Value::Array(list), _) => list.push(value),
        (object, key) => object[key] = value,
    }
    deployment
}

#[test]
fn a_violation_of_each_control_is_found() {
    const CONTAINER: &str = "/spec/containers/0/securityContext";
    let container = |field: &str| format!("{CONTAINER}/{field}");
    let pod = |field: &str| format!("/spec/securityContext/{field}");
    let host_process = || json!({"hostProcess": true});
    let init = json!([{"name": "init", "image": "i"}]);
    for (control, pointer, value) in [
        ("HostProcess: pod", pod("windowsOptions"), host_process()),
        ("HostProcess: bridge", container("windowsOptions"), host_process()),
        ("Host Namespaces: hostNetwork", "/spec/hostNetwork".to_owned(), json!(true)),
        ("Host Namespaces: hostPID", "/spec/hostPID".to_owned(), json!(true)),
        ("Host Namespaces: hostIPC", "/spec/hostIPC".to_owned(), json!(true)),
        ("Privileged Containers: bridge", container("privileged"), json!(true)),
        ("Capabilities: bridge", container("capabilities"), json!({"drop": ["ALL"], "add": ["CHOWN"]})),
        ("Capabilities: bridge", container("capabilities"), json!({"drop": ["CHOWN"]})),
        (
            "Volume Types: hostPath",
            "/spec/volumes/-".to_owned(),
            json!({"name": "v", "hostPath": {"path": "/"}}),
        ),
        ("Volume Types: nfs", "/spec/volumes/-".to_owned(), json!({"name": "v", "nfs": {"path": "/"}})),
        ("Host Ports: bridge", "/spec/containers/0/ports/-".to_owned(), json!({"hostPort": 80})),
        (
            "Host Probes / Lifecycle Hooks: bridge",
            "/spec/containers/0/livenessProbe/httpGet/host".to_owned(),
            json!("10.0.0.1"),
        ),
        (
            "Host Probes / Lifecycle Hooks: bridge",
            "/spec/containers/0/lifecycle".to_owned(),
            json!({"preStop": {"tcpSocket": {"host": "10.0.0.1"}}}),
        ),
        ("AppArmor: pod", pod("appArmorProfile"), json!({"type": "Unconfined"})),
        ("AppArmor: bridge", container("appArmorProfile"), json!({"type": "Unconfined"})),
        (
            "AppArmor: container.apparmor.security.beta.kubernetes.io/bridge",
            "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1bridge".to_owned(),
            json!("unconfined"),
        ),
        ("SELinux: pod", pod("seLinuxOptions"), json!({"type": "spc_t"})),
        ("SELinux: bridge", container("seLinuxOptions"), json!({"role": "sysadm_r"})),
        ("/proc Mount Type: bridge", container("procMount"), json!("Unmasked")),
        ("Sysctls: kernel.msgmax", pod("sysctls"), json!([{"name": "kernel.msgmax", "value": "1"}])),
        ("Privilege Escalation: bridge", container("allowPrivilegeEscalation"), json!(true)),
        ("Privilege Escalation: bridge", container("allowPrivilegeEscalation"), Value::Null),
        ("Running as Non-root: bridge", pod("runAsNonRoot"), Value::Null),
        ("Running as Non-root: bridge", container("runAsNonRoot"), json!(false)),
        ("Running as Non-root user: pod", pod("runAsUser"), json!(0)),
        ("Running as Non-root user: bridge", container("runAsUser"), json!(0)),
        ("Seccomp: bridge", pod("seccompProfile"), Value::Null),
        ("Seccomp: bridge", container("seccompProfile"), json!({"type": "Unconfined"})),
        ("Privilege Escalation: init", "/spec/initContainers".to_owned(), init.clone()),
        ("Capabilities: init", "/spec/ephemeralContainers".to_owned(), init),
    ] {
        // In a pointer `~1` means a slash, in a key it does not.
        let object = match pointer.split_once("~1") {
            Some((before, after)) => {
                let (parent, key) = before.rsplit_once('/').unwrap();
                let mut object = violating("/spec/x", Value::Null);
                object["spec"]["template"].pointer_mut(parent).unwrap()[format!("{key}/{after}")] = value;
                object
            }
            None => violating(&pointer, value),
        };
        let found = violations(&Pod::of(&object).unwrap());
        assert!(found.iter().any(|violation| violation == control), "{control} at {pointer}: {found:?}");
    }
}
