async fn r#move(ctx: StartContext) -> WorkflowStart {
    ctx.start("Move")
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct r#move {}
impl ::client_kit::__private::WorkflowClient for r#move {
    const NAME: &'static str = "move";
    fn invoke(
        context: ::client_kit::StartContext,
    ) -> ::client_kit::__private::Answering {
        ::client_kit::__private::answering(async move {
            ::client_kit::__private::answer::<
                WorkflowStart,
            >(r#move(::client_kit::__private::argument::<StartContext>(&context)).await)
        })
    }
}
