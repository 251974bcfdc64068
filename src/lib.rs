//! Evenkeel keeps the server environments of a Vite dev server consistent while Vite re-optimizes dependencies.
//!
//! `core` is the state and the decisions, `protocol` the wire, `server` the shell around both.

pub mod core;
pub mod protocol;
pub mod server;
