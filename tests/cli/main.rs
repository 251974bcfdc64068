//! What the commands print: transcripts that are run against the real binary, beside a real sidecar where one is needed.
// Windows has one folder for the pipes of all tests, and other paths.
#![cfg(unix)]

#[path = "../rpc/process.rs"]
mod process;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use process::{Process, Streams, frame, program};
use trycmd::TestCases;

const PATIENCE: Duration = Duration::from_secs(20);

/// Transcripts in the folder of sockets `runtime`, which is theirs alone.
fn transcripts(runtime: &Path, files: &[&str]) {
    let cases = TestCases::new();
    cases.register_bin("evenkeel", program());
    cases.env("XDG_RUNTIME_DIR", runtime.display().to_string());
    // What the machine that tests says of itself is none of the projects' business.
    cases.env("CHOKIDAR_USEPOLLING", "1");
    cases.env("EVENKEEL_BINARY", "");
    for file in files {
        cases.case(format!("tests/cli/{file}.md"));
    }
    cases.run();
}

#[test]
fn without_a_dev_server() {
    let runtime = tempfile::tempdir().expect("a folder");
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/versions.in");
    for (project, vite, cloudflare) in
        [("untested", "99.0.0", "2.0.0-beta.v.12"), ("near", "7.3.5", "1.64.0"), ("old", "5.4.20", "1.64.0")]
    {
        let root = projects.join(project);
        for (name, version) in
            [("vite", vite), ("@cloudflare/vite-plugin", cloudflare), ("evenkeel", env!("CARGO_PKG_VERSION"))]
        {
            install(&root, name, version);
        }
    }
    transcripts(runtime.path(), &["help", "nothing-runs", "replay", "versions"]);
}

