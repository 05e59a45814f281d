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
const ARGUMENTS: &str = "a workflow client takes the decoded spec, the start context or both: \
                         `(spec: TemporalSpec, ctx: StartContext)`";

/// A sound workflow client.
pub(crate) struct WorkflowClient {
    /// The last segment of `POST /invoke/<name>`.
    pub(crate) name: String,
    pub(crate) function: Ident,
    pub(crate) visibility: Visibility,
    /// The types of the arguments, in order.
    pub(crate) arguments: Vec<Type>,
    /// `#[cfg]`s of the function: what is generated must come and go with it.
    pub(crate) conditions: Vec<Attribute>,
}

impl WorkflowClient {
    /// Reads the attribute's options and the item under it.
    ///
    /// # Errors
    /// All faults of both, combined.
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let given_name = faults.options(options);
        let Some(function) = faults.keep(parse_function(item)) else {
            return Err(faults.into_error());
        };
        faults.signature(&function.sig);
        let name = faults.keep(client_name(given_name, &function.sig.ident));
        match name {
            Some(name) if faults.0.is_none() => Ok(Self {
                name,
                arguments: function.sig.inputs.into_iter().filter_map(argument_type).collect(),
                function: function.sig.ident,
                visibility: function.vis,
                conditions: function.attrs.into_iter().filter(|a| a.path().is_ident("cfg")).collect(),
            }),
            _ => Err(faults.into_error()),
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

    fn into_error(self) -> Error {
        self.0.unwrap_or_else(|| Error::new(Span::call_site(), "not a workflow client"))
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
            self.add(
                signature.paren_token.span.close(),
                "a workflow client answers what to start: `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`",
            );
        }
    }

    fn arguments(&mut self, signature: &Signature) {
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    self.add(receiver.span(), &format!("a workflow client is no method; {ARGUMENTS}"));
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
