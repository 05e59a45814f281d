//! Starts put on record, and settled, several at once, on SQLite.
//!
//! SQLite has one writer, and each statement costs two threads a switch, a commit a sync of the disk. So one task writes: what comes
//! while it is at work is one statement then, however much that is, and one sync (a group commit). Callers wait for starts to be
//! put on record, but hardly for settlements: these are kept back for a moment, so that a statement has many.

mod put;
mod rows;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use self::put::{Asked, put};
use self::rows::{Begin, Numbered, begin, settle};
use crate::run::{Outcome, Run};
use crate::storage::Terms;
use crate::storage::writer::Writer;

/// So much is written at once, at most.
const MOST: usize = 128;
/// Settlements are kept back no longer than this: a process that dies meanwhile finds their starts open when it is back.
const KEPT_BACK: Duration = Duration::from_millis(50);

/// Writes what several callers ask for.
#[derive(Debug)]
pub(in crate::storage) struct Group {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    writer: Arc<Writer>,
    queue: Mutex<Queue>,
}

type Begins = Vec<Asked<Begin, Option<Numbered>>>;
type Settles = Vec<Asked<Run, bool>>;
/// Those who wait until all settlements are written.
type Waiting = Vec<oneshot::Sender<()>>;

/// What is still to be written. It needs no bound: a caller has one place in it for a start, and then one for what came of it.
#[derive(Debug, Default)]
struct Queue {
    begins: Begins,
    settles: Settles,
    waiting: Waiting,
    /// Whether settlements are to be written now, and not only when they were kept back for long enough.
    due: bool,
    /// Whether somebody counts how long they are kept back.
    counting: bool,
    /// Whether a task is at it.
    at_work: bool,
}

impl Group {
    pub(in crate::storage) fn new(writer: Arc<Writer>) -> Self {
        Self { shared: Arc::new(Shared { writer, queue: Mutex::default() }) }
    }

    /// Puts a start on record; `None` where its key is on record.
    pub(super) async fn begin(
        &self,
        run: &Run,
        spec: &str,
        terms: Terms,
    ) -> Result<Option<Numbered>, sqlx::Error> {
        let work = Begin { run: run.clone(), spec: spec.to_owned(), terms };
        let (asked, answer) = Asked::new(&run.id, work);
        self.shared.change(|queue| queue.begins.push(asked));
        answer.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Settles a start, whether the future is awaited or not; false where somebody else has, or has taken it over. That of a success
    /// may be kept back.
    pub(super) fn settle(&self, run: &Run) -> impl Future<Output = Result<bool, sqlx::Error>> + Send + use<> {
        let (asked, answer) = Asked::new(&run.id, run.clone());
        let is_urgent = !matches!(run.outcome, Outcome::Started { .. });
        let counting = self.shared.change(|queue| {
            queue.settles.push(asked);
            queue.due |= is_urgent || queue.settles.len() >= MOST;
            queue.due || std::mem::replace(&mut queue.counting, true)
        });
        if !counting {
            tokio::spawn(Countdown { shared: Arc::clone(&self.shared), is_over: false }.run());
        }
        async { answer.await.unwrap_or(Err(sqlx::Error::WorkerCrashed)) }
    }

    /// Ends when all settlements are written that were asked for before.
    pub(super) async fn written(&self) {
        let (waiting, written) = oneshot::channel();
        self.shared.change(|queue| queue.wait(waiting));
        // Where nobody writes any more there is nothing to wait for.
        let _ = written.await;
    }
}

impl Shared {
    /// No code panics while it holds the lock.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is to be written, and has it written, by a task on the caller's own thread unless one is at it.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Queue) -> T) -> T {
        let (changed, begin) = {
            let mut queue = self.queue();
            let changed = change(&mut queue);
            let begin = !queue.at_work && !queue.is_done();
            queue.at_work |= begin;
            (changed, begin)
        };
        // Not under the lock: a runtime that ends drops the task at once, which takes it.
        if begin {
            tokio::spawn(AtWork { shared: Arc::clone(self), is_over: false }.write());
        }
        changed
    }
}

impl Queue {
    /// Whether there is nothing to be written now.
    fn is_done(&self) -> bool {
        self.begins.is_empty() && !self.due
    }

    /// Tells this when all settlements are written. With nothing to write, it is dropped at once.
    fn wait(&mut self, waiting: oneshot::Sender<()>) {
        // What a task is writing it has taken out of the queue.
        if self.at_work || !self.settles.is_empty() {
            self.waiting.push(waiting);
            self.due = true;
        }
    }

    /// Settlements were kept back for long enough. Whoever waits for those that are being written still does.
    fn end_countdown(&mut self) {
        self.counting = false;
        self.due |= !self.settles.is_empty();
    }

    fn take_begins(&mut self) -> Begins {
        let many = self.begins.len().min(MOST);
        self.begins.drain(..many).collect()
    }