/// As `evenkeel completions bash | head -1`.
#[test]
fn completions_need_not_be_read_to_the_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evenkeel"));
    let mut child = command.args(["completions", "bash"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

/// As `evenkeel status --json > /dev/full`.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told() {
    let runtime = tempfile::tempdir().expect("a folder");
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let sidecar = begun(runtime.path());
    let pid = sidecar.pid().to_string();
    let commands: [&[&str]; 8] = [
        &[],
        &["status", "--json", "--pid", &pid],
        &["status", "--pid", &pid],
        &["status", "--all"],
        &["status", "--all", "--json"],
        &["events", "--json", "--pid", &pid],
        &["events", "--save", "/dev/null", "--pid", &pid],
        &["doctor"],
    ];
    for arguments in commands {
        let mut command = Command::new(program());
        command.args(arguments).env("XDG_RUNTIME_DIR", runtime.path()).current_dir(runtime.path());
        let output = command.stdout(full()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("evenkeel: the output cannot be written: No space left"), "{said}");
    }
}

#[test]
fn what_ails_a_project() {
    let runtime = tempfile::tempdir().expect("a folder");
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/doctor.in");
    let [app, monorepo, lacking, pnp] = ["app", "monorepo", "lacking", "pnp"].map(|name| projects.join(name));
    let [astro, nuxt, storybook, vitest] =
        ["astro", "nuxt", "storybook", "vitest"].map(|name| projects.join(name));
    for root in [&app, &monorepo, &lacking, &storybook] {
        install(root, "vite", "8.3.8");
    }
    link(&astro, &["astro", "vite"]);
    link(&nuxt, &["nuxt", "@nuxt/vite-builder", "vite"]);
    link(&vitest, &["vitest", "vite"]);
    for root in [&app, &monorepo, &lacking, &storybook, &astro, &nuxt, &vitest] {
        install(root, "evenkeel", env!("CARGO_PKG_VERSION"));
    }
    for root in [&app, &monorepo, &storybook, &astro, &nuxt, &vitest] {
        install(root, &platform_package(), env!("CARGO_PKG_VERSION"));
    }
    let optional = serde_json::json!({ platform_package(): env!("CARGO_PKG_VERSION") });
    manifest(&lacking.join("node_modules/evenkeel"), "evenkeel", "0.1.0", &optional);
    for (name, version) in [("vite", "8.3.8"), ("evenkeel", "0.1.0"), (&*platform_package(), "0.1.0")] {
        manifest(&pnp.join("unplugged").join(name), name, version, &serde_json::json!({}));
    }
    install(&app, "react", "19.2.9");
    install(&app.join("node_modules/ui"), "react", "18.3.1");
    let linked = [
        ("apps/admin", "18.3.1"),
        ("apps/web", "19.2.9"),
        ("packages/ui", "17.0.2"),
        ("packages/shared", "16.14.0"),
    ];
    for (package, version) in linked {
        let folder = monorepo.join(package);
        install(&folder, "react", version);
        link_to(&folder, &monorepo.join("node_modules").join(folder.file_name().expect("it has a name")));
    }
    share_a_cache(&app.join("node_modules"));
    transcripts(runtime.path(), &["doctor"]);
}

/// Dev servers of one package share a folder by default; these have told where theirs is.
#[test]
fn caches_are_where_the_dev_servers_say() {
    let runtime = tempfile::tempdir().expect("a folder");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/caches.in");
    for (name, version) in [
        ("vite", "8.3.8"),
        ("evenkeel", env!("CARGO_PKG_VERSION")),
        ("rwsdk", "1.7.3"),
        (&*platform_package(), env!("CARGO_PKG_VERSION")),
    ] {
        install(&folder, name, version);
    }
    leave_behind(&folder.join("one/cache/deps_temp_1a2b3c4d"));
    let places = [("one", "one/cache"), ("two", "shared"), ("three", "shared"), ("inline", "inline/cache")];
    let _sidecars = places.map(|(root, cache)| {
        let [root, cache] = [root, cache].map(|name| folder.join(name));
        std::fs::create_dir_all(&cache).expect("a folder");
        sidecar_with_a_cache(runtime.path(), &root, &cache)
    });
    transcripts(runtime.path(), &["caches"]);
}

/// What a run has left that was killed an hour ago.
fn leave_behind(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3_600);
    std::fs::File::open(folder).and_then(|folder| folder.set_modified(hour_ago)).expect("it is ours");
}

/// A cache that is a link, with what a run has left.
fn share_a_cache(modules: &Path) {
    leave_behind(&modules.join("shared/deps_temp_1a2b3c4d"));
    link_to(Path::new("shared"), &modules.join(".vite"));
}

fn link_to(target: &Path, link: &Path) {
    // That of an earlier run.
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(target, link).expect("a link");
}

/// Packages of which each depends on the next one, and the app on the first one, as pnpm installs them.
fn link(root: &Path, names: &[&str]) {
    let place =
        |name: &str| root.join("node_modules/.pnpm").join(name.replace('/', "+")).join("node_modules");
    for name in names {
        manifest(&place(name).join(name), name, "8.3.8", &serde_json::json!({}));
    }
    let folders = std::iter::once(root.join("node_modules")).chain(names.iter().map(|name| place(name)));
    for (folder, name) in folders.zip(names) {
        let link = folder.join(name);
        std::fs::create_dir_all(link.parent().expect("it is in a folder")).expect("a folder");
        link_to(&place(name).join(name), &link);
    }
}

fn platform_package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("@evenkeel/{system}-{processor}")
}

#[test]
fn beside_a_dev_server() {
    let runtime = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/running.in");
    for (name, version) in [
        ("vite", "8.3.8"),
        ("evenkeel", env!("CARGO_PKG_VERSION")),
        ("rwsdk", "1.7.3"),
        (&*platform_package(), env!("CARGO_PKG_VERSION")),
    ] {
        install(&root, name, version);
    }
    let _sidecar = sidecar_with_a_history(runtime.path(), &root);
    transcripts(runtime.path(), &["running"]);
    let altered = saved_journal(&root).replace("\"action\":\"redirect\"", "\"action\":\"pass\"");
    let folder = root.with_file_name("differs.in");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("altered.jsonl"), altered).expect("a file");
    transcripts(runtime.path(), &["differs"]);
}

