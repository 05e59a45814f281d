#[cfg(feature = "migrate")]
pub async fn migrate(
    spec: Spec,
    ctx: StartContext,
) -> Result<WorkflowStart, ClientError> {
    Ok(ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q"))
}
#[cfg(feature = "migrate")]
#[doc(hidden)]
#[allow(non_camel_case_types)]
pub struct migrate {}
#[cfg(feature = "migrate")]
impl ::client_kit::__private::WorkflowClient for migrate {
    const NAME: &'static str = "migrate_workflowclient";
    fn schemas() -> ::client_kit::__private::Schemas {
        ::client_kit::__private::schemas([
            ("all-activities", <Spec as ::client_kit::__private::Argument>::schema()),
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
                        <Spec as ::client_kit::__private::Argument>::take(
                            call,
                            "all-activities",
                        ),
                        <StartContext as ::client_kit::__private::Argument>::take(
                            call,
                            "all-activities",
                        ),
                    ),
                )
                .await
            {
                (
                    ::core::result::Result::Ok(argument_0),
                    ::core::result::Result::Ok(argument_1),
                ) => {
                    #[allow(unused_imports)]
                    use ::client_kit::__private::{Visible as _, Hidden as _};
                    let outcome = migrate(argument_0, argument_1).await;
                    let visible = (&::client_kit::__private::Outcome(&outcome))
                        .visible();
                    ::client_kit::__private::answer::<
                        Result<WorkflowStart, ClientError>,
                    >(outcome, visible)
                }
                (argument_0, argument_1) => {
                    ::client_kit::__private::refuse([argument_0.err(), argument_1.err()])
                }
            }
        })
    }
}
