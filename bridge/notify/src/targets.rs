//! The targets of notifications: the file of BRIDGE_NOTIFY. It is read again when it changes, and so are the files that
//! it names.
//!
//! ```toml
//! source = "https://bridge.example.org"        # the bridge's own address, for links; optional
//! consumers = "*.oss.example.org:443"          # hosts that subscriptions may name, as in BRIDGE_CLIENT_HOSTS
//!
//! [[target]]
//! name = "oss"
//! url = "https://oss.example.org/hooks/emco"
//! format = "webhook"                           # or another of the formats
//! secret_file = "/run/secrets/oss"             # key of the signature; only for webhooks, which need it
//! token_file = "/run/secrets/oss-token"        # sent with every call
//! ca_file = "/etc/oss/ca.pem"                  # authorities to trust instead of the system's
//! min_severity = "MAJOR"                       # only alarms that have been this severe; optional
//! causes = ["workflowFailed", "noWorker"]      # only these causes; optional
//! base_object_instance = "EMCO=proj1"          # only what is in this object; optional
//! repeat_every = "60s"                         # only for Alertmanager
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::{Alarm, Notification, ProbableCause, is_in};
use bridge_core::ports::{KeptSubscription, Recipients, subscription_target};
use reqwest::{Certificate, Client};
use serde::Deserialize;
use service::files::{FileError, Reloaded, SettingFile};
use service::hosts::{HostPatterns, HostPort};
use service::outbound::Resolver;
use service::outbound::guard::{self, guarded};
use service::settings::duration;
use service::token::TokenFile;
use url::Url;
use workflow_api::alarms::PerceivedSeverity;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval of repeats to Alertmanager, if the file has none.
const REPEAT: Duration = Duration::from_secs(60);

/// The format of notifications to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// CloudEvents 1.0 in one JSON object.
    CloudeventsStructured,
    /// CloudEvents 1.0 with attributes in headers.
    CloudeventsBinary,
    /// Alertmanager, API version 2.
    Alertmanager,
    /// VES 7.2, domain `fault`.
    VesFault,
    /// VES 7.2, domain `stndDefined`.
    VesStndDefined,
    /// Notifications of 3GPP TS 28.532.
    #[serde(rename = "3gpp")]
    ThreeGpp,
    /// The same, with a signature.
    Webhook,
}

/// The registered targets. Clones share them.
#[derive(Debug, Clone)]
pub struct Targets {
    read: Option<Arc<Reloaded<Read>>>,
    /// For subscriptions, and for targets without authorities of their own.
    http: Client,
}

#[derive(Debug, Default)]
struct Read {
    source: String,
    consumers: Option<HostPatterns>,
    targets: Vec<Arc<Target>>,
}

/// A target.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) url: Url,
    pub(crate) format: Format,
    /// Interval of repeats.
    pub(crate) repeat: Duration,
    secret: Option<Reloaded<Vec<u8>>>,
    token: Option<TokenFile>,
    http: Http,
    filter: Filter,
}

#[derive(Debug)]
enum Http {
    Shared(Client),
    Own(Reloaded<Client>),
}

#[derive(Debug, Clone, Default)]
struct Filter {
    min_severity: Option<PerceivedSeverity>,
    causes: Vec<ProbableCause>,
    base: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    source: Option<String>,
    consumers: Option<String>,
    #[serde(default)]
    target: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
    format: Format,
    secret_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    min_severity: Option<PerceivedSeverity>,
    #[serde(default)]
    causes: Vec<ProbableCause>,
    base_object_instance: Option<String>,
    repeat_every: Option<String>,
}

impl Targets {
    /// Reads the file; without one there are no targets, and nobody can subscribe.
    ///
    /// # Errors
    /// When the file, or one that it names, cannot be used.
    pub fn load(file: Option<SettingFile>, resolver: Resolver) -> Result<Self, FileError> {
        // The TLS library requires a provider. One that was installed before serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unnamed = SettingFile::from(std::path::Path::new("of the system's authorities"));
        let http = builder(&resolver).build();
        let http = http.map_err(|error| unnamed.fault_because("cannot be used for TLS", error))?;
        let Some(file) = file else { return Ok(Self { read: None, http }) };
        let mut before: Vec<(Entry, Arc<Target>)> = Vec::new();
        let shared = http.clone();
        let read = Reloaded::load(vec![file.clone()], move |contents| {
            let document = document(&file, &contents.concat())?;
            let mut names = BTreeSet::new();
            let mut targets = Vec::new();
            for entry in document.target {
                if !names.insert(entry.name.clone()) {
                    return Err(file.fault(format!("has two targets with the name `{}`", entry.name)));
                }
                // One that has not changed keeps its connections.
                let target = match before.iter().find(|(before, _)| *before == entry) {
                    Some((_, same)) => Arc::clone(same),
                    None => Arc::new(entry.load(&file, &shared, &resolver)?),
                };
                targets.push((entry, target));
            }
            let consumers = document.consumers.map(|text| {
                let read = text.parse::<HostPatterns>();
                read.map_err(|error| file.fault(format!("cannot be used: consumers {error}")))
            });
            let source = document.source.unwrap_or_default();
            if !source.is_empty() && web_address(&source).is_none() {
                return Err(
                    file.fault("cannot be used: source is not an address such as https://bridge.example.org")
                );
            }
            before = targets;
            let targets = before.iter().map(|(_, target)| Arc::clone(target)).collect();
            let source = source.trim_end_matches('/').to_owned();
            Ok(Read { source, consumers: consumers.transpose()?, targets })
        })?;
        Ok(Self { read: Some(Arc::new(read)), http })
    }

