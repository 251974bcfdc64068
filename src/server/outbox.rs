//! Everything that goes out, in the order in which it was put in.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::Id;

use super::frame;

/// With more than this unread, the sidecar stops reading until its client has caught up.
pub const FULL: usize = 16 * 1024 * 1024;
/// A buffer that once grew beyond this is not kept.
const KEEP: usize = 256 * 1024;

#[derive(Debug, Clone, Default)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Vec<u8>>,
    /// What has left the queue, and not been taken by the client.
    leaving: AtomicUsize,
    filled: Notify,
    emptied: Notify,
    closed: AtomicBool,
}

#[derive(Serialize)]
struct Notification<'a, P> {
    jsonrpc: &'a str,
    method: &'a str,
    params: P,
}

#[derive(Serialize)]
struct Result<'a, R: ?Sized> {
    jsonrpc: &'a str,
    result: &'a R,
    id: &'a Id,
}

impl Outbox {
    pub fn new() -> Self {
        Self::default()
    }

    /// What waits to be written.
    #[cfg(test)]
    pub fn queued(&self) -> String {
        let queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&queue).into_owned()
    }

    pub fn notify(&self, method: &str, params: impl Serialize) {
        self.send(&Notification { jsonrpc: "2.0", method, params });
    }

    pub fn respond(&self, id: &Id, result: &(impl Serialize + ?Sized)) {
        self.send(&Result { jsonrpc: "2.0", result, id });
    }

    pub fn send(&self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => {
                frame::encode(&body, &mut self.queue());
                self.shared.filled.notify_one();
            }
            Err(error) => tracing::error!(%error, "a message could not be encoded and was dropped"),
        }
    }

    /// Whether the client has read enough for more to be sent.
    pub fn has_room(&self) -> bool {
        self.unread() <= FULL
    }

    /// How many bytes wait for the client to read.
    pub fn unread(&self) -> usize {
        self.queue().len() + self.shared.leaving.load(Relaxed)
    }

    /// Waits until the client has read what left the queue.
    pub async fn emptied(&self) {
        self.shared.emptied.notified().await;
    }

    /// Lets the writer end once everything is written.
    pub fn close(&self) {
        self.shared.closed.store(true, Relaxed);
        self.shared.filled.notify_one();
    }

    /// Writes until the outbox is closed or the client is gone.
    pub async fn write_to(self, mut output: impl AsyncWrite + Unpin) {
        let mut batch = Vec::new();
        loop {
            std::mem::swap(&mut batch, &mut *self.queue());
            if batch.is_empty() {
                if self.shared.closed.load(Relaxed) {
                    return;
                }
                self.shared.filled.notified().await;
                continue;
            }
            self.shared.leaving.store(batch.len(), Relaxed);
            if output.write_all(&batch).await.is_err() || output.flush().await.is_err() {
                return;
            }
            self.shared.leaving.store(0, Relaxed);
            self.shared.emptied.notify_one();
            batch.clear();
            batch.shrink_to(KEEP);
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
