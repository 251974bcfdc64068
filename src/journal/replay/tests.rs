use std::sync::Arc;

use serde_json::json;

use super::super::{Recorded, Subscriber};
use super::*;
use crate::core::{ErrorInfo, Failure, Policy, ReloadTurn};
use crate::fuzzing::fuzz;

#[derive(Debug)]
struct Nobody;

impl Subscriber for Nobody {
    fn on_line(&self, _line: &[u8]) {}
}

/// A journal with something of everything: discoveries, commits, reloads, saves, requests that wait and fail.
fn journal() -> String {
    let mut journal = Recorded::new(Policy::default(), Arc::new(Nobody));
    let optimizer = json!({ "browserHash": "a", "optimized": [{ "id": "react", "file": "/react.js", "browserHash": "a" }],
        "discovered": [] });
    let changed = json!([{ "id": "zod", "file": "/zod.js", "browserHash": "b" }]);
    let fetch = |moment: &str| {
        json!({ "event": "transformed", "environment": "worker", "activities": [{ "kind": "fetch",
            "moment": moment, "module": "/src/entry.ts", "entry": true, "deps": ["/src/a.ts"] }] })
    };
    let events = [
        json!({ "event": "environmentOpened", "name": "worker", "consumer": "server", "root": "/app", "base": "/",
            "optimizer": optimizer, "borrowers": ["ssr"] }),
        json!({ "event": "environmentOpened", "name": "ssr", "consumer": "server", "root": "/app", "base": "/",
            "optimizer": { "cold": true, "browserHash": "a", "optimized": [], "discovered": [{ "id": "swr" }] } }),
        json!({ "event": "environmentOpened", "name": "rsc", "consumer": "server", "root": "/app", "base": "/",
            "optimizer": { "adds": true, "browserHash": "a", "optimized": [], "discovered": [{ "id": "swr" }] } }),
        json!({ "event": "changed", "environment": "worker", "cause": "save", "modules": ["/src/entry.ts"] }),
        fetch("begin"),
        fetch("end"),
        json!({ "event": "requestStarted", "request": 1, "method": "GET", "url": "/", "mode": "navigate" }),
        json!({ "event": "discovered", "environment": "worker", "id": "zod", "importer": { "file": "a.ts", "line": 3 } }),
        json!({ "event": "arrived", "request": 2, "method": "POST", "url": "/" }),
        json!({ "event": "committed", "environment": "worker", "outcome": "committed", "browserHash": "b",
            "reload": true, "changed": changed, "removed": ["react"], "pending": [] }),
        fetch("begin"),
        fetch("end"),
        json!({ "event": "requestFinished", "request": 2 }),
        json!({ "event": "committed", "environment": "rsc", "outcome": "committed", "browserHash": "a", "reload": false,
            "changed": changed, "removed": [], "pending": [],
            "bundled": { "kind": "added", "layer": 2, "modules": 3, "durationMs": 4 } }),
        json!({ "event": "discovered", "environment": "rsc", "id": "jotai" }),
        json!({ "event": "fellBack", "environment": "rsc", "reason": "fileMissing", "detail": "zod.js" }),
        json!({ "event": "committed", "environment": "rsc", "outcome": "committed", "browserHash": "b", "reload": true,
            "changed": changed, "removed": [], "pending": [], "bundled": { "kind": "rebundled",
            "reason": "fileMissing", "detail": "zod.js", "modules": 9, "durationMs": 40 } }),
        json!({ "event": "environmentClosed", "name": "ssr" }),
    ];
    let mut now = Time::ZERO;
    for event in events {
        now += Time::from_millis(15);
        journal.apply(serde_json::from_value(event).expect("an event"), now);
        journal.reload(ReloadTurn::of("worker"), now);
        journal.classify(&Failure { request: 1, sent: false, status: Some(500), error: None }, now);
        journal.tick(now + Time::from_millis(5));
    }
    journal.save(now + Time::from_secs(60)).text()
}

