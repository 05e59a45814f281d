//! `export`: documents that `apply -f` takes, here or at another bridge.

use anyhow::Result;
use bridge_client::{Call, DigKey, IntentKey};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::exit::ended;
use crate::output::{Format, array, everything, line, to_yaml};
use crate::session::Session;

/// Print all intents of the group with their schedules, and the rules of its project, for `apply -f`.
///
/// The documents are EMCO's, with anchors: JSON, whose numbers are as the bridge has them, or YAML with -o yaml.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Without the rules of the project.
    #[arg(long)]
    no_rules: bool,
}

impl Export {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let (dig, bridge) = (ctl.group()?, &ctl.bridge);
        let anchor = intents_of(dig);
        let (intents, mut documents) = anchored(&anchor, bridge.list_intents(dig)).await?;
        for intent in &intents {
            let key = IntentKey::of(dig, intent);
            let anchor = format!("{anchor}/{}/schedules", key.name);
            documents.extend(anchored(&anchor, bridge.list_schedules(&key)).await?.1);
        }
        if !self.no_rules {
            let anchor = format!("projects/{}/workflow-rules", dig.project);
            documents.extend(anchored(&anchor, bridge.list_rules(&dig.project)).await?.1);
        }
        match ctl.out.0 {
            Format::Yaml => documents
                .iter()
                .try_for_each(|document| line(&format!("---\n{}", to_yaml(document)?.trim_end()))),
            Format::Table | Format::Json => line(&array(&documents)),
            Format::Wide | Format::Name => Err(ended(2, "export prints -o json or -o yaml")),
        }
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
