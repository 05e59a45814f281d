//! The events of a workflow as they happen. Each stream reads the past events by itself, page by page. New
//! events are read once for all streams on the run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, RunClose, RunEvent};
use futures::StreamExt;
use futures::stream::{BoxStream, try_unfold};
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use tokio::sync::watch;
use workflow_api::{RawJson, RunId};

use crate::failure::{self, Background, Ending};
use crate::follow::{self, UNPOLLED};
use crate::patience::Patience;
use crate::polls::{LongPoll, PollLost, Polls, Report};
use crate::rpc::Session;
use crate::servers::Servers;
use crate::{describe, history};

/// Returns the events of `run` after the one with the ID `after`, and those of the runs that continue it.
pub(crate) fn events(
    servers: Servers,
    tails: Polls<Tail>,
    run: WorkflowRun,
    after: i64,
    bound: Duration,
) -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>> {
    let follower = Follower {
        servers,
        tails,
        run,
        returned: after,
        bound,
        place: Place::Outside,
        ready: VecDeque::new(),
    };
    try_unfold(
        follower,
        |mut follower| async move { Ok(follower.next().await?.map(|event| (event, follower))) },
    )
    .boxed()
}

/// One stream of events.
struct Follower {
    servers: Servers,
    tails: Polls<Tail>,
    run: WorkflowRun,
    /// The ID of the last event of this run that was returned.
    returned: i64,
    bound: Duration,
    place: Place,
    /// Events that were read but not returned yet.
    ready: VecDeque<Arc<RunEvent>>,
}

/// The position of a stream in its run.
enum Place {
    /// Nothing of the run is known yet.
    Outside,
    /// The stream reads past events.
    Behind {
        reader: Reader,
        /// The last event to read.
        goal: i64,
    },
    /// The stream has all past events, and shares the new ones.
    AtTail { reader: Reader, tail: watch::Receiver<Tail> },
    /// The last run has closed.
    Over,
}

/// How far a stream has read by itself.
#[derive(Clone)]
struct Reader {
    page_token: Vec<u8>,
    event_id: i64,
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Arc<RunEvent>>, EngineError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.note(&event);
                return Ok(Some(event));
            }
            self.place = match std::mem::replace(&mut self.place, Place::Over) {
                Place::Outside => self.enter().await?,
                Place::Behind { reader, goal } if reader.event_id < goal => self.read(reader, goal).await?,
                Place::Behind { reader, .. } => self.join(reader),
                Place::AtTail { reader, tail } => self.share(reader, tail).await?,
                Place::Over => return Ok(None),
            };
        }
    }

    fn note(&mut self, event: &RunEvent) {
        self.returned = event.event_id;
        if let Some(close) = &event.close {
            self.place = self.leave(close);
        }
    }

    /// Continues with the next run, if there is one.
    fn leave(&mut self, close: &RunClose) -> Place {
        let Some(next) = &close.next else { return Place::Over };
        self.run.run_id = next.clone();
        self.returned = 0;
        Place::Outside
    }

    async fn enter(&mut self) -> Result<Place, EngineError> {
        let session = Session::new(&self.servers, &self.run)?;
        let length = || describe::length(&session, self.bound);
        let seen = Patience::with_unseen().repeat(length).await?;
        self.run.run_id = seen.run_id;
        Ok(Place::Behind { reader: Reader { page_token: Vec::new(), event_id: 0 }, goal: seen.events })
    }

    async fn read(&mut self, reader: Reader, goal: i64) -> Result<Place, EngineError> {
        let session = Session::new(&self.servers, &self.run)?;
        let (events, page_token) = page(&session, &reader.page_token).await?;
        let event_id = events.last().map_or(reader.event_id, |event| event.event_id);
        let last = events.last().filter(|last| last.event_id <= self.returned);
        if let Some(close) = last.and_then(|last| last.close.clone()) {
            // The events after the end of the run were requested.
            return Ok(self.leave(&close));
        }
        let returned = self.returned;
        self.ready.extend(events.into_iter().filter(|event| event.event_id > returned).map(Arc::new));
        // A history without a next page has no more events now.
        let goal = if page_token.is_empty() { event_id } else { goal };
        Ok(Place::Behind { reader: Reader { page_token, event_id }, goal })
    }

    fn join(&self, reader: Reader) -> Place {
        let tail = self.tails.join(&self.run, Tail::after(reader.event_id), |report| {
            tail(self.servers.clone(), self.run.clone(), reader.clone(), self.bound, report)
        });
        Place::AtTail { reader, tail }
    }

    async fn share(&mut self, reader: Reader, mut tail: watch::Receiver<Tail>) -> Result<Place, EngineError> {
        {
            let tail = tail.borrow_and_update();
            if tail.first() > self.returned + 1 {
                // This stream is slow, and its next event is no longer in the tail.
                return Ok(Place::Behind { reader, goal: tail.first() - 1 });
            }
            self.ready.extend(tail.events.iter().filter(|event| event.event_id > self.returned).cloned());
            match (self.ready.is_empty(), &tail.end) {
                (true, Some(Ok(()))) => return Ok(Place::Over),
                (true, Some(Err(error))) => return Err(error.clone()),
                _ => {}
            }
        }
        if self.ready.is_empty() && tail.changed().await.is_err() {
            return Err(Session::new(&self.servers, &self.run)?.unexpected(PollLost));
        }
        Ok(Place::AtTail { reader, tail })
    }
}

