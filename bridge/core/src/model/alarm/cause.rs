//! The causes of alarms.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use workflow_api::alarms::{AlarmType, PerceivedSeverity};

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $word:literal $kind:ident $severity:ident $repair:literal;)+) => {
        /// The cause of an alarm. Its word never changes; `docs/alarms.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProbableCause { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl ProbableCause {
            /// All causes.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Returns its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns the kind of its alarms.
            #[must_use]
            pub fn alarm_type(self) -> AlarmType {
                match self { $(Self::$name => AlarmType::$kind),+ }
            }

            /// Returns the severity of its alarms, if nothing else is asked for.
            #[must_use]
            pub fn severity(self) -> PerceivedSeverity {
                match self { $(Self::$name => PerceivedSeverity::$severity),+ }
            }

            /// Returns what to do about its alarms.
            #[must_use]
            pub fn repair(self) -> &'static str {
                match self { $(Self::$name => $repair),+ }
            }
        }
    };
}

causes! {
    /// A workflow has failed, was terminated or timed out.
    WorkflowFailed = "workflowFailed" ProcessingError Major
        "Read the failure in the status of the workflow, correct its cause, and start the intent again.";
    /// A workflow is not done by the time it should be.
    WorkflowLate = "workflowLate" QualityOfService Minor
        "Look at the pending activities in the status of the workflow. If it only needs more time, acknowledge the alarm.";
    /// A workflow makes no progress.
    WorkflowStuck = "workflowStuck" QualityOfService Major
        "Look at the pending activities and at the workers of the task queue. Cancel the workflow if it cannot go on.";
    /// An activity was tried too often.
    ActivityRetriesExceeded = "activityRetriesExceeded" ProcessingError Major
        "Read the last failure of the activity in the status of the workflow, and correct its cause: the activity is tried again.";
    /// The worker fails again and again to run the workflow's code.
    WorkflowTaskFailing = "workflowTaskFailing" ProcessingError Major
        "Read the worker's log. Often a new version of the worker cannot replay the workflow: deploy the earlier one, or reset the workflow.";
    /// No worker polls the task queue.
    NoWorker = "noWorker" Equipment Critical
        "Start a worker for the task queue, or correct the queue's name in the intent.";
    /// Tasks wait too long for a worker.
    BacklogOld = "backlogOld" QualityOfService Minor
        "Start more workers for the task queue.";
    /// The history of a workflow gets long.
    HistoryLong = "historyLong" ProcessingError Warning
        "The workflow should continue as new before its history reaches Temporal's limit. Inform its author.";
    /// The answer of a workflow to a query meets the condition of a rule.
    QueryCondition = "queryCondition" QualityOfService Minor
        "Query the workflow, and read the description of the rule that has raised the alarm.";
    /// It is not known whether a start has started a workflow.
    StartOutcomeUnknown = "startOutcomeUnknown" Communications Major
        "Look for the workflow in Temporal. If there is none, start the intent again, with the same idempotency key if possible.";
    /// The workflow client no longer accepts the intent.
    IntentDrifted = "intentDrifted" IntegrityViolation Minor
        "Check the intent: the answer has all faults. Correct it, or deploy a workflow client that accepts it.";
    /// An intent that something else needs was deleted.
    IntentDeleted = "intentDeleted" IntegrityViolation Minor
        "Delete what needs the intent as well, or roll the intent back.";
    /// A schedule has not started its workflow in time.
    ScheduleMissed = "scheduleMissed" TimeDomainViolation Major
        "Read why in the schedule. Start the intent by hand if the work is still needed.";
    /// A rule cannot be evaluated.
    RuleBroken = "ruleBroken" ProcessingError Major
        "Read the fault in the rule, and correct the rule. Until then it does nothing.";
    /// A rule notifies somebody of what it has seen.
    RuleNotice = "ruleNotice" QualityOfService Warning
        "Read the text, which is that of the rule's author.";
    /// The bridge's own Temporal does not respond.
    TemporalUnavailable = "temporalUnavailable" Communications Critical
        "Restore Temporal, or the network to it. Running workflows go on when it is back.";
    /// A resource that a rule watches is nearly used up, such as the capacity of a cluster.
    CapacityLow = "capacityLow" QualityOfService Minor
        "Move work away from what the alarm names, or give it more capacity.";
}

impl FromStr for ProbableCause {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|cause| cause.word() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(", ");
            format!("is not a cause: write one of {words}")
        })
    }
}
