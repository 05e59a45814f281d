//! Settings of a process: flags over environment over defaults, with errors that name the flag and the variable.

mod listen;
mod values;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Parser};

pub use listen::{ListenAddress, ListenAddressError, ListenError};
pub use values::{duration, size};

/// The settings of this process. A wrong or missing one ends it: the error and the usage go to stderr, the exit code is 2.
pub fn parse<T: Parser>() -> T {
    try_parse_from(std::env::args_os()).unwrap_or_else(|error: clap::Error| error.exit())
}

/// The settings from these arguments (the program's name first) and the environment.
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

/// The value; or the end of the process with exit code 2, for settings that are wrong only together.
pub fn or_exit<T, E: std::error::Error + 'static>(settings: Result<T, E>) -> T {
    settings.unwrap_or_else(|error| {
        eprintln!("error: {}", crate::chain(&error));
        std::process::exit(2)
    })
}

/// Clap names the flag only, though the bad value may have come from the environment.
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

/// The argument that clap prints as `flag`, here or in a subcommand.
fn argument<'a>(flag: &str, command: &'a Command) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|argument| argument.to_string() == flag)
        .or_else(|| command.get_subcommands().find_map(|command| argument(flag, command)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    // `PATH` stands for a variable with an unusable value: tests must not set variables of their process.
    #[derive(Debug, Parser)]
    struct Settings {
        #[arg(long, env = "SERVICE_TEST_LISTEN")]
        listen: ListenAddress,
        #[arg(long, default_value = "30s", value_parser = duration)]
        drain: Duration,
    }

    #[derive(Debug, Parser)]
    struct FromPath {
        #[arg(long, env = "PATH", value_parser = duration)]
        patience: Duration,
    }

    #[derive(Debug, Parser)]
    struct Secret {
        #[arg(long, env = "PATH", hide_env_values = true, value_parser = duration)]
        token: Duration,
    }

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Sub,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Sub {
        Serve(Settings),
    }

    #[test]
    fn flags_and_defaults_give_values() {
        let settings: Settings = try_parse_from(["program", "--listen", ":8080"]).unwrap();
        assert_eq!(settings.listen.to_string(), ":8080");
        assert_eq!(settings.drain, Duration::from_secs(30));
    }

    #[test]
    fn a_missing_value_names_flag_and_variable() {
        let error = try_parse_from::<Settings>(["program"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(
            error.to_string().contains("--listen <LISTEN> or environment variable SERVICE_TEST_LISTEN"),
            "{error}"
        );
        assert!(error.to_string().contains("Usage: "), "{error}");
    }

    #[test]
    fn a_wrong_value_names_flag_and_variable() {
        let error = try_parse_from::<FromPath>(["program"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains("'--patience <PATIENCE> or environment variable PATH'"), "{text}");
        assert!(text.contains("write a length of time"), "{text}");
    }

    #[test]
    fn a_wrong_secret_is_not_shown() {
        let text = try_parse_from::<Secret>(["program"]).unwrap_err().to_string();
        assert!(text.contains("'(not shown)' for '--token <TOKEN> or environment variable PATH'"), "{text}");
    }

    #[test]
    fn arguments_of_subcommands_are_named_too() {
        let error = try_parse_from::<Cli>(["program", "serve", "--listen", "nowhere"]).unwrap_err();
        assert!(error.to_string().contains("environment variable SERVICE_TEST_LISTEN"), "{error}");
    }

    #[test]
    fn a_flag_without_variable_stays_as_it_is() {
        let error = try_parse_from::<Settings>(["program", "--listen", ":1", "--drain", "soon"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("for '--drain <DRAIN>'"), "{error}");
    }
}
