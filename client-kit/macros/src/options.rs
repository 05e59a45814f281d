//! The options of the attribute: `#[workflow_client(name = "…", …)]`.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, MetaList, MetaNameValue, Path, Token, parse_quote,
};

use crate::faults::Faults;

const OPTIONS: &str = "the options of `#[workflow_client]` are `name = \"…\"`, `declaration = …`, `workflow = \"…\"`, \
                       `task_queue = \"…\"`, `activity(<argument> = \"…\")` and `crate = …`";
const ACTIVITY: &str = "name the activity whose parameters an argument has: `activity(<argument> = \"…\")`";

const DECLARATION: &str = "the declaration must be the path of a constant: `declaration = HELLO`";

/// The options.
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) declaration: Option<Expr>,
    pub(crate) workflow: Option<Expr>,
    pub(crate) task_queue: Option<Expr>,
    /// The activities whose parameters arguments have, by argument.
    pub(crate) activities: Vec<(Ident, Expr)>,
    /// The path of `client-kit` in the author's crate.
    pub(crate) kit: Path,
}

impl Options {
    /// Reads the options and adds their faults to `faults`.
    pub(crate) fn parse(options: TokenStream, faults: &mut Faults) -> Self {
        let mut read = Self {
            name: None,
            declaration: None,
            workflow: None,
            task_queue: None,
            activities: Vec::new(),
            kit: parse_quote!(::client_kit),
        };
        let mut seen = Vec::new();
        let options = Punctuated::<Meta, Token![,]>::parse_terminated
            .parse2(options)
            .map_err(|error| Error::new(error.span(), OPTIONS));
        for option in faults.keep(options).unwrap_or_default() {
            let name =
                option.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            // `activity` may occur several times, for different arguments.
            if seen.contains(&name) && name != "activity" {
                faults.add(option.path().span(), &format!("`{name}` is given twice"));
                continue;
            }
            let taken = read.take(option, faults);
            faults.keep(taken);
            seen.push(name);
        }
        match (&read.declaration, &read.workflow, &read.task_queue) {
            (Some(_), Some(workflow), _) => {
                faults.add(workflow.span(), "the declaration has the workflow type: leave `workflow` out");
            }
            (None, None, Some(queue)) => {
                faults.add(queue.span(), "`task_queue` needs a declared workflow: add `workflow = \"…\"`");
            }
            _ => {}
        }
        read
    }

    fn take(&mut self, option: Meta, faults: &mut Faults) -> Result<(), Error> {
        match option {
            Meta::NameValue(pair) if pair.path.is_ident("name") => {
                self.name = Some(text(pair.value, "the name must be a string: `name = \"…\"`")?);
            }
            Meta::NameValue(pair) if pair.path.is_ident("declaration") => match pair.value {
                path @ Expr::Path(_) => self.declaration = Some(path),
                other => return Err(Error::new(other.span(), DECLARATION)),
            },
            Meta::NameValue(pair) if pair.path.is_ident("workflow") => {
                self.workflow = Some(text_or_path(pair, "workflow type")?);
            }
            Meta::NameValue(pair) if pair.path.is_ident("task_queue") => {
                self.task_queue = Some(match pair.value {
                    call @ Expr::Call(_) => call,
                    _ => text_or_path(pair, "task queue")?,
                });
            }
            Meta::NameValue(pair) if pair.path.is_ident("crate") => self.kit = kit(pair.value)?,
            Meta::List(list) if list.path.is_ident("activity") => self.activities(&list, faults)?,
            other => return Err(Error::new(other.span(), OPTIONS)),
        }
        Ok(())
    }

    fn activities(&mut self, list: &MetaList, faults: &mut Faults) -> Result<(), Error> {
        let pairs = list
            .parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated)
            .map_err(|error| Error::new(error.span(), ACTIVITY))?;
        for pair in pairs {
            let argument = pair.path.require_ident().map_err(|error| Error::new(error.span(), ACTIVITY));
            let activity = match pair.value {
                path @ Expr::Path(_) => Ok(path),
                other => text(other, ACTIVITY).and_then(|activity| match activity.value().is_empty() {
                    true => Err(Error::new(activity.span(), "the name of an activity must not be empty")),
                    false => Ok(parse_quote!(#activity)),
                }),
            };
            let (argument, activity) = (faults.keep(argument.cloned()), faults.keep(activity));
            let (Some(argument), Some(activity)) = (argument, activity) else { continue };
            if self.activities.iter().any(|(other, _)| *other == argument) {
                faults.add(argument.span(), &format!("`{argument}` is given twice"));
            } else {
                self.activities.push((argument, activity));
            }
        }
        Ok(())
    }
}

fn text(value: Expr, otherwise: &str) -> Result<LitStr, Error> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
        other => Err(Error::new(other.span(), otherwise)),
    }
}

fn text_or_path(pair: MetaNameValue, what: &str) -> Result<Expr, Error> {
    match pair.value {
        value @ (Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) | Expr::Path(_)) => Ok(value),
        other => {
            Err(Error::new(other.span(), format!("the {what} must be a string, or the path of a constant")))
        }
    }
}

/// Reads the crate name: a path, or a string that contains one, as in serde.
fn kit(value: Expr) -> Result<Path, Error> {
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.parse(),
        other => Err(Error::new(other.span(), "write the name of client-kit in this crate: `crate = kit`")),
    }
}
