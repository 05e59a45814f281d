//! `bridge serve`: serves until the process is asked to stop.

use anyhow::Context;
use service::settings::or_exit;
use service::shutdown::Shutdown;
use service::telemetry;

use crate::Bridge;
use crate::config::Settings;

pub(super) fn run(settings: Settings) -> anyhow::Result<()> {
    telemetry::init(&settings.log);
    or_exit(settings.check());
    let temporal = or_exit(settings.temporal.target());
    service::runtime::run(async {
        let shutdown = Shutdown::on_signals(settings.drain).context("cannot watch for signals")?;
        let listener = settings.listen.bind().await.context("BRIDGE_LISTEN cannot be used")?;
        or_exit(settings.secure.exposure().check(&listener));
        let bridge = Bridge::open(&settings, temporal, &shutdown).await?;
        bridge.serve(listener).await.context("not all requests were finished")
    })
    .context("cannot start the runtime")?
}
