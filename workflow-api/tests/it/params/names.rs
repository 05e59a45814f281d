//! The names of parameters, and the parameters for all activities.

use super::*;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Named {
    #[serde(rename = "emcoURL", alias = "emco-url", alias = "url")]
    url: String,
    #[serde(alias = "tries")]
    attempts: u8,
    #[serde(default = "seven")]
    days: u32,
}

fn seven() -> u32 {
    7
}

#[test]
fn a_parameter_has_the_names_that_serde_gives_it() {
    let named = |url: &str| Named { url: url.to_owned(), attempts: 3, days: 7 };
    for name in ["emcoURL", "emco-url", "url"] {
        assert_eq!(read::<Named>(&[(name, "u"), ("tries", "3")]), Ok(named("u")), "{name}");
    }
    let faults = read::<Named>(&[("emcoUrl", "u"), ("tries", "many"), ("attempts", "1")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "emcoUrl: is not known; did you mean `emcoURL`?",
            "tries: is given twice: it is another name of $.activityParams.attempts",
            "emcoURL: is missing",
        ]
    );
    // The bridge, which has only the schema, accepts them too.
    assert_eq!(schema_of::<Named>().json()["properties"]["emcoURL"]["x-aliases"], json!(["emco-url", "url"]));
    let faults = by_schema::<Named>(&params(&[(ALL, &[("url", "u"), ("tries", "3")])]));
    assert_eq!(faults, Vec::<String>::new());
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Outer {
    own: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Inner {
    deep: u8,
    #[serde(default)]
    flag: bool,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Open {
    own: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[test]
fn flattened_structs_are_read_as_one() {
    let read_outer = read::<Outer>(&[("own", "1"), ("deep", "2"), ("flag", "true")]);
    assert_eq!(read_outer, Ok(Outer { own: 1, inner: Inner { deep: 2, flag: true } }));
    let faults = read::<Outer>(&[("own", "x"), ("dep", "2")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "dep: is not known; did you mean `deep`?",
            "deep: is missing",
            "own: must be an integer from 0 to 255"
        ]
    );
    let open = read::<Open>(&[("own", "1"), ("more", "2")]).unwrap();
    assert_eq!(open, Open { own: 1, rest: [("more".to_owned(), "2".to_owned())].into() });
}

#[test]
fn an_activity_uses_the_parameters_for_all() {
    let given = params(&[
        (ALL, &[("attempts", "1"), ("url", "u"), ("project", "p")]),
        ("Update", &[("tries", "2")]),
        ("Check", &[("project", "p"), ("attempts", "x")]),
    ]);
    assert_eq!(given.read::<Named>("Update").unwrap(), Named { url: "u".to_owned(), attempts: 2, days: 7 });
    assert_eq!(given.read::<Named>("Elsewhere").unwrap().attempts, 1);
    let faults = shortened(given.read::<Named>("Check")).unwrap_err();
    assert_eq!(
        faults,
        [
            "Check.project: is not known; known are `emcoURL`, `attempts`, `days`",
            "Check.attempts: must be an integer from 0 to 255",
        ]
    );
    let mut wrong_for_all = given.clone();
    wrong_for_all.activity_params.get_mut(ALL).unwrap().insert("days".to_owned(), "many".to_owned());
    let faults = wrong_for_all.read::<Named>("Update").unwrap_err();
    assert_eq!(faults[0].path, "$.activityParams.all-activities.days");
}

#[test]
fn parameters_that_another_activity_uses_are_known() {
    let given = params(&[(ALL, &[("attempts", "1"), ("url", "u"), ("project", "p"), ("proyect", "p")])]);
    let alone = shortened(given.read::<Project>(ALL)).unwrap_err();
    assert_eq!(alone.len(), 3, "{alone:?}");
    let unknown = ["proyect: is not known; did you mean `project`?"];
    assert_eq!(shortened(given.read_beside::<Project>(ALL, &[schema_of::<Named>()])).unwrap_err(), unknown);
    let schemas = [(ALL, schema_of::<Project>()), ("Update", schema_of::<Named>())];
    let schemas = schemas.map(|(activity, schema)| (activity.to_owned(), schema.json().clone())).into();
    assert_eq!(shortened::<()>(Err(check_params(&schemas, &given).unwrap())).unwrap_err(), unknown);
    // An activity that accepts any name uses all of them.
    assert_eq!(given.read_beside::<Project>(ALL, &[schema_of::<Open>()]).unwrap().project, "p");
    // Only there: an activity's own parameters are not for others.
    let own = params(&[(ALL, &[("attempts", "1"), ("url", "u")]), ("Update", &[("project", "p")])]);
    let faults = shortened(own.read_beside::<Named>("Update", &[schema_of::<Project>()])).unwrap_err();
    assert_eq!(faults, ["Update.project: is not known; known are `emcoURL`, `attempts`, `days`"]);
}
