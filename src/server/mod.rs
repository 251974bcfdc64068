//! The shell around the core: framing, dispatch, waiting and telling.

mod backend;
mod frame;
mod outbox;
mod serve;
mod sidecar;
mod stdio;

use std::process::ExitCode;

use backend::service;
use outbox::Outbox;
use sidecar::Sidecar;

use crate::attach;

/// Serves one client over stdio until it says `exit` or its end of stdin closes.
pub fn run() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the async runtime could not be started");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let (input, output) = stdio::open();
        let outbox = Outbox::new();
        let sidecar = Sidecar::new(outbox.clone());
        tokio::spawn(sidecar.clone().keep());
        serve::serve(input, output, service(sidecar.clone()), sidecar, outbox).await
    });
    // Waiting requests and a blocked writer must not keep the process once its client is gone.
    runtime.shutdown_background();
    attach::close();
    code
}
