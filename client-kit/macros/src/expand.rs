//! What the attribute adds. The item itself is emitted as it stands, also when something is wrong with it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ReturnType;
use syn::spanned::Spanned;

use crate::model::{Function, Refusal, WorkflowClient};

pub(crate) fn workflow_client(options: TokenStream, item: TokenStream) -> TokenStream {
    let added = match WorkflowClient::parse(options, item.clone()) {
        Ok(client) => registration(&client),
        Err(Refusal { faults, function }) => {
            let faults = faults.to_compile_error();
            // So that `clients![…]` finds the function, and does not add an error to those that are shown.
            let placeholder = function.map(|function| marker(&function, "", &quote!(::core::unreachable!())));
            quote! { #faults #placeholder }
        }
    };
    quote! { #item #added }
}

fn registration(client: &WorkflowClient) -> TokenStream {
    let WorkflowClient { name, function, arguments, answer } = client;
    let call = &function.name;
    // The author's types stand in what is generated, so that the compiler says at their place what is wrong with them.
    let arguments = arguments.iter().map(|kind| {
        quote_spanned! { kind.span() => ::client_kit::__private::argument::<#kind>(&context) }
    });
    let answer = match answer {
        ReturnType::Type(_, answer) => {
            quote_spanned! { answer.span() => ::client_kit::__private::answer::<#answer> }
        }
        ReturnType::Default => quote! { ::client_kit::__private::answer },
    };
    let body = quote! {
        ::client_kit::__private::answering(async move { #answer(#call(#(#arguments),*).await) })
    };
    marker(function, name, &body)
}

/// A type with the function's name, which `clients![…]` looks for. Braced, it leaves the name of the function free.
fn marker(function: &Function, client: &str, body: &TokenStream) -> TokenStream {
    let Function { name, visibility, conditions } = function;
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #name {}

        #(#conditions)*
        impl ::client_kit::__private::WorkflowClient for #name {
            const NAME: &'static str = #client;

            fn invoke(context: ::client_kit::StartContext) -> ::client_kit::__private::Answering {
                #body
            }
        }
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
            /// Moves an application.
            #[cfg(feature = "migrate")]
            pub async fn migrate(spec: TemporalSpec, ctx: StartContext) -> Result<WorkflowStart, ClientError> {
                Ok(ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q"))
            }
            "#,
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
            r#"name = "no name", nmae = 1, name = 2"#,
            "unsafe fn broken<T>(self, a: impl Copy, b: T, c: u8) { body(); }",
        );
    }

    #[test]
    fn other_items_stay_as_they_are() {
        assert_golden("not_a_function.rs", "", "struct Migrate;");
    }
}
