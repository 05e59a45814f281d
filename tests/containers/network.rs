//! A network of one's own, and the containers on it. All of it goes with its test, however that ends.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use harness::{eventually, free_port};
use testcontainers::bollard::models::HostConfig;
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

use crate::images::Images;

/// Whose container, network or volume it is.
const LABEL: &str = "temporal-emco-test";
const STARTED_WITHIN: Duration = Duration::from_secs(120);
const SHOWN_LINES: &str = "60";

/// Removes everything when standard input ends, which it also does when the process that holds the other end is killed.
const KEEPER: &str = r#"
read -r _
docker ps --all --quiet --filter "label=$1=$2" | xargs -r docker rm --force --volumes
docker volume ls --quiet --filter "label=$1=$2" | xargs -r docker volume rm --force
docker network rm "$2"
"#;

/// A network that only its own containers are on. Its name is in theirs, by which they find each other.
#[derive(Debug)]
pub(crate) struct Network {
    name: String,
    images: Images,
    keeper: Child,
}

impl Network {
    pub(crate) async fn new(images: Images) -> Result<Self> {
        let name = format!("{LABEL}-{:08x}", fastrand::u32(..));
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", LABEL, &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("`sh`, which watches over containers, does not start")?;
        // From here on the keeper removes it.
        let network = Self { name, images, keeper };
        docker(&["network", "create", &network.name]).await?;
        Ok(network)
    }

    /// What the container `name` of this network is called on it.
    pub(crate) fn host(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// A container of an image under test, as strict as Kubernetes' *restricted* profile and more: nothing
    /// can be written but what is mounted.
    pub(crate) fn container(&self, image: &str, name: &str) -> Result<ContainerRequest<GenericImage>> {
        let (algorithm, id) = self.images.id(image)?;
        Ok(GenericImage::new(algorithm, id)
            .with_wait_for(WaitFor::Nothing)
            .with_network(&self.name)
            .with_container_name(self.host(name))
            .with_label(LABEL, &self.name)
            .with_readonly_rootfs(true)
            .with_cap_drop("ALL")
            .with_security_opt("no-new-privileges:true")
            .with_startup_timeout(STARTED_WITHIN)
            .with_host_config_modifier(local))
    }

    /// The same, with a place to write to in memory, for what has no volume.
    pub(crate) fn container_with_tmpfs(
        &self,
        image: &str,
        name: &str,
    ) -> Result<ContainerRequest<GenericImage>> {
        Ok(self.container(image, name)?.with_host_config_modifier(|config| {
            let options = "uid=65532,gid=65532,mode=0700".to_owned();
            config.tmpfs = Some(HashMap::from([("/data".to_owned(), options)]));
            local(config);
        }))
    }

    /// A volume; empty, it takes over what an image has in its place, the owner too.
    pub(crate) async fn volume(&self) -> Result<String> {
        let name = format!("{}-{:08x}", self.name, fastrand::u32(..));
        docker(&["volume", "create", "--label", &format!("{LABEL}={}", self.name), &name]).await?;
        Ok(name)
    }

    /// Cuts a container off: no packet reaches it, and nobody is told.
    pub(crate) async fn disconnect(&self, container: &Container) -> Result<()> {
        docker(&["network", "disconnect", &self.name, container.id()]).await.map(drop)
    }

    /// Connects it again, maybe under another address.
    pub(crate) async fn connect(&self, container: &Container) -> Result<()> {
        docker(&["network", "connect", &self.name, container.id()]).await.map(drop)
    }

    /// Prints the last lines of every container's output.
    pub(crate) async fn show_logs(&self) -> Result<()> {
        let filter = format!("label={LABEL}={}", self.name);
        let names = docker(&["ps", "--all", "--format", "{{.Names}}", "--filter", &filter]).await?;
        for name in names.lines() {
            // The streams stay apart, and both are wanted.
            let output = tokio::process::Command::new("docker")
                .args(["logs", "--tail", SHOWN_LINES, name])
                .output()
                .await?;
            let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
            eprintln!("--- {name} ---\n{}\n{}", text(&output.stdout), text(&output.stderr));
        }
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // An error here has nobody to go to.
        let _ = self.keeper.wait();
    }
}

/// What is served to this machine is served to no other, and only what was asked for.
fn local(config: &mut HostConfig) {
    config.publish_all_ports = Some(false);
    let bindings = config.port_bindings.iter_mut().flat_map(HashMap::values_mut).flatten().flatten();
    bindings.for_each(|binding| binding.host_ip = Some(Ipv4Addr::LOCALHOST.to_string()));
}

/// A container that has been started.
#[derive(Debug)]
pub(crate) struct Container {
    inner: Box<ContainerAsync<GenericImage>>,
    /// Of this machine.
    port: Option<u16>,
}

impl Container {
    pub(crate) async fn start(request: ContainerRequest<GenericImage>) -> Result<Self> {
        Ok(Self { inner: Box::new(request.start().await?), port: None })
    }

