//! What an editor asks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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

use super::documents::Documents;
use super::late::LateImport;
use super::watcher::{SidecarWatcher, Watched};
use super::workspace::Workspace;
use crate::config_edit::include_all;
use crate::project;

const RESTART: &str = "evenkeel.restartDevServer";
const TIMELINE: &str = "evenkeel.showTimeline";
const SHOW_INCLUDE: &str = "evenkeel.showInclude";

/// What `initialize` has said of the editor.
#[derive(Debug, Clone, Default)]
struct Editor {
    workspace: Workspace,
    shows_progress: bool,
    shows_documents: bool,
    /// Whether it wants `experimental/serverStatus`, by rust-analyzer's name for that.
    wants_status: bool,
    knows_preferred: bool,
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
        let file = self.file(uri)?;
        let text = self.documents.text(&file)?;
        let late = self.watched.late_imports(&file).into_iter();
        let mut placed = late.filter_map(|late| Some((late.range(&text)?, late)));
        placed.find(|(range, _)| overlap(*range, at)).map(|(range, late)| (late, range))
    }

    fn fix(&self, late: &LateImport) -> CodeAction {
        let title = format!("Add `{}` to optimizeDeps.include of `{}`", late.id, late.environment);
        let edit = self.edit_config(&late.root, &[late]);
        let command = edit.is_none().then(|| Command {
            title: title.clone(),
            command: SHOW_INCLUDE.into(),
            arguments: Some(vec![LSPAny::String(late.advice())]),
        });
        CodeAction {
            title: if edit.is_some() {
                title
            } else {
                format!("Show how to add `{}` to optimizeDeps.include of `{}`", late.id, late.environment)
            },
            kind: Some(CodeActionKind::QUICKFIX),
            edit,
            is_preferred: self.editor().knows_preferred.then_some(true),
            command,
            ..CodeAction::default()
        }
    }

    /// Where an app has several late dependencies, and its config takes them.
    fn fix_all(&self, root: &str) -> Option<CodeAction> {
        let all = self.watched.all_late();
        let late: Vec<&LateImport> = all.values().flatten().filter(|late| late.root == root).collect();
        let different: BTreeSet<_> = late.iter().map(|late| (&late.environment, &late.id)).collect();
        if different.len() < 2 {
            return None;
        }
        Some(CodeAction {
            title: format!("Add all {} late dependencies to optimizeDeps.include", different.len()),
            kind: Some(CodeActionKind::QUICKFIX),
            edit: Some(self.edit_config(root, &late)?),
            ..CodeAction::default()
        })
    }

    fn edit_config(&self, root: &str, late: &[&LateImport]) -> Option<WorkspaceEdit> {
        let file = project::config_file(Path::new(root))?;
        let text = self.documents.text(&file)?;
        let edited = include_all(&text, late.iter().map(|late| (&*late.environment, &*late.id)))?;
        let uri = self.editor().workspace.uri(&file)?;
        let changes = HashMap::from([(uri, vec![difference(&text, &edited)])]);
        Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }

    /// The real path of what the editor names.
    fn file(&self, uri: &Uri) -> Option<PathBuf> {
        self.editor().workspace.file(uri)
    }

    fn set_text(&self, uri: &Uri, text: String) {
        if let Some(file) = self.file(uri) {
            self.documents.set(file, text);
        }
    }

    /// The file that a command is about, by its URI: which of several dev servers is meant.
    fn file_of(&self, params: &ExecuteCommandParams) -> Option<PathBuf> {
        self.file(&params.arguments.first()?.as_str()?.parse().ok()?)
    }

    fn editor(&self) -> Editor {
        self.editor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn restart(&self, file: Option<&Path>) -> Result<()> {
        let Some((sidecar, _)) = self.watched.sidecar(file) else { return self.no_dev_server().await };
        sidecar
            .restart()
            .await
            .map_err(|error| Error { message: error.to_string().into(), ..Error::internal_error() })
    }

    async fn show_timeline(&self, file: Option<&Path>) -> Result<()> {
        let Some(url) = self.watched.sidecar(file).and_then(|(_, status)| status.url) else {
            return self.no_dev_server().await;
        };
        let page = format!("{}/__evenkeel/", url.trim_end_matches('/'));
        let uri: Uri = page.parse().map_err(|_| Error::internal_error())?;
        let params =
            ShowDocumentParams { uri, external: Some(true), take_focus: Some(true), selection: None };
        let shown = self.editor().shows_documents && self.client.show_document(params).await.unwrap_or(false);
        if !shown {
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
        let editor = Editor::of(&params);
        *self.editor.lock().unwrap_or_else(PoisonError::into_inner) = editor;
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
        let Editor { workspace, shows_progress, wants_status, .. } = self.editor();
        let watcher = SidecarWatcher {
            client: self.client.clone(),
            tells_status: wants_status,
            shows_progress,
            workspace,
            documents: self.documents.clone(),
            watched: self.watched.clone(),
            progresses: BTreeMap::new(),
            published: None,
            marked: BTreeMap::new(),
        };
        tokio::spawn(watcher.run());
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.set_text(&params.text_document.uri, params.text_document.text);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        if let Some(change) = params.content_changes.into_iter().next_back() {
            self.set_text(&params.text_document.uri, change.text);
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        if let Some(file) = self.file(&params.text_document.uri) {
            self.documents.close(&file);
        }
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
        let Some((late, _)) = late else { return Ok(None) };
        let actions = std::iter::once(self.fix(&late)).chain(self.fix_all(&late.root));
        Ok(Some(actions.map(CodeActionOrCommand::CodeAction).collect()))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let file = self.file_of(&params);
        match params.command.as_str() {
            RESTART => self.restart(file.as_deref()).await?,
            TIMELINE => self.show_timeline(file.as_deref()).await?,
            SHOW_INCLUDE => {
                let text = params.arguments.first().and_then(LSPAny::as_str).unwrap_or_default();
                self.client.show_message(MessageType::INFO, format!("Add to the Vite config: {text}")).await;
            }
            other => return Err(Error::invalid_params(format!("there is no command {other}"))),
        }
        Ok(None)
    }
}

impl Editor {
    fn of(params: &InitializeParams) -> Self {
        let window = params.capabilities.window.as_ref();
        let shows_documents = window.and_then(|window| window.show_document.as_ref());
        let experimental = params.capabilities.experimental.as_ref();
        let wants_status = experimental.and_then(|all| all.get("serverStatusNotification")?.as_bool());
        let text = params.capabilities.text_document.as_ref();
        let actions = text.and_then(|text| text.code_action.as_ref());
        Editor {
            workspace: Workspace::of(params),
            shows_progress: window.and_then(|window| window.work_done_progress).unwrap_or(false),
            shows_documents: shows_documents.is_some_and(|shows| shows.support),
            wants_status: wants_status.unwrap_or(false),
            knows_preferred: actions.and_then(|actions| actions.is_preferred_support).unwrap_or(false),
        }
    }
}

fn overlap(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}

/// The one edit that makes one text of another.
fn difference(before: &str, after: &str) -> TextEdit {
    let same = |(left, right): &(char, char)| left == right;
    let length = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs.take_while(same).map(|(character, _)| character.len_utf8()).sum()
    };
    let start = length(&mut before.chars().zip(after.chars()));
    let end = length(&mut before[start..].chars().rev().zip(after[start..].chars().rev()));
    let range = Range { start: position(before, start), end: position(before, before.len() - end) };
    TextEdit { range, new_text: after[start..after.len() - end].to_owned() }
}

fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let last = before.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(line), character: number(last.encode_utf16().count()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_no_longer_than_what_differs() {
        let at = |line, character| Position { line, character };
        let edit = difference("a\n[é, b]\n", "a\n[é, b, é]\n");
        assert_eq!((edit.range.start, edit.range.end, &*edit.new_text), (at(1, 5), at(1, 5), ", é"));
        let edit = difference("[a]\n[b]", "[a, c]\n[b, c]");
        assert_eq!((edit.range.start, edit.range.end, &*edit.new_text), (at(0, 2), at(1, 2), ", c]\n[b, c"));
        assert_eq!(difference("a", "a").new_text, "");
    }
}
