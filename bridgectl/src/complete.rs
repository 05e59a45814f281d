//! Completions with the names of what there is, asked for at the bridge. A failure, or no answer in time, completes
//! nothing, without a word.

use std::ffi::OsStr;
use std::sync::OnceLock;
use std::time::Duration;

use bridge_client::{DigKey, IntentKey};
use clap::{ArgMatches, Command, FromArgMatches};
use clap_complete::env::CompleteEnv;
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::config::{self, Config, Global};
use crate::names;
use crate::session::{Session, path};

/// The variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "BRIDGECTL_COMPLETE";
/// A person waits with the finger on the key.
const WITHIN: Duration = Duration::from_secs(1);

/// Makes the command line, to read the words that are there already.
static COMMAND: OnceLock<fn() -> Command> = OnceLock::new();

/// Completes the command line, if a shell asks for that, and ends the process then.
pub(crate) fn answer(command: fn() -> Command) {
    COMMAND.get_or_init(|| command);
    CompleteEnv::with_factory(|| with_names(command(), "")).var(VARIABLE).complete();
}

/// Returns the command with completers for names. `group` is the outermost command that it is in.
fn with_names(command: Command, group: &str) -> Command {
    let command = command.mut_args(|arg| match completer(group, arg.get_id().as_str()) {
        Some(complete) => arg.add(ArgValueCompleter::new(complete)),
        None => arg,
    });
    command.mut_subcommands(|inner| {
        let of = if group.is_empty() { inner.get_name().to_owned() } else { group.to_owned() };
        with_names(inner, &of)
    })
}

/// Completes a word.
type Complete = fn(&OsStr) -> Vec<CompletionCandidate>;

/// Returns what completes an argument of a group of commands.
fn completer(group: &str, argument: &str) -> Option<Complete> {
    Some(match (group, argument) {
        ("intent", "name" | "names") | (_, "intent") => intents,
        ("schedule", "names") | (_, "schedule") => schedules,
        ("rule", "name" | "names") => rules,
        ("context", "name") | (_, "context") => contexts,
        (_, "group" | "groups") => digs,
        (_, "project") => projects,
        _ => return None,
    })
}

/// Contexts.
fn contexts(current: &OsStr) -> Vec<CompletionCandidate> {
    let config = || {
        let global = global(&words()?)?;
        Config::read(&global.config.map_or_else(config::default_path, Ok).ok()?).ok()
    };
    begin(current, config().into_iter().flat_map(|config| config.contexts.into_keys()))
}

/// Projects that have intents.
fn projects(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut names: Vec<_> =
        asked(async |ctl, _| groups(ctl).await).into_iter().map(|dig| dig.project).collect();
    names.dedup();
    begin(current, names)
}

/// Deployment intent groups that have intents.
fn digs(current: &OsStr) -> Vec<CompletionCandidate> {
    begin(current, asked(async |ctl, _| groups(ctl).await).iter().map(path))
}

/// Intents: of the group, or with the path of theirs.
fn intents(current: &OsStr) -> Vec<CompletionCandidate> {
    let given = current.to_string_lossy().into_owned();
    let names = asked(async |ctl, _| {
        let whole = given.rsplit_once('/').and_then(|(dig, _)| dig.parse::<DigKey>().ok());
        match (&whole, ctl.group()) {
            (Some(dig), _) => intents_of(ctl, dig, &format!("{}/", path(dig))).await,
            (None, Ok(dig)) if !given.contains('/') => intents_of(ctl, dig, "").await,
            // The path of a group is a part of the name.
            (None, _) => Some(groups(ctl).await?.iter().map(|dig| format!("{}/", path(dig))).collect()),
        }
    });
    begin(current, names)
}

/// Schedules of the intent that is named before.
fn schedules(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = asked(async |ctl, words| {
        let intent: IntentKey = ctl.intent(words.try_get_one::<String>("intent").ok()??).ok()?;
        let schedules = ctl.bridge.list_schedules(&intent).await.ok()?.value;
        Some(schedules.into_iter().map(|schedule| schedule.metadata.name).collect())
    });
    begin(current, names)
}

/// Rules: of the project, and those over all projects.
fn rules(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = asked(async |ctl, _| {
        let of_project = match ctl.project() {
            Ok(project) => {
                ctl.bridge.list_rules(project).await.map(|answer| answer.value).unwrap_or_default()
            }
            Err(_) => Vec::new(),
        };
        let over_all = ctl.bridge.list_rules_over_all().await.map(|answer| answer.value).unwrap_or_default();
        let over_all = over_all.into_iter().map(|rule| format!("*/{}", rule.metadata.name));
        Some(of_project.into_iter().map(|rule| rule.metadata.name).chain(over_all).collect())
    });
    begin(current, names)
}

async fn groups(ctl: &Session) -> Option<Vec<DigKey>> {
    let groups = ctl.bridge.list_groups().pages().all().await.ok()?;
    Some(groups.into_iter().map(DigKey::from).collect())
}

async fn intents_of(ctl: &Session, dig: &DigKey, before: &str) -> Option<Vec<String>> {
    let intents = ctl.bridge.list_intents(dig).await.ok()?.value;
    Some(intents.into_iter().map(|intent| format!("{before}{}", intent.metadata.name)).collect())
}

/// Returns those that begin as the word does.
fn begin(current: &OsStr, names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    names.into_iter().filter(|name| name.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

/// Asks the bridge that the words are about.
fn asked<T>(ask: impl AsyncFnOnce(&Session, &ArgMatches) -> Option<Vec<T>>) -> Vec<T> {
    let found = || {
        let words = words()?;
        let ctl = Session::open(global(&words)?).ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let last = last(&words);
        runtime.block_on(async { tokio::time::timeout(WITHIN, ask(&ctl, last)).await.ok().flatten() })
    };
    found().unwrap_or_default()
}

/// Reads the words on the command line that is to be completed, as far as they can be read.
fn words() -> Option<ArgMatches> {
    let command = COMMAND.get()?().ignore_errors(true);
    let words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    command.try_get_matches_from(words).ok()
}

fn global(words: &ArgMatches) -> Option<Global> {
    let mut global = Global::from_arg_matches(last(words)).ok()?;
    // It may be the word that is completed.
    global.own.group.take_if(|group| names::group(group).is_err());
    Some(global)
}

/// Returns the words of the innermost command.
fn last(words: &ArgMatches) -> &ArgMatches {
    words.subcommand().map_or(words, |(_, words)| last(words))
}
