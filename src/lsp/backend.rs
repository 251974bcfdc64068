//! What an editor asks.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability,
    CodeActionResponse, Command, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, ExecuteCommandOptions, ExecuteCommandParams, Hover, HoverContents,
    HoverParams, HoverProviderCapability, InitializeParams, InitializeResult, InitializedParams, LSPAny,
    MarkupContent, MarkupKind, MessageType, Position, Range, ServerCapabilities, ServerInfo,
    ShowDocumentParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Uri, WorkspaceEdit,
};
use tower_lsp::{Client, LanguageServer};

use super::config_edit::include;
use super::documents::Documents;
use super::late::LateImport;
use super::progress::Progresses;
use super::watcher::{SidecarWatcher, Watched};
use crate::project;

const RESTART: &str = "evenkeel.restartDevServer";
const TIMELINE: &str = "evenkeel.showTimeline";
const SHOW_INCLUDE: &str = "evenkeel.showInclude";

/// What `initialize` has said of the editor.
#[derive(Debug, Default)]
struct Editor {
    folders: Vec<PathBuf>,
    shows_progress: bool,
}

#[derive(Debug)]
pub struct Backend {
    client: Client,
    editor: Mutex<Editor>,
    documents: Arc<Documents>,
    watched: Watched,
}

impl Backend {
    pub fn new(client: Client) -> Self {
        Backend { client, editor: Mutex::default(), documents: Arc::default(), watched: Watched::default() }
    }

    /// The late import at a position, and where it is.
    fn late_at(&self, uri: &Uri, at: Range) -> Option<(LateImport, Range)> {
        let file = uri.to_file_path()?;
        let text = self.documents.text(&file)?;
        let late = self.watched.late_imports(&file).into_iter();
        let mut placed = late.filter_map(|late| Some((late.range(&text)?, late)));
        placed.find(|(range, _)| overlap(*range, at)).map(|(range, late)| (late, range))
    }

    fn fix(&self, late: &LateImport) -> CodeActionOrCommand {
        let title = format!("Add `{}` to optimizeDeps.include of `{}`", late.id, late.environment);
        let changes = self.edit_config(late);
        let command = changes.is_none().then(|| Command {
            title: title.clone(),
            command: SHOW_INCLUDE.into(),
            arguments: Some(vec![LSPAny::String(late.advice())]),
        });
        CodeActionOrCommand::CodeAction(CodeAction {
            title: if changes.is_some() {
                title
            } else {
                format!("Show how to add `{}` to optimizeDeps.include of `{}`", late.id, late.environment)
            },
            kind: Some(CodeActionKind::QUICKFIX),
            edit: changes.map(|changes| WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
            is_preferred: Some(true),
            command,
            ..CodeAction::default()
        })
    }

    fn edit_config(&self, late: &LateImport) -> Option<HashMap<Uri, Vec<TextEdit>>> {
        let root = self.watched.status()?.root?;
        let file = project::config_file(Path::new(&root))?;
        let text = self.documents.text(&file)?;
        let insertion = include(&text, &late.environment, &late.id)?;
        let at = position(&text, insertion.at);
        let edit = TextEdit { range: Range { start: at, end: at }, new_text: insertion.text };
        Some(HashMap::from([(Uri::from_file_path(&file)?, vec![edit])]))
    }

    async fn restart(&self) -> Result<()> {
        let Some(sidecar) = self.watched.sidecar() else { return self.no_dev_server().await };
        sidecar
            .restart()
            .await
            .map_err(|error| Error { message: error.to_string().into(), ..Error::internal_error() })
    }

    async fn show_timeline(&self) -> Result<()> {
        let Some(url) = self.watched.status().and_then(|status| status.url) else {
            return self.no_dev_server().await;
        };
        let page = format!("{}/__evenkeel/", url.trim_end_matches('/'));
        let uri: Uri = page.parse().map_err(|_| Error::internal_error())?;
        let params =
            ShowDocumentParams { uri, external: Some(true), take_focus: Some(true), selection: None };
        if !self.client.show_document(params).await.unwrap_or(false) {
            self.client.show_message(MessageType::INFO, format!("The timeline is at {page}")).await;
        }
        Ok(())
    }

    async fn no_dev_server(&self) -> Result<()> {
        let message = "No dev server with Evenkeel is running in this workspace. Start one with `vite dev`.";
        self.client.show_message(MessageType::WARNING, message).await;
        Ok(())
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let window = params.capabilities.window.as_ref();
        let editor = Editor {
            shows_progress: window.and_then(|window| window.work_done_progress).unwrap_or(false),
            folders: folders(&params),
        };
        *self.editor.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = editor;
        Ok(InitializeResult {
            capabilities: ServerCapabilities {
                text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
                execute_command_provider: Some(ExecuteCommandOptions {
                    commands: [RESTART, TIMELINE, SHOW_INCLUDE].map(str::to_owned).to_vec(),
                    ..ExecuteCommandOptions::default()
                }),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: "evenkeel".into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let editor =
            std::mem::take(&mut *self.editor.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let watcher = SidecarWatcher {
            client: self.client.clone(),
            folders: editor.folders,
            documents: self.documents.clone(),
            watched: self.watched.clone(),
            progresses: Progresses::new(self.client.clone(), editor.shows_progress),
            published: None,
            marked: BTreeMap::new(),
        };
        tokio::spawn(watcher.run());
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.documents.set(params.text_document.uri, params.text_document.text);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        if let Some(change) = params.content_changes.into_iter().next_back() {
            self.documents.set(params.text_document.uri, change.text);
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.documents.close(&params.text_document.uri);
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let asked = params.text_document_position_params;
        let at = Range { start: asked.position, end: asked.position };
        Ok(self.late_at(&asked.text_document.uri, at).map(|(late, range)| Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: late.history(),
            }),
            range: Some(range),
        }))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let late = self.late_at(&params.text_document.uri, params.range);
        Ok(late.map(|(late, _)| vec![self.fix(&late)]))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        match params.command.as_str() {
            RESTART => self.restart().await?,
            TIMELINE => self.show_timeline().await?,
            SHOW_INCLUDE => {
                let text = params.arguments.first().and_then(LSPAny::as_str).unwrap_or_default();
                self.client.show_message(MessageType::INFO, format!("Add to the Vite config: {text}")).await;
            }
            other => return Err(Error::invalid_params(format!("there is no command {other}"))),
        }
        Ok(None)
    }
}

fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    #[allow(deprecated, reason = "older editors send nothing else")]
    let root = params.root_uri.as_ref();
    let all = folders.chain(root).filter_map(Uri::to_file_path);
    let mut found: Vec<PathBuf> =
        all.map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.into_owned())).collect();
    if found.is_empty() {
        found.extend(std::env::current_dir());
    }
    found
}

fn overlap(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}

fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let last = before.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(line), character: number(last.encode_utf16().count()) }
}
