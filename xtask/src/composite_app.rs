//! `cargo xtask composite-app`: writes the charts, profiles and documents with which an administrator deploys bridge,
//! workflow client and worker through EMCO.

mod app;
mod archive;
mod documents;
mod environment;
mod fill;
mod names;
mod output;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};

use app::App;
use environment::Environment;
use fill::Fill;
use names::{Name, Plain, Release, Stem, Tag};

const VALUES: &str = include_str!("../../composite-app/values.yaml");
const EMCOCTL: &str = include_str!("../../composite-app/emcoctl.yaml");
const GUIDE: &str = include_str!("../../composite-app/guide.md");

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
    #[arg(long, value_name = "NAME", default_value = "workflows")]
    project: Stem,
    /// The project's logical cloud.
    #[arg(long, value_name = "NAME", default_value = "default")]
    logical_cloud: Name,
    /// The composite app.
    #[arg(long, value_name = "NAME", default_value = "temporal-workflows")]
    composite_app: Stem,
    /// The composite app's version.
    #[arg(long, value_name = "NAME", default_value = "v1")]
    version: Name,
    /// The deployment intent group. Each deployment in a project needs its own.
    #[arg(long, value_name = "NAME", default_value = "workflows")]
    dig: Stem,
    /// The Helm release, with which all names in Kubernetes begin. Default: the name of the deployment intent group.
    #[arg(long, value_name = "NAME")]
    release: Option<Release>,
    /// The cluster provider.
    #[arg(long, value_name = "NAME", default_value = "provider1")]
    cluster_provider: Name,
    /// A cluster; can be repeated. Bridge and workflow client run on the first, workers on all.
    #[arg(long = "cluster", value_name = "NAME", default_values = ["cluster1", "cluster2"])]
    clusters: Vec<Name>,
    /// The registry with the images, as `registry.example/team`. Default: none, the images are named `temporal-emco/…`.
    #[arg(long, value_name = "PREFIX")]
    registry: Option<Plain>,
    /// The tag of the images.
    #[arg(long, value_name = "TAG", default_value = env!("CARGO_PKG_VERSION"))]
    image_tag: Tag,
    /// The host name of the Temporal frontend.
    #[arg(long, value_name = "HOST", default_value = "temporal-frontend.temporal")]
    temporal_server: Plain,
    /// Temporal's namespace.
    #[arg(long, value_name = "NAME", default_value = "default")]
    temporal_namespace: Plain,
}

impl CompositeApp {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let release = self.checked()?;
        let charts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts");
        let files = self.files(&release, &charts)?;
        output::write(&self.out, &files)?;
        eprintln!("wrote {}; next: read README.md there", self.out.display());
        Ok(ExitCode::SUCCESS)
    }

    /// Checks options against each other, and returns the Helm release.
    fn checked(&self) -> Result<Release> {
        let distinct: BTreeSet<&Name> = self.clusters.iter().collect();
        ensure!(distinct.len() == self.clusters.len(), "--cluster: the same cluster is given twice");
        let tag = self.image_tag.as_str();
        ensure!(
            self.env != Environment::Prod || !matches!(tag, "" | "latest"),
            "--image-tag: production needs a tag that names one version, and not `latest`"
        );
        let Some(release) = &self.release else {
            return self.dig.as_str().parse().map_err(|error: anyhow::Error| {
                error.context(format!(
                    "--dig {} cannot be the name of the Helm release too; add --release",
                    self.dig
                ))
            });
        };
        Ok(release.clone())
    }

    /// Returns every file, by its path in the folder.
    fn files(&self, release: &Release, charts: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
        let fill = self.fill(release);
        let mut files = BTreeMap::from([
            ("README.md".to_owned(), fill.put_into(GUIDE)?.into_bytes()),
            ("emcoctl.yaml".to_owned(), EMCOCTL.into()),
            ("files/empty.yaml".to_owned(), Vec::new()),
        ]);
        let values = documents::unroll(VALUES, self.clusters.len())?;
        files.insert("values.yaml".to_owned(), fill.put_into(&values)?.into_bytes());
        for (name, text) in documents::all(self.clusters.len())? {
            files.insert(name.to_owned(), text.into_bytes());
        }
        for app in App::ALL {
            let name = app.name();
            files.insert(format!("apps/{name}.tgz"), archive::chart(name, &charts.join(name))?);
            let values = self.image(app).put_into(self.env.profile(app))?;
            files.insert(format!("profiles/{name}.tgz"), archive::profile(&values)?);
        }
        Ok(files)
    }

    fn image(&self, app: App) -> Fill {
        let prefix = self.registry.as_ref().map_or_else(
            || "temporal-emco".to_owned(),
            |registry| format!("{}/temporal-emco", registry.to_string().trim_end_matches('/')),
        );
        Fill::default().with("repository", format!("{prefix}/{}", app.image())).with("tag", &self.image_tag)
    }

    fn fill(&self, release: &Release) -> Fill {
        let database_secret = match self.env {
            Environment::Dev | Environment::Test => String::new(),
            Environment::Prod => format!("{release}-bridge-database"),
        };
        let dig_path = format!(
            "projects/{}/composite-apps/{}/{}/deployment-intent-groups/{}",
            self.project, self.composite_app, self.version, self.dig
        );
        let fill = Fill::default()
            .with("environment", self.env.name())
            .with("project", &self.project)
            .with("logicalCloud", &self.logical_cloud)
            .with("compositeApp", &self.composite_app)
            .with("version", &self.version)
            .with("dig", &self.dig)
            .with("digPath", dig_path)
            .with("release", release)
            .with("clusterProvider", &self.cluster_provider)
            .with("temporalServer", &self.temporal_server)
            .with("temporalNamespace", &self.temporal_namespace)
            .with("databaseSecret", database_secret);
        let numbered = self.clusters.iter().zip(1..);
        numbered.fold(fill, |fill, (cluster, number)| fill.with(&format!("cluster{number}"), cluster))
    }
}
