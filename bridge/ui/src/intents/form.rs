//! The form of an intent: its fields, those of its parameters as the workflow client describes them, and what was
//! entered in them.

use std::collections::BTreeMap;

use workflow_api::{CatalogueEntry, Fault, Nanos, WorkflowIntent, WorkflowParams, child};

use crate::choice::Choice;
use crate::fields::Fields;
use crate::schema::{Property, properties};

const PARAMS: &str = "$.spec.temporal.workflowParams.activityParams";
const PORT: &str = "$.spec.workflowClient.clientEndpointPort";
const EXECUTION_TIMEOUT: &str = "$.spec.temporal.workflowStartOptions.WorkflowExecutionTimeout";
const RUN_TIMEOUT: &str = "$.spec.temporal.workflowStartOptions.WorkflowRunTimeout";

/// A field whose name is in the table below.
struct Known {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    path: &'static str,
    is_required: bool,
}

const fn known(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    path: &'static str,
    is_required: bool,
) -> Known {
    Known { name, label, hint, path, is_required }
}

/// The fields besides the parameters, in their order.
const KNOWN: [Known; 8] = [
    known("description", "Description", "", "$.metadata.description", false),
    known("host", "Host of the workflow client", "", "$.spec.workflowClient.clientEndpointName", true),
    known("port", "Port of the workflow client", "", PORT, true),
    known(
        "client",
        "Name of the workflow client",
        "The last part of the path at which it is called.",
        "$.spec.temporal.workflowClientName",
        true,
    ),
    known("queue", "Task queue", "", "$.spec.temporal.workflowStartOptions.TaskQueue", true),
    known(
        "id",
        "Workflow ID",
        "{{uuid}} stands for a new UUID, {{run}} for the number of the start.",
        "$.spec.temporal.workflowStartOptions.ID",
        true,
    ),
    known(
        "executionTimeout",
        "Timeout of the execution",
        "Such as 2h. Empty: none.",
        EXECUTION_TIMEOUT,
        false,
    ),
    known("runTimeout", "Timeout of each run", "Such as 30m. Empty: none.", RUN_TIMEOUT, false),
];

/// A field as the form shows it.
pub(super) struct Input {
    /// Its number in the form, for the labels.
    pub(super) id: usize,
    /// Its name, as it is sent.
    pub(super) name: &'static str,
    /// The activity and the name of a parameter.
    pub(super) param: Option<(String, String)>,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) is_required: bool,
    pub(super) is_long: bool,
    pub(super) faults: Vec<String>,
    path: String,
}

impl Input {
    fn of(field: &Known, value: &str) -> Self {
        Self {
            id: 0,
            name: field.name,
            param: None,
            label: field.label.to_owned(),
            hint: field.hint.to_owned(),
            value: value.to_owned(),
            choices: Vec::new(),
            is_required: field.is_required,
            // A field of one line would lose the others.
            is_long: value.contains('\n'),
            faults: Vec::new(),
            path: field.path.to_owned(),
        }
    }

    fn of_param(activity: &str, property: &Property, value: &str) -> Self {
        let default = match property.default.as_str() {
            "" => String::new(),
            default => format!("Empty: {default}."),
        };
        let mut choices: Vec<_> =
            property.choices.iter().map(|choice| Choice::new(choice, choice, value)).collect();
        if !choices.is_empty() && !choices.iter().any(|choice| choice.is_chosen) {
            // What was entered stays, also if the client does not know it.
            choices.insert(0, Choice::new(value, value, value));
        }
        if !value.is_empty() && !choices.is_empty() {
            choices.insert(0, Choice::new("", "", value));
        }
        Self {
            id: 0,
            name: "value",
            param: Some((activity.to_owned(), property.name.clone())),
            label: property.name.clone(),
            hint: [property.description.as_str(), &default].join(" ").trim().to_owned(),
            is_long: value.contains('\n'),
            value: value.to_owned(),
            choices,
            is_required: property.is_required,
            faults: Vec::new(),
            path: child(&child(PARAMS, activity), &property.name),
        }
    }
}

/// The fields of the form, with their values.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) own: Vec<Input>,
    pub(super) params: Vec<Input>,
}

