//! Joins the sidecar of the workspace, waits for one, and tells the editor what it does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep_until;
use tower_lsp::Client;
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::ls_types::{Diagnostic, Uri};

use super::documents::Documents;
use super::late::{LateImport, late_imports};
use super::progress::Progresses;
use crate::attach::{self, Attached};
use crate::protocol::{ServerStatus, StatusReport};

/// How often a sidecar is looked for while there is none.
const LOOK: Duration = Duration::from_millis(500);

enum ServerStatusNotification {}

impl Notification for ServerStatusNotification {
    type Params = ServerStatus;
    const METHOD: &'static str = "experimental/serverStatus";
}

/// What the editor's requests need of the sidecar that is watched.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    current: Arc<Mutex<Current>>,
}

type Current = Option<(Arc<Attached>, StatusReport)>;

impl Watched {
    pub fn sidecar(&self) -> Option<Arc<Attached>> {
        self.lock().as_ref().map(|(attached, _)| attached.clone())
    }

    pub fn status(&self) -> Option<StatusReport> {
        self.lock().as_ref().map(|(_, status)| status.clone())
    }

    /// The late imports of a file.
    pub fn late_imports(&self, file: &std::path::Path) -> Vec<LateImport> {
        let current = self.lock();
        current.as_ref().and_then(|(_, status)| late_imports(status).remove(file)).unwrap_or_default()
    }

    fn set(&self, current: Current) {
        *self.lock() = current;
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module's text.
pub struct SidecarWatcher {
    pub client: Client,
    pub folders: Vec<PathBuf>,
    pub documents: Arc<Documents>,
    pub watched: Watched,
    pub progresses: Progresses,
    pub published: Option<ServerStatus>,
    /// The diagnostics that the editor has.
    pub marked: BTreeMap<PathBuf, Vec<Diagnostic>>,
}

impl SidecarWatcher {
    pub async fn run(mut self) {
        loop {
            match self.nearest().await {
                Some(attached) => self.follow(attached).await,
                None => self.rest().await,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The sidecar whose root is closest to a folder of the workspace.
    async fn nearest(&self) -> Option<Attached> {
        let found = attach::find().await.ok()?;
        let distance = |one: &Attached| self.folders.iter().filter_map(|folder| one.distance(folder)).min();
        found
            .into_iter()
            .filter_map(|one| Some((distance(&one)?, one)))
            .min_by_key(|(at, _)| *at)
            .map(|(_, one)| one)
    }

    async fn follow(&mut self, attached: Attached) {
        let attached = Arc::new(attached);
        let Ok(mut changes) = attached.follow_status().await else { return };
        let mut latest = attached.status.clone();
        loop {
            self.show(&attached, &latest).await;
            let due = self.progresses.next();
            tokio::select! {
                change = changes.next() => match change {
                    Some(Ok(status)) => latest = status,
                    _ => break,
                },
                () = async { match due { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => {}
            }
        }
        self.rest().await;
    }

    async fn show(&mut self, attached: &Arc<Attached>, status: &StatusReport) {
        self.watched.set(Some((attached.clone(), status.clone())));
        self.publish(status.status.clone()).await;
        self.progresses.follow(status).await;
        let late = late_imports(status);
        let gone: Vec<PathBuf> =
            self.marked.keys().filter(|file| !late.contains_key(*file)).cloned().collect();
        for file in gone {
            self.mark(file, &[]).await;
        }
        for (file, imports) in late {
            self.mark(file, &imports).await;
        }
    }

    /// There is no sidecar, or none any more.
    async fn rest(&mut self) {
        self.watched.set(None);
        self.progresses.end().await;
        for file in self.marked.keys().cloned().collect::<Vec<_>>() {
            self.mark(file, &[]).await;
        }
        self.publish(ServerStatus::no_dev_server()).await;
    }

    async fn publish(&mut self, status: ServerStatus) {
        if self.published.as_ref() != Some(&status) {
            self.client.send_notification::<ServerStatusNotification>(status.clone()).await;
            self.published = Some(status);
        }
    }

    async fn mark(&mut self, file: PathBuf, imports: &[LateImport]) {
        let Some(uri) = Uri::from_file_path(&file) else { return };
        let text = self.documents.text(&file).unwrap_or_default();
        let diagnostics: Vec<_> = imports.iter().filter_map(|late| late.diagnostic(&text)).collect();
        if *self.marked.get(&file).unwrap_or(&Vec::new()) == diagnostics {
            return;
        }
        self.client.publish_diagnostics(uri, diagnostics.clone(), None).await;
        self.marked.insert(file, diagnostics);
    }
}
