//! What `docs/deploy.md` names, there is.