impl Inputs {
    /// Returns the fields of what was entered. `client` describes the parameters, if it is there.
    pub(super) fn new(entered: &Fields, client: Option<&CatalogueEntry>) -> Self {
        let own = KNOWN.iter().map(|field| Input::of(field, entered.exact(field.name))).collect();
        let owned = |(activity, name): (&str, &str)| (activity.to_owned(), name.to_owned());
        let mut values: BTreeMap<_, _> = params(entered).map(|(at, value)| (owned(at), value)).collect();
        let mut params = Vec::new();
        for (activity, schema) in client.into_iter().flat_map(|client| &client.params) {
            for property in properties(schema) {
                let value = values.remove(&owned((activity, &property.name))).unwrap_or_default();
                params.push(Input::of_param(activity, &property, value));
            }
        }
        for ((activity, name), value) in values {
            let property = Property { name, ..Property::default() };
            params.push(Input::of_param(&activity, &property, value));
        }
        let mut inputs = Self { own, params };
        inputs.each().enumerate().for_each(|(at, input)| input.id = at + 1);
        inputs
    }

    /// Shows faults beside their fields, and returns the others.
    pub(super) fn place(&mut self, faults: Vec<Fault>) -> Vec<Fault> {
        let mut others = Vec::new();
        for fault in faults {
            match self.each().find(|input| input.path == fault.path) {
                Some(input) => input.faults.push(fault.message),
                None => others.push(fault),
            }
        }
        others
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Input> {
        self.own.iter_mut().chain(&mut self.params)
    }
}

/// Returns the fields that an intent has.
pub(super) fn entered(intent: &WorkflowIntent) -> Fields {
    let spec = &intent.spec;
    let options = &spec.temporal.workflow_start_options;
    let port = spec.workflow_client.client_endpoint_port;
    let time = |time: Nanos| if time.is_zero() { String::new() } else { time.to_signed().to_string() };
    let own = [
        ("description", intent.metadata.description.clone()),
        ("host", spec.workflow_client.client_endpoint_name.clone()),
        ("port", if port == 0 { String::new() } else { port.to_string() }),
        ("client", spec.temporal.workflow_client_name.clone()),
        ("queue", options.task_queue.to_string()),
        ("id", options.id.to_string()),
        ("executionTimeout", time(options.workflow_execution_timeout)),
        ("runTimeout", time(options.workflow_run_timeout)),
    ];
    let params = super::detail::params(intent)
        .into_iter()
        .flat_map(|(activity, name, value)| [("activity", activity), ("param", name), ("value", value)]);
    own.into_iter().chain(params).collect()
}

/// Changes an intent to what was entered. What the form does not have stays. Returns the faults of what cannot be
/// read.
pub(super) fn apply(entered: &Fields, intent: &mut WorkflowIntent) -> Vec<Fault> {
    let mut faults = Vec::new();
    let text = |name: &str| entered.exact(name).to_owned();
    let spec = &mut intent.spec;
    let options = &mut spec.temporal.workflow_start_options;
    intent.metadata.description = text("description");
    spec.workflow_client.client_endpoint_name = text("host");
    spec.temporal.workflow_client_name = text("client");
    options.task_queue = entered.exact("queue").into();
    options.id = entered.exact("id").into();
    match entered.text("port").parse() {
        Ok(port) => spec.workflow_client.client_endpoint_port = port,
        Err(_) => faults.push(Fault::new(PORT, "is not a number: write one from 1 to 65535")),
    }
    let timeouts = [
        ("executionTimeout", EXECUTION_TIMEOUT, &mut options.workflow_execution_timeout),
        ("runTimeout", RUN_TIMEOUT, &mut options.workflow_run_timeout),
    ];
    for (name, path, timeout) in timeouts {
        match entered.some(name).map(str::parse).transpose() {
            Ok(time) => *timeout = time.unwrap_or_default(),
            Err(error) => faults.push(Fault::new(path, format!("{error}"))),
        }
    }
    for ((activity, name), value) in params(entered) {
        set(&mut spec.temporal.workflow_params, activity, name, value);
    }
    faults
}

/// Sets a parameter. An empty field is a parameter that is not set, unless it was empty before.
fn set(params: &mut WorkflowParams, activity: &str, name: &str, value: &str) {
    let all = &mut params.activity_params;
    let known = all.get(activity).and_then(|params| params.get(name));
    // What was entered has lines that end with one character.
    if known.is_some_and(|known| known.replace("\r\n", "\n") == value)
        || (known.is_none() && value.is_empty())
    {
        return;
    }
    let of_activity = all.entry(activity.to_owned()).or_default();
    if !value.is_empty() {
        of_activity.insert(name.to_owned(), value.to_owned());
        return;
    }
    of_activity.remove(name);
    if of_activity.is_empty() {
        all.remove(activity);
    }
}

/// Returns the parameters that were entered: activity, name and value. The fields of one come one after the other.
fn params(entered: &Fields) -> impl Iterator<Item = ((&str, &str), &str)> {
    let names = entered.all("activity").zip(entered.all("param"));
    names.zip(entered.all("value")).filter(|((_, name), _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workflow_api::Catalogue;

    use super::*;

    fn intent() -> WorkflowIntent {
        let params = json!({"all-activities": {"to": "cluster2", "empty": "", "odd [name]": "a\nb"}});
        let json = json!({"spec": {
            "workflowClient": {"clientEndpointName": "client", "clientEndpointPort": 9090},
            "temporal": {
                "workflowStartOptions": {"ID": "move", "WorkflowRunTimeout": "90m", "CronSchedule": "@daily"},
                "workflowParams": {"activityParams": params},
            },
        }});
        workflow_api::read(json.to_string().as_bytes()).unwrap().value
    }

    #[test]
    fn a_form_that_was_not_changed_changes_nothing() {
        let mut again = intent();
        assert_eq!(apply(&entered(&again), &mut again), []);
        assert_eq!(again, intent());
    }

    #[test]
    fn what_was_entered_is_in_the_intent_and_the_rest_stays() {
        let form = "host=other&port=80&client=c&queue=q&runTimeout=1h&activity=all-activities&param=to&value=\
            &activity=move&param=lanes&value=3&activity=all-activities&param=&value=";
        let mut changed = intent();
        assert_eq!(apply(&Fields::parse(form.as_bytes()), &mut changed), []);
        let spec = &changed.spec;
        assert_eq!(spec.workflow_client.client_endpoint_port, 80);
        assert_eq!(spec.temporal.workflow_start_options.cron_schedule, "@daily");
        assert_eq!(spec.temporal.workflow_start_options.workflow_run_timeout, Nanos::new(3_600_000_000_000));
        let params = serde_json::to_value(&spec.temporal.workflow_params.activity_params).unwrap();
        let expected = json!({"all-activities": {"empty": "", "odd [name]": "a\nb"}, "move": {"lanes": "3"}});
        assert_eq!(params, expected);
    }

    #[test]
    fn faults_are_beside_their_fields() {
        let client = json!({"clients": [{"name": "c", "params": {"all-activities": {
            "type": "object",
            "required": ["to", "from"],
            "properties": {"to": {"type": "string", "minLength": 20}, "from": {"type": "string"}},
        }}}]});
        let client: Catalogue = workflow_api::read(client.to_string().as_bytes()).unwrap().value;
        let client = client.get("c").unwrap();
        let mut faults: Vec<_> = client.check(&intent().spec.temporal).unwrap();
        faults = faults.into_iter().map(|fault| fault.below("$.spec.temporal")).collect();
        let form = Fields::parse(b"port=many&runTimeout=long");
        faults.extend(apply(&form, &mut intent()));
        let mut inputs = Inputs::new(&entered(&intent()), Some(client));
        let others = inputs.place(faults);
        let wrong: Vec<_> =
            inputs.each().filter(|input| !input.faults.is_empty()).map(|input| input.label.clone()).collect();
        assert_eq!(others, []);
        assert_eq!(
            wrong,
            ["Port of the workflow client", "Timeout of each run", "to", "from", "empty", "odd [name]"]
        );
    }
}
