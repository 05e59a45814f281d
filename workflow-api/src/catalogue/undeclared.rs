//! What an intent has, and its workflow client or workflow does not know. Without a declaration it would be ignored.

use crate::read::child;
use crate::{Fault, TaskQueue, TemporalSpec, WorkflowParams, cut};

/// How many names a message lists.
const MOST_NAMES: usize = 50;

/// Returns the faults of an intent by what its workflow client declares, by path below the spec: another task queue
/// than `queue` (which is empty if none is declared), an activity that is not among `activities` (`None` if they are
/// not declared), and parameters of an activity that the client does not read, which reads those of the activities
/// `read`.
#[must_use]
pub fn undeclared(
    spec: &TemporalSpec,
    queue: &TaskQueue,
    activities: Option<&[&str]>,
    read: &[&str],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let given = &spec.workflow_start_options.task_queue;
    if !queue.is_empty() && !given.is_empty() && given != queue {
        let message =
            format!("is not the task queue of this workflow client: write `{}`", cut(queue.as_str()));
        faults.push(Fault::new("$.workflowStartOptions.TaskQueue", message));
    }
    let Some(activities) = activities else { return faults };
    let params = &spec.workflow_params;
    let unknown = params.unknown_activities(activities);
    faults.extend(unknown.into_iter().map(|fault| fault.below("$.workflowParams")));
    if read.is_empty() {
        // The client passes all parameters on.
        return faults;
    }
    let ignored = |activity: &str| activities.contains(&activity) && !read.contains(&activity);
    for (activity, texts) in params.activity_params.iter().filter(|(activity, _)| ignored(activity)) {
        let base = child("$.workflowParams.activityParams", activity);
        faults.extend(texts.keys().map(|name| {
            let message = format!("is not read: parameters stand in `{}`", read.join("`, `"));
            Fault::new(child(&base, name), message)
        }));
    }
    faults
}

impl WorkflowParams {
    /// Returns a fault for each activity that has options or parameters here and is not among `known`, by path below
    /// these parameters.
    #[must_use]
    pub fn unknown_activities(&self, known: &[&str]) -> Vec<Fault> {
        let options = self.activity_options.keys().map(|name| ("$.activityOptions", name));
        let params = self.activity_params.keys().map(|name| ("$.activityParams", name));
        let is_known = |name: &str| name == Self::ALL_ACTIVITIES || known.contains(&name);
        options
            .chain(params)
            .filter(|(_, name)| !is_known(name))
            .map(|(field, name)| {
                let shown: Vec<_> = known.iter().take(MOST_NAMES).map(|name| cut(name)).collect();
                let (all, known) = (Self::ALL_ACTIVITIES, shown.join("`, `"));
                let message =
                    format!("there is no activity `{}`; write `{all}` or one of `{known}`", cut(name));
                Fault::new(child(field, name), message)
            })
            .collect()
    }
}
