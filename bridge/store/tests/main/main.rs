//! The contract suite of stores: the same cases run on each backend, each on a fresh database.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod alarms;
mod audit;
mod documents;
mod intents;
mod observations;
mod overtaking;
mod read_only;
mod rules;
mod search;
mod sessions;
mod sqlite;
mod starts;
mod tampering;
mod url;

use std::num::NonZeroU32;

use bridge_core::model::DigKey;
use harness::PostgreSql;
use workflow_api::WorkflowIntent;

use bridge_store::{PostgresStore, SqliteStore};

fn dig(name: &str) -> DigKey {
    DigKey {
        project: "proj1".to_owned(),
        composite_app: "capp1".to_owned(),
        version: "v1".to_owned(),
        dig: name.to_owned(),
    }
}

fn intent(name: &str) -> WorkflowIntent {
    let mut intent = WorkflowIntent::default();
    name.clone_into(&mut intent.metadata.name);
    intent.metadata.description = "<b> & \u{2028} é".to_owned();
    name.clone_into(&mut intent.spec.temporal.workflow_client_name);
    intent.spec.workflow_client.client_endpoint_name = "client".to_owned();
    intent.spec.workflow_client.client_endpoint_port = 9090;
    intent.spec.temporal.workflow_start_options.id = "w-1".into();
    intent
}

async fn postgres() -> (PostgresStore, ()) {
    let url = PostgreSql::shared().await.unwrap().database().await.unwrap();
    (PostgresStore::connect(&url.parse().unwrap(), NonZeroU32::new(16).unwrap()).await.unwrap(), ())
}

/// Makes one test for each case. `$store` returns a fresh store and the guards that it needs.
macro_rules! storage_contract {
    ($name:ident, $store:expr) => {
        mod $name {
            use super::*;

            storage_contract!(@cases $store;
                intents::a_revision_comes_back_as_it_was_kept,
                intents::an_absent_intent_is_none,
                intents::a_number_is_taken_once,
                intents::of_changes_at_once_one_succeeds,
                intents::a_list_is_ordered_by_name,
                intents::groups_are_listed_by_name,
                intents::a_list_has_the_latest_of_each_that_is_not_deleted,
                intents::a_list_has_the_visible_intents,
                intents::changes_come_newest_first_in_pages,
                documents::a_document_comes_back_as_it_was_kept,
                documents::of_document_changes_at_once_one_succeeds,
                documents::a_list_has_the_documents_that_there_are,
                documents::what_the_engine_does_not_have_is_listed,
                documents::a_document_is_held_by_one,
                documents::each_key_has_a_moment_of_its_own,
                documents::a_database_has_an_id_of_its_own,
                starts::runs_come_newest_first_with_or_without_their_intent,
                starts::runs_come_in_pages,
                starts::a_run_is_found_by_either_id,
                starts::the_last_successful_start_is_found,
                starts::the_last_start_follows_each_change,
                starts::the_workflows_that_starts_have_made_are_known,
                starts::the_number_gets_into_the_workflow_id,
                starts::starts_at_once_get_numbers_of_their_own,
                starts::every_outcome_comes_back_as_it_was_settled,
                starts::a_start_is_settled_once,
                starts::a_known_key_leads_to_its_start_in_any_outcome,
                starts::of_starts_at_once_under_one_key_one_is_new,
                starts::a_key_is_forgotten_after_its_time,
                starts::a_start_that_failed_is_begun_again_by_one,
                starts::an_abandoned_start_is_taken_over_by_one,
                starts::an_unknown_start_is_taken_over,
                starts::a_start_without_a_spec_of_its_own_has_that_of_its_revision,
                starts::a_start_without_its_revision_is_an_error,
                starts::a_start_is_put_off_by_its_owner_only,
                starts::the_store_answers_until_it_is_closed,
                audit::events_are_found_by_each_filter_newest_first,
                audit::an_event_is_written_with_its_change_or_not_at_all,
                audit::the_events_of_a_start_are_written_whatever_becomes_of_it,
                audit::seals_cover_all_events_and_are_chained,
                audit::old_batches_are_deleted_and_their_seals_kept,
                sessions::a_session_ends_once_with_its_event,
                sessions::a_session_is_renewed_by_one_at_a_time,
                sessions::a_session_ends_after_its_time,
                alarms::an_alarm_comes_back_as_it_was_kept,
                alarms::a_condition_has_one_alarm_whoever_raises_it,
                alarms::of_changes_of_an_alarm_at_once_one_is_written,
                alarms::an_alarm_that_is_over_leaves_and_makes_room_for_the_next,
                alarms::alarms_are_found_by_each_filter_newest_first,
                alarms::alarms_are_due_when_their_hold_has_passed,
                alarms::notifications_come_in_order_and_are_forgotten_when_delivered,
                alarms::deliveries_about_an_alarm_come_one_after_the_other,
                alarms::a_delivery_is_leased_to_one_and_comes_back_after_the_lease,
                alarms::a_dead_letter_waits_for_somebody_and_so_does_what_follows,
                alarms::a_subscription_is_deleted_with_its_deliveries,
                search::intents_are_found_by_project_and_text_in_the_order_of_their_names,
                search::starts_are_found_by_project_newest_first,
                search::starts_whose_end_is_noted_are_not_open,
                rules::intents_that_there_are_come_in_the_order_of_their_names,
                rules::starts_are_watched_that_may_have_led_to_a_workflow_of_their_own,
                rules::of_starts_that_have_ended_the_last_is_watched,
                rules::ends_are_watched_until_each_rule_has_seen_them,
                rules::an_unknown_start_supersedes_none,
                rules::starts_to_watch_come_in_pages_while_some_end,
                rules::a_start_that_is_begun_again_has_no_end,
                rules::failures_come_newest_first,
                rules::a_course_comes_back_as_it_was_kept,
                rules::courses_of_a_rule_come_in_pages,
                rules::of_changes_of_a_course_at_once_one_is_written,
                observations::an_observation_comes_back_as_it_was_kept,
                observations::observations_come_in_pages_of_a_project_or_of_all,
                observations::the_newest_observations_of_a_subject_stay,
                observations::observations_at_once_are_all_kept,
                rules::what_is_old_and_settled_is_forgotten,
            );
        }
    };
    (@cases $store:expr; $($part:ident::$case:ident,)+) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _keep) = $store.await;
            super::$part::$case(&store).await;
        }
    )+};
}

storage_contract!(sqlite_in_memory, async { (SqliteStore::in_memory().await.unwrap(), ()) });
storage_contract!(sqlite_in_a_file, sqlite_file());
storage_contract!(postgres, postgres());

async fn sqlite_file() -> (SqliteStore, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::file(&directory.path().join("bridge.db")).await.unwrap();
    (store, directory)
}
