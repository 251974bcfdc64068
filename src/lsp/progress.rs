//! `$/progress` of re-optimizations that a person has time to notice.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tower_lsp::ls_types::request::WorkDoneProgressCreate;
use tower_lsp::ls_types::{ProgressToken, WorkDoneProgressCreateParams};
use tower_lsp::{Client, NotCancellable, OngoingProgress, Unbounded};

use crate::protocol::{Reoptimization, StatusReport};

/// Shorter ones come and go unnoticed.
const NOTICEABLE: Duration = Duration::from_millis(300);

/// Nothing else is told to the editor meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

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
        if !self.supported {
            return None;
        }
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
            } else if let Some(shown) = self.running.remove(&record.id) {
                finish(shown).await;
            }
        }
        self.end_unheard(&status.records).await;
        self.begin_due(&status.records).await;
    }

    /// The sidecar keeps the latest records only: an older one would be due for ever.
    async fn end_unheard(&mut self, records: &[Reoptimization]) {
        let heard: HashSet<u64> = records.iter().map(|record| record.id).collect();
        let unheard: Vec<Shown> =
            self.running.extract_if(|id, _| !heard.contains(id)).map(|(_, shown)| shown).collect();
        for shown in unheard {
            finish(shown).await;
        }
    }

    async fn begin_due(&mut self, records: &[Reoptimization]) {
        let now = Instant::now();
        for record in records {
            let is_due = matches!(self.running.get(&record.id), Some(Shown::From(at)) if *at <= now);
            if is_due && self.supported {
                match self.begin(record).await {
                    Some(progress) => drop(self.running.insert(record.id, Shown::Begun(progress))),
                    // Nor is it asked about others.
                    None => self.supported = false,
                }
            }
        }
    }

    async fn begin(&mut self, record: &Reoptimization) -> Option<OngoingProgress<Unbounded, NotCancellable>> {
        self.begun += 1;
        let token = ProgressToken::String(format!("evenkeel/{}/{}", self.pid, self.begun));
        let create = WorkDoneProgressCreateParams { token: token.clone() };
        timeout(PATIENCE, self.client.send_request::<WorkDoneProgressCreate>(create)).await.ok()?.ok()?;
        Some(self.client.progress(token, record.title()).with_message(record.cause()).begin().await)
    }

    /// Whatever is still going on will not be heard of again.
    pub async fn end(&mut self) {
        for (_, shown) in self.running.drain() {
            finish(shown).await;
        }
    }
}

async fn finish(shown: Shown) {
    if let Shown::Begun(progress) = shown {
        progress.finish().await;
    }
}

#[cfg(test)]
mod tests {
    use tower_lsp::LspService;

    use super::*;
    use crate::core::Counts;
    use crate::lsp::backend::Backend;
    use crate::protocol::{Health, ServerActivity, ServerStatus};

    fn client() -> Client {
        let mut given = None;
        let _ = LspService::new(|client| Backend::new(given.insert(client).clone()));
        given.expect("it is called at once")
    }

    fn without_records() -> StatusReport {
        StatusReport {
            version: "0.1.0".into(),
            pid: 1,
            root: None,
            cache_dir: None,
            url: None,
            status: ServerStatus::new(Health::Ok, ServerActivity::stable(0)),
            environments: Vec::new(),
            records: Vec::new(),
            counts: Counts::default(),
            fallbacks: Default::default(),
            requests_in_flight: 0,
            uptime_ms: 0,
        }
    }

    #[tokio::test]
    async fn what_the_sidecar_keeps_no_record_of_is_never_due() {
        let mut progresses = Progresses::new(client(), 1, true);
        progresses.running.insert(1, Shown::From(Instant::now()));
        progresses.follow(&without_records()).await;
        assert_eq!(progresses.next(), None);
    }
}
