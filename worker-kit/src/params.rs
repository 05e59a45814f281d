//! Typed reading of an intent's parameters, with all faults in one error.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use workflow_api::{Fault, WorkflowParams};

use crate::InvalidParams;

/// The parameters of an intent as one activity sees them: those for all activities, overridden one by one by its own.
#[derive(Debug, Clone, Copy)]
pub struct Params<'a> {
    params: &'a WorkflowParams,
    /// Whose parameters, for messages too.
    entry: &'a str,
}

impl<'a> Params<'a> {
    /// The parameters for all activities.
    pub fn for_all(params: &'a WorkflowParams) -> Self {
        Self { params, entry: WorkflowParams::ALL_ACTIVITIES }
    }

    /// The parameters of `activity`.
    pub fn of(params: &'a WorkflowParams, activity: &'a str) -> Self {
        Self { params, entry: activity }
    }

    /// The parameter `name` as it was written.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let value = |entry: &str| self.params.activity_params.get(entry)?.get(name);
        value(self.entry).or_else(|| value(WorkflowParams::ALL_ACTIVITIES)).map(String::as_str)
    }

    /// All parameters, by name.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let of = |entry| self.params.activity_params.get(entry).cloned().unwrap_or_default();
        let mut map = of(WorkflowParams::ALL_ACTIVITIES);
        map.extend(of(self.entry));
        map
    }

    /// Reads the parameters into a value of your own:
    ///
    /// ```
    /// # use worker_kit::{InvalidParams, Params};
    /// struct Backup { bucket: String, keep: u32 }
    ///
    /// # fn backup(params: &workflow_api::WorkflowParams) -> Result<Backup, InvalidParams> {
    /// Params::of(params, "Backup").read(|params| {
    ///     let bucket = params.required("bucket");
    ///     let keep = params.optional("keep");
    ///     // `?` only now: every parameter has been looked at.
    ///     Ok(Backup { bucket: bucket?, keep: keep?.unwrap_or(7) })
    /// })
    /// # }
    /// # let params = workflow_api::WorkflowParams::default();
    /// # let text = backup(&params).err().unwrap().to_string();
    /// # assert!(text.contains("$.activityParams.Backup.bucket: is missing"), "{text}");
    /// ```
    ///
    /// # Errors
    /// [`InvalidParams`] naming every parameter that is missing or that its type cannot take.
    pub fn read<T>(
        &self,
        build: impl FnOnce(&mut Reader<'_>) -> Result<T, Faulty>,
    ) -> Result<T, InvalidParams> {
        let mut reader = Reader { params: *self, faults: Vec::new() };
        match build(&mut reader) {
            Ok(value) if reader.faults.is_empty() => Ok(value),
            Ok(_) | Err(Faulty(())) => Err(InvalidParams::new(reader.faults)),
        }
    }
}

/// Says that a parameter could not be read; the [`Reader`] has noted why.
#[derive(Debug)]
pub struct Faulty(());

/// Reads parameters one by one and notes every fault.
#[derive(Debug)]
pub struct Reader<'a> {
    params: Params<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// A parameter that must be there and not be empty.
    ///
    /// # Errors
    /// [`Faulty`] when it is missing, empty, or no `T`.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<T, Faulty> {
        match self.params.get(name) {
            None => Err(self.fault(name, "is missing")),
            Some("") => Err(self.fault(name, "is empty")),
            Some(text) => self.parse(name, text),
        }
    }

    /// A parameter that may be left out or left empty.
    ///
    /// # Errors
    /// [`Faulty`] when it is no `T`.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, Faulty> {
        match self.params.get(name) {
            None | Some("") => Ok(None),
            Some(text) => self.parse(name, text).map(Some),
        }
    }

    /// Notes a fault that only you can see, such as two parameters that do not go together.
    pub fn fault(&mut self, name: &str, message: impl Into<String>) -> Faulty {
        let path = format!("$.activityParams.{}.{name}", self.params.entry);
        self.faults.push(Fault::new(path, message));
        Faulty(())
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, name: &str, text: &str) -> Result<T, Faulty> {
        // The value stays out of the message: it may be a secret in the wrong place, and messages go to the history.
        text.parse().map_err(|error: T::Err| self.fault(name, format!("cannot be used: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(entries: &[(&str, &str, &str)]) -> WorkflowParams {
        let mut params = WorkflowParams::default();
        for (activity, name, value) in entries {
            let of = params.activity_params.entry((*activity).to_owned()).or_default();
            of.insert((*name).to_owned(), (*value).to_owned());
        }
        params
    }

    #[test]
    fn an_activitys_own_parameter_overrides_the_common_one() {
        let params = params(&[("all-activities", "a", "1"), ("all-activities", "b", "1"), ("X", "b", "2")]);
        let own = Params::of(&params, "X");
        assert_eq!((own.get("a"), own.get("b"), own.get("c")), (Some("1"), Some("2"), None));
        assert_eq!(Params::for_all(&params).get("b"), Some("1"));
        let expected = [("a", "1"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(own.to_map(), BTreeMap::from(expected));
        assert_eq!(Params::of(&params, "Y").to_map(), Params::for_all(&params).to_map());
    }

    #[test]
    fn every_missing_and_wrong_parameter_is_named() {
        let params = params(&[("all-activities", "port", "many"), ("all-activities", "empty", "")]);
        let invalid = Params::for_all(&params)
            .read(|params| {
                let (host, port) = (params.required::<String>("host"), params.required::<u16>("port"));
                let (empty, tries) = (params.required::<String>("empty"), params.optional::<u16>("tries"));
                Ok((host?, port?, empty?, tries?))
            })
            .unwrap_err();
        let faults: Vec<_> = invalid.faults().iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "$.activityParams.all-activities.host: is missing",
                "$.activityParams.all-activities.port: cannot be used: invalid digit found in string",
                "$.activityParams.all-activities.empty: is empty",
            ]
        );
    }

    #[test]
    fn a_fault_that_was_noted_is_never_lost() {
        let params = WorkflowParams::default();
        let invalid = Params::for_all(&params)
            .read(|params| {
                let _ = params.required::<String>("host");
                Ok(())
            })
            .unwrap_err();
        assert_eq!(invalid.faults().len(), 1);
    }

    #[test]
    fn what_is_optional_may_be_absent_or_empty_but_not_wrong() {
        let params = params(&[("all-activities", "empty", ""), ("all-activities", "tries", "3")]);
        let read = |name| Params::for_all(&params).read(|params| params.optional::<u16>(name));
        assert_eq!((read("absent"), read("empty"), read("tries")), (Ok(None), Ok(None), Ok(Some(3))));
    }
}
