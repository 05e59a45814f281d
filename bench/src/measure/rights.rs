//! Rights: the time of a decision, and that of a page of intents of which the caller may see some.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bridge_core::access::{Action, Resource};
use bridge_core::model::DigKey;
use bridge_core::{Actor, Correlation, Proof, Request as CoreRequest};
use bridge_rights::{Rights, RightsFile};
use harness::free_port;
use http::StatusCode;

use crate::effort::{Effort, IN_FLIGHT};
use crate::figures::Figures;
use crate::http::{HttpCall, Request, UUID};
use crate::load::Fleet;
use crate::payload;
use crate::scene::{Programs, intents};

/// The bindings in a file, and those of the caller among them.
const BINDINGS: usize = 1000;
const OF_THE_CALLER: usize = 10;
/// The decisions that are timed together.
const DECISIONS: usize = 1000;
/// The intents in the group, at least.
const INTENTS: u64 = 100_000;
const PAGE: usize = 1000;
/// The pages that are timed in a round.
const PAGES: usize = 5;

/// What the caller of pages may see: one intent in sixteen.
const SOME: &str = "[[binding]]\nname = \"some\"\nrole = \"viewer\"\nsubjects = [\"anonymous\"]\nscope = \"**\"\n\
                    intents = [\"*0\"]\n";

/// Measures decisions about intents of a group for which the last of the caller's bindings is.
pub(super) fn decisions(figures: &mut Figures, effort: Effort) -> Result<()> {
    let mut text = String::new();
    for number in 0..BINDINGS {
        let user = number / OF_THE_CALLER;
        writeln!(
            text,
            "[[binding]]\nname = \"b{number}\"\nrole = \"operator\"\nsubjects = [{{ token = \"user-{user}\" }}]\n\
             scope = \"proj{number}/**\"\nintents = [\"migrate-*\"]"
        )?;
    }
    let rights = Rights::read(&RightsFile { name: "rights.toml", text: &text }, &[])?;
    let group = DigKey::new(format!("proj{}", OF_THE_CALLER - 1), "app", "v1", "dig");
    let request = CoreRequest {
        actor: Actor::new("user-0", Proof::Token),
        correlation: Correlation::default(),
        source: bridge_core::model::Source::default(),
        now: "2026-11-29T12:00:00Z".parse()?,
    };
    for round in 0..=effort.rounds {
        let since = Instant::now();
        for number in 0..DECISIONS {
            let key = group.intent(format!("migrate-{number}"));
            let decided = rights.decide(&request, Action::Start, &Resource::Intent(&key), None);
            ensure!(decided.is_ok(), "denied: {decided:?}");
        }
        // The first round fills caches.
        if round > 0 {
            figures.note("decision_us", since.elapsed().as_secs_f64() * 1e6 / DECISIONS as f64);
        }
    }
    Ok(())
}

/// Measures pages of the visible intents of a large group.
pub(super) async fn pages(figures: &mut Figures, programs: &Programs, effort: Effort) -> Result<()> {
    let nowhere = format!("127.0.0.1:{}", free_port());
    let folder = tempfile::tempdir()?;
    fill(programs, &nowhere, folder.path()).await?;
    let rights = folder.path().join("rights.toml");
    std::fs::write(&rights, SOME)?;
    let rights = [("BRIDGE_RIGHTS", rights.to_str().unwrap_or_default())];
    let bridge = programs.bridge_with(&nowhere, folder.path(), &rights).await?;
    let page = Request::get(format!("{}?limit={PAGE}", intents()));
    let mut call = HttpCall::connect(bridge.port, &page).await?;
    for _ in 0..effort.rounds {
        let since = Instant::now();
        for _ in 0..PAGES {
            let found = call.ask().await?.matches("\"metadata\"").count();
            ensure!(found == PAGE, "a page has {found} intents instead of {PAGE}");
        }
        figures.note("filtered_page_ms", since.elapsed().as_secs_f64() * 1e3 / PAGES as f64);
    }
    Ok(())
}

/// Creates intents by a bridge whose callers may do everything.
async fn fill(programs: &Programs, temporal: &str, folder: &Path) -> Result<()> {
    let mut bridge = programs.bridge(temporal, folder).await?;
    let intent = payload::intent(&format!("i-{UUID}"), "w", 9090);
    let create = Request::post(format!("{}?clientCheck=Skip", intents()), intent, StatusCode::CREATED);
    let mut fleet = Fleet::connect(IN_FLIGHT, async || HttpCall::connect(bridge.port, &create).await).await?;
    let mut created = 0;
    while created < INTENTS {
        created += fleet.load(Duration::from_secs(1)).await?.0;
    }
    bridge.stop().await?;
    Ok(())
}