#[test]
fn several_dev_servers_are_told_apart() {
    let runtime = tempfile::tempdir().expect("a folder");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/several.in");
    let _one = sidecar_with_a_history(runtime.path(), &folder.join("one"));
    let _two = sidecar_with_a_history(runtime.path(), &folder.join("two"));
    transcripts(runtime.path(), &["several"]);
}

#[test]
fn where_runs_add() {
    let runtime = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/adding.in");
    let _sidecar = sidecar_that_adds(runtime.path(), &root);
    transcripts(runtime.path(), &["adding"]);
}

fn notify(method: &str, params: serde_json::Value) -> serde_json::Value {
    serde_json::json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

fn begun(runtime: &Path) -> Process {
    let mut sidecar = Process::start_in(Streams::Pipes, "warn", runtime);
    let policy = serde_json::json!({ "quietMs": 0, "debounceMs": 0 });
    let initialize = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "capabilities": {}, "initializationOptions": { "protocolVersion": evenkeel::protocol::PROTOCOL_VERSION, "policy": policy } },
    });
    sidecar.send(&frame(initialize.to_string().as_bytes())).expect("it reads");
    sidecar.answered(1, PATIENCE);
    sidecar.opens_its_socket(runtime, PATIENCE);
    sidecar
}

/// A sidecar that was told of a layer that was added, of a run that fell back, and of one that is going on.
fn sidecar_that_adds(runtime: &Path, root: &Path) -> Process {
    let mut sidecar = begun(runtime);
    let commit = |id: &str, hash: &str, bundled: serde_json::Value| {
        let changed =
            [serde_json::json!({ "id": id, "file": format!("/deps/{id}.js"), "browserHash": hash })];
        let commit = serde_json::json!({
            "environment": "worker", "outcome": "committed", "browserHash": hash,
            "changed": changed, "removed": [], "pending": [], "bundled": bundled,
        });
        notify("optimizer/didCommit", commit)
    };
    let discover = |id: &str| {
        let importer = serde_json::json!({ "file": root.join("src/page.tsx"), "line": 1 });
        let discovered = serde_json::json!({ "environment": "worker", "id": id, "importer": importer });
        notify("optimizer/didDiscover", discovered)
    };
    let (reason, detail) = ("packageChanged", "react is 19.2.0");
    for message in [
        notify(
            "environment/didOpen",
            serde_json::json!({
                "name": "worker", "consumer": "server", "root": root, "base": "/",
                "optimizer": { "adds": true, "browserHash": "a", "optimized": [], "discovered": [] },
            }),
        ),
        discover("zod"),
        commit(
            "zod",
            "a",
            serde_json::json!({ "kind": "added", "layer": 2, "modules": 41, "durationMs": 35 }),
        ),
        discover("swr"),
        notify(
            "optimizer/didFallBack",
            serde_json::json!({ "environment": "worker", "reason": reason, "detail": detail }),
        ),
        commit(
            "swr",
            "b",
            serde_json::json!({
                "kind": "rebundled", "reason": reason, "detail": detail, "modules": 900, "durationMs": 700,
            }),
        ),
        serde_json::json!({ "jsonrpc": "2.0", "id": 2, "method": "onFullReload", "params": { "reloads": [{ "environment": "worker" }] } }),
        // So that the reload is over.
        serde_json::json!({ "jsonrpc": "2.0", "id": 3, "method": "awaitStable", "params": {} }),
    ] {
        sidecar.send(&frame(message.to_string().as_bytes())).expect("it reads");
    }
    sidecar.answered(3, PATIENCE);
    let status = serde_json::json!({ "jsonrpc": "2.0", "id": 4, "method": "status", "params": {} });
    for message in [discover("jotai"), status] {
        sidecar.send(&frame(message.to_string().as_bytes())).expect("it reads");
    }
    sidecar.answered(4, PATIENCE);
    sidecar
}

