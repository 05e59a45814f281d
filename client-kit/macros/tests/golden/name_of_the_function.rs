async fn r#move(ctx: StartContext) -> WorkflowStart {
    ctx.start("Move")
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct r#move {}
impl ::client_kit::__private::WorkflowClient for r#move {
    const NAME: &'static str = "move";
    fn invoke(
        invocation: ::client_kit::__private::Invocation,
    ) -> ::client_kit::__private::Answering {
        ::client_kit::__private::answering(async move {
            ::client_kit::__private::answer(
                r#move(::client_kit::__private::argument::<StartContext>(&invocation))
                    .await,
            )
        })
    }
}
