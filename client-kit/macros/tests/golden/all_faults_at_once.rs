unsafe fn broken<T>(self, a: impl Copy, b: T, c: u8) {
    body();
}
::core::compile_error! {
    "the one option of `#[workflow_client]` is `name = \"…\"`"
}
::core::compile_error! {
    "the name is a text: `name = \"…\"`"
}
::core::compile_error! {
    "a workflow client is an `async fn`"
}
::core::compile_error! {
    "a workflow client is not `unsafe`"
}
::core::compile_error! {
    "a workflow client is not generic: it is called with one spec of one type"
}
::core::compile_error! {
    "a workflow client is no method; a workflow client takes the decoded spec, the start context or both: `(spec: TemporalSpec, ctx: StartContext)`"
}
::core::compile_error! {
    "`impl` leaves the type open; a workflow client takes the decoded spec, the start context or both: `(spec: TemporalSpec, ctx: StartContext)`"
}
::core::compile_error! {
    "one argument too many; a workflow client takes the decoded spec, the start context or both: `(spec: TemporalSpec, ctx: StartContext)`"
}
::core::compile_error! {
    "one argument too many; a workflow client takes the decoded spec, the start context or both: `(spec: TemporalSpec, ctx: StartContext)`"
}
::core::compile_error! {
    "a workflow client answers what to start: `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`"
}
::core::compile_error! {
    "`no name` cannot name a workflow client: write letters, digits, `_` and `-`, as in `name = \"migrate\"`"
}
