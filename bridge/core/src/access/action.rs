//! What callers do, and to what.

use std::fmt;

use crate::model::{DigKey, IntentKey};

macro_rules! actions {
    ($($name:ident = $word:literal $kind:ident [$($group:ident)+];)+) => {
        /// The actions of callers: one for each use case, and one for what a status shows of payloads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the use case of its name")]
        pub enum Action { $($name),+ }

        impl Action {
            /// All actions.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Returns its text in logs and messages.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns whether it is about the bridge as a whole, and not about a group or an intent.
            #[must_use]
            pub fn is_of_bridge(self) -> bool {
                matches!(
                    self,
                    Self::ReadAudit
                        | Self::VerifyAudit
                        | Self::ReadSettings
                        | Self::ListAlarmSubscriptions
                        | Self::CreateAlarmSubscription
                        | Self::DeleteAlarmSubscription
                        | Self::ListAlarmDeliveries
                        | Self::RetryAlarmDelivery
                        | Self::DiscardAlarmDelivery
                )
            }

            /// Returns whether it is about alarms, which can be about an intent, a group or the bridge as a whole.
            #[must_use]
            pub fn is_about_alarms(self) -> bool {
                matches!(
                    self,
                    Self::ListAlarms
                        | Self::GetAlarm
                        | Self::CountAlarms
                        | Self::FollowAlarms
                        | Self::AcknowledgeAlarm
                        | Self::ClearAlarm
                        | Self::CommentAlarm
                )
            }

            /// Returns whether it is about rules, which are of a project or of the bridge as a whole.
            #[must_use]
            pub fn is_about_rules(self) -> bool {
                matches!(
                    self,
                    Self::ListRules
                        | Self::GetRule
                        | Self::PutRule
                        | Self::DeleteRule
                        | Self::ListRuleChanges
                        | Self::GetRuleRevision
                        | Self::ListDecisions
                        | Self::RehearseRule
                )
            }

            /// Returns whether the use case changes something.
            #[must_use]
            pub fn changes(self) -> bool {
                matches!(match self { $(Self::$name => Kind::$kind),+ }, Kind::Changes)
            }

            /// Returns the groups that it belongs to. Who has the right to a group may do each of its actions.
            #[must_use]
            pub fn groups(self) -> &'static [Group] {
                match self { $(Self::$name => &[$(Group::$group),+]),+ }
            }
        }
    };
}

enum Kind {
    Reads,
    Changes,
}

/// A group of actions. A right is given to a group as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// To see what there is, and in which state. No payloads of workflows.
    View,
    /// To write intents, and to try them out without a start.
    Author,
    /// To start workflows, to see everything of them, and to act on them.
    Operate,
    /// To do the same, and to end workflows by force or set them back.
    Administer,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::View, Self::Author, Self::Operate, Self::Administer];

    /// Returns its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Author => "author",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }
}