fn sidecar_with_a_cache(runtime: &Path, root: &Path, cache: &Path) -> Process {
    let mut sidecar = begun(runtime);
    let opened = notify(
        "environment/didOpen",
        serde_json::json!({ "name": "client", "consumer": "client", "root": root, "base": "/", "cacheDir": cache }),
    );
    let status = serde_json::json!({ "jsonrpc": "2.0", "id": 2, "method": "status", "params": {} });
    for message in [opened, status] {
        sidecar.send(&frame(message.to_string().as_bytes())).expect("it reads");
    }
    sidecar.answered(2, PATIENCE);
    sidecar
}

/// A sidecar that was told of one late dependency, which held a request and re-issued another.
fn sidecar_with_a_history(runtime: &Path, root: &Path) -> Process {
    let mut sidecar = begun(runtime);
    let mut send = |message: serde_json::Value| {
        sidecar.send(&frame(message.to_string().as_bytes())).expect("it reads");
    };
    let page = root.join("src/page.tsx");
    send(notify(
        "environment/didOpen",
        serde_json::json!({
            "name": "worker", "consumer": "server", "root": root, "base": "/",
            "optimizer": { "browserHash": "a", "optimized": [], "discovered": [] },
        }),
    ));
    send(notify("devServer/didListen", serde_json::json!({ "url": "http://localhost:5173/" })));
    send(notify("request/didStart", serde_json::json!({ "request": 1, "method": "GET", "url": "/" })));
    send(notify(
        "optimizer/didDiscover",
        serde_json::json!({
            "environment": "worker", "id": "zod", "importer": { "file": page, "line": 1, "column": 16 },
        }),
    ));
    send(
        serde_json::json!({ "jsonrpc": "2.0", "id": 2, "method": "admit", "params": { "request": 2, "method": "GET", "url": "/" } }),
    );
    send(notify(
        "optimizer/didCommit",
        serde_json::json!({
            "environment": "worker", "outcome": "committed", "browserHash": "b",
            "changed": [{ "id": "zod", "file": "/deps/zod.js", "browserHash": "b" }], "removed": [], "pending": [],
        }),
    ));
    send(
        serde_json::json!({ "jsonrpc": "2.0", "id": 3, "method": "onFullReload", "params": { "reloads": [{ "environment": "worker" }] } }),
    );
    answered_in_any_order(&sidecar, [2, 3]);
    sidecar
}

/// Answers come when they are ready: that of a request that was held may come before others or after them.
fn answered_in_any_order<const COUNT: usize>(sidecar: &Process, ids: [i64; COUNT]) {
    let mut waiting = Vec::from(ids);
    while !waiting.is_empty() {
        let message = sidecar.receive(PATIENCE).expect("an answer").expect("stdout is open");
        waiting.retain(|id| message["id"] != *id);
    }
}

fn saved_journal(root: &Path) -> String {
    let file = root.join("saved.jsonl");
    let text = std::fs::read_to_string(&file).expect("the transcript has saved it");
    std::fs::remove_file(file).expect("it is there");
    text
}

/// No package, but what the doctor reads of one.
fn install(root: &Path, name: &str, version: &str) {
    let none = serde_json::json!({});
    manifest(&root.join("node_modules").join(name), name, version, &none);
}

fn manifest(folder: &Path, name: &str, version: &str, optional: &serde_json::Value) {
    std::fs::create_dir_all(folder).expect("a folder");
    let manifest = serde_json::json!({ "name": name, "version": version, "optionalDependencies": optional });
    std::fs::write(folder.join("package.json"), manifest.to_string()).expect("a file");
}