/// The newest events of a run, for the streams that have all earlier ones. Old events are dropped.
#[derive(Debug)]
pub(crate) struct Tail {
    events: VecDeque<Arc<RunEvent>>,
    sizes: VecDeque<usize>,
    last: i64,
    /// Whether the run has closed, or why its events cannot be read.
    end: Option<Result<(), EngineError>>,
}

impl Tail {
    /// Maximum number of events; one event is always kept.
    const EVENTS: usize = 256;
    const BYTES: usize = 1 << 20;

    fn after(last: i64) -> Self {
        Self { events: VecDeque::new(), sizes: VecDeque::new(), last, end: None }
    }

    /// Returns the ID of the first event that is, or will be, in the tail.
    fn first(&self) -> i64 {
        self.events.front().map_or(self.last + 1, |event| event.event_id)
    }

    fn push(&mut self, event: RunEvent) {
        self.last = event.event_id;
        self.sizes.push_back(event.json.as_str().len());
        self.events.push_back(Arc::new(event));
        while self.events.len() > 1
            && (self.events.len() > Self::EVENTS || self.sizes.iter().sum::<usize>() > Self::BYTES)
        {
            self.events.pop_front();
            self.sizes.pop_front();
        }
    }
}

/// Reads new events for all streams on the run.
async fn tail(servers: Servers, run: WorkflowRun, reader: Reader, bound: Duration, report: Report<Tail>) {
    let _counted = LongPoll::open();
    let read = async {
        let session = Session::new(&servers, &run)?;
        let Reader { mut page_token, mut event_id } = reader;
        loop {
            // Without a token the server holds no poll open: the run is paused, or in an unknown state.
            if page_token.is_empty() && !grows(&session, event_id, bound).await? {
                return Ok(());
            }
            let (events, next) = page(&session, &page_token).await?;
            page_token = next;
            let mut closed = false;
            report.send_if_modified(|tail| {
                let before = event_id;
                for event in events.into_iter().filter(|event| event.event_id > before) {
                    event_id = event.event_id;
                    closed = event.close.is_some();
                    tail.push(event);
                }
                event_id > before
            });
            if closed {
                return Ok(());
            }
        }
    };
    let end = read.await;
    report.send_modify(|tail| tail.end = Some(end));
}

/// Waits until a run may have more events than this. Returns false if it has closed without any.
async fn grows(session: &Session<'_>, events: i64, bound: Duration) -> Result<bool, EngineError> {
    loop {
        match describe::length(session, bound).await {
            Ok(seen) if seen.events > events || seen.closed => return Ok(seen.events > events),
            Ok(_) => tokio::time::sleep(UNPOLLED).await,
            // The next page is requested until it is known whether the server stays away.
            Err(EngineError::Unavailable { .. } | EngineError::DeadlineExceeded { .. }) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}

/// Returns the next page of events, once there is one, and the token of the page after it. The page is empty
/// once the run has closed.
async fn page(session: &Session<'_>, page_token: &[u8]) -> Result<(Vec<RunEvent>, Vec<u8>), EngineError> {
    let run_id = &session.run().run_id;
    let page = follow::next_page(session, run_id, HistoryEventFilterType::AllEvent, page_token).await?;
    let events = history::written(session, history::settled(page.history).collect()).await?;
    let events = events.into_iter().map(|(event, json)| read(run_id, event, json)).collect();
    Ok((events, page.next_page_token))
}

fn read(run_id: &RunId, event: HistoryEvent, json: RawJson) -> RunEvent {
    let (event_id, pauses) = (event.event_id, failure::pauses(&event));
    let close = failure::ending(event, run_id, &Background::default()).map(|ending| match ending {
        Ending::Final(closed) => RunClose { state: closed.state, next: None },
        Ending::Next { state, run_id } => RunClose { state, next: Some(run_id) },
    });
    RunEvent { run_id: run_id.clone(), event_id, json, pauses, close }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_id: i64, text: &str) -> RunEvent {
        RunEvent {
            run_id: "r".into(),
            event_id,
            json: RawJson::of(text).unwrap(),
            pauses: false,
            close: None,
        }
    }

    #[test]
    fn a_tail_keeps_so_many_events() {
        let mut tail = Tail::after(7);
        assert_eq!(tail.first(), 8);
        (8..1000).for_each(|id| tail.push(event(id, "small")));
        assert_eq!((tail.events.len(), tail.first(), tail.last), (Tail::EVENTS, 1000 - 256, 999));
    }

    #[test]
    fn a_tail_keeps_so_many_bytes_and_always_the_newest_event() {
        let mut tail = Tail::after(0);
        let large = "x".repeat(Tail::BYTES / 3);
        (1..10).for_each(|id| tail.push(event(id, &large)));
        assert_eq!((tail.events.len(), tail.first()), (2, 8));
        tail.push(event(10, &"x".repeat(Tail::BYTES * 2)));
        assert_eq!((tail.events.len(), tail.first()), (1, 10));
    }
}
