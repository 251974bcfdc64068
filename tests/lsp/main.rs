//! The language server, beside real sidecars that were told of late dependencies.
// Windows has one folder for the pipes of all tests.
#![cfg(unix)]

#[path = "../rpc/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use process::{Process, Streams, frame};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// An app with a Vite config, and a page that imports what is late.
fn app(folder: &Path, name: &str, late: &[&str]) -> PathBuf {
    let root = folder.canonicalize().expect("it is there").join(name);
    std::fs::create_dir_all(root.join("src")).expect("a folder");
    std::fs::write(root.join("vite.config.ts"), "export default { plugins: [] }\n").expect("a file");
    let imports: String = late.iter().map(|id| format!("import '{id}'\n")).collect();
    std::fs::write(root.join("src/page.tsx"), imports).expect("a file");
    root
}

fn notify(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

fn ask(id: i64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn send(process: &mut Process, message: &Value) {
    process.send(&frame(message.to_string())).expect("it reads");
}

/// A sidecar whose app has met these dependencies late, and has been reloaded.
fn sidecar(runtime: &Path, root: &Path, late: &[&str]) -> Process {
    let mut sidecar = Process::start_in(Streams::Pipes, "warn", runtime);
    let policy = json!({ "protocolVersion": evenkeel::protocol::PROTOCOL_VERSION, "policy": { "quietMs": 0, "debounceMs": 0 } });
    send(&mut sidecar, &ask(1, "initialize", json!({ "capabilities": {}, "initializationOptions": policy })));
    sidecar.answered(1, PATIENCE);
    let optimizer = json!({ "browserHash": "a", "optimized": [], "discovered": [] });
    let opened =
        json!({ "name": "worker", "consumer": "server", "root": root, "base": "/", "optimizer": optimizer });
    send(&mut sidecar, &notify("environment/didOpen", opened));
    let mut changed = Vec::new();
    for (line, id) in (1..).zip(late) {
        let importer = json!({ "file": root.join("src/page.tsx"), "line": line });
        let found = json!({ "environment": "worker", "id": id, "importer": importer });
        send(&mut sidecar, &notify("optimizer/didDiscover", found));
        changed.push(json!({ "id": id, "file": format!("/deps/{id}.js"), "browserHash": "b" }));
    }
    let commit = json!({ "environment": "worker", "outcome": "committed", "browserHash": "b",
        "changed": changed, "removed": [], "pending": [] });
    send(&mut sidecar, &notify("optimizer/didCommit", commit));
    send(&mut sidecar, &ask(2, "onFullReload", json!({ "reloads": [{ "environment": "worker" }] })));
    send(&mut sidecar, &ask(3, "awaitStable", json!({})));
    sidecar.answered(3, PATIENCE);
    sidecar.opens_its_socket(runtime, PATIENCE);
    sidecar
}

/// A sidecar whose app has a re-optimization that goes on.
fn busy_sidecar(runtime: &Path, root: &Path) -> Process {
    let mut sidecar = sidecar(runtime, root, &[]);
    let importer = json!({ "file": root.join("src/page.tsx"), "line": 1 });
    let found = json!({ "environment": "worker", "id": "zod", "importer": importer });
    send(&mut sidecar, &notify("optimizer/didDiscover", found));
    sidecar
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// A language server of these folders, for an editor that has announced these capabilities.
fn language_server(runtime: &Path, folders: &[&Path], capabilities: &Value) -> Process {
    let mut server = Process::start_command("lsp", Streams::Pipes, "warn", runtime);
    let folders: Vec<Value> =
        folders.iter().map(|folder| json!({ "uri": uri(folder), "name": "app" })).collect();
    let params = json!({ "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": capabilities });
    send(&mut server, &ask(1, "initialize", params));
    server.answered(1, PATIENCE);
    send(&mut server, &notify("initialized", json!({})));
    server
}

/// All messages up to the one that is waited for, which is the last.
fn heard(server: &Process, mut is_last: impl FnMut(&[Value]) -> bool) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    while !is_last(&heard) {
        let left = deadline.saturating_duration_since(Instant::now());
        heard.extend(server.receive(left).expect("what is waited for comes"));
    }
    heard
}

/// Waits until the server asks to show a progress, and gives the request.
fn asked_for_progress(server: &Process) -> Value {
    let is_it = |message: &Value| message["method"] == "window/workDoneProgress/create";
    heard(server, |heard| heard.last().is_some_and(is_it)).pop().expect("it was waited for")
}

/// The result of a request.
fn answer(server: &mut Process, id: i64, method: &str, params: Value) -> Value {
    send(server, &ask(id, method, params));
    let mut all = heard(server, |heard| heard.iter().any(|message| message["id"] == id));
    all.pop().expect("it was waited for")["result"].take()
}

fn is_marked(heard: &[Value], root: &Path, times: usize) -> bool {
    let page = uri(&root.join("src/page.tsx"));
    heard.iter().any(|message| {
        let marks = message["params"]["diagnostics"].as_array();
        message["params"]["uri"] == *page && marks.is_some_and(|marks| marks.len() == times)
    })
}

#[test]
fn every_dev_server_of_a_workspace_is_followed_and_nothing_is_sent_that_was_not_announced() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| app(folder.path(), name, &["zod"]));
    let _first = sidecar(runtime.path(), &one, &["zod"]);
    let server = language_server(runtime.path(), &[&one, &two], &json!({}));
    let mut all = heard(&server, |heard| is_marked(heard, &one, 1));
    // It comes when the other one has long been followed.
    let _second = sidecar(runtime.path(), &two, &["zod"]);
    all.extend(heard(&server, |heard| is_marked(heard, &two, 1)));
    let methods = all.iter().map(|message| message["method"].as_str());
    assert!(methods.into_iter().all(|method| method == Some("textDocument/publishDiagnostics")), "{all:?}");
}

