//! What an installation is for, and the values of the charts in it.

use super::app::App;

/// What an installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Environment {
    /// To try things: one pod of each, everything logged.
    Dev,
    /// As in production, with a small database.
    Test,
    /// Several pods, PostgreSQL, images with a tag.
    Prod,
}

impl Environment {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Prod => "prod",
        }
    }

    /// The values of a chart.
    pub(super) fn profile(self, app: App) -> &'static str {
        macro_rules! profile {
            ($environment:literal) => {
                match app {
                    App::Worker => include_str!(concat!(
                        "../../../composite-app/profiles/",
                        $environment,
                        "/worker.yaml"
                    )),
                    App::WorkflowClient => {
                        include_str!(concat!(
                            "../../../composite-app/profiles/",
                            $environment,
                            "/workflow-client.yaml"
                        ))
                    }
                    App::Bridge => include_str!(concat!(
                        "../../../composite-app/profiles/",
                        $environment,
                        "/bridge.yaml"
                    )),
                }
            };
        }
        match self {
            Self::Dev => profile!("dev"),
            Self::Test => profile!("test"),
            Self::Prod => profile!("prod"),
        }
    }
}
