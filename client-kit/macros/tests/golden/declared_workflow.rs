/// Moves an application,
/// and all that it needs.
///
/// At night.
async fn migrate(
    ctx: StartContext,
    Params(update): Params<Update>,
    _: Params<Move>,
) -> WorkflowStart {
    ctx.start_of::<migrate>()
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct migrate {}
impl kit::__private::WorkflowClient for migrate {
    const NAME: &'static str = "migrate";
    const SUMMARY: &'static str = "Moves an application, and all that it needs.";
    fn workflow() -> ::core::option::Option<&'static str> {
        ::core::option::Option::Some("Move")
    }
    fn task_queue() -> ::core::option::Option<kit::TaskQueue> {
        ::core::option::Option::Some(::core::convert::Into::into(queues::MOVE))
    }
    fn schemas() -> kit::__private::Schemas {
        kit::__private::schemas([
            ("all-activities", <StartContext as kit::__private::Argument>::schema()),
            ("doDIGUpdate", <Params<Update> as kit::__private::Argument>::schema()),
            ("all-activities", <Params<Move> as kit::__private::Argument>::schema()),
        ])
    }
    fn invoke(context: kit::StartContext) -> kit::__private::Answering {
        kit::__private::answering(async move {
            match kit::__private::taken::<
                Self,
                _,
            >(
                    context,
                    |call| (
                        <StartContext as kit::__private::Argument>::take(
                            call,
                            "all-activities",
                        ),
                        <Params<
                            Update,
                        > as kit::__private::OfActivity>::take_of(call, "doDIGUpdate"),
                        <Params<
                            Move,
                        > as kit::__private::Argument>::take(call, "all-activities"),
                    ),
                )
                .await
            {
                (
                    ::core::result::Result::Ok(argument_0),
                    ::core::result::Result::Ok(argument_1),
                    ::core::result::Result::Ok(argument_2),
                ) => {
                    #[allow(unused_imports)]
                    use kit::__private::{Visible as _, Hidden as _};
                    let outcome = migrate(argument_0, argument_1, argument_2).await;
                    let visible = (&kit::__private::Outcome(&outcome)).visible();
                    kit::__private::answer::<WorkflowStart>(outcome, visible)
                }
                (argument_0, argument_1, argument_2) => {
                    kit::__private::refuse([
                        argument_0.err(),
                        argument_1.err(),
                        argument_2.err(),
                    ])
                }
            }
        })
    }
}
impl kit::__private::Declares for migrate {}
