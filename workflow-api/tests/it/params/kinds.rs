//! Every kind of value, read from its text.

use super::*;

#[test]
fn every_kind_of_value_is_read_from_its_text() {
    let read = read::<Everything>(&everything()).unwrap();
    let place = |port, tags: &[&str]| Place {
        provider: "p".to_owned(),
        port,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    assert_eq!(
        read,
        Everything {
            text: "007".to_owned(),
            small: 255,
            big: -9,
            huge: u64::MAX,
            ratio: 1500.0,
            sure: true,
            letter: 'é',
            mode: Mode::OneByOne,
            list: vec![1, 2, 3],
            names: vec!["a,b".to_owned(), "c".to_owned()],
            place: place(80, &[]),
            places: vec![place(1, &["x"])],
            map: [("a".to_owned(), -1)].into(),
            by_number: [(7, "seven".to_owned())].into(),
            pair: (1, "one".to_owned()),
            any: json!([1, null]),
            maybe: None,
            maybe_text: None,
            maybe_place: None,
            maybe_mode: None,
        }
    );
}

#[test]
fn an_empty_text_is_none_except_for_texts() {
    let mut texts = everything();
    texts.extend([("maybe", ""), ("maybeText", ""), ("maybePlace", ""), ("maybeMode", ""), ("list", "")]);
    let none = read::<Everything>(&texts).unwrap();
    assert_eq!((none.maybe, none.maybe_text.as_deref()), (None, Some("")));
    assert_eq!((none.maybe_place, none.maybe_mode, none.list), (None, None, vec![]));
    texts.extend([("maybe", "3"), ("maybeMode", "at-once"), ("maybePlace", r#"{"provider":"q","port":2}"#)]);
    let some = read::<Everything>(&texts).unwrap();
    assert_eq!((some.maybe, some.maybe_mode), (Some(3), Some(Mode::AtOnce)));
    assert_eq!(some.maybe_place.unwrap().port, 2);
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Tagged {
    Move { to: String },
    Scale { replicas: u16 },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Untagged {
    port: NumberOrName,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum NumberOrName {
    Number(u16),
    Name(String),
}

#[test]
fn enums_with_values_are_read() {
    assert_eq!(read(&[("kind", "scale"), ("replicas", "3")]), Ok(Tagged::Scale { replicas: 3 }));
    assert_eq!(read(&[("kind", "move"), ("to", "3")]), Ok(Tagged::Move { to: "3".to_owned() }));
    assert_eq!(read::<Tagged>(&[("kind", "mvoe")]), Err(vec!["kind: must be `move` or `scale`".to_owned()]));
    assert_eq!(read::<Tagged>(&[("kind", "move")]), Err(vec!["to: is missing".to_owned()]));
    assert_eq!(read(&[("port", "80")]), Ok(Untagged { port: NumberOrName::Number(80) }));
    assert_eq!(read(&[("port", "http")]), Ok(Untagged { port: NumberOrName::Name("http".to_owned()) }));
}

#[test]
fn odd_types_are_read_too() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Tree {
        name: String,
        #[serde(default)]
        children: Vec<Tree>,
    }
    let tree =
        read::<Tree>(&[("name", "a"), ("children", r#"[{"name": "b", "children": [{"name": "c"}]}]"#)])
            .unwrap();
    assert_eq!(tree.children[0].children[0].name, "c");
    let faults =
        read::<Tree>(&[("name", "a"), ("children", r#"[{"name": "b", "children": [{}]}]"#)]).unwrap_err();
    assert_eq!(faults, ["children[0].children[0].name: is missing"]);

    fn same<T: Parameters + PartialEq + std::fmt::Debug>(texts: &[(&str, &str)], expected: T) {
        assert_eq!(read::<T>(texts), Ok(expected));
    }
    same(&[("a", "1")], BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    same(&[("a", "1")], BTreeMap::from([("a".to_owned(), 1_u8)]));
    same(&[("a", "1"), ("b", "x")], json!({"a": 1, "b": "x"}));
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Nothing {}
    same(&[], Nothing {});
    assert_eq!(
        read::<Nothing>(&[("a", "1")]),
        Err(vec!["a: is not known; there are no parameters here".to_owned()])
    );
}
