//! The code that the attribute adds. The item itself is emitted unchanged, even if it has faults.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, ReturnType};

use crate::model::{Argument, Function, Refusal, WorkflowClient};

pub(crate) fn workflow_client(options: TokenStream, item: TokenStream) -> TokenStream {
    let added = match WorkflowClient::parse(options, item.clone()) {
        Ok(client) => registration(&client),
        Err(refusal) => {
            let Refusal { faults, kit, function } = *refusal;
            let faults = faults.to_compile_error();
            // So that `clients![…]` finds the function and adds no further error.
            let placeholder = function.map(|function| {
                let name = function.name.to_string();
                let consts = quote! { const NAME: &'static str = #name; };
                let none = quote!(::core::unreachable!());
                marker(&kit, &function, &consts, &none, &none, true)
            });
            quote! { #faults #placeholder }
        }
    };
    quote! { #item #added }
}

fn registration(client: &WorkflowClient) -> TokenStream {
    let WorkflowClient { name, summary, declaration, workflow, task_queue, kit, function, arguments, answer } =
        client;
    let summary = (!summary.is_empty()).then(|| quote! { const SUMMARY: &'static str = #summary; });
    let declared =
        |name: &str, kind: TokenStream, value: &Option<syn::Expr>, convert: fn(&syn::Expr) -> TokenStream| {
            let name = format_ident!("{name}");
            value.as_ref().map(|value| {
                let converted = convert(value);
                let value = quote_spanned! { value.span() => ::core::option::Option::Some(#converted) };
                quote! { fn #name() -> ::core::option::Option<#kind> { #value } }
            })
        };
    let declaration_kind = quote!(&'static #kit::Declaration);
    let declaration_fn = declared("declaration", declaration_kind, declaration, |value| quote!(&#value));
    let workflow_fn = declared("workflow", quote!(&'static str), workflow, |value| quote!(#value));
    let queue_fn = declared(
        "task_queue",
        quote!(#kit::TaskQueue),
        task_queue,
        |value| quote_spanned!(value.span() => ::core::convert::Into::into(#value)),
    );
    let consts = quote! { const NAME: &'static str = #name; #summary #declaration_fn #workflow_fn #queue_fn };
    // The generated code has the spans of the author's types, so that the compiler reports errors there.
    let schemas = arguments.iter().map(|Argument { kind, activity, .. }| {
        let activity = activity_name(activity.as_ref());
        quote_spanned! { kind.span() => (#activity, <#kind as #kit::__private::Argument>::schema()) }
    });
    let schemas = quote! { #kit::__private::schemas([#(#schemas),*]) };
    let declares = declaration.is_some() || workflow.is_some();
    marker(kit, function, &consts, &schemas, &call(kit, function, arguments, answer), declares)
}

/// Returns the call. It takes all arguments before it returns their faults.
fn call(kit: &Path, function: &Function, arguments: &[Argument], answer: &ReturnType) -> TokenStream {
    let name = &function.name;
    // Names of the macro, which cannot collide with names of the author.
    let own = |name: &str| Ident::new(name, Span::mixed_site());
    let (call, outcome, visible) = (own("call"), own("outcome"), own("visible"));
    let places: Vec<_> = (0..arguments.len()).map(|index| own(&format!("argument_{index}"))).collect();
    let taken = arguments.iter().map(|Argument { kind, activity, .. }| {
        let take = match activity {
            Some(_) => quote_spanned! { kind.span() => <#kind as #kit::__private::OfActivity>::take_of },
            None => quote_spanned! { kind.span() => <#kind as #kit::__private::Argument>::take },
        };
        let activity = activity_name(activity.as_ref());
        quote_spanned! { kind.span() => #take(#call, #activity) }
    });
    let answer = match answer {
        ReturnType::Type(_, answer) => quote_spanned! { answer.span() => #kit::__private::answer::<#answer> },
        ReturnType::Default => quote! { #kit::__private::answer },
    };
    quote! {
        #kit::__private::answering(async move {
            match #kit::__private::taken::<Self, _>(context, |#call| (#(#taken,)*)).await {
                (#(::core::result::Result::Ok(#places),)*) => {
                    #[allow(unused_imports)]
                    use #kit::__private::{Visible as _, Hidden as _};
                    let #outcome = #name(#(#places),*).await;
                    let #visible = (&#kit::__private::Outcome(&#outcome)).visible();
                    #answer(#outcome, #visible)
                }
                (#(#places,)*) => #kit::__private::refuse([#(#places.err()),*]),
            }
        })
    }
}

fn activity_name(activity: Option<&syn::Expr>) -> TokenStream {
    activity.map_or_else(|| quote!("all-activities"), |activity| quote!(#activity))
}

/// Returns a type with the function's name, which `clients![…]` uses. Because it has braces, it does not conflict with
/// the function.
fn marker(
    kit: &Path,
    function: &Function,
    consts: &TokenStream,
    schemas: &TokenStream,
    body: &TokenStream,
    declares: bool,
) -> TokenStream {
    let Function { name, visibility, conditions } = function;
    let declares = declares.then(|| quote! { #(#conditions)* impl #kit::__private::Declares for #name {} });
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #name {}

        #(#conditions)*
        impl #kit::__private::WorkflowClient for #name {
            #consts

            fn schemas() -> #kit::__private::Schemas {
                #schemas
            }

            fn invoke(context: #kit::StartContext) -> #kit::__private::Answering {
                #body
            }
        }

        #declares
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Compares an expansion with its golden file; `UPDATE_GOLDEN=1` writes the file anew.
    #[track_caller]
    fn assert_golden(file: &str, options: &str, item: &str) {
        let expansion = workflow_client(options.parse().unwrap(), item.parse().unwrap());
        let text = prettyplease::unparse(&syn::parse2(expansion).unwrap());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, golden, "{file} differs; UPDATE_GOLDEN=1 writes it anew");
    }

    #[test]
    fn function_gains_a_marker_and_an_impl() {
        assert_golden(
            "spec_and_context.rs",
            r#"name = "migrate_workflowclient""#,
            r#"
            #[cfg(feature = "migrate")]
            pub async fn migrate(spec: Spec, ctx: StartContext) -> Result<WorkflowStart, ClientError> {
                Ok(ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q"))
            }
            "#,
        );
    }

    #[test]
    fn options_become_constants_and_places_of_parameters() {
        assert_golden(
            "declared_workflow.rs",
            r#"workflow = "Move", task_queue = queues::MOVE, activity(update = "doDIGUpdate"), crate = kit"#,
            r#"
            /// Moves an application,
            /// and all that it needs.
            ///
            /// At night.
            async fn migrate(ctx: StartContext, Params(update): Params<Update>, _: Params<Move>) -> WorkflowStart {
                ctx.start_of::<migrate>()
            }
            "#,
        );
    }

    #[test]
    fn a_declaration_may_come_with_a_queue_of_its_own() {
        assert_golden(
            "declaration.rs",
            "declaration = HELLO, task_queue = queue(), activity(update = UPDATE)",
            "async fn hello(update: Params<Update>) -> WorkflowStart { start(update) }",
        );
    }

    #[test]
    fn name_defaults_to_the_function() {
        assert_golden(
            "name_of_the_function.rs",
            "",
            r#"async fn r#move(ctx: StartContext) -> WorkflowStart { ctx.start("Move") }"#,
        );
    }

    #[test]
    fn every_fault_is_reported_and_the_item_stays() {
        assert_golden(
            "all_faults_at_once.rs",
            r#"name = "no name", nmae = 1, name = 2, task_queue = "Q", activity(z = "A", a = 7, a = "")"#,
            "unsafe fn broken<T>(self, a: impl Copy, b: T, c: u8) { body(); }",
        );
    }

    #[test]
    fn other_items_stay_as_they_are() {
        assert_golden("not_a_function.rs", "", "struct Migrate;");
    }
}
