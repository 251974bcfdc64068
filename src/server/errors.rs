//! What a client is told that has sent something of no use.

use tower_lsp::jsonrpc::{Error, ErrorCode};

pub fn panicked() -> Error {
    let message = "the handler panicked; the sidecar goes on, its stderr says more".into();
    Error { message, ..Error::internal_error() }
}

/// In the words of the service, which says it of all other requests.
pub fn not_initialized() -> Error {
    Error { code: ErrorCode::ServerError(-32002), message: "Server not initialized".into(), data: None }
}

pub fn no_request(method: &str) -> Error {
    invalid(&format!("{method} is a notification: send it without an id"))
}

pub fn invalid(reason: &str) -> Error {
    Error { message: reason.to_owned().into(), ..Error::invalid_request() }
}

pub fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error { message: reason.to_string().into(), ..Error::parse_error() }
}