    /// The same, with a port of it to be reached from here, which stays the same when it is started again.
    pub(crate) async fn serving(request: ContainerRequest<GenericImage>, port: u16) -> Result<Self> {
        let here = free_port();
        let inner = request.with_mapped_port(here, port.tcp()).start().await?;
        Ok(Self { inner: Box::new(inner), port: Some(here) })
    }

    pub(crate) fn id(&self) -> &str {
        self.inner.id()
    }

    /// Where it is reached from here.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.unwrap_or_default())
    }

    /// Waits until a GET of `path` answers 200.
    pub(crate) async fn ready(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.url());
        self.until(&url, async || {
            let status = harness::http().get(&url).send().await?.status();
            ensure!(status.is_success(), "answers {status}");
            Ok(())
        })
        .await
    }

    /// Waits until `probe` is content. A container that has ended is an error with what it has printed.
    pub(crate) async fn until(&self, what: &str, mut probe: impl AsyncFnMut() -> Result<()>) -> Result<()> {
        let runs = eventually(STARTED_WITHIN, what, async || match self.inner.is_running().await? {
            true => probe().await.map(|()| true),
            false => anyhow::Ok(false),
        })
        .await;
        if !runs {
            bail!("{what}: it has ended: {}", self.log().await?);
        }
        Ok(())
    }

    /// Ends it as Kubernetes does, by SIGTERM, and gives its exit code.
    pub(crate) async fn stop(&self) -> Result<i64> {
        self.inner.stop_with_timeout(Some(60)).await?;
        self.exit_code().await
    }

    /// Kills it.
    pub(crate) async fn kill(&self) -> Result<()> {
        docker(&["kill", self.id()]).await.map(drop)
    }

    /// Starts it again, after it has ended.
    pub(crate) async fn start_again(&self) -> Result<()> {
        Ok(self.inner.start().await?)
    }

    /// Stops it in mid-air: its connections stay open, and nothing answers.
    pub(crate) async fn pause(&self) -> Result<()> {
        Ok(self.inner.pause().await?)
    }

    pub(crate) async fn unpause(&self) -> Result<()> {
        Ok(self.inner.unpause().await?)
    }

    pub(crate) async fn exit_code(&self) -> Result<i64> {
        self.inner.exit_code().await?.context("it still runs")
    }

    /// What it has printed, standard output and error.
    pub(crate) async fn log(&self) -> Result<String> {
        let (out, err) = (self.inner.stdout_to_vec().await?, self.inner.stderr_to_vec().await?);
        Ok(format!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err)))
    }

    /// What a program inside prints.
    pub(crate) async fn exec(&self, command: &[&str]) -> Result<String> {
        docker(&[&["exec", self.id()], command].concat()).await
    }

    /// What it has written outside its mounts.
    pub(crate) async fn written(&self) -> Result<String> {
        docker(&["diff", self.id()]).await
    }
}

/// What Docker prints.
pub(crate) async fn docker(arguments: &[&str]) -> Result<String> {
    let output = tokio::process::Command::new("docker")
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await
        .context("`docker` does not start")?;
    if output.status.success() {
        return String::from_utf8(output.stdout).context("Docker prints no text");
    }
    bail!("`docker {}`: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim())
}
