//! What Helm makes of the archives, as EMCO renders them.