/// Every value of every line is replaced by each of these, one at a time; lines are left out, doubled and swapped.
#[test]
fn a_journal_that_was_edited_is_refused_or_replayed() {
    let text = journal();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(replay(&text).expect("it is whole").differences, []);
    // So that there is something in the session that the journal begins with.
    let end = lines.pop().expect("it ends");
    lines[0]["session"] = end["end"].clone();
    for line in &mut lines[1..] {
        line["at"] = json!(line["at"].as_u64().unwrap_or_default() + end["at"].as_u64().unwrap_or_default());
    }
    let written = |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let instead = [
        json!(0),
        json!(1),
        json!(-1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(u64::MAX / 1000),
        json!(1e300),
        json!(""),
        json!("worker"),
        json!("x"),
        json!([]),
        json!({}),
        Value::Null,
        json!(true),
        json!([99, 99]),
        json!({ "secs": u64::MAX, "nanos": 999_999_999 }),
    ];
    let (mut tried, mut refused) = (0, 0);
    for number in 0..lines.len() {
        for pointer in pointers(&lines[number]) {
            // Some for each, and all of them over all values.
            for value in instead.iter().skip(tried % 11).step_by(11) {
                let mut edited = lines.clone();
                *edited[number].pointer_mut(&pointer).expect("it is there") = value.clone();
                refused += usize::from(replay(&written(&edited)).is_err());
                tried += 1;
            }
        }
        let (mut without, mut twice, mut swapped) = (lines.clone(), lines.clone(), lines.clone());
        drop(without.remove(number));
        twice.insert(number, lines[number].clone());
        swapped.swap(number, lines.len() / 2);
        for edited in [without, twice, swapped] {
            drop(replay(&written(&edited)));
        }
    }
    assert!(tried > 500 && refused > 50 && refused < tried, "{refused} of {tried}");
}

/// The paths of all values inside one.
fn pointers(value: &Value) -> Vec<String> {
    let below = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        let inner = pointers(value).into_iter().map(|inner| format!("/{key}{inner}")).collect::<Vec<_>>();
        std::iter::once(format!("/{key}")).chain(inner).collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| below(key, value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(at, value)| below(&at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn an_error_with_many_causes_can_be_replayed() {
    let mut error = ErrorInfo::default();
    for _ in 0..124 {
        error = ErrorInfo { cause: Some(Box::new(error)), ..ErrorInfo::default() };
    }
    let failure = Failure { request: 1, sent: false, status: None, error: Some(error) };
    let mut journal = Recorded::new(Policy::default(), Arc::new(Nobody));
    journal.classify(&failure.bounded(), Time::ZERO);
    assert_eq!(replay(&journal.save(Time::ZERO).text()).expect("it can be read").differences, []);
}

/// What happens to a file: bytes are overwritten, cut out, or repeated.
#[derive(Debug, arbitrary::Arbitrary)]
enum Damage {
    Overwrite { at: u16, with: u8 },
    Cut { at: u16, length: u8 },
    Repeat { at: u16, length: u8 },
}

impl Damage {
    fn happen(&self, bytes: &mut Vec<u8>) {
        let size = bytes.len();
        let range = |at: &u16, length: &u8| {
            let start = usize::from(*at) % size.max(1);
            start..(start + usize::from(*length)).min(size)
        };
        match self {
            Damage::Overwrite { at, with } => bytes[range(at, &1)].fill(*with),
            Damage::Cut { at, length } => drop(bytes.drain(range(at, length))),
            Damage::Repeat { at, length } => bytes.extend_from_within(range(at, length)),
        }
    }
}

#[test]
fn fuzz_a_damaged_journal_is_replayed_or_refused() {
    let whole = journal();
    assert!(replay(&whole).is_ok(), "most of it can be read, so that damage reaches the core");
    fuzz(|data| {
        let mut bytes = whole.as_bytes().to_vec();
        data.arbitrary::<Vec<Damage>>()?.iter().for_each(|damage| damage.happen(&mut bytes));
        drop(replay(&String::from_utf8_lossy(&bytes)));
        Ok(())
    });
}
