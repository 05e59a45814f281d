unsafe fn broken<T>(self, a: impl Copy, b: T, c: u8) {
    body();
}
::core::compile_error! {
    "the options of `#[workflow_client]` are `name = \"…\"`, `declaration = …`, `workflow = \"…\"`, `task_queue = \"…\"`, `activity(<argument> = \"…\")` and `crate = …`"
}
::core::compile_error! {
    "`name` is given twice"
}
::core::compile_error! {
    "name the activity whose parameters an argument has: `activity(<argument> = \"…\")`"
}
::core::compile_error! {
    "the name of an activity must not be empty"
}
::core::compile_error! {
    "`task_queue` needs a declared workflow: add `workflow = \"…\"`"
}
::core::compile_error! {
    "a workflow client must be an `async fn`"
}
::core::compile_error! {
    "a workflow client cannot be `unsafe`"
}
::core::compile_error! {
    "a workflow client cannot be generic: it is called with arguments of known types"
}
::core::compile_error! {
    "a workflow client cannot be a method; a workflow client takes any of `Params<T>`, `Spec`, `StartOptions`, `TaskQueue` and `StartContext`, as in `(params: Params<Migration>, ctx: StartContext)`"
}
::core::compile_error! {
    "an argument cannot have an `impl` type; a workflow client takes any of `Params<T>`, `Spec`, `StartOptions`, `TaskQueue` and `StartContext`, as in `(params: Params<Migration>, ctx: StartContext)`"
}
::core::compile_error! {
    "a workflow client must return what to start: `-> WorkflowStart` or `-> Result<WorkflowStart, ClientError>`"
}
::core::compile_error! {
    "`no name` cannot name a workflow client: write letters, digits, `_` and `-`, as in `name = \"migrate\"`"
}
::core::compile_error! {
    "there is no argument `z`; the function has `a`, `b`, `c`"
}
