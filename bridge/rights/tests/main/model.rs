//! Cedar decides as a plain model of the bindings does, and the list of visible intents leaves none out.

use bridge_core::access::{Action, Group, Resource, Visible};
use bridge_core::model::DigKey;
use proptest::prelude::*;

use super::{rights, token};

const INTENTS: [&str; 6] = ["a", "ab", "b", "axb", "a.b", "c"];

/// A binding for tokens.
#[derive(Debug, Clone)]
struct Binding {
    role: Group,
    tokens: Vec<&'static str>,
    scope: Vec<&'static str>,
    intents: Vec<&'static str>,
}

fn few(
    of: &'static [&'static str],
    size: impl Into<prop::sample::SizeRange>,
) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(of, size)
}

prop_compose! {
    fn binding()(
        role in prop::sample::select(Group::ALL.to_vec()),
        tokens in few(&["t1", "t2", "t3"], 1..=3),
        names in prop::collection::vec(prop::sample::select(vec!["n", "m"]), 0..=4),
        intents in few(&["a*", "*b", "a*b", "ab", "*", "a.*"], 0..=2),
    ) -> Binding {
        Binding { role, tokens, scope: names, intents }
    }
}

impl Binding {
    fn toml(&self, number: usize) -> String {
        let role = match self.role {
            Group::View => "viewer",
            Group::Author => "author",
            Group::Operate => "operator",
            Group::Administer => "administrator",
        };
        let tokens: Vec<_> = self.tokens.iter().map(|token| format!("{{ token = \"{token}\" }}")).collect();
        let tail = if self.scope.len() == 4 { None } else { Some("**") };
        let scope = self.scope.iter().copied().chain(tail).collect::<Vec<_>>().join("/");
        let mut text = format!(
            "[[binding]]\nname = \"b{number}\"\nrole = \"{role}\"\nsubjects = [{}]\nscope = \"{scope}\"\n",
            tokens.join(", ")
        );
        if !self.intents.is_empty() {
            text += &format!("intents = {:?}\n", self.intents);
        }
        if self.role == Group::Author {
            text += "uses = { clients = [\"*\"], taskQueues = [\"*\"] }\n";
        }
        text
    }

    fn allows(&self, token: &str, action: Action, names: [&str; 4], intent: &str) -> bool {
        self.may(token, action, &names)
            && (self.intents.is_empty() || self.intents.iter().any(|glob| is_like(glob, intent)))
    }
}

impl Binding {
    fn may(&self, token: &str, action: Action, place: &[&str]) -> bool {
        self.tokens.contains(&token) && action.groups().contains(&self.role) && place.starts_with(&self.scope)
    }

    /// Whether it allows something of a whole project, or of everything.
    fn allows_all(&self, token: &str, action: Action, place: &[&str]) -> bool {
        self.may(token, action, place) && self.intents.is_empty()
    }
}

/// Whether a text is like a glob: each `*` takes any text.
fn is_like(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((start, rest)) => {
            text.strip_prefix(start).is_some_and(|text| (0..=text.len()).any(|at| is_like(rest, &text[at..])))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_the_model(bindings in prop::collection::vec(binding(), 1..6)) {
        let text: String = bindings.iter().enumerate().map(|(number, binding)| binding.toml(number)).collect();
        let rights = rights(&text);
        for who in ["t1", "t2", "t4"] {
            let request = token(who);
            for (resource, place) in [(Resource::Project("n"), &["n"][..]), (Resource::Bridge, &[])] {
                for action in Action::ALL.into_iter().filter(|action| *action != Action::ListIntents) {
                    let expected = bindings.iter().any(|binding| binding.allows_all(who, action, place));
                    let decided = rights.decide(&request, action, &resource, None);
                    prop_assert_eq!(decided.is_ok(), expected, "{} {:?} {}\n{}", who, action, resource, &text);
                }
            }
            for names in [["n"; 4], ["n", "m", "n", "m"], ["m"; 4]] {
                let dig = DigKey::new(names[0], names[1], names[2], names[3]);
                let visible = rights.visible(&request.actor, &dig);
                for intent in INTENTS {
                    let key = dig.intent(intent);
                    for action in Action::ALL {
                        let expected = bindings.iter().any(|binding| binding.allows(who, action, names, intent));
                        let decided = rights.decide(&request, action, &Resource::Intent(&key), None);
                        prop_assert_eq!(decided.is_ok(), expected, "{} {:?} {}\n{}", who, action, key, &text);
                    }
                    let listed = match &visible {
                        Visible::All => true,
                        Visible::Like(globs) => globs.iter().any(|glob| is_like(glob, intent)),
                    };
                    let may_get = rights.decide(&request, Action::GetIntent, &Resource::Intent(&key), None);
                    prop_assert_eq!(listed, may_get.is_ok(), "{} {}\n{}", who, key, &text);
                }
                let keys = INTENTS.map(|intent| dig.intent(intent));
                for action in Action::ALL {
                    let each = rights.allows_each(&request, action, &keys);
                    let alone = |key| rights.decide(&request, action, &Resource::Intent(key), None).is_ok();
                    prop_assert_eq!(each, keys.iter().map(alone).collect::<Vec<_>>(), "{} {:?}\n{}", who, action, &text);
                }
                let may_list = rights.decide(&request, Action::ListIntents, &Resource::Group(&dig), None);
                let sees_some = bindings.iter().any(|binding| {
                    binding.tokens.contains(&who) && names.starts_with(&binding.scope)
                });
                prop_assert_eq!(may_list.is_ok(), sees_some, "{} {}\n{}", who, dig, &text);
            }
        }
    }
}
