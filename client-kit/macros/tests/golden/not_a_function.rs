struct Migrate;
::core::compile_error! {
    "`#[workflow_client]` applies to an `async fn` with a body"
}
