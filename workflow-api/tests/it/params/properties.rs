//! Any struct is read back from its texts, and no text makes the reader fail.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

prop_compose! {
    fn place()(provider in any::<String>(), port in any::<u16>(), tags in vec(any::<String>(), 0..3)) -> Place {
        Place { provider, port, tags }
    }
}

prop_compose! {
    fn all()(
        (text, small, big, huge, sure, letter) in any::<(String, u8, i64, u64, bool, char)>(),
        ratio in -1e300..1e300,
        mode in prop_oneof![Just(Mode::AtOnce), Just(Mode::OneByOne)],
        (list, names) in (vec(any::<u32>(), 0..4), vec(any::<String>(), 0..4)),
        (place, places, maybe_place) in (place(), vec(place(), 0..3), option::of(place())),
        (map, by_number) in (btree_map(any::<String>(), any::<i32>(), 0..3), btree_map(any::<u16>(), any::<String>(), 0..3)),
        (pair, maybe, maybe_text) in any::<((u8, String), Option<u32>, Option<String>)>(),
        maybe_mode in option::of(Just(Mode::AtOnce)),
    ) -> Everything {
        let any = json!({"text": text});
        Everything {
            text, small, big, huge, ratio, sure, letter, mode, list, names, place, places, map, by_number, pair, any,
            maybe, maybe_text, maybe_place, maybe_mode,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_as_texts_is_read_back(value in all()) {
        assert_round_trip(&value);
    }

    #[test]
    fn no_text_breaks_the_reader_or_is_quoted(
        texts in btree_map("[a-z]{3,7}|small|place|mode|list|pair|maybe", "\\PC*zq9x\\PC*", 0..8),
    ) {
        let activity_params = [(ALL.to_owned(), texts)].into();
        let params = WorkflowParams { activity_params, ..WorkflowParams::default() };
        let faults = params.read::<Everything>(ALL).unwrap_err();
        prop_assert!(!format!("{faults:?}").contains("zq9x"), "{faults:?}");
    }
}
