//! What an alarm is about.

use serde::{Deserialize, Serialize};
use workflow_api::{DigKey, IntentKey, WorkflowId};

use crate::model::EventObject;

/// The distinguished name of the bridge itself.
pub const BRIDGE_DN: &str = "EMCOBridge=bridge";

/// What an alarm is about: the bridge itself, or a project and perhaps what is in it. A name is empty only if all
/// names after it are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmObject {
    #[serde(skip_serializing_if = "String::is_empty")]
    project: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    composite_app: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dig: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    intent: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    workflow_id: String,
}

impl AlarmObject {
    /// Returns the bridge itself.
    #[must_use]
    pub fn bridge() -> Self {
        Self::default()
    }

    /// Returns a project.
    #[must_use]
    pub fn project(name: &str) -> Self {
        Self { project: name.to_owned(), ..Self::default() }
    }

    /// Returns a deployment intent group.
    #[must_use]
    pub fn group(key: &DigKey) -> Self {
        Self {
            project: key.project.clone(),
            composite_app: key.composite_app.clone(),
            version: key.version.clone(),
            dig: key.dig.clone(),
            ..Self::default()
        }
    }

    /// Returns an intent.
    #[must_use]
    pub fn intent(key: &IntentKey) -> Self {
        Self { intent: key.name.clone(), ..Self::group(&key.dig) }
    }

    /// Returns a workflow that was started from an intent.
    #[must_use]
    pub fn workflow(key: &IntentKey, workflow_id: &WorkflowId) -> Self {
        Self { workflow_id: workflow_id.as_str().to_owned(), ..Self::intent(key) }
    }

    /// Returns its deployment intent group, if it is one or is in one.
    #[must_use]
    pub fn dig(&self) -> Option<DigKey> {
        let Self { project, composite_app, version, dig, .. } = self;
        (!dig.is_empty()).then(|| DigKey::new(project, composite_app, version, dig))
    }

    /// Returns its intent, if it is one or is in one.
    #[must_use]
    pub fn intent_key(&self) -> Option<IntentKey> {
        let dig = self.dig().filter(|_| !self.intent.is_empty())?;
        Some(dig.intent(self.intent.as_str()))
    }

    /// Returns its distinguished name, such as `EMCO=proj1,CompositeApp=capp1,Version=v1,DIG=dig1`.
    #[must_use]
    pub fn dn(&self) -> String {
        if self.project.is_empty() {
            return BRIDGE_DN.to_owned();
        }
        let parts = [
            ("EMCO", &self.project),
            ("CompositeApp", &self.composite_app),
            ("Version", &self.version),
            ("DIG", &self.dig),
            ("Intent", &self.intent),
            ("Workflow", &self.workflow_id),
        ];
        let parts = parts.into_iter().filter(|(_, name)| !name.is_empty());
        let parts: Vec<_> = parts.map(|(kind, name)| format!("{kind}={}", escaped(name))).collect();
        parts.join(",")
    }

    /// Returns it as the object of an event of the audit.
    #[must_use]
    pub fn of_event(&self) -> EventObject {
        EventObject {
            project: self.project.clone(),
            composite_app: self.composite_app.clone(),
            version: self.version.clone(),
            deployment_intent_group: self.dig.clone(),
            intent: self.intent.clone(),
            workflow_id: self.workflow_id.clone(),
            ..EventObject::default()
        }
    }
}

/// Returns whether a distinguished name is that of `base`, or of something in it.
#[must_use]
pub fn is_in(dn: &str, base: &str) -> bool {
    dn.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
}

/// Escapes a value for a distinguished name (RFC 4514). No database accepts a null character.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (place, letter) in value.char_indices() {
        let edge = place == 0 || place + letter.len_utf8() == value.len();
        match letter {
            '\0' => text.push('\u{fffd}'),
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => text.extend(['\\', letter]),
            ' ' if edge => text.extend(['\\', ' ']),
            '#' if place == 0 => text.extend(['\\', '#']),
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_from_the_project_to_the_workflow() {
        let key = DigKey::new("p", "c", "v", "d").intent("i");
        let workflow = AlarmObject::workflow(&key, &"a,b=c ".into());
        assert_eq!(workflow.dn(), "EMCO=p,CompositeApp=c,Version=v,DIG=d,Intent=i,Workflow=a\\,b\\=c\\ ");
        assert_eq!(workflow.intent_key(), Some(key));
        assert_eq!(AlarmObject::project("p").dn(), "EMCO=p");
        assert_eq!((AlarmObject::bridge().dn().as_str(), AlarmObject::bridge().dig()), (BRIDGE_DN, None));
    }
}
