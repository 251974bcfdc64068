//! The shell around the core: framing, dispatch, waiting and telling.

mod backend;
mod clock;
mod envelope;
mod errors;
mod frame;
mod handlers;
mod outbox;
mod pending;
mod progress;
mod serve;
mod sidecar;
mod status;
mod stdio;
mod waiters;

use std::process::ExitCode;

use backend::service;
use outbox::Outbox;
use sidecar::Sidecar;

use crate::{attach, runtime};

/// Serves one client over stdio until it says `exit` or its end of stdin closes.
pub fn run() -> ExitCode {
    let code = runtime::run(async {
        let (input, output) = stdio::open();
        let outbox = Outbox::new();
        let sidecar = Sidecar::new(outbox.clone());
        tokio::spawn(sidecar.clone().run());
        serve::serve(input, output, service(sidecar.clone()), sidecar, outbox).await
    });
    attach::close();
    code
}
