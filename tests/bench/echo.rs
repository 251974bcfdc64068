//! Sends back every byte it is sent, through the sidecar's own runtime and kind of streams: what a round trip
//! costs before a single message is understood. `tests/bench/rpc.mjs` measures the sidecar against it.

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    use std::io::Write;
    use tokio::io::AsyncReadExt;

    let (input, mut output) = (socket(std::io::stdin())?, socket(std::io::stdout())?);
    input.set_nonblocking(true)?;
    let mut input = tokio::net::UnixStream::from_std(input)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = input.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        // Written past the poller, as the sidecar does it: else each read of the client would wake this process.
        output.write_all(&buffer[..length])?;
    }
}

#[cfg(unix)]
fn socket(stream: impl std::os::fd::AsFd) -> std::io::Result<std::os::unix::net::UnixStream> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("the echo needs the socket pairs that Node gives to a child on Unix");
}
