//! Typed parameters: the texts of `activityParams` read into a struct, with every fault found at once.
//!
//! A parameter is a text on the wire. The JSON Schema of the struct decides which value each text stands for, and the crate
//! `jsonschema` validates the values. So the bridge, which has the schema alone, finds the same faults as clients and workers,
//! which have the type.

mod aliases;
mod faults;
mod reading;
mod schema;
mod texts;
mod validator;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::faults::each_once;
pub use self::schema::{Parameters, ParamsSchema, schema_of};
pub use self::validator::UnusableSchema;

use self::faults::below;
use self::reading::Reading;
use self::schema::Rules;
use crate::{Fault, WorkflowParams};

impl WorkflowParams {
    /// Reads the parameters of an activity, or of all ([`Self::ALL_ACTIVITIES`]), into a struct.
    ///
    /// A parameter that an activity does not set itself is taken from those for all activities. Numbers, booleans and enums
    /// are read from their texts; lists are JSON or separated by commas; deeper values are JSON; the empty text is `None` for an
    /// option of anything but a text.
    ///
    /// # Errors
    /// Every parameter that is missing, unknown or of another type, by path below these parameters
    /// (`$.activityParams.all-activities.count`). No message contains a value.
    pub fn read<T: Parameters>(&self, activity: &str) -> Result<T, Vec<Fault>> {
        self.read_beside(activity, &[])
    }

    /// Reads the parameters as [`Self::read`] does. A parameter for all activities is not unknown if one of the schemas
    /// `others` has it: those of activities that fall back on it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_beside<T: Parameters>(
        &self,
        activity: &str,
        others: &[&ParamsSchema],
    ) -> Result<T, Vec<Fault>> {
        let base = below("$.activityParams", activity);
        let unusable = |error: &UnusableSchema| vec![Fault::new(base.as_str(), error.to_string())];
        let rules = schema_of::<T>().rules().map_err(unusable)?;
        let others: Vec<_> = others.iter().map(|schema| schema.json()).collect();
        Reading::new(rules, self, activity, &others).map_err(|error| unusable(&error))?.into_value()
    }
}

/// What is wrong with parameters by the schemas of a workflow client, by activity name, as its catalogue has them.
///
/// # Errors
/// When a schema is not a JSON Schema, or not one that can be applied in bounded time.
pub fn check_params(
    schemas: &BTreeMap<String, Value>,
    params: &WorkflowParams,
) -> Result<Vec<Fault>, UnusableSchema> {
    let all: Vec<_> = schemas.values().collect();
    let mut faults = Vec::new();
    for (activity, schema) in schemas {
        let reading =
            Rules::new(schema).and_then(|rules| Ok(Reading::new(&rules, params, activity, &all)?.faults));
        faults.extend(reading.map_err(|error| error.of(activity))?);
    }
    Ok(each_once(faults))
}
