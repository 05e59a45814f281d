//! Reads the attribute and its function, and finds all their faults.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, LitStr, Meta, Pat, Path, ReturnType,
    Signature, Type, Visibility,
};

use crate::faults::Faults;
use crate::options::Options;

const NO_ANSWER: &str = "a workflow client must return what to start: \
                         `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`";
const ARGUMENTS: &str = "a workflow client takes any of `Params<T>`, `Spec`, `StartOptions`, `TaskQueue` and \
                         `StartContext`, as in `(params: Params<Migration>, ctx: StartContext)`";

/// A valid workflow client.
pub(crate) struct WorkflowClient {
    /// The last segment of `POST /invoke/<name>`.
    pub(crate) name: String,
    /// The first paragraph of the function's documentation.
    pub(crate) summary: String,
    pub(crate) declaration: Option<Expr>,
    pub(crate) workflow: Option<Expr>,
    pub(crate) task_queue: Option<Expr>,
    /// The path of `client-kit` in the author's crate.
    pub(crate) kit: Path,
    pub(crate) function: Function,
    /// In order.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) answer: ReturnType,
}

/// An argument of a workflow client.
pub(crate) struct Argument {
    /// Its name, if it has one.
    name: Option<Ident>,
    pub(crate) kind: Type,
    /// The activity whose parameters it has, if the attribute names one.
    pub(crate) activity: Option<Expr>,
}

/// The parts of the function that the generated items take over.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    /// `#[cfg]`s: the generated items exist only together with the function.
    pub(crate) conditions: Vec<Attribute>,
}

/// The faults, and the function if items can be generated for it.
pub(crate) struct Refusal {
    pub(crate) faults: Error,
    pub(crate) kit: Path,
    pub(crate) function: Option<Function>,
}

impl WorkflowClient {
    /// Reads the attribute's options and the item under it.
    ///
    /// # Errors
    /// All faults of both.
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Self, Box<Refusal>> {
        let mut faults = Faults::default();
        let Options { name, declaration, workflow, task_queue, activities, kit } =
            Options::parse(options, &mut faults);
        let item = match parse_function(item) {
            Ok(item) => item,
            Err(error) => return Err(Box::new(Refusal { faults: faults.and(error), kit, function: None })),
        };
        signature(&item.sig, &mut faults);
        let name = faults.keep(client_name(name, &item.sig.ident)).unwrap_or_default();
        let is_method = item.sig.receiver().is_some();
        let mut arguments: Vec<_> = item.sig.inputs.into_iter().filter_map(argument).collect();
        for (name, activity) in activities {
            note_activity(&mut arguments, &name, activity, &mut faults);
        }
        let summary = summary(&item.attrs);
        let function = Function {
            name: item.sig.ident,
            visibility: item.vis,
            conditions: item.attrs.into_iter().filter(|attribute| attribute.path().is_ident("cfg")).collect(),
        };
        match faults.found() {
            None => {
                let answer = item.sig.output;
                Ok(Self {
                    name,
                    summary,
                    declaration,
                    workflow,
                    task_queue,
                    kit,
                    function,
                    arguments,
                    answer,
                })
            }
            Some(faults) => {
                let function = (!is_method).then_some(function);
                Err(Box::new(Refusal { faults, kit, function }))
            }
        }
    }
}

fn parse_function(item: TokenStream) -> Result<ItemFn, Error> {
    let start = item.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    syn::parse2(item)
        .map_err(|_| Error::new(start, "`#[workflow_client]` applies to an `async fn` with a body"))
}

/// Returns the name under which the client is invoked (EMCO-API §2.3): the given one, or else the function's.
fn client_name(given: Option<LitStr>, function: &Ident) -> Result<String, Error> {
    let (name, span) = match given {
        Some(text) => (text.value(), text.span()),
        None => (function.unraw().to_string(), function.span()),
    };
    let sound =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if sound {
        Ok(name)
    } else {
        let message = format!(
            "`{name}` cannot name a workflow client: write letters, digits, `_` and `-`, as in `name = \"migrate\"`"
        );
        Err(Error::new(span, message))
    }
}

fn argument(argument: FnArg) -> Option<Argument> {
    match argument {
        FnArg::Typed(argument) => {
            Some(Argument { name: name_of(&argument.pat), kind: *argument.ty, activity: None })
        }
        FnArg::Receiver(_) => None,
    }
}

/// Returns the name in `params: Params<T>` and in `Params(params): Params<T>`.
fn name_of(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(name) => Some(name.ident.clone()),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => tuple.elems.first().and_then(name_of),
        _ => None,
    }
}

/// Returns the first paragraph of the documentation, on one line.
fn summary(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Notes at the argument `name` that it has the parameters of `activity`.
fn note_activity(arguments: &mut [Argument], name: &Ident, activity: Expr, faults: &mut Faults) {
    let named = arguments.iter_mut().find(|argument| argument.name.as_ref() == Some(name));
    match named {
        Some(argument) => argument.activity = Some(activity),
        None => {
            let known: Vec<_> = arguments.iter().filter_map(|argument| argument.name.as_ref()).collect();
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none with a name".to_owned() } else { known.join(", ") };
            faults.add(name.span(), &format!("there is no argument `{name}`; the function has {known}"));
        }
    }
}

fn signature(signature: &Signature, faults: &mut Faults) {
    if signature.asyncness.is_none() {
        faults.add(signature.fn_token.span, "a workflow client must be an `async fn`");
    }
    if let Some(token) = &signature.unsafety {
        faults.add(token.span, "a workflow client cannot be `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        faults.add(abi.span(), "a workflow client cannot have an ABI");
    }
    if !signature.generics.params.is_empty() {
        faults.add(
            signature.generics.params.span(),
            "a workflow client cannot be generic: it is called with arguments of known types",
        );
    }
    arguments(signature, faults);
    if matches!(signature.output, ReturnType::Default) {
        faults.add(signature.paren_token.span.close(), NO_ANSWER);
    }
}

fn arguments(signature: &Signature, faults: &mut Faults) {
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                faults.add(
                    receiver.self_token.span(),
                    &format!("a workflow client cannot be a method; {ARGUMENTS}"),
                );
            }
            FnArg::Typed(argument) => {
                if let Type::ImplTrait(kind) = &*argument.ty {
                    faults.add(kind.span(), &format!("an argument cannot have an `impl` type; {ARGUMENTS}"));
                }
            }
        }
    }
    if signature.inputs.is_empty() {
        faults.add(signature.paren_token.span.join(), ARGUMENTS);
    }
}
