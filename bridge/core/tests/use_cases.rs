//! Every use case has an action of its own, and passes the gate first. The test reads the source, so that no
//! use case is missed. `Rights` has none: its answer is about the caller alone. Nor have `Sessions`: who logs in has no
//! right yet, and everybody may log out.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::path::Path;

use bridge_core::access::Action;
use syn::{Expr, FnArg, ImplItem, ImplItemFn, Item, Stmt, Visibility};

/// The types whose public functions are use cases.
const SERVICES: [&str; 9] =
    ["Intents", "Starts", "Workflows", "Runs", "Audits", "Settings", "Schedules", "Alarms", "Rules"];
/// The action that a status needs in addition if it is to have results or events. It belongs to no use case alone.
const IN_ADDITION: &str = "History";
/// Public functions that are not use cases: only the bridge itself calls them.
const BACKGROUND: [&str; 14] = [
    "Starts::recover_abandoned",
    "Schedules::any",
    "Schedules::keep_applied",
    "Schedules::fire",
    "Schedules::stop",
    "Schedules::run_of",
    "Alarms::base",
    "Alarms::raise",
    "Alarms::clear",
    "Alarms::correlate",
    "Alarms::keep",
    "Rules::any",
    "Rules::keep_monitors",
    "Rules::turn",
];

#[test]
fn every_use_case_asks_the_gate_first_for_an_action_of_its_own() {
    let mut actions = BTreeMap::new();
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        for (name, function) in use_cases(&file) {
            let action = gate(&function).unwrap_or_else(|| panic!("`{name}` does not pass the gate first"));
            let other = actions.insert(action.clone(), name.clone());
            assert_eq!(other, None, "`{name}` has the action `{action}` of another use case");
        }
    }
    let known: Vec<_> = Action::ALL.iter().map(|action| format!("{action:?}")).collect();
    let known: Vec<_> = known.into_iter().filter(|action| action != IN_ADDITION).collect();
    let mut found: Vec<_> = actions.into_keys().collect();
    found.sort_by_key(|action| known.iter().position(|known| known == action));
    assert_eq!(found, known);
}

fn sources(folder: &Path) -> Vec<syn::File> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap());
        }
    }
    files
}

/// Returns the public functions of the services, with their names.
fn use_cases(file: &syn::File) -> Vec<(String, ImplItemFn)> {
    let impls = file.items.iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    let mut found = Vec::new();
    for block in impls {
        let syn::Type::Path(path) = &*block.self_ty else { continue };
        let service = path.path.segments.last().unwrap().ident.to_string();
        if !SERVICES.contains(&service.as_str()) {
            continue;
        }
        for item in &block.items {
            if let ImplItem::Fn(function) = item
                && matches!(function.vis, Visibility::Public(_))
            {
                let name = format!("{service}::{}", function.sig.ident);
                if !BACKGROUND.contains(&name.as_str()) {
                    found.push((name, function.clone()));
                }
            }
        }
    }
    found
}

/// Returns the action that a function authorizes in its first statement, for the request that is its first
/// argument.
fn gate(function: &ImplItemFn) -> Option<String> {
    let Some(FnArg::Typed(first)) = function.sig.inputs.iter().nth(1) else { return None };
    let syn::Type::Reference(reference) = &*first.ty else { return None };
    let syn::Type::Path(request) = &*reference.elem else { return None };
    if !request.path.is_ident("Request") {
        return None;
    }
    // The key of a new intent is made first.
    let made = |statement: &&Stmt| matches!(statement, Stmt::Local(local) if is_key(local));
    let first = match function.block.stmts.iter().find(|statement| !made(statement))? {
        Stmt::Expr(first, _) => first,
        Stmt::Local(permit) => &permit.init.as_ref()?.expr,
        _ => return None,
    };
    let Expr::Try(question) = first else { return None };
    let Expr::Await(awaited) = &*question.expr else { return None };
    let Expr::MethodCall(call) = &*awaited.base else { return None };
    let Some(Expr::Path(action)) = call.args.iter().nth(1) else { return None };
    let named: Vec<_> = action.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match named.as_slice() {
        [kind, name] if is_question(&call.method) && kind == "Action" => Some(name.clone()),
        _ => None,
    }
}

/// Returns whether a statement only puts the key of the new intent together.
fn is_key(local: &syn::Local) -> bool {
    let Some(init) = &local.init else { return false };
    let Expr::Reference(reference) = &*init.expr else { return false };
    let Expr::Call(call) = &*reference.expr else { return false };
    let Expr::Path(function) = &*call.func else { return false };
    let names: Vec<_> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    names == ["IntentKey", "of"]
}

/// Returns whether a method asks the gate about the action in its second argument.
fn is_question(method: &syn::Ident) -> bool {
    ["authorize", "authorize_with", "authorize_in", "authorize_somewhere", "authorize_alarm"]
        .iter()
        .any(|name| method == name)
}
