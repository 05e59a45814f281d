unsafe fn broken<T>(self, a: impl Copy, b: T, c: u8) {
    body();
}
::core::compile_error! {
    "the options of `#[workflow_client]` are `name = \"…\"`, `workflow = \"…\"`, `task_queue = \"…\"`, `activity(<argument> = \"…\")` and `crate = …`"
}
::core::compile_error! {
    "`name` is given twice"
}
::core::compile_error! {
    "write which argument has the parameters of which activity: `activity(<argument> = \"…\")`"
}
::core::compile_error! {
    "an activity has a name"
}
::core::compile_error! {
    "this is the queue of a workflow that is not declared: add `workflow = \"…\"`"
}
::core::compile_error! {
    "a workflow client is an `async fn`"
}
::core::compile_error! {
    "a workflow client is not `unsafe`"
}
::core::compile_error! {
    "a workflow client is not generic: it is called with arguments of known types"
}
::core::compile_error! {
    "a workflow client is no method; a workflow client takes any of `Params<T>`, `Spec`, `StartOptions`, `TaskQueue` and `StartContext`, as in `(params: Params<Migration>, ctx: StartContext)`"
}
::core::compile_error! {
    "`impl` leaves the type open; a workflow client takes any of `Params<T>`, `Spec`, `StartOptions`, `TaskQueue` and `StartContext`, as in `(params: Params<Migration>, ctx: StartContext)`"
}
::core::compile_error! {
    "a workflow client answers what to start: `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`"
}
::core::compile_error! {
    "`no name` cannot name a workflow client: write letters, digits, `_` and `-`, as in `name = \"migrate\"`"
}
::core::compile_error! {
    "there is no argument `z`; the function has `a`, `b`, `c`"
}
