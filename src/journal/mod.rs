//! What a session was told, in order: the bug report that replays.
//!
//! The core gives the same state for the same inputs, so that the inputs are all that has to be kept. They are kept as
//! lines of JSON, in memory, and the oldest half is dropped when there are too many; each half begins with the session
//! as it was then. Such a copy shares the module graph with the session and takes no time to speak of, so that a text is
//! made of it, and it is dropped, where nobody waits.

#[cfg(test)]
mod properties;
mod replay;

pub use replay::{Difference, Replay, ReplayError, entry, replay};

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::{Effect, Event, Failure, Policy, ReloadPlan, ReloadTurn, Session, Time, Verdict};

/// The version of the format.
pub const FORMAT: u32 = 7;
/// Half of what is kept at most, in bytes.
const HALF: usize = 1024 * 1024;
/// So that the last line of a half mostly fits without another allocation.
const SLACK: usize = 64 * 1024;

/// Everything that changes a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    Event(Event),
    Reload(ReloadTurn),
    Classify(Failure),
    /// Time went on while something was to settle.
    Tick,
}

/// What a session answered, where that is more than an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Response {
    Plan(ReloadPlan),
    Verdict(Verdict),
    /// A request that has come is held.
    Held,
    /// A run that was committed reloads its environment.
    Reloads,
}

/// Applies an event, and tells what the session makes of it, where that is more than an effect.
fn apply(session: &mut Session, event: Event, now: Time) -> (Vec<Effect>, Option<Response>) {
    let arrived = match &event {
        Event::Arrived(arrived) => Some(arrived.started.request),
        _ => None,
    };
    let reloads = session.counts().reloads;
    let effects = session.apply(event, now);
    let is_held = arrived.is_some_and(|request| session.is_held(request));
    let response = if is_held {
        Some(Response::Held)
    } else {
        (session.counts().reloads > reloads).then_some(Response::Reloads)
    };
    (effects, response)
}

/// A line of a journal: the first begins with a session, the last of a saved one ends with it, all others are inputs.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Begin {
        journal: u32,
        version: &'a str,
        session: &'a Session,
    },
    Entry {
        /// Microseconds since the sidecar started.
        at: u64,
        input: &'a Input,
        #[serde(skip_serializing_if = "Option::is_none")]
        answer: Option<&'a Response>,
    },
    End {
        at: u64,
        end: &'a Session,
    },
}

#[derive(Debug)]
struct Half {
    begin: Session,
    lines: Vec<u8>,
}

/// A session, and the journal of what it was told.
#[derive(Debug)]
pub struct Recorded {
    session: Session,
    older: Arc<Half>,
    newer: Half,
    subscriber: Arc<dyn Subscriber>,
}

/// A journal as it was at a moment.
#[derive(Debug)]
pub struct Saved {
    older: Arc<Half>,
    newer: Vec<u8>,
    end: Session,
    at: Time,
}

