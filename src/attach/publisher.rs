//! What readers see: snapshots that the one writer leaves for them, so that they never ask it to wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use crate::core::Time;
use crate::journal::{Saved, Subscriber};

/// A snapshot is no more than this behind the state.
const EVERY: Time = Time::from_millis(100);
/// Lines that a reader may be behind before it is dropped.
pub const LINES: usize = 1024;

/// What readers see of a session at a moment; `None` before anybody has looked.
pub type Snapshot = Option<Arc<RawValue>>;

type Order = oneshot::Sender<Saved>;

/// Between the writer's thread and that of the readers.
#[derive(Debug)]
pub struct Publisher {
    /// The latest snapshot, as JSON.
    snapshot: watch::Sender<Snapshot>,
    lines: broadcast::Sender<Arc<str>>,
    /// For journals. Only the writer takes one out, so that the lock is always free for it.
    orders: mpsc::UnboundedSender<Order>,
    ordered: Mutex<mpsc::UnboundedReceiver<Order>>,
    /// Readers that want to hear of every change.
    watchers: AtomicUsize,
    wanted: AtomicBool,
    changed: AtomicBool,
    wake: Notify,
}

impl Default for Publisher {
    fn default() -> Self {
        let (orders, ordered) = mpsc::unbounded_channel();
        Publisher {
            snapshot: watch::Sender::new(None),
            lines: broadcast::Sender::new(LINES),
            orders,
            ordered: Mutex::new(ordered),
            watchers: AtomicUsize::new(0),
            wanted: AtomicBool::new(false),
            changed: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }
}

/// A reader that wants to hear of every change, for as long as this lives.
#[derive(Debug)]
pub struct Watcher {
    publisher: Arc<Publisher>,
    snapshot: watch::Receiver<Snapshot>,
}

impl Watcher {
    /// Waits for the next snapshot.
    pub async fn next(&mut self) -> Snapshot {
        // The sender lives as long as the publisher does.
        self.snapshot.changed().await.ok()?;
        self.snapshot.borrow_and_update().clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.publisher.watchers.fetch_sub(1, Relaxed);
    }
}

/// The readers' side.
impl Publisher {
    pub fn watch(self: &Arc<Self>) -> Watcher {
        self.watchers.fetch_add(1, Relaxed);
        Watcher { publisher: self.clone(), snapshot: self.snapshot.subscribe() }
    }

    /// A snapshot that was made behind this call.
    pub async fn fresh(&self) -> Snapshot {
        let mut snapshot = self.snapshot.subscribe();
        self.wanted.store(true, Relaxed);
        self.wake.notify_one();
        snapshot.changed().await.ok()?;
        snapshot.borrow_and_update().clone()
    }

    /// The journal as it is behind this call.
    pub async fn journal(&self) -> Option<Saved> {
        let (order, saved) = oneshot::channel();
        self.orders.send(order).ok()?;
        self.wake.notify_one();
        saved.await.ok()
    }

    pub fn lines(&self) -> broadcast::Receiver<Arc<str>> {
        self.lines.subscribe()
    }
}

impl Subscriber for Publisher {
    fn on_line(&self, line: &[u8]) {
        if self.lines.receiver_count() > 0 {
            // Without a receiver by now, nobody misses it.
            let _ = self.lines.send(String::from_utf8_lossy(line).trim_end().into());
        }
        self.note_change();
    }
}

/// The writer's side.
impl Publisher {
    /// Waits until a reader wants something.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The state has changed.
    pub fn note_change(&self) {
        if self.watchers.load(Relaxed) > 0 && !self.changed.swap(true, Relaxed) {
            self.wake.notify_one();
        }
    }

    /// Leaves the readers the journals that they have ordered.
    pub fn deliver(&self, save: impl Fn() -> Saved) {
        let mut ordered = self.ordered.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(order) = ordered.try_recv() {
            // A reader that has gone meanwhile would leave the journal to be dropped here.
            if !order.is_closed() {
                let _ = order.send(save());
            }
        }
    }

    /// When the next snapshot is due, the last having been made at `last`; `None` when nobody waits for one.
    pub fn due(&self, last: Option<Time>, now: Time) -> Option<Time> {
        let due = self.wanted.load(Relaxed) || self.changed.load(Relaxed);
        due.then(|| last.map_or(now, |last| last + EVERY))
    }

    pub fn publish(&self, snapshot: &impl Serialize) {
        self.wanted.store(false, Relaxed);
        self.changed.store(false, Relaxed);
        match serde_json::value::to_raw_value(snapshot) {
            Ok(json) => drop(self.snapshot.send_replace(Some(json.into()))),
            Err(error) => tracing::error!(%error, "a snapshot could not be written"),
        }
    }
}
