//! The rights of callers: their settings, and the gate that is made of them.

use std::path::PathBuf;
use std::str::from_utf8;

use bridge_core::Request;
use bridge_core::access::{Action, Gate, Ground, Named, Resource, Visible};
use bridge_core::model::{DigKey, IntentKey};
use bridge_rights::{Rights, RightsFile};
use service::files::{FileError, Reloaded, SettingFile};

const RIGHTS: &str = "BRIDGE_RIGHTS";
const POLICIES: &str = "BRIDGE_RIGHTS_POLICIES";

/// The rights of callers. Files are read again when they change.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RightsSettings {
    /// TOML file of bindings: who has which role where. Everything else is denied. Required as soon as callers are
    /// authenticated; without it, every caller may do everything.
    #[arg(long, env = RIGHTS, value_name = "FILE")]
    pub rights: Option<PathBuf>,
    /// Files of Cedar policies that forbid what bindings allow, separated by commas.
    #[arg(
        long = "rights-policies",
        env = POLICIES,
        value_name = "FILES",
        value_delimiter = ',',
        requires = "rights"
    )]
    pub policies: Vec<PathBuf>,
}

/// Callers are authenticated, but no rights are configured.
#[derive(Debug, thiserror::Error)]
#[error(
    "BRIDGE_RIGHTS is missing: callers are authenticated, so it must name the file that gives them rights. To keep \
     what all callers may do today, write this into the file:

[[binding]]
name = \"authors\"
role = \"author\"
subjects = [{subjects}]
scope = \"**\"
uses = {{ clients = [\"*\"], taskQueues = [\"*\"] }}

[[binding]]
name = \"administrators\"
role = \"administrator\"
subjects = [{subjects}]
scope = \"**\"
uses = {{ workflows = [\"*\"], servers = [\"*\"], namespaces = [\"*\"] }}
"
)]
pub struct NoRights {
    /// The subjects that are accepted today.
    pub(crate) subjects: &'static str,
}

impl RightsSettings {
    /// Returns the gate; `None` if there are no rights.
    pub(crate) fn load(&self) -> Result<Option<RightsGate>, FileError> {
        let Some(rights) = &self.rights else { return Ok(None) };
        let rights = SettingFile::of(RIGHTS, rights);
        let policies = self.policies.iter().map(|file| SettingFile::of(POLICIES, file));
        let files: Vec<_> = [rights].into_iter().chain(policies).collect();
        let names: Vec<_> = files.iter().map(|file| file.path().display().to_string()).collect();
        let parsed = files.clone();
        let mut edition = 0;
        let load = move |contents: &[Vec<u8>]| {
            let mut sources = Vec::new();
            for ((file, name), content) in parsed.iter().zip(&names).zip(contents) {
                let text = from_utf8(content).map_err(|_| file.fault("is not UTF-8"))?;
                sources.push(RightsFile { name, text });
            }
            let read = Rights::read(&sources[0], &sources[1..]);
            edition += 1;
            let read = read.map(|rights| (edition, rights));
            read.map_err(|faults| parsed[0].fault_because("and its policies cannot be used", faults))
        };
        Ok(Some(RightsGate(Reloaded::load(files, load)?)))
    }
}

/// A gate that decides by the current files. Each change of them has a number.
#[derive(Debug)]
pub(crate) struct RightsGate(Reloaded<(u64, Rights)>);

impl RightsGate {
    /// Returns why the files cannot be used as they are now, so that older rights apply.
    pub(crate) fn broken(&self) -> Option<String> {
        self.0.broken()
    }
}

impl Gate for RightsGate {
    fn decide(&self, request: &Request, action: Action, resource: &Resource<'_>) -> Result<Ground, String> {
        self.0.current().1.decide(request, action, resource, None)
    }

    fn may_name(
        &self,
        request: &Request,
        action: Action,
        resource: &Resource<'_>,
        named: &Named<'_>,
    ) -> Result<Ground, String> {
        self.0.current().1.decide(request, action, resource, Some(named))
    }

    fn allows_each(&self, request: &Request, action: Action, intents: &[IntentKey]) -> Vec<bool> {
        self.0.current().1.allows_each(request, action, intents)
    }

    fn visible(&self, request: &Request, dig: &DigKey) -> Visible {
        self.0.current().1.visible(&request.actor, dig)
    }

    fn somewhere(&self, request: &Request, action: Action) -> Result<Ground, String> {
        self.0.current().1.somewhere(&request.actor, action)
    }

    fn edition(&self) -> u64 {
        self.0.current().0
    }
}
