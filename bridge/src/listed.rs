//! The settings as a list, for the page that shows them. No secret is in it.

use std::env::vars_os;
use std::ffi::OsStr;

use bridge_core::model::{Setting, SettingValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::Settings;

/// The variables of Temporal's own tools that have no secret, with what they are for. Others are shown as set only.
const TEMPORAL: [(&str, &str); 12] = [
    ("TEMPORAL_SERVER", "Temporal's address, as EMCO's charts set it"),
    ("TEMPORAL_PORT", "The port of TEMPORAL_SERVER"),
    ("TEMPORAL_ADDRESS", "Temporal's address"),
    ("TEMPORAL_NAMESPACE", "The namespace"),
    ("TEMPORAL_CONFIG_FILE", "The file of TOML profiles"),
    ("TEMPORAL_PROFILE", "The TOML profile"),
    ("TEMPORAL_API_KEY_FILE", "File with the API key"),
    ("TEMPORAL_TLS", "Whether connections use TLS"),
    ("TEMPORAL_TLS_SERVER_NAME", "The name that the server's certificate must have"),
    ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "File with the authorities that sign the server's certificate"),
    ("TEMPORAL_TLS_CLIENT_CERT_PATH", "File with our certificate"),
    ("TEMPORAL_TLS_CLIENT_KEY_PATH", "File with our private key"),
];

/// The settings as a list. As the first field of [`Settings`], it sees the values before the other fields take
/// them.
#[derive(Debug, Clone, Default)]
pub struct Listed(pub(crate) Vec<Setting>);

impl Args for Listed {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Listed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let command = Settings::augment_args(Command::new("bridge"));
        let flags = command.get_arguments().map(|argument| setting(argument, matches));
        Ok(Self(flags.chain(of_temporal()).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn setting(argument: &Arg, matches: &ArgMatches) -> Setting {
    let id = argument.get_id().as_str();
    let source = matches.value_source(id);
    let values = matches.get_raw(id).into_iter().flatten().map(OsStr::to_string_lossy);
    let value = values.collect::<Vec<_>>().join(",");
    let is_default = matches!(source, None | Some(ValueSource::DefaultValue));
    Setting {
        flag: argument.get_long().map(|long| format!("--{long}")).unwrap_or_default(),
        variable: argument.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        value: shown(value, argument.is_hide_env_values_set() && !is_default),
        is_default,
    }
}

/// Returns the settings of Temporal that only the environment has.
fn of_temporal() -> impl Iterator<Item = Setting> {
    let mut names: Vec<_> = TEMPORAL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let set = vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.extend(
        set.filter(|name| name.starts_with("TEMPORAL_") && !names.contains(name)).collect::<Vec<_>>(),
    );
    names.into_iter().map(|variable| {
        let known = TEMPORAL.iter().find(|(name, _)| *name == variable);
        let value = std::env::var_os(&variable).unwrap_or_default().to_string_lossy().into_owned();
        Setting {
            flag: String::new(),
            help: known.map_or("", |(_, help)| help).to_owned(),
            is_default: value.is_empty(),
            value: shown(value, known.is_none()),
            variable,
        }
    })
}

/// Returns a value as it is shown. Any address can have a password in it: `http://name:password@host`.
fn shown(value: String, is_secret: bool) -> SettingValue {
    let has_password = || value.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'));
    match value.is_empty() {
        true => SettingValue::Absent,
        false if is_secret || has_password() => SettingValue::Hidden,
        false => SettingValue::Text(value),
    }
}
