//! The wire, tested against the real binary: transcripts, the examples of the pages on the protocol, and ordering.

mod ordering;
mod pattern;
mod process;
mod transcript;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use process::{Process, Streams, frame};
use serde_json::Value;
use transcript::Session;

/// Long enough for a machine that is busy with other things; only a failing test waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn transcripts() -> Vec<(String, Vec<Session>)> {
    let folder = std::fs::read_dir(path("tests/rpc")).expect("the folder of transcripts");
    let files = folder.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|ext| ext == "rpc")).collect();
    files.sort();
    let read = |file: PathBuf| {
        let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a transcript is text");
        let sessions = transcript::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, sessions)
    };
    files.into_iter().map(read).collect()
}

/// Runs each session over each kind of streams, all files at once.
fn run(transcripts: &[(String, Vec<Session>)]) {
    let run_file = |(name, sessions): &(String, Vec<Session>)| -> Vec<String> {
        let runs =
            sessions.iter().flat_map(|session| Streams::ALL.iter().map(move |streams| (session, *streams)));
        let failures = runs.filter_map(|(session, streams)| session.run(streams, PATIENCE).err());
        failures.map(|failure| format!("{name}:{failure}")).collect()
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = transcripts.iter().map(|file| scope.spawn(|| run_file(file))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a runner does not panic")).collect()
    });
    assert!(failures.is_empty(), "\n\n{}\n", failures.join("\n\n"));
}

#[test]
fn transcripts_come_true() {
    let transcripts = transcripts();
    assert!(transcripts.len() > 5, "the transcripts were not found");
    run(&transcripts);
}

#[test]
fn the_examples_of_the_pages_come_true() {
    let pages = ["protocol/README.md", "docs/protocol.md"].map(|name| {
        let page = std::fs::read_to_string(path(name)).expect("a page");
        let sessions = transcript::read_markdown(&page).expect("the examples can be read");
        assert!(!sessions.is_empty(), "the examples of {name} were not found");
        (name.to_owned(), sessions)
    });
    run(&pages);
}

/// Told when somebody asks for it at the readers' socket; the editors' tests see it carried out.
const ASKED_FOR_ELSEWHERE: &str = "devServer/restartRequest";

#[test]
fn every_method_has_a_transcript() {
    let transcripts = transcripts();
    let sessions = transcripts.iter().flat_map(|(_, sessions)| sessions);
    let told: BTreeSet<&str> = sessions.flat_map(Session::methods).collect();
    let missing: Vec<_> = evenkeel::protocol::methods()
        .into_iter()
        .map(|method| method.name)
        .filter(|name| !told.contains(name) && *name != ASKED_FOR_ELSEWHERE)
        .collect();
    assert!(missing.is_empty(), "no transcript in tests/rpc has {missing:?}");
}

/// A runner that takes everything would make every transcript come true.
#[test]
fn the_runner_finds_what_does_not_come_true() {
    let table = [
        ("begin\n--> 1 status {}", "a response was not claimed"),
        ("begin\n--> 1 status {}\n<-- 1 {\"quiescent\": false, …}", "/result/quiescent: expected false"),
        ("begin\n--> 1 status {}\n<-- 2 {…}", "/id: expected 2, found 1"),
        ("begin\n--> 1 status {}\n<-- 1 error -32600", "/result: not expected"),
        ("begin\n<-- 1 {…}", "no response"),
        ("begin\n--> 1 awaitStable {}\n1 still waits", "1 waits no longer"),
        ("begin\nwait until status {\"quiescent\": false, …}", "/quiescent: expected false"),
        ("begin\n<-- $/progress {…}", "did not come"),
        ("begin\n--> onTransform 1\n<-- window/logMessage {\"type\": 1, …}", "passed over"),
        (
            "begin\nstrict\n<-- experimental/serverStatus {…}\n--> onTransform 1",
            "a notification was not claimed",
        ),
        ("begin\nexit 0", "the process has not ended"),
        ("end of input\nexit 0", "expected exit code 0, found Some(1)"),
    ];
    for (steps, expected) in table {
        let sessions = transcript::read(&format!("== {expected}\n{steps}")).expect("a transcript");
        let failure = sessions[0].run(Streams::Pipes, Duration::from_millis(300));
        let failure = failure.expect_err(expected);
        assert!(failure.contains(expected), "{expected:?} is not said by {failure:?}");
    }
}

#[test]
fn logs_go_to_stderr() {
    let mut process = Process::start(Streams::Pipes, "trace");
    process.send(&frame(r#"{"jsonrpc":"2.0","method":"onTransform","params":1}"#)).expect("it reads");
    process.end_input();
    assert_eq!(process.receive(PATIENCE), Ok(None), "stdout holds frames alone");
    process.exit_code(PATIENCE).expect("it ends");
    let log = process.finish();
    assert!(log.contains("dropped"), "stderr holds the log: {log:?}");
}

/// A transcript is a text, and cannot hold them.
#[test]
fn bytes_that_are_no_utf8_are_no_json() {
    let mut process = Process::start(Streams::Pipes, "error");
    for body in [
        &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sta\xfftus\"}"[..],
        b"{\"mood\":\"\xc3\x28\"}",
        b"\xff",
    ] {
        process.send(&frame(body)).expect("it reads");
        let answer = process.receive(PATIENCE).expect("an answer").expect("stdout is open");
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &(-32700).into()), "{answer}");
    }
}
