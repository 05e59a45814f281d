async fn r#move(ctx: StartContext) -> WorkflowStart {
    ctx.start("Move")
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct r#move {}
impl ::client_kit::__private::WorkflowClient for r#move {
    const NAME: &'static str = "move";
    fn schemas() -> ::client_kit::__private::Schemas {
        ::client_kit::__private::schemas([
            (
                "all-activities",
                <StartContext as ::client_kit::__private::Argument>::schema(),
            ),
        ])
    }
    fn invoke(
        context: ::client_kit::StartContext,
    ) -> ::client_kit::__private::Answering {
        ::client_kit::__private::answering(async move {
            match ::client_kit::__private::taken::<
                Self,
                _,
            >(
                    context,
                    |call| (
                        <StartContext as ::client_kit::__private::Argument>::take(
                            call,
                            "all-activities",
                        ),
                    ),
                )
                .await
            {
                (::core::result::Result::Ok(argument_0),) => {
                    #[allow(unused_imports)]
                    use ::client_kit::__private::{Visible as _, Hidden as _};
                    let outcome = r#move(argument_0).await;
                    let visible = (&::client_kit::__private::Outcome(&outcome))
                        .visible();
                    ::client_kit::__private::answer::<WorkflowStart>(outcome, visible)
                }
                (argument_0,) => ::client_kit::__private::refuse([argument_0.err()]),
            }
        })
    }
}
