//! The `evenkeel` command.

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

const HELP: &str = "\
The Evenkeel sidecar. The Vite plugin starts it; it speaks JSON-RPC on stdin and stdout and logs on stderr.

Usage: evenkeel [serve]

Options:
  -h, --help     Print this text
  -V, --version  Print the version

Environment:
  EVENKEEL_LOG   What to log, as in RUST_LOG: evenkeel=debug (default: warn)

Example: echo | evenkeel serve";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["serve"] => {
            log_to_stderr();
            evenkeel::server::run()
        }
        ["-V" | "--version"] => {
            println!("evenkeel {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        ["-h" | "--help"] => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("evenkeel: unknown arguments: {}\n\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("EVENKEEL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}
