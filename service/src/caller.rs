//! On whose behalf a piece of work is done. It goes along with the work, and into the requests to EMCO that the work
//! makes.

use workflow_api::Caller;

tokio::task_local! {
    static CURRENT: Caller;
}

/// Returns on whose behalf the current work is done, if that is known. A task that the work spawns does not know it.
pub fn current() -> Option<Caller> {
    CURRENT.try_with(Caller::clone).ok()
}

/// Does `work` on behalf of this caller.
pub fn scope<F: Future>(caller: Caller, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(caller, work)
}
