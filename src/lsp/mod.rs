//! What an editor sees.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
