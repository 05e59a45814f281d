//! `cargo xtask composite-app`: writes the charts, profiles and documents with which an administrator deploys bridge,
//! workflow client and worker through EMCO.

mod archive;
mod names;
mod output;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

use self::names::APPS;
use self::template::{Values, fill, unroll};
use crate::files::{read, read_folder};

/// What an installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Environment {
    /// To try things: one pod of each, everything logged.
    Dev,
    /// As in production, with a small database.
    Test,
    /// Several pods, PostgreSQL, images with a tag.
    Prod,
}

/// Write bridge, workflow client and worker as an EMCO composite app: archives of charts and profiles, and documents
/// that emcoctl applies in order. `docs/deploy.md` explains each step. Equal options produce equal bytes.
#[derive(Debug, clap::Args)]
pub(crate) struct CompositeApp {
    /// What the installation is for.
    #[arg(long)]
    env: Environment,
    /// The folder to write: a new or empty one, or one that this command wrote and nobody changed.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The project in EMCO.
    #[arg(long, value_name = "NAME", default_value = "workflows", value_parser = names::stem)]
    project: String,
    /// The project's logical cloud.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = names::name)]
    logical_cloud: String,
    /// The composite app.
    #[arg(long, value_name = "NAME", default_value = "temporal-workflows", value_parser = names::stem)]
    composite_app: String,
    /// The composite app's version.
    #[arg(long, value_name = "NAME", default_value = "v1", value_parser = names::name)]
    version: String,
    /// The deployment intent group. Each deployment in a project needs its own.
    #[arg(long, value_name = "NAME", default_value = "workflows", value_parser = names::stem)]
    dig: String,
    /// The Helm release, with which all names in Kubernetes begin. Default: the name of the deployment intent group.
    #[arg(long, value_name = "NAME", value_parser = names::release)]
    release: Option<String>,
    /// The cluster provider.
    #[arg(long, value_name = "NAME", default_value = "provider1", value_parser = names::name)]
    cluster_provider: String,
    /// A cluster; can be repeated. Bridge and workflow client run on the first, workers on all.
    #[arg(long = "cluster", value_name = "NAME", default_values = ["cluster1", "cluster2"], value_parser = names::name)]
    clusters: Vec<String>,
    /// The registry with the images, as `registry.example/team`. Default: none, the images are named
    /// `temporal-emco/…`.
    #[arg(long, value_name = "PREFIX", value_parser = names::plain)]
    registry: Option<String>,
    /// The tag of the images.
    #[arg(long, value_name = "TAG", default_value = env!("CARGO_PKG_VERSION"), value_parser = names::tag)]
    image_tag: String,
    /// The host name of the Temporal frontend, and its port, if that is not 7233.
    #[arg(long, value_name = "HOST[:PORT]", default_value = "temporal-frontend.temporal", value_parser = names::server)]
    temporal_server: (String, u16),
    /// Temporal's namespace.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = names::plain)]
    temporal_namespace: String,
}

impl CompositeApp {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let release = self.checked()?;
        output::write(&self.out, &self.files(&release)?)?;
        eprintln!("wrote {}; next: read README.md there", self.out.display());
        Ok(ExitCode::SUCCESS)
    }

    /// Checks options against each other, and returns the Helm release.
    fn checked(&self) -> Result<String> {
        let distinct: BTreeSet<&String> = self.clusters.iter().collect();
        ensure!(distinct.len() == self.clusters.len(), "--cluster: the same cluster is given twice");
        ensure!(
            self.env != Environment::Prod || !matches!(&*self.image_tag, "" | "latest"),
            "--image-tag: production needs a tag that names one version, and not `latest`"
        );
        match &self.release {
            Some(release) => Ok(release.clone()),
            None => names::release(&self.dig).with_context(|| {
                format!("--dig {} cannot be the name of the Helm release too; add --release", self.dig)
            }),
        }
    }

    /// Returns every file, by its path in the folder.
    fn files(&self, release: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let source = workspace_dir().join("composite-app");
        let clusters = self.clusters.len();
        let values = self.values(release);
        let mut files = BTreeMap::from([
            ("README.md".to_owned(), fill(&read(&source.join("guide.md"))?, &values)?.into_bytes()),
            ("emcoctl.yaml".to_owned(), read(&source.join("emcoctl.yaml"))?.into_bytes()),
            ("files/empty.yaml".to_owned(), Vec::new()),
        ]);
        let text = unroll(&read(&source.join("values.yaml"))?, clusters)?;
        files.insert("values.yaml".to_owned(), fill(&text, &values)?.into_bytes());
        for (name, text) in read_folder(&source.join("documents"))? {
            files.insert(name, unroll(&text, clusters)?.into_bytes());
        }
        let profiles = source.join("profiles").join(self.env.name());
        let registry = self.registry.iter().map(|registry| format!("{}/", registry.trim_end_matches('/')));
        let registry: String = registry.collect();
        for (app, image) in APPS {
            let chart = archive::chart(app, &workspace_dir().join("charts").join(app))?;
            files.insert(format!("apps/{app}.tgz"), chart);
            let image = Values::from([
                ("repository".to_owned(), format!("{registry}temporal-emco/{image}")),
                ("tag".to_owned(), self.image_tag.clone()),
            ]);
            let values = fill(&read(&profiles.join(format!("{app}.yaml")))?, &image)?;
            files.insert(format!("profiles/{app}.tgz"), archive::profile(&values)?);
        }
        Ok(files)
    }

    /// Returns the values of the marks in the templates.
    fn values(&self, release: &str) -> Values {
        let Self { project, composite_app, version, dig, temporal_server: (host, port), .. } = self;
        let database_secret = match self.env {
            Environment::Dev | Environment::Test => String::new(),
            Environment::Prod => format!("{release}-bridge-database"),
        };
        let dig_path = format!(
            "projects/{project}/composite-apps/{composite_app}/{version}/deployment-intent-groups/{dig}"
        );
        let values = [
            ("environment", self.env.name()),
            ("project", project),
            ("logicalCloud", &self.logical_cloud),
            ("compositeApp", composite_app),
            ("version", version),
            ("dig", dig),
            ("digPath", &dig_path),
            ("release", release),
            ("clusterProvider", &self.cluster_provider),
            ("temporalServer", host),
            ("temporalPort", &port.to_string()),
            ("temporalNamespace", &self.temporal_namespace),
            ("databaseSecret", &database_secret),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let clusters = self.clusters.iter().zip(1..);
        let clusters = clusters.map(|(cluster, number)| (format!("cluster{number}"), cluster.clone()));
        values.into_iter().chain(clusters).collect()
    }
}

impl Environment {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Prod => "prod",
        }
    }
}
