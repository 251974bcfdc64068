//! Stdin and stdout as async streams.

use tokio::io::{AsyncRead, AsyncWrite};

pub type Input = Box<dyn AsyncRead + Send + Unpin>;
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Node gives a child a socket pair for each stream on Unix. Reading it as the socket it is halves the round
/// trip of `tokio::io::stdin`, which reads on a thread of its own; other kinds of stdio take that way.
pub fn open() -> (Input, Output) {
    (
        socket::input().unwrap_or_else(|| Box::new(tokio::io::stdin())),
        socket::output().unwrap_or_else(|| Box::new(tokio::io::stdout())),
    )
}

#[cfg(not(unix))]
mod socket {
    pub fn input() -> Option<super::Input> {
        None
    }

    pub fn output() -> Option<super::Output> {
        None
    }
}

#[cfg(unix)]
mod socket {
    use std::io::{ErrorKind, Result, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use tokio::io::AsyncWrite;

    pub fn input() -> Option<super::Input> {
        let socket = open(std::io::stdin())?;
        Some(Box::new(tokio::net::UnixStream::from_std(socket).ok()?))
    }

    pub fn output() -> Option<super::Output> {
        let socket = open(std::io::stdout())?;
        Some(Box::new(Output { socket, full: None }))
    }

    fn open(stream: impl AsFd) -> Option<UnixStream> {
        let socket = UnixStream::from(stream.as_fd().try_clone_to_owned().ok()?);
        socket.local_addr().ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(socket)
    }

    /// Known to the poller only while it is full: else every read of the client would wake the sidecar with the
    /// news that it may write.
    struct Output {
        socket: UnixStream,
        full: Option<tokio::net::UnixStream>,
    }

    impl AsyncWrite for Output {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
            loop {
                if let Some(full) = &self.full {
                    ready!(full.poll_write_ready(cx))?;
                    self.full = None;
                }
                match self.socket.write(bytes) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        let polled = tokio::net::UnixStream::from_std(self.socket.try_clone()?)?;
                        self.full = Some(polled);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    written => return Poll::Ready(written),
                }
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Ready(self.socket.shutdown(std::net::Shutdown::Write))
        }
    }
}