impl Saved {
    /// The journal as a text that can be replayed.
    pub fn text(&self) -> String {
        let mut text = Vec::with_capacity(self.older.lines.len() + self.newer.len() + 4096);
        let begin = &self.older.begin;
        put(&mut text, &Line::Begin { journal: FORMAT, version: env!("CARGO_PKG_VERSION"), session: begin });
        text.extend_from_slice(&self.older.lines);
        text.extend_from_slice(&self.newer);
        put(&mut text, &Line::End { at: micros(self.at), end: &self.end });
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Is given every line.
pub trait Subscriber: std::fmt::Debug + Send + Sync {
    fn on_line(&self, line: &[u8]);
}

impl Recorded {
    pub fn new(policy: Policy, subscriber: Arc<dyn Subscriber>) -> Self {
        let session = Session::new(policy);
        let half = || Half { begin: session.clone(), lines: Vec::new() };
        Recorded { older: Arc::new(half()), newer: half(), session, subscriber }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn apply(&mut self, event: Event, now: Time) -> Vec<Effect> {
        self.make_room();
        if matches!(event, Event::Arrived(_) | Event::Committed(_)) {
            let (effects, response) = apply(&mut self.session, event.clone(), now);
            self.write(&Input::Event(event), response.as_ref(), now);
            return effects;
        }
        // Written before it is taken, so that no large one has to be copied.
        let input = Input::Event(event);
        self.write(&input, None, now);
        let Input::Event(event) = input else { return Vec::new() };
        self.session.apply(event, now)
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Time) -> Vec<Effect> {
        if self.session.is_settling() {
            self.make_room();
            self.write(&Input::Tick, None, now);
        }
        self.session.tick(now)
    }

    /// Begins the reloads of a turn, and says what goes along with them.
    pub fn reload(&mut self, turn: ReloadTurn, now: Time) -> (Vec<Effect>, ReloadPlan) {
        self.make_room();
        let (effects, plan) = self.session.reload(&turn, now);
        self.write(&Input::Reload(turn), Some(&Response::Plan(plan.clone())), now);
        (effects, plan)
    }

    pub fn classify(&mut self, failure: &Failure, now: Time) -> Verdict {
        self.make_room();
        let verdict = self.session.classify(failure, now);
        self.write(&Input::Classify(failure.clone()), Some(&Response::Verdict(verdict.clone())), now);
        verdict
    }

    /// The journal as it is now, to be made a text of elsewhere.
    pub fn save(&self, now: Time) -> Saved {
        let (older, newer) = (self.older.clone(), self.newer.lines.clone());
        Saved { older, newer, end: self.session.clone(), at: now }
    }

    fn make_room(&mut self) {
        if self.newer.lines.len() >= HALF {
            let newer = Half { begin: self.session.clone(), lines: Vec::with_capacity(HALF + SLACK) };
            let mut full = std::mem::replace(&mut self.newer, newer);
            full.lines.shrink_to_fit();
            drop_elsewhere(std::mem::replace(&mut self.older, Arc::new(full)));
        }
    }

    fn write(&mut self, input: &Input, answer: Option<&Response>, now: Time) {
        let begin = self.newer.lines.len();
        put(&mut self.newer.lines, &Line::Entry { at: micros(now), input, answer });
        self.subscriber.on_line(&self.newer.lines[begin..]);
    }
}

/// What a half alone still has of the module graph may be all of it. Without a thread it is dropped here.
fn drop_elsewhere(half: Arc<Half>) {
    let dropping = std::thread::Builder::new().name("journal".into()).spawn(move || drop(half));
    if let Err(error) = dropping {
        tracing::debug!(%error, "a half of the journal was dropped in place");
    }
}

/// What a session holds can always be written.
fn put(text: &mut Vec<u8>, line: &Line) {
    let begin = text.len();
    match serde_json::to_writer(&mut *text, line) {
        Ok(()) => text.push(b'\n'),
        Err(error) => {
            text.truncate(begin);
            tracing::error!(%error, "a line of the journal was dropped");
        }
    }
}

/// Times are kept in microseconds, and are no finer anywhere.
fn micros(time: Time) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Consumer, EnvironmentSnapshot, OptimizerSnapshot, RequestFinished, RequestStarted};

    #[derive(Debug)]
    struct Nobody;

    impl Subscriber for Nobody {
        fn on_line(&self, _line: &[u8]) {}
    }

    fn recorded() -> Recorded {
        Recorded::new(Policy::default(), Arc::new(Nobody))
    }

    fn told(journal: &mut Recorded, requests: u32) {
        let mut now = Time::ZERO;
        let snapshot = EnvironmentSnapshot {
            name: "worker".into(),
            consumer: Consumer::Server,
            root: "/app".into(),
            base: "/".into(),
            cache_dir: None,
            optimizer: Some(OptimizerSnapshot::default()),
            borrowers: Vec::new(),
        };
        journal.apply(Event::EnvironmentOpened(snapshot), now);
        for request in 0..requests {
            now += Time::from_micros(1500);
            let url = format!("/{}", "x".repeat(100));
            journal.apply(Event::RequestStarted(RequestStarted::get(request, url)), now);
            journal.reload(ReloadTurn::of("worker"), now);
            journal.classify(&Failure { request, sent: false, status: Some(500), error: None }, now);
            journal.tick(now);
            journal.apply(Event::RequestFinished(RequestFinished { request }), now);
        }
    }

    #[test]
    fn a_journal_replays_to_the_same_state_and_answers() {
        for requests in [0, 3, 9000] {
            let mut journal = recorded();
            told(&mut journal, requests);
            let text = journal.save(Time::from_secs(60)).text();
            assert!(text.len() < 4 * HALF, "the oldest lines are dropped: {}", text.len());
            let replayed = replay(&text).expect("it is whole");
            assert_eq!(replayed.differences, []);
            assert!(replayed.is_whole);
        }
    }

    #[test]
    fn a_difference_is_found() {
        let mut journal = recorded();
        told(&mut journal, 1);
        let text = journal.save(Time::from_secs(60)).text();
        for (what, instead) in [
            ("\"action\":\"redirect\"", "\"action\":\"pass\""),
            ("\"end\":{\"policy\":{\"foresee\":true", "\"end\":{\"policy\":{\"foresee\":false"),
        ] {
            assert!(text.contains(what), "{text}");
            let replayed = replay(&text.replace(what, instead)).expect("it is whole");
            assert_eq!(replayed.differences.len(), 1, "{:?}", replayed.differences);
        }
    }

    #[test]
    fn what_is_no_journal_is_refused_with_its_line() {
        let table = [
            ("", "is empty"),
            ("{}\n", "line 1"),
            ("{\"journal\":99,\"version\":\"9.0.0\",\"session\":{}}\n", "line 1"),
            ("hello\n", "line 1"),
        ];
        for (text, expected) in table {
            let error = replay(text).expect_err("it is no journal").to_string();
            assert!(error.contains(expected), "{error}");
        }
        let mut journal = recorded();
        told(&mut journal, 1);
        let text = journal.save(Time::from_secs(60)).text();
        let cut = &text[..text.find("\"end\"").expect("it ends")];
        let whole_lines = &cut[..=cut.rfind('\n').expect("it has lines")];
        assert!(!replay(whole_lines).expect("all lines are whole").is_whole);
        assert!(replay(cut).expect_err("the last line is cut").to_string().contains("line 8"));
    }
}
