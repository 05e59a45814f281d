//! The operations of the API, one method each. Each method and its entry in [`OPERATIONS`] are made from the same
//! line.

mod alarms;
mod intents;
mod process;
mod rules;
mod schedules;
mod standard;
mod workflows;

use reqwest::Method;

/// An operation of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its name in the OpenAPI document, and that of its method.
    pub id: &'static str,
    /// The method of HTTP.
    pub method: Method,
    /// The path, with the names of its parts in braces.
    pub path: &'static str,
}

/// All operations, in groups.
pub const OPERATIONS: [&[Operation]; 7] = [
    intents::OPERATIONS,
    workflows::OPERATIONS,
    schedules::OPERATIONS,
    rules::OPERATIONS,
    alarms::OPERATIONS,
    standard::OPERATIONS,
    process::OPERATIONS,
];

/// Defines methods of [`Bridge`](crate::Bridge), and lists them as operations. A line has the method of HTTP, the
/// path, the name of the operation, the names in the path, the body in brackets, and the value of the response.
macro_rules! operations {
    ($($(#[$doc:meta])* $method:ident $path:expr =>
        $id:ident($($place:ident: $Place:ty),*) $([$Body:ty])? -> $Value:ty;)+) => {
        impl crate::Bridge {
            $(
                $(#[$doc])*
                pub fn $id(
                    &self $(, $place: &$Place)* $(, body: impl crate::Body<$Body>)?
                ) -> crate::Call<$Value> {
                    let names: &[Vec<String>] = &[$(crate::Place::names($place)),*];
                    let call = crate::Call::new(self, reqwest::Method::$method, $path, names.concat());
                    $(let call = call.body(crate::Body::<$Body>::json(body));)?
                    call
                }
            )+
        }

        pub(super) const OPERATIONS: &[crate::Operation] = &[
            $(crate::Operation { id: stringify!($id), method: reqwest::Method::$method, path: $path }),+
        ];
    };
}
use operations;

/// The path of the intents of a deployment intent group (EMCO-API §1.1), and what follows it.
macro_rules! of_group {
    ($rest:literal) => {
        concat!(
            "/v2/projects/{project}/composite-apps/{compositeApp}/{compositeAppVersion}",
            "/deployment-intent-groups/{deploymentIntentGroup}/temporal-workflow-intents",
            $rest
        )
    };
}
use of_group;
