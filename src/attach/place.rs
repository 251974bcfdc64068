//! Where the sockets are: one for each sidecar, in a folder that only its user may enter.

use std::io;
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name};

/// The socket of one sidecar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Socket {
    pub pid: u32,
    path: PathBuf,
}

impl Socket {
    /// The place of this process's own socket.
    pub fn own() -> io::Result<Self> {
        let pid = std::process::id();
        Ok(Socket { pid, path: folder()?.join(name(pid)) })
    }

    pub fn listen(&self) -> io::Result<Listener> {
        // A sidecar that had the same process id and was killed cannot have cleaned up.
        self.remove();
        if cfg!(windows) {
            return ListenerOptions::new().name(self.name()?).create_tokio();
        }
        // A socket that is bound and does not listen yet looks as if its sidecar was gone. So it gets its name last.
        let unready = self.path.with_extension("new");
        let listener =
            ListenerOptions::new().name(unready.as_path().to_fs_name::<GenericFilePath>()?).create_tokio()?;
        std::fs::rename(&unready, &self.path)?;
        Ok(listener)
    }

    /// Connects; when nobody listens any more, what is left of the socket is cleaned up.
    pub async fn connect(&self) -> io::Result<Stream> {
        let connected = Stream::connect(self.name()?).await;
        if let Err(error) = &connected
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            self.remove();
        }
        connected
    }

    pub fn remove(&self) {
        // Where it is gone already, or is a pipe that goes with its process, there is nothing to do.
        let _ = std::fs::remove_file(&self.path);
    }

    fn name(&self) -> io::Result<Name<'_>> {
        self.path.as_path().to_fs_name::<GenericFilePath>()
    }
}

/// The sockets of all sidecars of this user, whether somebody listens or not.
pub fn sockets() -> io::Result<Vec<Socket>> {
    let folder = folder()?;
    let mut found: Vec<Socket> = std::fs::read_dir(&folder)?
        .filter_map(Result::ok)
        .filter_map(|entry| Some(Socket { pid: pid(entry.file_name().to_str()?)?, path: entry.path() }))
        .collect();
    found.sort_unstable();
    Ok(found)
}

#[cfg(unix)]
fn folder() -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;

    let uid = rustix::process::getuid().as_raw();
    let folder = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| Path::new(folder).is_dir()) {
        Some(runtime) => PathBuf::from(runtime).join("evenkeel"),
        // Not `TMPDIR`, which a dev server and an editor need not have in common.
        None => PathBuf::from(format!("/tmp/evenkeel-{uid}")),
    };
    match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => private(&folder, uid)?,
        other => other?,
    }
    Ok(folder)
}

/// In a shared temporary folder, somebody else may have been there first.
#[cfg(unix)]
fn private(folder: &Path, uid: u32) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == uid && found.mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    let problem = format!("{} is not a folder that only you may enter; remove it", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// Named pipes have a folder of their own.
#[cfg(windows)]
fn folder() -> io::Result<PathBuf> {
    Ok(Path::new(r"\\.\pipe\").to_owned())
}

fn name(pid: u32) -> String {
    if cfg!(windows) { format!("evenkeel-{pid}") } else { format!("{pid}.sock") }
}

fn pid(name: &str) -> Option<u32> {
    let pid = if cfg!(windows) { name.strip_prefix("evenkeel-") } else { name.strip_suffix(".sock") };
    pid?.parse().ok()
}
