struct Migrate;
::core::compile_error! {
    "`#[workflow_client]` goes on a plain `async fn` with a body"
}
