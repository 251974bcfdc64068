//! Joins the sidecars of the workspace, waits for further ones, and tells the editor what they do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tower_lsp::Client;
use tower_lsp::ls_types::Diagnostic;
use tower_lsp::ls_types::notification::Notification;

use super::documents::Documents;
use super::late::{LateImport, late_imports};
use super::progress::Progresses;
use super::workspace::Workspace;
use crate::attach::{self, Attached};
use crate::protocol::{Health, ServerStatus, StatusReport};

/// How often sidecars are looked for.
const LOOK: Duration = Duration::from_millis(500);

enum ServerStatusNotification {}

impl Notification for ServerStatusNotification {
    type Params = ServerStatus;
    const METHOD: &'static str = "experimental/serverStatus";
}

/// What the editor's requests need of the sidecars that are watched.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    current: Arc<Mutex<Current>>,
}

/// By the sidecar's process id.
type Current = BTreeMap<u32, (Arc<Attached>, StatusReport)>;

impl Watched {
    /// The sidecar of the app that a file is in; where no file is named, or it is in none, the first one.
    pub fn sidecar(&self, file: Option<&Path>) -> Option<(Arc<Attached>, StatusReport)> {
        let current = self.lock();
        let nearest = file.and_then(|file| {
            let near = current.values().filter_map(|watched| Some((watched.0.distance(file)?, watched)));
            near.min_by_key(|(distance, _)| *distance).map(|(_, watched)| watched)
        });
        nearest.or_else(|| current.values().next()).cloned()
    }

    /// The late imports of a file.
    pub fn late_imports(&self, file: &Path) -> Vec<LateImport> {
        self.all_late().remove(file).unwrap_or_default()
    }

    /// All late imports, by the file they are in.
    pub fn all_late(&self) -> BTreeMap<PathBuf, Vec<LateImport>> {
        let mut files: BTreeMap<PathBuf, Vec<LateImport>> = BTreeMap::new();
        for (_, status) in self.lock().values() {
            for (file, imports) in late_imports(status) {
                files.entry(file).or_default().extend(imports);
            }
        }
        files
    }

