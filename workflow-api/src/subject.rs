//! Whom a right is for. How callers have proven who they are is a part of the subject: the token `alice` is not the
//! user `alice`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::rules::is_name;

/// How Kubernetes names a service account in its tokens, before namespace and name.
const IN_TOKENS: &str = "system:serviceaccount:";

/// A subject of rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A user that an issuer names.
    User {
        /// The name that the settings give to the issuer.
        issuer: String,
        /// The user.
        name: String,
    },
    /// A service account of Kubernetes.
    ServiceAccount {
        /// The name that the settings give to the issuer.
        issuer: String,
        /// `namespace/name`.
        name: String,
    },
    /// Everybody whom an issuer puts into this group.
    Group {
        /// The name that the settings give to the issuer.
        issuer: String,
        /// The group.
        name: String,
    },
    /// The owner of a token of a file.
    Token(String),
    /// The owner of a client certificate.
    Certificate(String),
    /// A user that a trusted proxy names.
    ProxyUser(String),
    /// A schedule of the bridge, by its path: `project/app/version/group/intent/schedule`.
    Schedule(String),
    /// All schedules of the bridge.
    Schedules,
    /// A rule of the bridge, by its path: `project/rule`, or `*/rule` for one over all projects.
    Rule(String),
    /// All rules of the bridge.
    Rules,
    /// Everybody who has proven nothing.
    Anonymous,
    /// Everybody who has proven something.
    Authenticated,
}

impl Subject {
    /// Returns a user that an issuer's token names, or the service account that its name stands for.
    #[must_use]
    pub fn user(issuer: &str, name: &str) -> Self {
        let account = name.strip_prefix(IN_TOKENS).and_then(|account| account.split_once(':'));
        let issuer = issuer.to_owned();
        match account {
            Some((namespace, name)) => Self::ServiceAccount { issuer, name: format!("{namespace}/{name}") },
            None => Self::User { issuer, name: name.to_owned() },
        }
    }
}

/// As in a sentence.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { issuer, name } => write!(f, "the user `{name}` of the issuer `{issuer}`"),
            Self::ServiceAccount { issuer, name } => {
                write!(f, "the service account `{name}` of the issuer `{issuer}`")
            }
            Self::Group { issuer, name } => write!(f, "the group `{name}` of the issuer `{issuer}`"),
            Self::Token(name) => write!(f, "the token `{name}`"),
            Self::Certificate(name) => write!(f, "the certificate `{name}`"),
            Self::ProxyUser(name) => write!(f, "the proxy's user `{name}`"),
            Self::Schedule(path) => write!(f, "the schedule `{path}`"),
            Self::Schedules => f.write_str("all schedules"),
            Self::Rule(path) => write!(f, "the rule `{path}`"),
            Self::Rules => f.write_str("all rules"),
            Self::Anonymous => f.write_str("anonymous callers"),
            Self::Authenticated => f.write_str("authenticated callers"),
        }
    }
}

/// A subject as it is written in settings: a word (`"anonymous"`), or a table (`{ token = "ci" }`).
#[derive(Debug, Clone)]
pub struct SubjectEntry(Entry);

#[derive(Debug, Clone)]
enum Entry {
    Word(String),
    Table(Box<SubjectTable>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SubjectTable {
    user: Option<String>,
    group: Option<String>,
    service_account: Option<String>,
    token: Option<String>,
    certificate: Option<String>,
    proxy_user: Option<String>,
    schedule: Option<String>,
    rule: Option<String>,
    issuer: Option<String>,
}

impl<'de> Deserialize<'de> for SubjectEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrTable;

        impl<'de> Visitor<'de> for WordOrTable {
            type Value = SubjectEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a subject, such as { user = \"alice\", issuer = \"corp\" } or \"anonymous\"")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<SubjectEntry, E> {
                Ok(SubjectEntry(Entry::Word(word.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<SubjectEntry, A::Error> {
                let table = SubjectTable::deserialize(MapAccessDeserializer::new(table))?;
                Ok(SubjectEntry(Entry::Table(Box::new(table))))
            }
        }

        deserializer.deserialize_any(WordOrTable)
    }
}

impl SubjectEntry {
    /// Returns the subject.
    ///
    /// # Errors
    /// A sentence, if it is none.
    pub fn subject(self) -> Result<Subject, String> {
        match self.0 {
            Entry::Word(word) => match word.as_str() {
                "anonymous" => Ok(Subject::Anonymous),
                "authenticated" => Ok(Subject::Authenticated),
                "schedules" => Ok(Subject::Schedules),
                "rules" => Ok(Subject::Rules),
                _ => Err(format!(
                    "`{word}` is not a subject: write \"anonymous\", \"authenticated\", \"schedules\", \"rules\" or a \
                     table such as {{ token = \"{word}\" }}"
                )),
            },
            Entry::Table(table) => table.subject(),
        }
    }
}

impl SubjectTable {
    fn subject(self) -> Result<Subject, String> {
        const FORMS: &str = "write one of user, group, serviceAccount (each with issuer), token, certificate, proxyUser, schedule, rule";
        let Self { user, group, service_account, token, certificate, proxy_user, schedule, rule, issuer } =
            self;
        let named = [user, group, service_account, token, certificate, proxy_user, schedule, rule];
        if named.iter().flatten().count() != 1 {
            return Err(format!("is not one subject: {FORMS}"));
        }
        if named.iter().flatten().any(String::is_empty) || issuer.as_ref().is_some_and(String::is_empty) {
            return Err("an empty name names nobody".to_owned());
        }
        if issuer.as_ref().is_some_and(|issuer| issuer.contains('/')) {
            return Err("the name of an issuer has no `/`".to_owned());
        }
        match (named, issuer) {
            // Tokens of Kubernetes name service accounts so.
            ([Some(name), ..], Some(_)) if name.starts_with(IN_TOKENS) => {
                Err("write { serviceAccount = \"namespace/name\" } for this user".to_owned())
            }
            ([Some(name), ..], Some(issuer)) => Ok(Subject::User { issuer, name }),
            ([_, Some(name), ..], Some(issuer)) => Ok(Subject::Group { issuer, name }),
            ([_, _, Some(name), ..], Some(issuer)) => match name.split('/').count() {
                2 => Ok(Subject::ServiceAccount { issuer, name }),
                _ => Err(format!("`{name}` is not a service account: write `namespace/name`")),
            },
            ([_, _, _, Some(name), ..], None) => Ok(Subject::Token(name)),
            ([_, _, _, _, Some(name), ..], None) => Ok(Subject::Certificate(name)),
            ([.., Some(name), _, _], None) => Ok(Subject::ProxyUser(name)),
            ([.., Some(path)], None) => match path.split_once('/') {
                Some((project, name)) if (project == "*" || is_name(project)) && is_name(name) => {
                    Ok(Subject::Rule(path))
                }
                _ => Err(format!(
                    "`{path}` is not a rule: write `project/rule`, or `*/rule` for one over all projects"
                )),
            },
            ([.., Some(path), _], None) => match path.split('/').all(is_name) && path.split('/').count() == 6
            {
                true => Ok(Subject::Schedule(path)),
                false => Err(format!(
                    "`{path}` is not a schedule: write `project/app/version/group/intent/schedule`"
                )),
            },
            (_, None) => {
                Err("`issuer` is missing: write the name that the settings give to the issuer".to_owned())
            }
            (_, Some(_)) => Err("has no issuer: only users, groups and service accounts have one".to_owned()),
        }
    }
}
