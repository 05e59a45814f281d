//! What happens with unknown fields.

use http::HeaderValue;
use service::fields::{FieldValidation, warnings};

#[test]
fn the_three_kinds_are_read() {
    assert_eq!("Ignore".parse(), Ok(FieldValidation::Ignore));
    assert_eq!("Warn".parse(), Ok(FieldValidation::Warn));
    assert_eq!("Strict".parse(), Ok(FieldValidation::Strict));
    for text in ["", "strict", "Warn "] {
        assert_eq!(text.parse::<FieldValidation>(), Err("write Ignore, Warn or Strict"), "{text}");
    }
}

#[test]
fn any_path_makes_a_header() {
    let paths = ["$.spec.foo".to_owned(), "$[\"é\\\"\n\"]".to_owned()];
    let texts: Vec<_> = warnings(&paths).map(|value| value.to_str().unwrap().to_owned()).collect();
    assert_eq!(texts[0], r#"299 - "unknown field $.spec.foo""#);
    assert_eq!(texts.len(), 2);
}

#[test]
fn a_long_path_makes_a_short_header() {
    let paths = ["é".repeat(60_000)];
    assert!(warnings(&paths).all(|warning| warning.len() < 200 * "\\u{e9}".len()));
}

#[test]
fn many_warnings_are_summed_up() {
    let paths: Vec<String> = (0..25).map(|index| format!("$.f{index}")).collect();
    let last = warnings(&paths).last().unwrap();
    assert_eq!(
        (warnings(&paths).count(), last),
        (21, HeaderValue::from_static("299 - \"5 more unknown fields\""))
    );
}

#[test]
fn only_strictness_refuses() {
    let unknown = || vec!["$.a".to_owned()];
    assert_eq!(FieldValidation::Ignore.of(unknown()), Ok(vec![]));
    assert_eq!(FieldValidation::Warn.of(unknown()), Ok(unknown()));
    assert_eq!(FieldValidation::Strict.of(unknown()), Err(unknown()));
    assert_eq!(FieldValidation::Strict.of(vec![]), Ok(vec![]));
}
