async fn hello(update: Params<Update>) -> WorkflowStart {
    start(update)
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct hello {}
impl ::client_kit::__private::WorkflowClient for hello {
    const NAME: &'static str = "hello";
    fn declaration() -> ::core::option::Option<&'static ::client_kit::Declaration> {
        ::core::option::Option::Some(&HELLO)
    }
    fn task_queue() -> ::core::option::Option<::client_kit::TaskQueue> {
        ::core::option::Option::Some(::core::convert::Into::into(queue()))
    }
    fn schemas() -> ::client_kit::__private::Schemas {
        ::client_kit::__private::schemas([
            (UPDATE, <Params<Update> as ::client_kit::__private::Argument>::schema()),
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
                        <Params<
                            Update,
                        > as ::client_kit::__private::OfActivity>::take_of(call, UPDATE),
                    ),
                )
                .await
            {
                (::core::result::Result::Ok(argument_0),) => {
                    #[allow(unused_imports)]
                    use ::client_kit::__private::{Visible as _, Hidden as _};
                    let outcome = hello(argument_0).await;
                    let visible = (&::client_kit::__private::Outcome(&outcome))
                        .visible();
                    ::client_kit::__private::answer::<WorkflowStart>(outcome, visible)
                }
                (argument_0,) => ::client_kit::__private::refuse([argument_0.err()]),
            }
        })
    }
}
impl ::client_kit::__private::Declares for hello {}
