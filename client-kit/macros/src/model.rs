//! What the attribute and the function under it say, and everything that is wrong with them.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, LitStr, Meta, ReturnType, Signature, Token,
    Type, Visibility,
};

const OPTIONS: &str = "the one option of `#[workflow_client]` is `name = \"…\"`";
const NO_ANSWER: &str = "a workflow client answers what to start: \
                         `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`";
const ARGUMENTS: &str = "a workflow client takes the decoded spec, the start context or both: \
                         `(spec: TemporalSpec, ctx: StartContext)`";

/// A sound workflow client.
pub(crate) struct WorkflowClient {
    /// The last segment of `POST /invoke/<name>`.
    pub(crate) name: String,
    pub(crate) function: Function,
    /// The types of the arguments, in order.
    pub(crate) arguments: Vec<Type>,
    pub(crate) answer: ReturnType,
}

/// What stands beside the function takes after it.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    /// `#[cfg]`s: what is generated must come and go with the function.
    pub(crate) conditions: Vec<Attribute>,
}

/// What is wrong, and the function, where it is one that can have something beside it.
pub(crate) struct Refusal {
    pub(crate) faults: Error,
    pub(crate) function: Option<Function>,
}

impl WorkflowClient {
    /// Reads the attribute's options and the item under it.
    ///
    /// # Errors
    /// All faults of both.
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Self, Refusal> {
        let mut faults = Faults::default();
        let name = faults.options(options);
        let item = match parse_function(item) {
            Ok(item) => item,
            Err(error) => return Err(Refusal { faults: faults.and(error), function: None }),
        };
        faults.signature(&item.sig);
        let name = faults.keep(client_name(name, &item.sig.ident)).unwrap_or_default();
        let is_method = item.sig.receiver().is_some();
        let function = Function {
            name: item.sig.ident,
            visibility: item.vis,
            conditions: item.attrs.into_iter().filter(|attribute| attribute.path().is_ident("cfg")).collect(),
        };
        match faults.0 {
            None => Ok(Self {
                name,
                function,
                arguments: item.sig.inputs.into_iter().filter_map(argument_type).collect(),
                answer: item.sig.output,
            }),
            Some(faults) => Err(Refusal { faults, function: (!is_method).then_some(function) }),
        }
    }
}

fn parse_function(item: TokenStream) -> Result<ItemFn, Error> {
    let start = item.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    syn::parse2(item)
        .map_err(|_| Error::new(start, "`#[workflow_client]` goes on a plain `async fn` with a body"))
}

/// The name under which the client is invoked (EMCO-API §2.3): the given one, else the function's.
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

fn argument_type(argument: FnArg) -> Option<Type> {
    match argument {
        FnArg::Typed(argument) => Some(*argument.ty),
        FnArg::Receiver(_) => None,
    }
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Option<Error>);

impl Faults {
    fn add(&mut self, span: Span, message: &str) {
        self.push(Error::new(span, message));
    }

    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(faults) => faults.combine(error),
            none => *none = Some(error),
        }
    }

    fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    fn and(mut self, error: Error) -> Error {
        match self.0.take() {
            Some(mut faults) => {
                faults.combine(error);
                faults
            }
            None => error,
        }
    }

    /// The text of `name = "…"`.
    fn options(&mut self, options: TokenStream) -> Option<LitStr> {
        let options = Punctuated::<Meta, Token![,]>::parse_terminated
            .parse2(options)
            .map_err(|error| Error::new(error.span(), OPTIONS));
        let mut name = None;
        for option in self.keep(options).unwrap_or_default() {
            match option {
                Meta::NameValue(pair) if pair.path.is_ident("name") => match pair.value {
                    Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) if name.is_some() => {
                        self.add(pair.path.span(), "`name` is given twice");
                    }
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => name = Some(text),
                    other => self.add(other.span(), "the name is a text: `name = \"…\"`"),
                },
                other => self.add(other.span(), OPTIONS),
            }
        }
        name
    }

    fn signature(&mut self, signature: &Signature) {
        if signature.asyncness.is_none() {
            self.add(signature.fn_token.span, "a workflow client is an `async fn`");
        }
        if let Some(token) = &signature.unsafety {
            self.add(token.span, "a workflow client is not `unsafe`");
        }
        if let Some(abi) = &signature.abi {
            self.add(abi.span(), "a workflow client has no ABI of its own");
        }
        if !signature.generics.params.is_empty() {
            self.add(
                signature.generics.params.span(),
                "a workflow client is not generic: it is called with one spec of one type",
            );
        }
        self.arguments(signature);
        if matches!(signature.output, ReturnType::Default) {
            self.add(signature.paren_token.span.close(), NO_ANSWER);
        }
    }

    fn arguments(&mut self, signature: &Signature) {
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    self.add(
                        receiver.self_token.span(),
                        &format!("a workflow client is no method; {ARGUMENTS}"),
                    );
                }
                FnArg::Typed(argument) => {
                    if let Type::ImplTrait(kind) = &*argument.ty {
                        self.add(kind.span(), &format!("`impl` leaves the type open; {ARGUMENTS}"));
                    }
                }
            }
        }
        if signature.inputs.is_empty() {
            self.add(signature.paren_token.span.join(), ARGUMENTS);
        }
        for argument in signature.inputs.iter().skip(2) {
            self.add(argument.span(), &format!("one argument too many; {ARGUMENTS}"));
        }
    }
}
