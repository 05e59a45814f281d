//! Where memory comes from, in programs that ask for it by the feature `mimalloc`.

use mimalloc::MiMalloc;

/// Threads free what other threads have asked for, as tasks move between them. The static C library's allocator takes a lock for that,
/// which was a quarter of the time of a call (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
