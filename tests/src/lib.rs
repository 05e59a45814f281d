//! The end-to-end tests are in `scenarios/`; what they start, and the demo too, is in `harness/`.
