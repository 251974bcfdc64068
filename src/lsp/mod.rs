//! What an editor sees: a language server that joins the running sidecar of its workspace.

mod backend;
mod documents;
mod late;
mod progress;
mod watcher;
mod workspace;

use std::process::ExitCode;

use tower_lsp::{LspService, Server};

use backend::Backend;

/// Requests that may wait at a time: none waits for long, and a cancel must always come through.
const CONCURRENCY: usize = 64;

/// Serves one editor over stdio.
pub fn run() -> ExitCode {
    crate::runtime::run(async {
        let (service, socket) = LspService::new(Backend::new);
        let (stdin, stdout) = (tokio::io::stdin(), tokio::io::stdout());
        Server::new(stdin, stdout, socket).concurrency_level(CONCURRENCY).serve(service).await;
        ExitCode::SUCCESS
    })
}
