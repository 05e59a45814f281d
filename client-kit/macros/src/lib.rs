//! The attribute of `client-kit`. Use it from there: `client_kit::workflow_client`.

mod expand;
mod faults;
mod model;
mod options;

use proc_macro::TokenStream;

// Documented at the re-export, because only there can its examples use the library.
#[expect(missing_docs, reason = "the documentation is at the re-export in client-kit")]
#[proc_macro_attribute]
pub fn workflow_client(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::workflow_client(options.into(), item.into()).into()
}
