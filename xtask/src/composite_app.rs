//! `cargo xtask composite-app`: charts, profiles and documents with which an administrator deploys bridge, workflow client and worker
//! by EMCO itself.

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

/// Write bridge, workflow client and worker as an EMCO composite app: chart and profile archives, and documents that emcoctl applies in
/// order. `docs/deploy.md` goes through it. The same options give the same bytes.
#[derive(Debug, clap::Args)]
pub(crate) struct CompositeApp {
    /// What the installation is for.
    #[arg(long)]
    env: Environment,
    /// The folder to write: a new or empty one, or one that this wrote and nobody changed.
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
    /// The deployment intent group. A second deployment in the project has another.
    #[arg(long, value_name = "NAME", default_value = "workflows")]
    dig: Stem,
    /// The Helm release, with which all names in Kubernetes begin. Without: the deployment intent group's name.
    #[arg(long, value_name = "NAME")]
    release: Option<Release>,
    /// Whose clusters they are.
    #[arg(long, value_name = "NAME", default_value = "provider1")]
    cluster_provider: Name,
    /// A cluster; may be repeated. Bridge and workflow client run on the first, workers on all.
    #[arg(long = "cluster", value_name = "NAME", default_values = ["cluster1", "cluster2"])]
    clusters: Vec<Name>,
    /// Where the images are, as `registry.example/team`. Without: `temporal-emco/…` as the clusters know it.
    #[arg(long, value_name = "PREFIX")]
    registry: Option<Plain>,
    /// The images' tag. Without: this version.
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

    /// What no single option can tell.
    fn checked(&self) -> Result<Release> {
        let distinct: BTreeSet<&Name> = self.clusters.iter().collect();
        ensure!(distinct.len() == self.clusters.len(), "--cluster: each cluster is named once");
        let tag = self.image_tag.as_str();
        ensure!(
            self.env != Environment::Prod || !matches!(tag, "" | "latest"),
            "--image-tag: an installation for production says which images it runs"
        );
        let Some(release) = &self.release else {
            return self.dig.as_str().parse().map_err(|error: anyhow::Error| {
                error.context(format!("--dig {} cannot be the release as well; say --release", self.dig))
            });
        };
        Ok(release.clone())
    }

    /// Every file, by its path in the folder.
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