    fn current(&self) -> Arc<Read> {
        self.read.as_ref().map(|read| read.current()).unwrap_or_default()
    }

    /// Returns why the file cannot be used as it is now.
    pub(crate) fn broken(&self) -> Option<String> {
        self.read.as_ref()?.broken()
    }

    /// Returns the registered targets.
    pub(crate) fn all(&self) -> Vec<Arc<Target>> {
        self.current().targets.clone()
    }

    /// Returns the target of this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Target>> {
        self.current().targets.iter().find(|target| target.name == name).cloned()
    }

    /// Returns the target of a subscription; `None` if its URL may no longer be called.
    pub(crate) fn of(&self, kept: &KeptSubscription) -> Option<Target> {
        let url = Url::parse(&kept.subscription.consumer_reference).ok()?;
        self.may_subscribe(&url).ok()?;
        Some(Target {
            name: subscription_target(&kept.id),
            url,
            format: Format::ThreeGpp,
            repeat: REPEAT,
            secret: None,
            token: None,
            http: Http::Shared(self.http.clone()),
            filter: Filter::default(),
        })
    }
}

impl Recipients for Targets {
    fn of(&self, notification: &Notification) -> Vec<String> {
        let current = self.current();
        let wanted = current.targets.iter().filter(|target| target.wants(&notification.alarm));
        wanted.map(|target| target.name.clone()).collect()
    }

    fn base(&self) -> String {
        self.current().source.clone()
    }

    fn may_subscribe(&self, url: &Url) -> Result<(), String> {
        let host =
            url.host_str().zip(url.port_or_known_default()).map(|(host, port)| HostPort::new(host, port));
        let Some(host) = host.filter(|_| matches!(url.scheme(), "http" | "https")) else {
            return Err("is not an address of http or https".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user or a password".to_owned());
        }
        guard::check(url).map_err(|error| format!("cannot be called: {error}"))?;
        let current = self.current();
        if current.consumers.as_ref().is_some_and(|consumers| consumers.allow(&host)) {
            Ok(())
        } else {
            Err("matches no pattern in `consumers` of BRIDGE_NOTIFY; ask the operator to add it".to_owned())
        }
    }
}

impl Target {
    /// Returns whether it gets what happens to an alarm.
    pub(crate) fn wants(&self, alarm: &Alarm) -> bool {
        let Filter { min_severity, causes, base } = &self.filter;
        min_severity.is_none_or(|least| alarm.worst >= least)
            && (causes.is_empty() || causes.contains(&alarm.cause))
            && base.as_ref().is_none_or(|base| is_in(&alarm.object.dn(), base))
    }

    pub(crate) fn http(&self) -> Client {
        match &self.http {
            Http::Shared(client) => client.clone(),
            Http::Own(client) => Client::clone(&client.current()),
        }
    }

    pub(crate) fn secret(&self) -> Option<Arc<Vec<u8>>> {
        self.secret.as_ref().map(Reloaded::current)
    }

