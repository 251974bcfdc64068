//! The readers' side of their socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jsonrpsee::core::client::{ClientT, Subscription as Subscribed, SubscriptionClientT};
use jsonrpsee::core::params::ArrayParams;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::methods::{EVENTS, JOURNAL, RESTART, STATUS, STATUS_CHANGES, Subscription};
use super::place::{Socket, sockets};
use crate::protocol::StatusReport;

/// A sidecar that takes longer is stopped, or is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// A journal is made a text of when nobody else needs the processor.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(120);
const LARGEST: u32 = 1024 * 1024 * 1024;

#[derive(Debug, Error)]
pub enum AttachError {
    #[error("no dev server with Evenkeel is running in {}; start one with `vite dev`", .0.display())]
    None(PathBuf),
    #[error("several dev servers are running here; choose one with --pid:\n{}", list(.0))]
    Several(Vec<(u32, String)>),
    #[error("no sidecar has the process id {0}; `evenkeel status --all` lists them")]
    NoSuchPid(u32),
    #[error("the sidecar {pid} does not answer: {reason}")]
    Silent { pid: u32, reason: String },
    #[error("the sidecar {0} goes on, but has dropped this reader: it was too slow; start again")]
    Dropped(u32),
    #[error("the sockets of running sidecars cannot be listed: {0}")]
    Sockets(#[from] std::io::Error),
}

fn list(found: &[(u32, String)]) -> String {
    found.iter().map(|(pid, root)| format!("  --pid {pid}  {root}")).collect::<Vec<_>>().join("\n")
}

/// A joined sidecar, and its status when it was.
#[derive(Debug)]
pub struct Attached {
    pub pid: u32,
    pub status: StatusReport,
    client: WsClient,
}

impl Attached {
    /// Whether it serves a folder: its root is the folder, or is inside, or around it. The closer, the lower.
    pub fn distance(&self, folder: &Path) -> Option<usize> {
        let root = Path::new(self.status.root.as_deref()?);
        let outer = if root.starts_with(folder) {
            (root, folder)
        } else if folder.starts_with(root) {
            (folder, root)
        } else {
            return None;
        };
        Some(outer.0.components().count() - outer.1.components().count())
    }

    pub async fn journal(&self) -> Result<String, AttachError> {
        self.request(JOURNAL, JOURNAL_PATIENCE).await
    }

    pub async fn status(&self) -> Result<StatusReport, AttachError> {
        self.request(STATUS, PATIENCE).await
    }

    pub async fn restart(&self) -> Result<(), AttachError> {
        self.request(RESTART, PATIENCE).await
    }

    /// The status now, and whenever it changes.
    pub async fn follow_status(&self) -> Result<Subscribed<StatusReport>, AttachError> {
        self.subscribe(STATUS_CHANGES).await
    }

    /// The lines of the journal from now on, those of a moment together.
    pub async fn follow_events(&self) -> Result<Subscribed<Vec<serde_json::Value>>, AttachError> {
        self.subscribe(EVENTS).await
    }

    /// Tells a subscription that ended because its sidecar did from one that was dropped.
    pub async fn has_ended(&self) -> Result<(), AttachError> {
        match join(Path::new("/"), Some(self.pid)).await {
            Ok(_) => Err(AttachError::Dropped(self.pid)),
            Err(_) => Ok(()),
        }
    }

    async fn request<T: DeserializeOwned>(&self, method: &str, patience: Duration) -> Result<T, AttachError> {
        let answer = tokio::time::timeout(patience, self.client.request(method, ArrayParams::new()));
        let answer = answer.await.map_err(|_| silent(self.pid, "it takes too long"))?;
        answer.map_err(|error| silent(self.pid, error))
    }

    async fn subscribe<T: DeserializeOwned>(
        &self,
        names: Subscription,
    ) -> Result<Subscribed<T>, AttachError> {
        let subscribed = self.client.subscribe(names.subscribe, ArrayParams::new(), names.unsubscribe).await;
        subscribed.map_err(|error| silent(self.pid, error))
    }
}

fn silent(pid: u32, reason: impl std::fmt::Display) -> AttachError {
    AttachError::Silent { pid, reason: reason.to_string() }
}

/// All running sidecars of this user. One that is stopped is left out, one that is gone is cleaned up.
pub async fn find() -> Result<Vec<Attached>, AttachError> {
    find_others(&[]).await
}

/// Those that are not known by their process id.
pub async fn find_others(known: &[u32]) -> Result<Vec<Attached>, AttachError> {
    let others = sockets()?.into_iter().filter(|socket| !known.contains(&socket.pid));
    let joining = others.map(|socket| tokio::spawn(async move { attach(&socket).await.ok() }));
    let mut found = Vec::new();
    for joined in joining.collect::<Vec<_>>() {
        found.extend(joined.await.ok().flatten());
    }
    Ok(found)
}

/// The one sidecar of a folder, or with a process id.
pub async fn join(folder: &Path, pid: Option<u32>) -> Result<Attached, AttachError> {
    if let Some(pid) = pid {
        let socket = sockets()?.into_iter().find(|socket| socket.pid == pid);
        return attach(&socket.ok_or(AttachError::NoSuchPid(pid))?).await;
    }
    let found = find().await?.into_iter();
    let mut near: Vec<_> = found.filter_map(|one| Some((one.distance(folder)?, one))).collect();
    let nearest = near.iter().map(|(distance, _)| *distance).min();
    near.retain(|(distance, _)| Some(*distance) == nearest);
    if near.len() > 1 {
        let roots = near.into_iter().map(|(_, one)| (one.pid, one.status.root.unwrap_or_default()));
        return Err(AttachError::Several(roots.collect()));
    }
    near.pop().map(|(_, one)| one).ok_or_else(|| AttachError::None(folder.to_owned()))
}

async fn attach(socket: &Socket) -> Result<Attached, AttachError> {
    let pid = socket.pid;
    let joining = async {
        let stream = socket.connect().await.map_err(|error| silent(pid, error))?;
        let builder = WsClientBuilder::default().request_timeout(JOURNAL_PATIENCE).max_response_size(LARGEST);
        // The host is of no meaning on a socket, but a WebSocket's handshake names one.
        let client = builder.build_with_stream("ws://localhost/", stream).await;
        let client = client.map_err(|error| silent(pid, error))?;
        let status = client.request(STATUS, ArrayParams::new()).await.map_err(|error| silent(pid, error))?;
        Ok(Attached { pid, status, client })
    };
    tokio::time::timeout(PATIENCE, joining).await.unwrap_or_else(|_| Err(silent(pid, "it takes too long")))
}
