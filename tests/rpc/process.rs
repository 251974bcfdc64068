//! The real binary behind real streams.
#![allow(dead_code, reason = "each target of tests uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What stdin and stdout are. The sidecar treats sockets, which Node gives to a child, unlike other streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    Pipes,
    Sockets,
}

impl Streams {
    #[cfg(unix)]
    pub const ALL: &[Streams] = &[Streams::Pipes, Streams::Sockets];
    #[cfg(not(unix))]
    pub const ALL: &[Streams] = &[Streams::Pipes];
}

/// What cargo has built, or what `EVENKEEL_BINARY` names: a program that is to be shipped.
pub fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("EVENKEEL_BINARY").filter(|named| !named.is_empty());
    named.map_or_else(|| env!("CARGO_BIN_EXE_evenkeel").into(), |named| root.join(named))
}

type Input = Box<dyn Write + Send>;
type Output = Box<dyn Read + Send>;

/// A running sidecar. Whatever it prints on stdout is read as it comes, so that it is never kept from writing.
pub struct Process {
    child: Child,
    input: Option<Input>,
    messages: Receiver<Result<Value, String>>,
    errors: Option<JoinHandle<String>>,
}

impl Process {
    pub fn start(streams: Streams, log: &str) -> Process {
        Process::start_in(streams, log, &std::env::temp_dir())
    }

    /// Its socket is below `runtime`.
    pub fn start_in(streams: Streams, log: &str, runtime: &Path) -> Process {
        Process::start_command("serve", streams, log, runtime)
    }

    /// Another command of the binary that speaks in frames.
    pub fn start_command(name: &str, streams: Streams, log: &str, runtime: &Path) -> Process {
        let mut command = Command::new(program());
        command.arg(name).env("EVENKEEL_LOG", log).env("XDG_RUNTIME_DIR", runtime).stderr(Stdio::piped());
        let (mut child, input, output) = spawn(command, streams);
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read_frame(&mut output).transpose() {
                let broken = message.is_err();
                if sender.send(message).is_err() || broken {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("stderr is a pipe");
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Process { child, input: Some(input), messages, errors: Some(errors) }
    }

    /// Passes over everything up to the answer with this id.
    pub fn answered(&self, id: i64, patience: Duration) {
        while let Some(message) = self.receive(patience).expect("a message") {
            if message["id"] == id {
                return;
            }
        }
        panic!("the sidecar ended before it answered {id}");
    }

    /// Waits until editors and commands can attach: their socket has a thread of its own.
    pub fn opens_its_socket(&self, runtime: &Path, patience: Duration) {
        let deadline = Instant::now() + patience;
        while !runtime.join(format!("evenkeel/{}.sock", self.pid())).exists() {
            assert!(Instant::now() < deadline, "the socket was not opened");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("stdin was closed earlier")?;
        let sent = input.write_all(bytes).and_then(|()| input.flush());
        sent.map_err(|error| format!("the sidecar does not read: {error}"))
    }

    /// Hands out stdin, for a test that writes while it reads.
    pub fn take_input(&mut self) -> Input {
        self.input.take().expect("stdin is open")
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// The next message, or `None` behind the last one.
    pub fn receive(&self, patience: Duration) -> Result<Option<Value>, String> {
        match self.messages.recv_timeout(patience) {
            Ok(message) => message.map(Some),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(format!("nothing came within {patience:?}")),
        }
    }

    pub fn exit_code(&mut self, patience: Duration) -> Result<Option<i32>, String> {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status.code()),
                Ok(None) if Instant::now() > deadline => return Err("the process has not ended".into()),
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Ends the process, if it has not ended, and gives what it wrote to stderr.
    pub fn finish(mut self) -> String {
        self.kill();
        let errors = self.errors.take().expect("finished once");
        errors.join().unwrap_or_default()
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.input = None;
        // It fails for a process that has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(mut command: Command, streams: Streams) -> (Child, Input, Output) {
    #[cfg(unix)]
    if streams == Streams::Sockets {
        use std::os::{fd::OwnedFd, unix::net::UnixStream};
        let (input, its_input) = UnixStream::pair().expect("a socket pair");
        let (output, its_output) = UnixStream::pair().expect("a socket pair");
        command.stdin(OwnedFd::from(its_input)).stdout(OwnedFd::from(its_output));
        let child = command.spawn().expect("the sidecar starts");
        return (child, Box::new(input), Box::new(output));
    }
    assert_eq!(streams, Streams::Pipes, "socket pairs are a matter of Unix");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the sidecar starts");
    let input = child.stdin.take().expect("stdin is a pipe");
    let output = child.stdout.take().expect("stdout is a pipe");
    (child, Box::new(input), Box::new(output))
}

/// Reads one frame, and takes nothing else: a log line on stdout would break every client.
fn read_frame(output: &mut impl BufRead) -> Result<Option<Value>, String> {
    let mut header = String::new();
    match output.read_line(&mut header) {
        Ok(0) => return Ok(None),
        // A socket is reset when its other end is closed with something unread.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
        read => read.map_err(|error| error.to_string())?,
    };
    let length = header
        .strip_prefix("Content-Length: ")
        .and_then(|rest| rest.strip_suffix("\r\n"))
        .and_then(|length| length.parse::<usize>().ok())
        .ok_or_else(|| format!("stdout holds something that is no frame: {header:?}"))?;
    let mut body = vec![0; length + 2];
    output.read_exact(&mut body).map_err(|error| format!("a frame was cut off: {error}"))?;
    let body = body.strip_prefix(b"\r\n").ok_or("a header has a second line")?;
    serde_json::from_slice(body).map(Some).map_err(|error| format!("a body is not JSON: {error}"))
}

/// Puts a body into its frame.
pub fn frame(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
