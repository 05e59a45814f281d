//! Settings of a process: flags over environment over defaults, with errors that name the flag and the variable.

mod exposure;
mod listen;
mod values;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Parser};

pub use exposure::{Exposure, ExposureError};
pub use listen::{ListenAddress, ListenError};
pub use values::{duration, size};

/// Reads the settings of this process. A wrong or missing one ends the process: the error and the usage go to stderr,
/// and the exit code is 2.
pub fn parse<T: Parser>() -> T {
    try_parse_from(std::env::args_os()).unwrap_or_else(|error: clap::Error| error.exit())
}

/// Reads the settings from these arguments (the program's name first) and the environment.
///
/// # Errors
/// What [`parse`] prints, and its requests for help and version.
pub fn try_parse_from<T: Parser>(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<T, clap::Error> {
    T::try_parse_from(arguments).map_err(|error| {
        let mut command = T::command();
        command.build();
        with_variables(error, &command)
    })
}

/// Returns the value, or ends the process with exit code 2: for settings that are wrong only together.
pub fn or_exit<T, E: std::error::Error + 'static>(settings: Result<T, E>) -> T {
    settings.unwrap_or_else(|error| {
        eprintln!("error: {}", crate::chain(&error));
        std::process::exit(2)
    })
}

/// Adds the environment variable to the flag that clap names, because the wrong value may come from either.
fn with_variables(mut error: clap::Error, command: &Command) -> clap::Error {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => ContextValue::String(name_variable(flag, command)),
        Some(ContextValue::Strings(flags)) => {
            ContextValue::Strings(flags.iter().map(|flag| name_variable(flag, command)).collect())
        }
        _ => return error,
    };
    if is_secret(&error, command) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("(not shown)".to_owned()));
    }
    error.insert(ContextKind::InvalidArg, named);
    error
}

fn name_variable(flag: &str, command: &Command) -> String {
    match argument(flag, command).and_then(Arg::get_env) {
        Some(variable) => format!("{flag} or environment variable {}", variable.to_string_lossy()),
        None => flag.to_owned(),
    }
}

fn is_secret(error: &clap::Error, command: &Command) -> bool {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return false };
    argument(flag, command).is_some_and(Arg::is_hide_env_values_set)
}

/// Returns the argument that clap prints as `flag`, of this command or of a subcommand.
fn argument<'a>(flag: &str, command: &'a Command) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|argument| argument.to_string() == flag)
        .or_else(|| command.get_subcommands().find_map(|command| argument(flag, command)))
}
