//! Evenkeel keeps the server environments of a Vite dev server consistent while Vite re-optimizes dependencies.
//!
//! `core` is the state and the decisions, `journal` what they were made of, `protocol` the wire, `server` the shell.

pub mod attach;
pub mod cli;
mod config_edit;
pub mod core;
#[cfg(test)]
mod fuzzing;
pub mod journal;
pub mod lsp;
mod project;
pub mod protocol;
mod runtime;
pub mod server;
