//! Order, at a size that no transcript could be written in.

use std::io::Write;

use serde_json::{Value, json};

use super::PATIENCE;
use super::process::{Process, Streams, frame};

/// What `resolveOptimizedId` must say of a dependency, kept beside the sidecar by the test.
#[derive(Debug, Clone, Copy)]
enum Known {
    No,
    Waiting,
    As(usize),
}

#[test]
fn reads_see_exactly_the_facts_before_them() {
    std::thread::scope(|scope| {
        for streams in Streams::ALL {
            scope.spawn(|| {
                let (messages, expected) = interleaved(100_000);
                let (process, writer) = converse(*streams, messages);
                for (id, expected) in expected {
                    let answer = next_response(&process);
                    assert_eq!(answer["id"], id, "reads are answered in order: {answer}");
                    assert_eq!(answer["result"], expected, "the answer to {id}");
                }
                writer.join().expect("everything was written");
            });
        }
    });
}

/// Facts that discover, commit and remove dependencies of two environments, as a fixed sequence of
/// pseudo-random numbers has it, and between them the questions with their only right answers.
fn interleaved(count: usize) -> (Vec<u8>, Vec<(usize, Value)>) {
    let mut random = xorshift(0x9E37_79B9_7F4A_7C15);
    let mut known = [[Known::No; 8]; 2];
    // The numbers of generations are the session's; each environment has the one that it began last.
    let (mut generations, mut begun) = ([0; 2], 0);
    let mut hashes = ["a".to_owned(), "a".to_owned()];
    let (mut bytes, mut expected) = (opening(), Vec::new());
    for index in 0..count {
        let (environment, dep) = (random() % 2, random() % 8);
        let name = ["ssr", "rsc"][environment];
        let (states, generation) = (&mut known[environment], &mut generations[environment]);
        let message = match (random().is_multiple_of(2), states[dep]) {
            (true, state) => {
                expected.push((index, answer(dep, state, *generation)));
                request(
                    index,
                    "resolveOptimizedId",
                    json!({ "environment": name, "id": id(dep), "timeoutMs": 0 }),
                )
            }
            (false, Known::No) => {
                states[dep] = Known::Waiting;
                notification("optimizer/didDiscover", json!({ "environment": name, "id": id(dep) }))
            }
            (false, _) => {
                let reload = random().is_multiple_of(4);
                if reload {
                    begun += 1;
                    *generation = begun;
                    hashes[environment] = index.to_string();
                }
                let (changed, removed) = run_optimizer(states, dep, index);
                let commit = json!({
                    "environment": name, "outcome": "committed", "browserHash": hashes[environment],
                    "changed": changed, "removed": removed, "pending": [],
                });
                notification("optimizer/didCommit", commit)
            }
        };
        bytes.extend(message);
    }
    (bytes, expected)
}

/// Commits all that waits, and removes the dependency if it does not.
fn run_optimizer(states: &mut [Known; 8], dep: usize, hash: usize) -> (Vec<Value>, Vec<String>) {
    let removed = if matches!(states[dep], Known::As(_)) { vec![id(dep)] } else { Vec::new() };
    let mut changed = Vec::new();
    for (other, state) in states.iter_mut().enumerate() {
        if matches!(state, Known::Waiting) {
            *state = Known::As(hash);
            let file = format!("/{}.js", id(other));
            changed.push(json!({ "id": id(other), "file": file, "browserHash": hash.to_string() }));
        }
    }
    if !removed.is_empty() {
        states[dep] = Known::No;
    }
    (changed, removed)
}

fn id(dep: usize) -> String {
    format!("dep-{dep}")
}

fn answer(dep: usize, state: Known, generation: u32) -> Value {
    match state {
        Known::No => json!({ "state": "unknown", "generation": generation }),
        Known::Waiting => json!({ "state": "pending", "generation": generation }),
        Known::As(hash) => {
            json!({ "state": "resolved", "id": format!("/{}.js?v={hash}", id(dep)), "generation": generation })
        }
    }
}

