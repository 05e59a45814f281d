//! Typed parameters: reads the texts of `activityParams` into a struct, and reports all faults together.
//!
//! A parameter is a text on the wire. The JSON Schema of the struct decides which value a text stands for, and the
//! crate `jsonschema` validates the values. So the bridge, which has only the schema, finds the same faults as clients
//! and workers, which have the type.

mod aliases;
mod argument;
mod duration;
mod faults;
mod formats;
mod reading;
mod schema;
mod texts;
mod validator;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::argument::{check_argument, read_argument, usable};
pub use self::duration::{DurationParam, NotADuration};
pub use self::faults::each_once;
pub(crate) use self::faults::unknown;
pub use self::schema::{Parameters, ParamsSchema, schema_of};
pub use self::validator::UnusableSchema;

use self::reading::Reading;
use self::schema::Rules;
use crate::read::child;
use crate::{Fault, WorkflowParams, bounded};

/// How many activities of one workflow client may have parameters.
const MOST_SCHEMAS: usize = 100;

impl WorkflowParams {
    /// Reads the parameters of an activity, or of all ([`Self::ALL_ACTIVITIES`]), into a struct.
    ///
    /// A parameter that is not set for the activity is taken from those for all activities. Numbers, booleans and enums
    /// are read from their texts. Lists are JSON or separated by commas; lists of lists or of objects, and all other
    /// values, are JSON. The empty text is `None`, except for an optional text of any form.
    ///
    /// # Errors
    /// Returns a fault for each parameter that is missing, unknown or of another type, by path below these parameters
    /// (`$.activityParams.all-activities.count`). No message contains a value.
    pub fn read<T: Parameters>(&self, activity: &str) -> Result<T, Vec<Fault>> {
        self.read_beside(activity, &[])
    }

    /// Reads the parameters as [`Self::read`] does. A parameter for all activities is also known if one of the schemas
    /// `others` has it: those of activities that use it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_beside<T: Parameters>(
        &self,
        activity: &str,
        others: &[&ParamsSchema],
    ) -> Result<T, Vec<Fault>> {
        let base = child("$.activityParams", activity);
        let unusable = |error: &UnusableSchema| vec![Fault::new(base.as_str(), error.to_string())];
        let rules = schema_of::<T>().rules().map_err(unusable)?;
        let others: Vec<_> = others.iter().map(|schema| schema.json()).collect();
        Reading::new(rules, self, activity, &others).map_err(|error| unusable(&error))?.into_value(rules)
    }
}

/// Returns the faults of parameters by the schemas of a workflow client: those of its catalogue, by activity name.
///
/// # Errors
/// When a schema is not a valid JSON Schema, or cannot be applied in bounded time.
pub fn check_params(
    schemas: &BTreeMap<String, Value>,
    params: &WorkflowParams,
) -> Result<Vec<Fault>, UnusableSchema> {
    if schemas.len() > MOST_SCHEMAS {
        return Err(UnusableSchema::new(format!("there are more than {MOST_SCHEMAS} of them")));
    }
    let all: Vec<_> = schemas.values().collect();
    let mut faults = Vec::new();
    for (activity, schema) in schemas {
        let reading = Rules::new(schema).and_then(|rules| Reading::new(&rules, params, activity, &all));
        faults.extend(reading.map_err(|error| error.of(activity))?.into_faults());
    }
    Ok(bounded(each_once(faults)))
}
