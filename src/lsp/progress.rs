//! `$/progress` of re-optimizations that a person has time to notice.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use tower_lsp::ls_types::request::WorkDoneProgressCreate;
use tower_lsp::ls_types::{ProgressToken, WorkDoneProgressCreateParams};
use tower_lsp::{Client, NotCancellable, OngoingProgress, Unbounded};

use crate::protocol::{Reoptimization, StatusReport};

/// Shorter ones come and go unnoticed.
const NOTICEABLE: Duration = Duration::from_millis(300);

enum Shown {
    From(Instant),
    Begun(OngoingProgress<Unbounded, NotCancellable>),
}

/// The re-optimizations that are going on, by their record.
pub struct Progresses {
    client: Client,
    /// The sidecar's process id.
    pid: u32,
    /// Whether the client shows progress that it has not asked for.
    supported: bool,
    running: HashMap<u64, Shown>,
    begun: u32,
}

impl Progresses {
    pub fn new(client: Client, pid: u32, supported: bool) -> Self {
        Progresses { client, pid, supported, running: HashMap::new(), begun: 0 }
    }

    /// When the next one has gone on long enough to be shown.
    pub fn next(&self) -> Option<Instant> {
        let waiting = self.running.values().filter_map(|shown| match shown {
            Shown::From(at) => Some(*at),
            Shown::Begun(_) => None,
        });
        waiting.min()
    }

    pub async fn follow(&mut self, status: &StatusReport) {
        for record in &status.records {
            if record.is_running() && self.supported {
                let since = Duration::from_millis(status.uptime_ms.saturating_sub(record.discovered_at_ms));
                let from = Instant::now() + NOTICEABLE.saturating_sub(since);
                self.running.entry(record.id).or_insert(Shown::From(from));
            } else if let Some(Shown::Begun(progress)) = self.running.remove(&record.id) {
                progress.finish().await;
            }
        }
        self.begin_due(&status.records).await;
    }

    async fn begin_due(&mut self, records: &[Reoptimization]) {
        let now = Instant::now();
        for record in records {
            if matches!(self.running.get(&record.id), Some(Shown::From(at)) if *at <= now)
                && let Some(progress) = self.begin(record).await
            {
                self.running.insert(record.id, Shown::Begun(progress));
            }
        }
    }

    async fn begin(&mut self, record: &Reoptimization) -> Option<OngoingProgress<Unbounded, NotCancellable>> {
        self.begun += 1;
        let token = ProgressToken::String(format!("evenkeel/{}/{}", self.pid, self.begun));
        let create = WorkDoneProgressCreateParams { token: token.clone() };
        self.client.send_request::<WorkDoneProgressCreate>(create).await.ok()?;
        Some(self.client.progress(token, record.title()).with_message(record.cause()).begin().await)
    }

    /// Whatever is still going on will not be heard of again.
    pub async fn end(&mut self) {
        for (_, shown) in self.running.drain() {
            if let Shown::Begun(progress) = shown {
                progress.finish().await;
            }
        }
    }
}
