//! Threads that requests are answered on, one for each core, each with a runtime of its own.
//!
//! Whatever a request needs, down to the connections over which Temporal and others are asked, belongs to the thread that has read it.
//! So no request wakes another thread, which costs more than most requests' own work does. A thread that is kept busy keeps its other
//! callers waiting: code that blocks belongs on `spawn_blocking`, as everywhere in Tokio.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How many there are: as many as this process may use at once, which a limit of its container counts for.
static COUNT: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, NonZeroUsize::get));

/// How often a thread wakes though nothing is to be done. A timer that is due before all others makes Tokio wake its own thread, for two
/// system calls and a round in vain; with one that is nearer anyway the bounds of a lonely request are set without.
const TICK: Duration = Duration::from_secs(2);

thread_local! {
    /// Which core's thread this is, from 1; 0 for any other.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
    /// The cores of the process that this thread's [`run`] is the main thread of.
    static AMBIENT: RefCell<Option<Arc<[Core]>>> = const { RefCell::new(None) };
}

/// A thread of its own, where work can be put.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    runtime: Handle,
    busy: Arc<AtomicUsize>,
}

/// Counts one piece of work on a core for as long as it is held.
#[derive(Debug)]
pub(crate) struct Busy(Arc<AtomicUsize>);

/// The threads; they end when this is dropped.
#[derive(Debug, Default)]
struct Threads(Vec<(oneshot::Sender<()>, JoinHandle<()>)>);

/// Runs `main` on this thread, to its end. Connections that [`serve`](crate::http::serve) takes in it are spread over threads of their
/// own, one for each core. What is still under way on them when `main` ends is dropped.
///
/// # Errors
/// When the system gives no threads.
pub fn run<F: Future>(main: F) -> io::Result<F::Output> {
    // While there is no other thread.
    crate::metrics::measure_clock();
    let mut threads = Threads::default();
    let cores: Vec<_> = (1..=*COUNT).map(|number| threads.start(number)).collect::<io::Result<_>>()?;
    let runtime = runtime()?;
    AMBIENT.set(Some(cores.into()));
    let outcome = runtime.block_on(main);
    AMBIENT.set(None);
    // What runs in the background may still ask for what the cores hold.
    drop(runtime);
    drop(threads);
    Ok(outcome)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl Threads {
    fn start(&mut self, number: usize) -> io::Result<Core> {
        let runtime = runtime()?;
        let core = Core { runtime: runtime.handle().clone(), busy: Arc::default() };
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(format!("core-{number}")).spawn(move || {
            NUMBER.set(number);
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    // It ends when the sender is dropped.
                    _ = ended => {}
                    () = ticking() => {}
                }
            });
        })?;
        self.0.push((end, thread));
        Ok(core)
    }
}

async fn ticking() {
    loop {
        sleep(TICK).await;
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let (ends, threads): (Vec<_>, Vec<_>) = self.0.drain(..).unzip();
        drop(ends);
        for thread in threads {
            // Tasks' panics stay with them, so there is none to pass on.
            let _ = thread.join();
        }
    }
}

impl Core {
    /// The one with the least work; none outside of [`run`], where work stays on the runtime that it comes to.
    pub(crate) fn least_busy() -> Option<Self> {
        AMBIENT.with_borrow(|cores| {
            cores.as_ref()?.iter().min_by_key(|core| core.busy.load(Ordering::Relaxed)).cloned()
        })
    }

    /// Where to spawn.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Counts a piece of work.
    pub(crate) fn busy(&self) -> Busy {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.busy))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of a thing for each core, and one more for all other threads, so that what it wakes is its own thread.
#[derive(Debug, Clone)]
pub struct PerCore<T>(Box<[T]>);

impl<T> PerCore<T> {
    /// What `make` makes.
    pub fn new(make: impl FnMut() -> T) -> Self {
        Self(std::iter::repeat_with(make).take(*COUNT + 1).collect())
    }

    /// The same; the first that cannot be made fails all.
    ///
    /// # Errors
    /// As `make`.
    pub fn try_new<E>(make: impl FnMut() -> Result<T, E>) -> Result<Self, E> {
        std::iter::repeat_with(make).take(*COUNT + 1).collect::<Result<_, _>>().map(Self)
    }

    /// This thread's.
    pub fn here(&self) -> &T {
        &self.0[NUMBER.get()]
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn number() -> usize {
        NUMBER.get()
    }

    #[test]
    fn work_goes_to_the_core_with_the_least() {
        let seen = run(async {
            let mut held = Vec::new();
            let mut seen = HashSet::new();
            for _ in 0..*COUNT {
                let core = Core::least_busy().unwrap();
                held.push(core.busy());
                seen.insert(core.runtime().spawn(async { number() }).await.unwrap());
            }
            seen
        })
        .unwrap();
        assert_eq!(seen, (1..=*COUNT).collect());
        assert!(Core::least_busy().is_none());
    }

    #[test]
    fn each_core_has_its_own_and_other_threads_share_one() {
        let mut next = 0..;
        let each = Arc::new(PerCore::new(|| next.next().unwrap()));
        let (here, there) = run(async {
            let core = Core::least_busy().unwrap();
            let there = Arc::clone(&each);
            let there = core.runtime().spawn(async move { (number(), *there.here()) }).await.unwrap();
            (*each.here(), there)
        })
        .unwrap();
        assert_eq!(here, 0);
        assert_eq!(there.0, there.1);
        assert_eq!(thread::scope(|scope| scope.spawn(|| *each.here()).join().unwrap()), 0);
        assert!(PerCore::try_new(|| Err::<(), _>("none")).is_err());
    }

    #[test]
    fn what_is_under_way_is_dropped_when_main_ends() {
        struct Told(std::sync::mpsc::Sender<()>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let (tell, told) = std::sync::mpsc::channel();
        run(async {
            let held = Told(tell);
            Core::least_busy().unwrap().runtime().spawn(async move {
                std::future::pending::<()>().await;
                drop(held);
            });
        })
        .unwrap();
        told.try_recv().unwrap();
    }
}
