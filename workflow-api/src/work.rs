//! Counts the work of readers in this crate's tests: bytes that are read, compared or written, and values
//! that are visited. Elsewhere it does nothing.

#[cfg(not(test))]
pub(crate) fn count(_: usize) {}

#[cfg(test)]
pub(crate) use counted::{count, of};

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn count(work: usize) {
        WORK.set(WORK.get() + work);
    }

    /// Returns the work that `run` does.
    pub(crate) fn of<T>(run: impl FnOnce() -> T) -> usize {
        let before = WORK.get();
        drop(run());
        WORK.get() - before
    }
}

#[cfg(test)]
mod tests;
