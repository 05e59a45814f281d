//! Single calls, one after the other: what ours take beside the time that Temporal takes for them.
//!
//! Temporal's own times differ more than what we add to them: one in ten takes five times as long as the middle one on two cores. So each call's
//! time there is taken off, as a proxy before it has measured that.

use std::time::Duration;

use anyhow::Result;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use tokio::time::sleep;

use super::{Effort, invoke};
use crate::load::{Fleet, HttpCall, RawStart, Request};
use crate::proxy::TimingProxy;
use crate::relay::Relay;
use crate::report::{Report, quantile};
use crate::scene::{Programs, STARTED, Scene, start};

/// So many calls of each side come before what is measured.
const WARM_UP: usize = 50;

/// What the figures are called. Half of the calls are as quick as the first of two figures, 99 of 100 as the second.
#[derive(Debug)]
pub(super) struct Names {
    /// How long the machine rests before each call: a server works on after it has answered.
    rest: Duration,
    /// From question to answer, by [`Side`].
    whole: [[&'static str; 2]; 4],
    /// What the sides but the raw one take of their own, less what that does.
    added: [[&'static str; 2]; 3],
}

pub(super) const SERVER: [Names; 2] = [
    Names {
        rest: Duration::ZERO,
        whole: [
            ["raw_start_p50_ms", "raw_start_p99_ms"],
            ["hop_p50_ms", "hop_p99_ms"],
            ["invoke_p50_ms", "invoke_p99_ms"],
            ["start_p50_ms", "start_p99_ms"],
        ],
        added: [
            ["hop_added_p50_ms", "hop_added_p99_ms"],
            ["invoke_added_p50_ms", "invoke_added_p99_ms"],
            ["start_added_p50_ms", "start_added_p99_ms"],
        ],
    },
    Names {
        rest: Duration::from_millis(20),
        whole: [
            ["raw_start_rested_p50_ms", "raw_start_rested_p99_ms"],
            ["hop_rested_p50_ms", "hop_rested_p99_ms"],
            ["invoke_rested_p50_ms", "invoke_rested_p99_ms"],
            ["start_rested_p50_ms", "start_rested_p99_ms"],
        ],
        added: [
            ["hop_added_rested_p50_ms", "hop_added_rested_p99_ms"],
            ["invoke_added_rested_p50_ms", "invoke_added_rested_p99_ms"],
            ["start_added_rested_p50_ms", "start_added_rested_p99_ms"],
        ],
    },
];

pub(super) const STUB: [Names; 1] = [Names {
    rest: Duration::ZERO,
    whole: [
        ["raw_stub_start_p50_ms", "raw_stub_start_p99_ms"],
        ["hop_stub_p50_ms", "hop_stub_p99_ms"],
        ["invoke_stub_p50_ms", "invoke_stub_p99_ms"],
        ["start_stub_p50_ms", "start_stub_p99_ms"],
    ],
    added: [
        ["hop_added_stub_p50_ms", "hop_added_stub_p99_ms"],
        ["invoke_added_stub_p50_ms", "invoke_added_stub_p99_ms"],
        ["start_added_stub_p50_ms", "start_added_stub_p99_ms"],
    ],
}];

/// Whom a single call goes to.
#[derive(Clone, Copy)]
enum Side {
    /// Temporal.
    Raw,
    /// Temporal, by way of a process that does nothing.
    Hop,
    /// The workflow client.
    Invoke,
    /// The bridge.
    Start,
}

/// Everything that is asked, all by way of one proxy; a connection each.
struct Sides {
    proxy: TimingProxy,
    raw: Fleet<RawStart>,
    hop: Fleet<RawStart>,
    invoke: Fleet<HttpCall>,
    start: Fleet<HttpCall>,
    _relay: Relay,
    _scene: Scene,
}

pub(super) async fn measure(
    report: &mut Report,
    names: &[Names],
    programs: &Programs,
    temporal: &str,
    asked: &StartWorkflowExecutionRequest,
    effort: Effort,
) -> Result<()> {
    let mut sides = Sides::connect(programs, temporal, asked).await?;
    // Connections, caches and code pages of the first calls are nobody's cost.
    Times::default().take(&mut sides, Duration::ZERO, WARM_UP).await?;
    for names in names {
        eprintln!("   single calls{}", if names.rest.is_zero() { "" } else { ", rested" });
        // As many calls as fit into a like time.
        let times = if names.rest.is_zero() { effort.timed } else { effort.timed / 6 };
        let mut all = Times::default();
        for _ in 0..effort.rounds {
            let mut round = Times::default();
            round.take(&mut sides, names.rest, times).await?;
            round.figures(names, |name, value| report.note(name, value));
            all.append(round);
        }
        all.figures(names, |name, value| report.note_of_all(name, value));
    }
    Ok(())
}

impl Sides {
    async fn connect(
        programs: &Programs,
        temporal: &str,
        asked: &StartWorkflowExecutionRequest,
    ) -> Result<Self> {
        let proxy = TimingProxy::start(temporal).await?;
        let address = proxy.address.to_string();
        let relay = Relay::start(&address).await?;
        // What a bridge asks Temporal is not of its starts.
        let scene = Scene::on(programs, temporal, &address).await?;
        Ok(Self {
            raw: Fleet::starts(1, &address, asked).await?,
            hop: Fleet::starts(1, &relay.address.to_string(), asked).await?,
            invoke: Fleet::http(1, scene.client.port, &invoke()).await?,
            start: Fleet::http(1, scene.bridge.port, &Request::post(start(STARTED), "")).await?,
            proxy,
            _relay: relay,
            _scene: scene,
        })
    }
}

/// Times of single calls in milliseconds, by [`Side`].
#[derive(Debug, Default)]
struct Times {
    /// From question to answer.
    whole: [Vec<f64>; 4],
    /// The same, less what Temporal took.
    own: [Vec<f64>; 4],
}

impl Times {
    /// Calls each side so often, the sides in turn, each time in another order: a server works on after it has answered, so that the one
    /// before counts.
    async fn take(&mut self, sides: &mut Sides, rest: Duration, times: usize) -> Result<()> {
        let mut order = [Side::Raw, Side::Hop, Side::Invoke, Side::Start];
        for _ in 0..times {
            fastrand::shuffle(&mut order);
            for side in order {
                sleep(rest).await;
                let time = match side {
                    Side::Raw => sides.raw.timed().await?,
                    Side::Hop => sides.hop.timed().await?,
                    Side::Invoke => sides.invoke.timed().await?,
                    Side::Start => sides.start.timed().await?,
                };
                let of_temporal = sides.proxy.taken()?.as_secs_f64() * 1e3;
                self.whole[side as usize].push(time);
                self.own[side as usize].push(time - of_temporal);
            }
        }
        Ok(())
    }

    fn append(&mut self, other: Self) {
        for (all, more) in [(&mut self.whole, other.whole), (&mut self.own, other.own)] {
            all.iter_mut().zip(more).for_each(|(all, more)| all.extend(more));
        }
    }

    fn figures(&mut self, names: &Names, mut note: impl FnMut(&'static str, f64)) {
        for times in self.whole.iter_mut().chain(&mut self.own) {
            times.sort_by(f64::total_cmp);
        }
        let [raw, ours @ ..] = &self.own;
        for (at, share) in [0.5, 0.99].into_iter().enumerate() {
            for (names, times) in names.whole.iter().zip(&self.whole) {
                note(names[at], quantile(times, share));
            }
            for (names, times) in names.added.iter().zip(ours) {
                note(names[at], quantile(times, share) - quantile(raw, share));
            }
        }
    }
}