// What shows payloads of workflows (history, events, results, answers to queries) is not in `View`.
actions! {
    CreateIntent = "create" Changes [Author];
    PutIntent = "replace" Changes [Author];
    RollBackIntent = "rollback" Changes [Author];
    DeleteIntent = "delete" Changes [Author];
    GetIntent = "get" Reads [View Author Operate Administer];
    ListIntents = "list" Reads [View Author Operate Administer];
    ListGroups = "list-groups" Reads [View Author Operate Administer];
    SearchIntents = "search-intents" Reads [View Author Operate Administer];
    ListClients = "list-clients" Reads [Author Operate Administer];
    CheckIntent = "check" Reads [Author];
    ListChanges = "list-revisions" Reads [View Author Operate Administer];
    GetRevision = "get-revision" Reads [View Author Operate Administer];
    Start = "start" Changes [Operate Administer];
    PreviewStart = "preview-start" Reads [Author Operate Administer];
    ListRuns = "list-runs" Reads [View Author Operate Administer];
    SearchRuns = "search-runs" Reads [View Author Operate Administer];
    GetRun = "get-run" Reads [View Author Operate Administer];
    Status = "status" Reads [View Operate Administer];
    History = "history" Reads [Operate Administer];
    Follow = "follow" Reads [Operate Administer];
    Cancel = "cancel" Changes [Operate Administer];
    Terminate = "terminate" Changes [Administer];
    Pause = "pause" Changes [Operate Administer];
    Unpause = "unpause" Changes [Operate Administer];
    Signal = "signal" Changes [Operate Administer];
    Query = "query" Reads [Operate Administer];
    Update = "update" Changes [Operate Administer];
    Reset = "reset" Changes [Administer];
    ReadAudit = "read-audit" Reads [Administer];
    VerifyAudit = "verify-audit" Reads [Administer];
    ReadSettings = "read-settings" Reads [Administer];
    ListSchedules = "list-schedules" Reads [View Author Operate Administer];
    SearchSchedules = "search-schedules" Reads [View Author Operate Administer];
    GetSchedule = "get-schedule" Reads [View Author Operate Administer];
    PutSchedule = "put-schedule" Changes [Operate Administer];
    DeleteSchedule = "delete-schedule" Changes [Operate Administer];
    ListScheduleChanges = "list-schedule-revisions" Reads [View Author Operate Administer];
    GetScheduleRevision = "get-schedule-revision" Reads [View Author Operate Administer];
    ScheduleStatus = "schedule-status" Reads [View Author Operate Administer];
    PreviewSchedule = "preview-schedule" Reads [View Author Operate Administer];
    PauseSchedule = "pause-schedule" Changes [Operate Administer];
    ResumeSchedule = "resume-schedule" Changes [Operate Administer];
    TriggerSchedule = "trigger-schedule" Changes [Operate Administer];
    BackfillSchedule = "backfill-schedule" Changes [Operate Administer];
    ListAlarms = "list-alarms" Reads [View Operate Administer];
    GetAlarm = "get-alarm" Reads [View Operate Administer];
    CountAlarms = "count-alarms" Reads [View Operate Administer];
    FollowAlarms = "follow-alarms" Reads [View Operate Administer];
    AcknowledgeAlarm = "acknowledge-alarm" Changes [Operate Administer];
    ClearAlarm = "clear-alarm" Changes [Operate Administer];
    CommentAlarm = "comment-alarm" Changes [Operate Administer];
    ListAlarmSubscriptions = "list-alarm-subscriptions" Reads [Operate Administer];
    CreateAlarmSubscription = "create-alarm-subscription" Changes [Administer];
    DeleteAlarmSubscription = "delete-alarm-subscription" Changes [Administer];
    ListAlarmDeliveries = "list-alarm-deliveries" Reads [Operate Administer];
    RetryAlarmDelivery = "retry-alarm-delivery" Changes [Operate Administer];
    DiscardAlarmDelivery = "discard-alarm-delivery" Changes [Administer];
    ListRules = "list-rules" Reads [View Author Operate Administer];
    SearchRules = "search-rules" Reads [View Author Operate Administer];
    GetRule = "get-rule" Reads [View Author Operate Administer];
    PutRule = "put-rule" Changes [Operate Administer];
    DeleteRule = "delete-rule" Changes [Operate Administer];
    ListRuleChanges = "list-rule-revisions" Reads [View Author Operate Administer];
    GetRuleRevision = "get-rule-revision" Reads [View Author Operate Administer];
    ListDecisions = "list-decisions" Reads [Operate Administer];
    RehearseRule = "rehearse-rule" Reads [Operate Administer];
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// All intents of a project, and its rules.
    Project(&'a str),
    /// The intents of a deployment intent group.
    Group(&'a DigKey),
    /// An intent and its workflows.
    Intent(&'a IntentKey),
    /// The bridge as a whole.
    Bridge,
}

impl<'a> Resource<'a> {
    /// Returns the names that lead to it, from the project to the group: none for the bridge as a whole.
    #[must_use]
    pub fn place(&self) -> Vec<&'a str> {
        let of = |DigKey { project, composite_app, version, dig }: &'a DigKey| {
            vec![project.as_str(), composite_app, version, dig]
        };
        match self {
            Self::Project(name) => vec![name],
            Self::Group(key) => of(key),
            Self::Intent(key) => of(&key.dig),
            Self::Bridge => Vec::new(),
        }
    }
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(name) => write!(f, "project `{}`", workflow_api::cut(name)),
            Self::Group(key) => write!(f, "deployment intent group `{key}`"),
            Self::Intent(key) => write!(f, "workflow intent `{key}`"),
            Self::Bridge => f.write_str("the bridge"),
        }
    }
}
