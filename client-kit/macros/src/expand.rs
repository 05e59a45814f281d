//! What the attribute adds. The item itself is emitted as it stands, also when something is wrong with it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::WorkflowClient;

pub(crate) fn workflow_client(options: TokenStream, item: TokenStream) -> TokenStream {
    let added = match WorkflowClient::parse(options, item.clone()) {
        Ok(client) => registration(&client),
        Err(faults) => faults.to_compile_error(),
    };
    quote! { #item #added }
}

/// A type with the function's name, which `clients![…]` looks for. Braced, it leaves the name of the function free.
fn registration(client: &WorkflowClient) -> TokenStream {
    let WorkflowClient { name, function, visibility, arguments, conditions } = client;
    // At the span of the argument's type, where the compiler then says which types are allowed.
    let arguments = arguments.iter().map(|kind| {
        quote_spanned! { kind.span() => ::client_kit::__private::argument::<#kind>(&context) }
    });
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #function {}

        #(#conditions)*
        impl ::client_kit::__private::WorkflowClient for #function {
            const NAME: &'static str = #name;

            fn invoke(
                context: ::client_kit::StartContext,
            ) -> ::client_kit::__private::Answering {
                ::client_kit::__private::answering(async move {
                    ::client_kit::__private::answer(#function(#(#arguments),*).await)
                })
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
