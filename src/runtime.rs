//! How threads run: one for everything that waits, and those that watch behind those that work.

use std::process::ExitCode;

/// Runs a program to its end. What still waits then, a read of stdin for one, must not keep the process.
pub fn run(program: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the async runtime could not be started");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(program);
    runtime.shutdown_background();
    code
}

/// Has the calling thread yield to others where there is too little to do it all: whoever watches can wait.
pub fn give_way() {
    // Elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "the thread keeps its priority");
    }
}
