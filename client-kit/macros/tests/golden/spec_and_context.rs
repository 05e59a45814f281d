/// Moves an application.
#[cfg(feature = "migrate")]
pub async fn migrate(
    spec: TemporalSpec,
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
    fn invoke(
        context: ::client_kit::StartContext,
    ) -> ::client_kit::__private::Answering {
        ::client_kit::__private::answering(async move {
            ::client_kit::__private::answer::<
                Result<WorkflowStart, ClientError>,
            >(
                migrate(
                        ::client_kit::__private::argument::<TemporalSpec>(&context),
                        ::client_kit::__private::argument::<StartContext>(&context),
                    )
                    .await,
            )
        })
    }
}