    fn statuses(&self) -> Vec<StatusReport> {
        self.lock().values().map(|(_, status)| status.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sidecar's news; without a status, it is gone.
struct News {
    sidecar: Arc<Attached>,
    status: Option<Box<StatusReport>>,
}

/// See the module's text.
pub struct SidecarWatcher {
    pub client: Client,
    /// Whether the editor wants to be told of the status.
    pub tells_status: bool,
    /// Whether it shows progress that it has not asked for.
    pub shows_progress: bool,
    pub workspace: Workspace,
    pub documents: Arc<Documents>,
    pub watched: Watched,
    /// Of each sidecar, by its process id.
    pub progresses: BTreeMap<u32, Progresses>,
    pub published: Option<ServerStatus>,
    /// The diagnostics that the editor has.
    pub marked: BTreeMap<PathBuf, Vec<Diagnostic>>,
}

impl SidecarWatcher {
    pub async fn run(mut self) {
        let (tell, mut news) = unbounded_channel();
        tokio::spawn(look(self.workspace.folders(), tell));
        loop {
            self.show().await;
            match self.next(&mut news).await {
                Next::News(News { sidecar, status: Some(status) }) => {
                    self.watched.lock().insert(sidecar.pid, (sidecar, *status));
                }
                Next::News(News { sidecar, status: None }) => self.forget(sidecar.pid).await,
                Next::Due => {}
                Next::End => return,
            }
        }
    }

    async fn next(&self, news: &mut UnboundedReceiver<News>) -> Next {
        let due = self.progresses.values().filter_map(Progresses::next).min();
        tokio::select! {
            heard = news.recv() => heard.map_or(Next::End, Next::News),
            () = passed(due) => Next::Due,
        }
    }

    async fn forget(&mut self, pid: u32) {
        self.watched.lock().remove(&pid);
        if let Some(mut progresses) = self.progresses.remove(&pid) {
            progresses.end().await;
        }
    }

    async fn show(&mut self) {
        let statuses = self.watched.statuses();
        self.publish(together(&statuses)).await;
        for status in &statuses {
            let new = || Progresses::new(self.client.clone(), status.pid, self.shows_progress);
            self.progresses.entry(status.pid).or_insert_with(new).follow(status).await;
        }
        let late = self.watched.all_late();
        let gone: Vec<PathBuf> =
            self.marked.keys().filter(|file| !late.contains_key(*file)).cloned().collect();
        for file in gone {
            self.mark(file, &[]).await;
        }
        for (file, imports) in late {
            self.mark(file, &imports).await;
        }
    }

    async fn publish(&mut self, status: ServerStatus) {
        if self.tells_status && self.published.as_ref() != Some(&status) {
            self.client.send_notification::<ServerStatusNotification>(status.clone()).await;
            self.published = Some(status);
        }
    }

    async fn mark(&mut self, file: PathBuf, imports: &[LateImport]) {
        let Some(uri) = self.workspace.uri(&file) else { return };
        let text = self.documents.text(&file).unwrap_or_default();
        let diagnostics: Vec<_> = imports.iter().filter_map(|late| late.diagnostic(&text)).collect();
        if *self.marked.get(&file).unwrap_or(&Vec::new()) == diagnostics {
            return;
        }
        self.client.publish_diagnostics(uri, diagnostics.clone(), None).await;
        self.marked.insert(file, diagnostics);
    }
}

enum Next {
    News(News),
    /// A progress has gone on long enough to be shown.
    Due,
    End,
}

async fn passed(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The status of several dev servers as one: what is wrong comes first, then what is going on.
fn together(statuses: &[StatusReport]) -> ServerStatus {
    let rank = |status: &&StatusReport| (status.status.health == Health::Ok, status.status.quiescent);
    statuses.iter().min_by_key(rank).map_or_else(ServerStatus::no_dev_server, |status| status.status.clone())
}

/// Looks for sidecars of the workspace that are not followed yet, again and again, and follows them.
async fn look(folders: Vec<PathBuf>, tell: UnboundedSender<News>) {
    let mut followed: BTreeMap<u32, JoinHandle<()>> = BTreeMap::new();
    loop {
        followed.retain(|_, following| !following.is_finished());
        let known: Vec<u32> = followed.keys().copied().collect();
        let found = attach::find_others(&known).await.unwrap_or_default();
        for sidecar in of_workspace(found, &folders, known.is_empty()) {
            let (pid, status) = (sidecar.pid, Some(Box::new(sidecar.status.clone())));
            let sidecar = Arc::new(sidecar);
            if tell.send(News { sidecar: sidecar.clone(), status }).is_err() {
                return;
            }
            followed.insert(pid, tokio::spawn(follow(sidecar, tell.clone())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Every sidecar whose root is in a folder of the workspace; where there is none, the closest around one.
fn of_workspace(found: Vec<Attached>, folders: &[PathBuf], takes_outer: bool) -> Vec<Attached> {
    let is_inside = |one: &Attached| {
        let root = one.status.root.as_deref().map(Path::new);
        root.is_some_and(|root| folders.iter().any(|folder| root.starts_with(folder)))
    };
    let (mut inner, outer): (Vec<_>, Vec<_>) = found.into_iter().partition(is_inside);
    if inner.is_empty() && takes_outer {
        let distance = |one: &Attached| folders.iter().filter_map(|folder| one.distance(folder)).min();
        let near = outer.into_iter().filter_map(|one| Some((distance(&one)?, one)));
        inner.extend(near.min_by_key(|(at, _)| *at).map(|(_, one)| one));
    }
    inner
}

async fn follow(sidecar: Arc<Attached>, tell: UnboundedSender<News>) {
    if let Ok(mut changes) = sidecar.follow_status().await {
        while let Some(Ok(status)) = changes.next().await {
            if tell.send(News { sidecar: sidecar.clone(), status: Some(Box::new(status)) }).is_err() {
                return;
            }
        }
    }
    // Whoever watched is gone as well, if this is not heard.
    let _ = tell.send(News { sidecar, status: None });
}
