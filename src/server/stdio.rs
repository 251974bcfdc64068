//! Stdin and stdout as async streams.

use tokio::io::{AsyncRead, AsyncWrite};

pub type Input = Box<dyn AsyncRead + Send + Unpin>;
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Node gives a child a socket pair for each stream on Unix. Reading it as the socket it is halves the round
/// trip of `tokio::io::stdin`, which reads on a thread of its own; other kinds of stdio take that way.
pub fn open() -> (Input, Output) {
    let input: Input = match socket(std::io::stdin()) {
        Some(socket) => Box::new(socket),
        None => Box::new(tokio::io::stdin()),
    };
    let output: Output = match socket(std::io::stdout()) {
        Some(socket) => Box::new(socket),
        None => Box::new(tokio::io::stdout()),
    };
    (input, output)
}

#[cfg(unix)]
fn socket(stream: impl std::os::fd::AsFd) -> Option<tokio::net::UnixStream> {
    let socket = std::os::unix::net::UnixStream::from(stream.as_fd().try_clone_to_owned().ok()?);
    socket.local_addr().ok()?;
    socket.set_nonblocking(true).ok()?;
    tokio::net::UnixStream::from_std(socket).ok()
}

#[cfg(not(unix))]
fn socket<S>(_stream: S) -> Option<tokio::io::Empty> {
    None
}
