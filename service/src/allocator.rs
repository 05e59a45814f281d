//! The allocator of programs that enable the feature `mimalloc`.

use mimalloc::MiMalloc;

/// Threads free what other threads have allocated, because tasks move between them. The allocator of the static C
/// library takes a lock for that, which was a quarter of the time of a call (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
