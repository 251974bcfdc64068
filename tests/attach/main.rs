//! The readers' socket: who may come in, who is thrown out, and what is cleaned up.
#![cfg(unix)]

#[path = "../rpc/process.rs"]
mod process;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use process::{Process, Streams, frame, program};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_a_killed_sidecar_leaves_is_cleaned_up() {
    let runtime = tempfile::tempdir().expect("a folder");
    let mut sidecar = begun(runtime.path());
    assert_eq!(sockets(runtime.path()), 1);
    assert_eq!(all(runtime.path()).len(), 1);
    // Before its stdin ends, upon which it would clean up by itself.
    signal("KILL", sidecar.pid());
    sidecar.kill();
    assert_eq!(sockets(runtime.path()), 1, "nobody could clean up");
    assert_eq!(all(runtime.path()).len(), 0);
    assert_eq!(sockets(runtime.path()), 0);
}

#[test]
fn a_sidecar_that_ends_takes_its_socket_along() {
    let runtime = tempfile::tempdir().expect("a folder");
    let mut sidecar = begun(runtime.path());
    assert_eq!(sockets(runtime.path()), 1);
    sidecar.end_input();
    sidecar.exit_code(PATIENCE).expect("it ends");
    assert_eq!(sockets(runtime.path()), 0);
}

#[test]
fn a_sidecar_that_is_stopped_is_left_out() {
    let runtime = tempfile::tempdir().expect("a folder");
    let stopped = begun(runtime.path());
    let running = begun(runtime.path());
    signal("STOP", stopped.pid());
    let found = all(runtime.path());
    signal("CONT", stopped.pid());
    assert_eq!(found, [running.pid()]);
}

#[test]
fn the_folder_is_for_its_user_alone() {
    let runtime = tempfile::tempdir().expect("a folder");
    let _sidecar = begun(runtime.path());
    let folder = runtime.path().join("evenkeel");
    let mode =
        |mode: u32| std::fs::set_permissions(&folder, PermissionsExt::from_mode(mode)).expect("it is ours");
    assert_eq!(std::fs::metadata(&folder).expect("it is there").permissions().mode() & 0o777, 0o700);
    mode(0o755);
    let refused = evenkeel(runtime.path(), &["status", "--all"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("not a folder that only you may enter"), "{said}");
}

#[test]
fn a_reader_that_does_not_read_is_dropped_and_costs_little() {
    let runtime = tempfile::tempdir().expect("a folder");
    let mut sidecar = begun(runtime.path());
    let mut slow = reader(runtime.path(), &["events", "--follow", "--json"]);
    let mut patient = reader(runtime.path(), &["status", "--watch", "--json"]);
    signal("STOP", slow.0.id());
    let activity = |number: u32| json!({ "kind": "transform", "moment": "end", "module": format!("/src/{number}.tsx"), "deps": ["/src/a.tsx", "/src/b.tsx"] });
    // The same modules again and again, so that what they take is not what is measured.
    let activities: Vec<Value> = (0..50).map(activity).collect();
    for _ in 0..2_000 {
        tell(&mut sidecar, "onTransform", json!({ "environment": "worker", "activities": activities }));
    }
    ask(&mut sidecar, 9, "status");
    let memory = memory_of(sidecar.pid());
    assert!(memory < 64 << 20, "{memory} bytes");
    signal("CONT", slow.0.id());
    assert_eq!(exit_code(&mut slow.0), Some(3), "the reader was dropped, and says so");
    assert!(patient.0.try_wait().expect("it is a child").is_none(), "the other one goes on");
}

#[test]
fn what_happens_while_a_reader_begins_to_follow_is_printed_once() {
    let runtime = tempfile::tempdir().expect("a folder");
    let mut sidecar = begun(runtime.path());
    let mut following = command(runtime.path(), &["events", "--follow", "--json"]);
    let mut reader = Reader(following.stdout(Stdio::piped()).spawn().expect("it runs"));
    let lines = BufReader::new(reader.0.stdout.take().expect("stdout is a pipe")).lines();
    let (printed, requests) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let event = serde_json::from_str::<Value>(&line).expect("it is JSON")["input"]["event"].take();
            if event["event"] == "requestStarted" {
                // Nobody counts any more when it is known what is wrong.
                let _ = printed.send(event["request"].as_u64());
            }
        }
    });
    for request in 0..2_000 {
        tell(&mut sidecar, "request/didStart", json!({ "request": request, "method": "GET", "url": "/" }));
        std::thread::sleep(Duration::from_micros(200));
    }
    for expected in 0..2_000 {
        assert_eq!(requests.recv_timeout(PATIENCE).expect("another line"), Some(expected));
    }
}

/// It must not stay behind a test that fails, above all when it is stopped.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sidecar with an environment.
fn begun(runtime: &Path) -> Process {
    let mut sidecar = Process::start_in(Streams::Pipes, "warn", runtime);
    let options = json!({ "protocolVersion": evenkeel::protocol::PROTOCOL_VERSION });
    let params = json!({ "capabilities": {}, "initializationOptions": options });
    sidecar
        .send(&frame(
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string(),
        ))
        .expect("it reads");
    sidecar.answered(1, PATIENCE);
    tell(
        &mut sidecar,
        "environment/didOpen",
        json!({
            "name": "worker", "consumer": "server", "root": "/app", "base": "/",
            "optimizer": { "browserHash": "a", "optimized": [], "discovered": [] },
        }),
    );
    ask(&mut sidecar, 2, "status");
    sidecar.opens_its_socket(runtime, PATIENCE);
    sidecar
}

fn tell(sidecar: &mut Process, method: &str, params: Value) {
    let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
    sidecar.send(&frame(message.to_string())).expect("it reads");
}

fn ask(sidecar: &mut Process, id: i64, method: &str) {
    let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": {} });
    sidecar.send(&frame(message.to_string())).expect("it reads");
    sidecar.answered(id, PATIENCE);
}

fn sockets(runtime: &Path) -> usize {
    std::fs::read_dir(runtime.join("evenkeel")).map_or(0, Iterator::count)
}

fn command(runtime: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env("XDG_RUNTIME_DIR", runtime).current_dir("/");
    command
}

fn evenkeel(runtime: &Path, arguments: &[&str]) -> Output {
    command(runtime, arguments).output().expect("it runs")
}

/// A reader that has begun to follow: it does so before it prints its first line. All that it prints is read.
fn reader(runtime: &Path, arguments: &[&str]) -> Reader {
    let mut child = command(runtime, arguments).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut printed = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    printed.read_line(&mut String::new()).expect("it prints");
    std::thread::spawn(move || std::io::copy(&mut printed, &mut std::io::sink()));
    Reader(child)
}

/// The process ids of all sidecars that are found.
fn all(runtime: &Path) -> Vec<u32> {
    let output = evenkeel(runtime, &["status", "--all", "--json"]);
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("it is JSON");
    found.iter().map(|status| status["pid"].as_u64().expect("it has a pid") as u32).collect()
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// `None` when it goes on for too long.
fn exit_code(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("it is a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Resident memory in bytes.
fn memory_of(pid: u32) -> u64 {
    let output = Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output().expect("ps runs");
    String::from_utf8_lossy(&output.stdout).trim().parse::<u64>().expect("a number") * 1024
}