    pub(crate) fn token(&self) -> Option<&TokenFile> {
        self.token.as_ref()
    }
}

impl Entry {
    fn load(&self, file: &SettingFile, shared: &Client, resolver: &Resolver) -> Result<Target, FileError> {
        let name = &self.name;
        let fault = |fault: &str| file.fault(format!("cannot be used: the target `{name}` {fault}"));
        if name.is_empty()
            || name.len() > 64
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        {
            return Err(fault("has a name that is not 1 to 64 letters, digits, `-`, `_` or `.`"));
        }
        let url = web_address(&self.url).ok_or_else(|| fault("has no address of http or https"))?;
        guard::check(&url).map_err(|_| fault("has an address that is never called"))?;
        match (&self.secret_file, self.format == Format::Webhook) {
            (None, true) => return Err(fault("is a webhook and needs a secret_file")),
            (Some(_), false) => return Err(fault("has a secret_file, which only webhooks have")),
            _ => {}
        }
        let repeat = match &self.repeat_every {
            None => REPEAT,
            Some(_) if self.format != Format::Alertmanager => {
                return Err(fault("has repeat_every, which only Alertmanager has"));
            }
            Some(text) => match duration(text) {
                Ok(time) if (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&time) => time,
                _ => return Err(fault("has a repeat_every that is not a time from 1s to 1h")),
            },
        };
        let http = match &self.ca_file {
            None => Http::Shared(shared.clone()),
            Some(path) => Http::Own(own_client(SettingFile::from(path.as_path()), resolver.clone())?),
        };
        Ok(Target {
            name: name.clone(),
            url,
            format: self.format,
            repeat,
            secret: self.secret_file.as_deref().map(|path| secret(path.into())).transpose()?,
            token: self.token_file.as_deref().map(TokenFile::load).transpose()?,
            http,
            filter: Filter {
                min_severity: self.min_severity,
                causes: self.causes.clone(),
                base: self.base_object_instance.clone(),
            },
        })
    }
}

fn document(file: &SettingFile, content: &[u8]) -> Result<Document, FileError> {
    let text = str::from_utf8(content).map_err(|error| file.fault_because("is no text", error))?;
    toml::from_str(text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start).min(text.len());
        let line = content[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
        file.fault(format!("is not valid in line {line}: {}", error.message()))
    })
}

fn secret(file: SettingFile) -> Result<Reloaded<Vec<u8>>, FileError> {
    Reloaded::load(vec![file.clone()], move |contents| {
        let secret = contents.concat().trim_ascii().to_vec();
        if secret.len() < 16 { Err(file.fault("holds no secret of 16 bytes or more")) } else { Ok(secret) }
    })
}

fn own_client(file: SettingFile, resolver: Resolver) -> Result<Reloaded<Client>, FileError> {
    Reloaded::load(vec![file.clone()], move |contents| {
        let found = Certificate::from_pem_bundle(&contents.concat()).ok().filter(|found| !found.is_empty());
        let found = found.ok_or_else(|| file.fault("has no certificates (PEM)"))?;
        let client = builder(&resolver).https_only(true).tls_certs_only(found).build();
        client.map_err(|error| file.fault_because("cannot be used for TLS", error))
    })
}

fn builder(resolver: &Resolver) -> reqwest::ClientBuilder {
    guarded(Client::builder(), resolver.clone()).connect_timeout(CONNECT_TIMEOUT)
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Targets, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        Targets::load(Some(file.path().into()), Resolver::default())
            .map_err(|error| workflow_api::chain(&error))
    }

    #[test]
    fn faults_are_reported_without_the_content_of_files() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&secret, "hunter2 hunter3").unwrap();
        let path = secret.path().display();
        let target = |more: &str| format!("[[target]]\nname = \"t\"\nurl = \"http://a/\"\n{more}\n");
        for (text, part) in [
            ("targets = 1".to_owned(), "unknown field"),
            ("source = \"bridge\"".to_owned(), "source is not an address"),
            ("consumers = \"a b\"".to_owned(), "consumers"),
            (target(""), "missing field `format`"),
            (target("format = \"mail\""), "unknown variant `mail`"),
            (target("format = \"3gpp\"\ncauses = [\"x\"]"), "unknown variant `x`"),
            (target("format = \"3gpp\"").replace("http://a/", "ftp://a/"), "has no address"),
            (target("format = \"3gpp\"").replace("http://a/", "http://169.254.169.254/"), "never called"),
            (target("format = \"3gpp\"").replace("\"t\"", "\"a:b\""), "has a name that"),
            (target("format = \"3gpp\"").repeat(2), "two targets with the name `t`"),
            (target("format = \"webhook\""), "needs a secret_file"),
            (target(&format!("format = \"3gpp\"\nsecret_file = \"{path}\"")), "only webhooks"),
            (
                target(&format!("format = \"webhook\"\nsecret_file = \"{path}\"")),
                "holds no secret of 16 bytes",
            ),
            (target(&format!("format = \"3gpp\"\nca_file = \"{path}\"")), "has no certificates"),
            (target(&format!("format = \"3gpp\"\ntoken_file = \"{path}\"")), "holds no token"),
            (target("format = \"3gpp\"\nrepeat_every = \"5s\""), "only Alertmanager"),
            (target("format = \"alertmanager\"\nrepeat_every = \"0s\""), "from 1s to 1h"),
        ] {
            let error = load(&text).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter"), "{text}: {error}");
        }
        assert!(load("").unwrap().all().is_empty());
    }
}
