//! `export`: documents that `import` and `apply -f` take, here or at another bridge.

use anyhow::Result;
use bridge_client::{Call, DigKey, IntentKey};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::exit::ended;
use crate::names;
use crate::output::{Format, array, everything, line, to_yaml};
use crate::session::{Session, usage};

/// Print everything of a project: the intents of all its groups with their schedules, and its rules.
///
/// The documents are EMCO's, with anchors, in the order of their names: JSON, whose numbers are as the bridge has
/// them, or YAML with -o yaml.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Only these groups: project/app/version/group. Default: all groups of the project that have intents.
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Without the rules of the project.
    #[arg(long)]
    no_rules: bool,
    /// With the rules over all projects.
    #[arg(long)]
    over_all: bool,
}

impl Export {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let bridge = &ctl.bridge;
        let mut documents = Vec::new();
        for dig in self.digs(ctl).await? {
            let anchor = intents_of(&dig);
            let (intents, texts) = anchored(&anchor, bridge.list_intents(&dig)).await?;
            documents.extend(texts);
            for intent in &intents {
                let key = IntentKey::of(&dig, intent);
                let anchor = format!("{anchor}/{}/schedules", key.name);
                documents.extend(anchored(&anchor, bridge.list_schedules(&key)).await?.1);
            }
        }
        if !self.no_rules && self.groups.is_empty() {
            let project = ctl.project()?;
            let anchor = format!("projects/{project}/workflow-rules");
            documents.extend(anchored(&anchor, bridge.list_rules(project)).await?.1);
        }
        if self.over_all {
            documents.extend(anchored("workflow-rules", bridge.list_rules_over_all()).await?.1);
        }
        match ctl.out.0 {
            Format::Yaml => documents
                .iter()
                .try_for_each(|document| line(&format!("---\n{}", to_yaml(document)?.trim_end()))),
            Format::Table | Format::Json => line(&array(&documents)),
            Format::Wide | Format::Name => Err(ended(2, "export prints -o json or -o yaml")),
        }
    }

    /// Returns the groups, in order.
    async fn digs(&self, ctl: &Session) -> Result<Vec<DigKey>> {
        let mut digs = match self.groups.is_empty() {
            true => {
                let all = ctl.bridge.list_groups().query("project", ctl.project()?).pages().all().await?;
                all.into_iter().map(DigKey::from).collect()
            }
            false => self
                .groups
                .iter()
                .map(|name| names::group(name).map_err(usage))
                .collect::<Result<Vec<_>>>()?,
        };
        digs.sort();
        Ok(digs)
    }
}

/// Returns the anchor of the intents of a group (EMCO-API §5.6).
fn intents_of(DigKey { project, composite_app, version, dig }: &DigKey) -> String {
    format!(
        "projects/{project}/composite-apps/{composite_app}/{version}/deployment-intent-groups/{dig}/temporal-workflow-intents"
    )
}

/// Returns the items of a list, and each as a document with this anchor. All else in it is as it was.
async fn anchored<T: DeserializeOwned>(anchor: &str, call: Call<Vec<T>>) -> Result<(Vec<T>, Vec<String>)> {
    let (items, json) = everything(call).await?;
    let texts: Vec<Box<RawValue>> = serde_json::from_str(&json)?;
    let document = |text: &RawValue| {
        let members = text.get().trim().trim_start_matches('{');
        // Names have no characters that JSON would escape.
        format!(r#"{{"version":"emco/v2","resourceContext":{{"anchor":"{anchor}"}},{members}"#)
    };
    Ok((items, texts.iter().map(|text| document(text)).collect()))
}