#[test]
fn the_status_is_told_to_those_who_ask_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let root = app(folder.path(), "app", &["zod"]);
    let _sidecar = sidecar(runtime.path(), &root, &["zod"]);
    let wants = json!({ "experimental": { "serverStatusNotification": true } });
    let server = language_server(runtime.path(), &[&root], &wants);
    heard(&server, |heard| {
        heard.iter().any(|message| {
            message["method"] == "experimental/serverStatus" && message["params"]["message"] == "stable"
        })
    });
}

#[test]
fn an_editor_that_refuses_a_progress_is_not_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let root = app(folder.path(), "app", &["zod"]);
    let _sidecar = busy_sidecar(runtime.path(), &root);
    let shows = json!({ "window": { "workDoneProgress": true } });
    let mut server = language_server(runtime.path(), &[&root], &shows);
    let id = asked_for_progress(&server)["id"].take();
    let error = json!({ "code": -32600, "message": "no progress here" });
    send(&mut server, &json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    let again = server.receive(Duration::from_millis(500));
    assert!(again.is_err(), "{again:?}");
}

#[test]
fn an_editor_that_does_not_answer_hears_what_comes_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let [busy, late] = ["busy", "late"].map(|name| app(folder.path(), name, &["zod"]));
    let _busy = busy_sidecar(runtime.path(), &busy);
    let shows = json!({ "window": { "workDoneProgress": true } });
    let server = language_server(runtime.path(), &[&busy, &late], &shows);
    asked_for_progress(&server);
    let _late = sidecar(runtime.path(), &late, &["zod"]);
    heard(&server, |heard| is_marked(heard, &late, 1));
}

#[test]
fn all_late_dependencies_are_added_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let late = ["zod", "swr"];
    let root = app(folder.path(), "app", &late);
    let _sidecar = sidecar(runtime.path(), &root, &late);
    let mut server = language_server(runtime.path(), &[&root], &json!({}));
    heard(&server, |heard| is_marked(heard, &root, 2));
    let at = json!({ "line": 0, "character": 9 });
    let params = json!({ "textDocument": { "uri": uri(&root.join("src/page.tsx")) },
        "range": { "start": at, "end": at }, "context": { "diagnostics": [] } });
    let actions = answer(&mut server, 2, "textDocument/codeAction", params);
    let titles: Vec<&str> =
        actions.as_array().expect("actions").iter().filter_map(|one| one["title"].as_str()).collect();
    assert_eq!(
        titles,
        [
            "Add `zod` to optimizeDeps.include of `worker`",
            "Add all 2 late dependencies to optimizeDeps.include"
        ]
    );
    let edit = &actions[1]["edit"]["changes"][uri(&root.join("vite.config.ts"))][0];
    assert_eq!(edit["newText"], ", environments: { worker: { optimizeDeps: { include: ['zod', 'swr'] } } }");
}

/// What the editor names by a link is what the dev server knows by its real path.
#[test]
fn a_workspace_that_is_opened_through_a_link_is_named_by_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tempfile::tempdir().expect("a folder");
    let root = app(folder.path(), "app", &["zod"]);
    let link = root.with_file_name("link");
    std::os::unix::fs::symlink(&root, &link).expect("a link");
    let _sidecar = sidecar(runtime.path(), &root, &["zod"]);
    let mut server = language_server(runtime.path(), &[&link], &json!({}));
    heard(&server, |heard| is_marked(heard, &link, 1));
    let page = uri(&link.join("src/page.tsx"));
    let opened = json!({ "uri": page, "languageId": "typescript", "version": 1, "text": "\nimport 'zod'\n" });
    send(&mut server, &notify("textDocument/didOpen", json!({ "textDocument": opened })));
    let at = json!({ "line": 1, "character": 9 });
    let hover = json!({ "textDocument": { "uri": page }, "position": at });
    let hover = answer(&mut server, 2, "textDocument/hover", hover);
    assert_eq!(hover["range"]["start"]["line"], 1, "{hover}");
    let actions = json!({ "textDocument": { "uri": page }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] } });
    let actions = answer(&mut server, 3, "textDocument/codeAction", actions);
    let changes = &actions[0]["edit"]["changes"];
    assert!(changes[uri(&link.join("vite.config.ts"))].is_array(), "{actions}");
}
