//! Whatever a session is told, its journal replays to the same answers and to the same state.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Recorded, Subscriber, replay};
use crate::core::{Failure, HttpRequest, Policy, ReloadTurn, Time};

#[derive(Debug)]
struct Nobody;

impl Subscriber for Nobody {
    fn on_line(&self, _line: &[u8]) {}
}

/// What a dev server may live through.
#[derive(Debug, Clone)]
enum Step {
    Discover {
        id: u32,
    },
    Commit {
        id: u32,
        reload: bool,
    },
    Reload,
    /// The runner imports its entry.
    Import,
    Arrive {
        request: HttpRequest,
        method: &'static str,
        timeout_ms: u64,
    },
    Start {
        request: HttpRequest,
    },
    Fail {
        request: HttpRequest,
        status: u16,
        sent: bool,
    },
    Finish {
        request: HttpRequest,
    },
    Wait {
        milliseconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let request = || 0..4u32;
    let method = prop_oneof![Just("GET"), Just("POST")];
    prop_oneof![
        (0..3u32).prop_map(|id| Step::Discover { id }),
        (0..3u32, any::<bool>()).prop_map(|(id, reload)| Step::Commit { id, reload }),
        Just(Step::Reload),
        Just(Step::Import),
        (request(), method, 0..15_000u64).prop_map(|(request, method, timeout_ms)| Step::Arrive {
            request,
            method,
            timeout_ms
        }),
        request().prop_map(|request| Step::Start { request }),
        (request(), prop_oneof![Just(200u16), Just(500u16)], any::<bool>())
            .prop_map(|(request, status, sent)| Step::Fail { request, status, sent }),
        request().prop_map(|request| Step::Finish { request }),
        (0..12_000u64).prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

/// A session that is recorded, and its clock.
struct DevServer {
    recorded: Recorded,
    now: Time,
    commits: u32,
}

impl DevServer {
    fn open() -> Self {
        let recorded = Recorded::new(Policy::default(), Arc::new(Nobody));
        let mut server = DevServer { recorded, now: Time::ZERO, commits: 0 };
        server.apply(
            json!({ "event": "environmentOpened", "name": "worker", "consumer": "server", "root": "/app",
            "base": "/", "optimizer": { "browserHash": "0", "optimized": [], "discovered": [] } }),
        );
        server
    }

    fn apply(&mut self, event: Value) {
        self.recorded.apply(serde_json::from_value(event).expect("an event"), self.now);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Discover { id } => {
                self.apply(
                    json!({ "event": "discovered", "environment": "worker", "id": format!("dep{id}") }),
                );
            }
            Step::Commit { id, reload } => self.commit(id, reload),
            Step::Reload => self.reload(),
            Step::Import => {
                let fetch = |moment: &str| json!({ "kind": "fetch", "moment": moment, "module": "/entry.ts", "entry": moment == "begin" });
                self.apply(json!({ "event": "transformed", "environment": "worker",
                    "activities": [fetch("begin"), fetch("end")] }));
            }
            Step::Arrive { request, method, timeout_ms } => {
                self.apply(json!({ "event": "arrived", "request": request, "method": method, "url": "/",
                    "timeoutMs": timeout_ms }));
            }
            Step::Start { request } => {
                self.apply(
                    json!({ "event": "requestStarted", "request": request, "method": "GET", "url": "/" }),
                );
            }
            Step::Fail { request, status, sent } => {
                self.recorded
                    .classify(&Failure { request, sent, status: Some(status), error: None }, self.now);
            }
            Step::Finish { request } => {
                self.apply(json!({ "event": "requestFinished", "request": request }));
            }
            Step::Wait { milliseconds } => {
                self.now += Time::from_millis(milliseconds);
                self.recorded.tick(self.now);
            }
        }
    }

    fn commit(&mut self, id: u32, reload: bool) {
        self.commits += u32::from(reload);
        let hash = self.commits.to_string();
        let changed = json!([{ "id": format!("dep{id}"), "file": "/f.js", "browserHash": hash }]);
        self.apply(json!({ "event": "committed", "environment": "worker", "browserHash": hash,
            "changed": changed, "removed": [], "pending": [] }));
        if reload {
            self.reload();
        }
    }

    fn reload(&mut self) {
        self.recorded.reload(ReloadTurn::of("worker"), self.now);
    }
}

proptest! {
    #[test]
    fn a_journal_replays_to_the_same_answers_and_state(steps in prop::collection::vec(step(), 0..60)) {
        let mut server = DevServer::open();
        steps.iter().for_each(|step| server.take(step));
        let replayed = replay(&server.recorded.save(server.now).text()).expect("it is whole");
        prop_assert_eq!(replayed.differences, []);
        prop_assert!(replayed.is_whole);
    }
}
