//! The commands of `cargo xtask` that work on the sidecar's own code. They are a binary of their own, so that all other commands
//! start without compiling it.

mod bench_graph;
mod codegen;

use std::process::ExitCode;

use xtask::run::{self, Failure};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run::to_exit_code(match &arguments[..] {
        ["bench", "graph", rest @ ..] => bench_graph::run(rest),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        _ => Err(Failure(format!("`cargo xtask` has no such command: {}", arguments.join(" ")))),
    })
}
