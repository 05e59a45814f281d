//! Turns of heavy work, held by a test that watches others wait for them.

use std::sync::mpsc::{Sender, channel};
use std::thread::available_parallelism;

use heavy::heavy;
use tokio::sync::{Mutex, MutexGuard, oneshot};

/// Two tests that each had some of the turns would wait for each other.
static ALL: Mutex<()> = Mutex::const_new(());

/// All turns of heavy work in this process. They are free again when this is dropped.
#[derive(Debug)]
pub struct Turns {
    _held: Vec<Sender<()>>,
    _all: MutexGuard<'static, ()>,
}

/// Takes all turns of heavy work in this process, so that work which needs one waits for as long as the result lives.
pub async fn all_turns() -> Turns {
    let all = ALL.lock().await;
    let mut held = Vec::new();
    for _ in 0..available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1) {
        let (hold, free) = channel::<()>();
        let (begin, begun) = oneshot::channel();
        tokio::spawn(heavy(1 << 20, move || {
            let _ = begin.send(());
            free.recv().is_err()
        }));
        // The threads of heavy work never end.
        let _ = begun.await;
        held.push(hold);
    }
    Turns { _held: held, _all: all }
}
