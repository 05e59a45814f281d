//! Texts that have a form: durations, timestamps, JSON.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use workflow_api::params::DurationParam;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Waits {
    first: DurationParam,
    maybe: Option<DurationParam>,
    #[serde(default)]
    more: Vec<DurationParam>,
}

fn seconds(seconds: u64) -> DurationParam {
    Duration::from_secs(seconds).into()
}

#[test]
fn durations_have_the_forms_of_start_options() {
    for (text, expected) in [
        ("30s", Duration::from_secs(30)),
        ("1h30m", Duration::from_secs(5400)),
        ("250ms", Duration::from_millis(250)),
        ("PT30S", Duration::from_secs(30)),
        ("P1D", Duration::from_secs(86_400)),
        (" 0s ", Duration::ZERO),
    ] {
        let first: DurationParam = expected.into();
        let waits = Waits { first, maybe: None, more: vec![] };
        assert_eq!(read(&[("first", text), ("maybe", "")]), Ok(waits), "{text}");
        assert_eq!(by_schema::<Waits>(&params(&[(ALL, &[("first", text)])])), Vec::<String>::new());
    }
    let all = read(&[("first", "1s"), ("maybe", "2s"), ("more", "3s, PT4S")]);
    let all_of = Waits { first: seconds(1), maybe: Some(seconds(2)), more: vec![seconds(3), seconds(4)] };
    assert_eq!(all, Ok(all_of));
}

#[test]
fn durations_are_written_as_they_are_read() {
    let exact: DurationParam = Duration::new(90_061, 1).into();
    assert_eq!(exact.to_string(), "PT25H1M1.000000001S");
    assert_round_trip(&Waits { first: exact, maybe: Some(seconds(0)), more: vec![seconds(7)] });
    let most = DurationParam::from(Duration::MAX);
    assert_round_trip(&Waits { first: most, maybe: None, more: vec![] });
}

#[test]
fn what_is_no_duration_is_found_by_type_and_schema() {
    let expected = "must be a duration like `30s`, `1h30m` or `PT30S`";
    for text in ["", "30", "-1s", "soon", "P1Y", "1000000000h"] {
        let texts: &[(&str, &str)] = &[("first", text), ("maybe", "hunter2"), ("more", "1s, x")];
        let mut faults = read::<Waits>(texts).unwrap_err();
        faults.sort();
        let at = |path: &str| format!("{path}: {expected}");
        assert_eq!(faults, [at("first"), at("maybe"), at("more[1]")], "{text}");
        let mut by_schema = by_schema::<Waits>(&params(&[(ALL, texts)]));
        by_schema.sort();
        assert_eq!(by_schema, faults);
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Options {
    at: Option<Timestamp>,
    from: Option<IpAddr>,
    letter: Option<char>,
    #[schemars(length(min = 3))]
    long: Option<String>,
    text: Option<String>,
}

#[test]
fn an_empty_text_is_none_where_it_is_no_value() {
    let empty = ["at", "from", "letter", "long", "text"].map(|name| (name, ""));
    let none = Options { at: None, from: None, letter: None, long: None, text: Some(String::new()) };
    assert_eq!(read(&empty), Ok(none));
    assert_eq!(by_schema::<Options>(&params(&[(ALL, &empty)])), Vec::<String>::new());
    let set: Options = read(&[("at", "2026-01-31T12:00:00Z"), ("letter", "a"), ("long", "abc")]).unwrap();
    assert_eq!((set.at.unwrap().as_second(), set.letter), (1_769_860_800, Some('a')));
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Plan {
    begin: Timestamp,
    days: Vec<Date>,
    windows: Vec<Window>,
    by_name: BTreeMap<String, Date>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Window {
    until: Option<Timestamp>,
}

#[test]
fn a_wrong_date_names_the_form() {
    let faults = read::<Plan>(&[
        ("begin", "31.12.2026"),
        ("days", "2026-01-31, tomorrow"),
        ("windows", r#"[{"until": "2026-01-31"}]"#),
        ("by_name", r#"{"a": "2026-02-30"}"#),
    ])
    .unwrap_err();
    let of = |path: &str| faults.iter().find(|fault| fault.starts_with(path)).unwrap();
    for (path, form) in [
        ("begin: cannot be used: ", "; write a date and time like `2026-01-31T12:00:00Z`"),
        ("days[1]: cannot be used: ", "; write a date like `2026-01-31`"),
        ("windows[0].until: cannot be used: ", "; write a date and time like `2026-01-31T12:00:00Z`"),
        ("by_name.a: cannot be used: ", "; write a date like `2026-01-31`"),
    ] {
        assert!(of(path).ends_with(form), "{faults:?}");
    }
    assert_eq!(faults.len(), 4);
    let text = format!("{faults:?}");
    assert!(!text.contains("tomorrow") && !text.contains("2026-02"), "{text}");
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[derive(Default)]
struct Lists {
    flat: Vec<String>,
    deep: Vec<Vec<String>>,
    maybe: Option<Vec<Vec<String>>>,
    pairs: Vec<(String, u8)>,
    places: Vec<Place>,
    map: BTreeMap<String, u8>,
}

#[test]
fn broken_json_is_named() {
    let end = "EOF while parsing a value at line 1 column 5";
    for (name, text, message) in [
        ("flat", r#"["a","#, end),
        ("deep", "[[1],", end),
        ("maybe", "[[1],", end),
        ("places", "[{}]]", "trailing characters at line 1 column 5"),
        ("map", r#"{"a":}"#, "expected value at line 1 column 6"),
    ] {
        let fault = format!("{name}: is not valid JSON: {message}");
        assert_eq!(read::<Lists>(&[(name, text)]), Err(vec![fault.clone()]));
        assert_eq!(by_schema::<Lists>(&params(&[(ALL, &[(name, text)])])), [fault]);
    }
    let faults = read::<Lists>(&[("map", "hunter2"), ("flat", "[hunter2]")]).unwrap_err();
    assert_eq!(
        faults,
        ["flat: is not valid JSON: expected value at line 1 column 2", "map: must be a JSON object"]
    );
}

#[test]
fn lists_of_lists_and_objects_must_be_json() {
    for name in ["deep", "maybe", "pairs", "places"] {
        let fault = format!("{name}: must be a list as JSON");
        for text in ["Ann,Ben", "Ann", " ", "1,2"] {
            assert_eq!(read::<Lists>(&[(name, text)]), Err(vec![fault.clone()]), "{text}");
            assert_eq!(by_schema::<Lists>(&params(&[(ALL, &[(name, text)])])).concat(), fault);
        }
    }
    let texts = [("deep", r#"[["Ann"], []]"#), ("maybe", ""), ("pairs", r#"[["a", 1]]"#), ("places", "")];
    let lists = Lists {
        deep: vec![vec!["Ann".to_owned()], vec![]],
        pairs: vec![("a".to_owned(), 1)],
        ..Lists::default()
    };
    assert_eq!(read(&texts), Ok(lists));
    assert_eq!(read::<Lists>(&[("deep", r#"["Ann"]"#)]), Err(vec!["deep[0]: must be a list".to_owned()]));
}
