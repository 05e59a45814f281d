//! `edit`: changes an intent in an editor.

use std::io::Write;
use std::process::Command;

use anyhow::{Context as _, Result};
use bridge_client::{Condition, Raw};
use serde_json::Value;

use crate::exit::{self, ended};
use crate::output::{to_yaml, warn};
use crate::session::{Session, path_of};

/// Change an intent in your editor: $VISUAL or $EDITOR, else vi.
///
/// If somebody else has changed the intent meanwhile, nothing is changed, and your text is kept in a file.
#[derive(Debug, clap::Args)]
pub(crate) struct Edit {
    intent: String,
}

impl Edit {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let key = ctl.intent(&self.intent)?;
        let path = path_of(&key);
        let answer = ctl.bridge.get_intent(&key).await?;
        let etag = answer.etag().map(str::to_owned).context("the bridge has returned no ETag")?;
        let before = to_yaml(answer.text())?;
        let file = tempfile::Builder::new().prefix("intent-").suffix(".yaml").tempfile();
        let mut file = file.context("cannot make a file to edit")?;
        file.write_all(before.as_bytes())?;
        edit(file.path())?;
        // Some editors write a new file in place of the old one.
        let after = std::fs::read_to_string(file.path())?;
        if after == before {
            return ctl.out.done(&path, &format!("intent {path} unchanged"));
        }
        let put = async {
            let value: Value = serde_saphyr::from_str(&after).context("the text is not YAML")?;
            let call = ctl.bridge.put_intent(&key, Raw(&value.to_string()));
            Ok::<_, anyhow::Error>(call.condition(&Condition::IfMatch(etag)).strict().await?)
        };
        match put.await {
            Ok(answer) => {
                warn(&answer.warnings());
                ctl.out.done(&path, &format!("intent {path} configured"))
            }
            Err(error) => {
                let kept = std::env::temp_dir().join(format!("{}.{}.yaml", key.name, std::process::id()));
                std::fs::copy(file.path(), &kept)?;
                let text = format!("{}\nyour text is in {}", exit::shown(&error), kept.display());
                Err(ended(exit::number(&error), text))
            }
        }
    }
}

fn edit(file: &std::path::Path) -> Result<()> {
    let set = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("vi"));
    let status = command.args(words).arg(file).status();
    let status = status.with_context(|| format!("the editor `{editor}` does not start"))?;
    match status.success() {
        true => Ok(()),
        false => Err(ended(1, format!("the editor `{editor}` has failed ({status}); nothing was changed"))),
    }
}