#[test]
fn a_thousand_waits_hold_up_nothing_and_are_all_answered() {
    const WAITS: usize = 1000;
    let discover = notification("optimizer/didDiscover", json!({ "environment": "ssr", "id": "zod" }));
    let commit = json!({
        "environment": "ssr", "outcome": "committed", "browserHash": "a",
        "changed": [{ "id": "zod", "file": "/zod.js", "browserHash": "b" }], "removed": [], "pending": [],
    });
    let mut messages = opening();
    messages.extend(discover);
    for index in 0..WAITS {
        messages.extend(request(index, "awaitStable", json!({ "timeoutMs": 600_000 })));
        let question = json!({ "environment": "ssr", "id": "zod" });
        messages.extend(request(WAITS + index, "resolveOptimizedId", question));
    }
    let (mut process, writer) = converse(Streams::ALL[Streams::ALL.len() - 1], messages);
    for index in 0..WAITS {
        let answer = next_response(&process);
        assert_eq!(answer["id"], WAITS + index, "a read does not wait behind waits: {answer}");
        assert_eq!(answer["result"]["state"], "pending");
    }
    let mut input = writer.join().expect("everything was written");
    input.write_all(&notification("optimizer/didCommit", commit)).expect("the sidecar reads");
    let mut answered = vec![false; WAITS];
    for _ in 0..WAITS {
        let answer = next_response(&process);
        assert_eq!(answer["result"]["stable"], true, "{answer}");
        let id = answer["id"].as_u64().and_then(|id| usize::try_from(id).ok()).expect("an id");
        assert!(!std::mem::replace(&mut answered[id], true), "{id} is answered once");
    }
    drop(input);
    while let Some(message) = process.receive(PATIENCE).expect("frames until the end") {
        assert!(message.get("id").is_none(), "answered twice: {message}");
    }
    assert_eq!(process.exit_code(PATIENCE), Ok(Some(1)), "stdin ended without shutdown");
}

type Writer = std::thread::JoinHandle<Box<dyn Write + Send>>;

/// Writes on a thread of its own, since a client that only writes would block the sidecar and itself.
fn converse(streams: Streams, messages: Vec<u8>) -> (Process, Writer) {
    let mut process = Process::start(streams, "error");
    let mut input = process.take_input();
    // Without a quiet time, reloads settle as fast as messages come.
    let options =
        json!({ "protocolVersion": evenkeel::protocol::PROTOCOL_VERSION, "policy": { "quietMs": 0 } });
    let initialize = json!({ "capabilities": {}, "initializationOptions": options });
    input.write_all(&request(usize::MAX >> 1, "initialize", initialize)).expect("the sidecar reads");
    let answer = next_response(&process);
    assert!(answer.get("result").is_some(), "{answer}");
    let writer = std::thread::spawn(move || {
        input.write_all(&messages).expect("the sidecar reads");
        input
    });
    (process, writer)
}

fn next_response(process: &Process) -> Value {
    loop {
        let message = process.receive(PATIENCE).expect("an answer").expect("stdout is open");
        if message.get("id").is_some() {
            return message;
        }
    }
}

fn opening() -> Vec<u8> {
    let open = |name: &str| {
        let optimizer = json!({ "browserHash": "a", "optimized": [], "discovered": [] });
        let snapshot =
            json!({ "name": name, "consumer": "server", "root": "/", "base": "/", "optimizer": optimizer });
        notification("environment/didOpen", snapshot)
    };
    [open("ssr"), open("rsc")].concat()
}

fn request(id: usize, method: &str, params: Value) -> Vec<u8> {
    frame(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
}

fn notification(method: &str, params: Value) -> Vec<u8> {
    frame(json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string())
}

fn xorshift(mut state: u64) -> impl FnMut() -> usize {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default()
    }
}