    /// Settlements that are due, each of a start of its own: of one that is settled twice, the first caller has settled it. With
    /// the last of them come those who wait for that.
    fn take_settles(&mut self) -> (Settles, Waiting) {
        if !self.due {
            return Default::default();
        }
        let mut ids = HashSet::new();
        let many = self.settles.iter().take(MOST).take_while(|asked| ids.insert(asked.work.id)).count();
        let settles = self.settles.drain(..many).collect();
        self.due = !self.settles.is_empty();
        (settles, if self.due { Vec::new() } else { std::mem::take(&mut self.waiting) })
    }
}

/// Counts how long settlements are kept back.
struct Countdown {
    shared: Arc<Shared>,
    is_over: bool,
}

impl Countdown {
    async fn run(mut self) {
        sleep(KEPT_BACK).await;
        self.shared.change(Queue::end_countdown);
        self.is_over = true;
    }
}

/// Where the runtime ends before the time, the next settlement begins another.
impl Drop for Countdown {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.queue().counting = false;
        }
    }
}

/// The task that writes.
struct AtWork {
    shared: Arc<Shared>,
    is_over: bool,
}

impl AtWork {
    /// Writes what is asked for until nothing is left.
    async fn write(mut self) {
        while let Some((begins, settles, waiting)) = self.next() {
            put(begins, &self.shared.writer, begin).await;
            put(settles, &self.shared.writer, settle).await;
            for waiting in waiting {
                // Whoever waited may have gone.
                let _ = waiting.send(());
            }
        }
    }

    /// What is to be written next. Where that is nothing, whoever comes from now on begins another task.
    fn next(&mut self) -> Option<(Begins, Settles, Waiting)> {
        let mut queue = self.shared.queue();
        if queue.is_done() {
            queue.at_work = false;
            self.is_over = true;
            return None;
        }
        let begins = queue.take_begins();
        let (settles, waiting) = queue.take_settles();
        Some((begins, settles, waiting))
    }
}

/// Where the runtime ends before the work, what waits is told by its channel.
impl Drop for AtWork {
    fn drop(&mut self) {
        if !self.is_over {
            let mut queue = self.shared.queue();
            *queue = Queue { counting: queue.counting, ..Queue::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{join, join_all};

    use super::rows::samples::{begun, settled};
    use super::*;
    use crate::storage::SqliteStore;

    async fn run_ids(store: &SqliteStore) -> Vec<Option<String>> {
        let kept: Vec<(Option<String>,)> = sqlx::query_as("SELECT run_id FROM runs ORDER BY number")
            .fetch_all(&mut *store.writer().await.unwrap())
            .await
            .unwrap();
        kept.into_iter().map(|(id,)| id).collect()
    }

    async fn put_on_record(store: &SqliteStore, begin: &Begin) {
        store.starts().begin(&begin.run, &begin.spec, begin.terms).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn of_two_who_settle_one_start_at_once_the_first_does() {
        let store = SqliteStore::in_memory().await.unwrap();
        let begin = begun("one");
        put_on_record(&store, &begin).await;
        // Before the task that the first one begins gets its turn.
        let settling = ["r-1", "r-2"].map(|id| store.starts().settle(&settled(&begin.run, id)));
        let answers: Vec<_> = join_all(settling).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [true, false]);
        assert_eq!(run_ids(&store).await, [Some("r-1".to_owned())]);
    }

    #[test]
    fn who_waits_for_what_is_being_written_is_told_though_the_countdown_ends_meanwhile() {
        // A task has taken what there was.
        let mut queue = Queue { counting: true, at_work: true, ..Queue::default() };
        let (waiting, _told) = oneshot::channel();
        queue.wait(waiting);
        queue.end_countdown();
        assert!(!queue.is_done());
        let (settles, waiting) = queue.take_settles();
        assert_eq!((settles.len(), waiting.len()), (0, 1));
        assert!(queue.is_done());
    }

    #[tokio::test]
    async fn a_success_is_settled_though_nobody_waits_for_it() {
        let store = SqliteStore::in_memory().await.unwrap();
        let begin = begun("one");
        put_on_record(&store, &begin).await;
        drop(store.starts().settle(&settled(&begin.run, "r-1")));
        assert_eq!(run_ids(&store).await, [None]);
        let is_settled = async || run_ids(&store).await == [Some("r-1".to_owned())];
        harness::eventually(Duration::from_secs(10), "it is settled", is_settled).await;
    }

    #[tokio::test]
    async fn who_waits_for_what_is_kept_back_gets_it_written() {
        let store = SqliteStore::in_memory().await.unwrap();
        let begins: Vec<_> = (0..MOST + 1).map(|number| begun(&number.to_string())).collect();
        join_all(begins.iter().map(|begin| put_on_record(&store, begin))).await;
        // As many as are written at once would not be kept back.
        for begin in &begins[..MOST - 1] {
            drop(store.starts().settle(&settled(&begin.run, "r")));
        }
        assert!(store.starts().shared.queue().is_done());
        join(store.starts().written(), store.starts().written()).await;
        let settled = run_ids(&store).await.into_iter().flatten().count();
        assert_eq!(settled, MOST - 1);
        store.starts().written().await;
    }
}
