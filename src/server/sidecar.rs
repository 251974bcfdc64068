//! The one writer of the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::clock::Clock;
use super::outbox::Outbox;
use super::waiters::{Until, Waited, Waiters};
use super::{progress, status};
use crate::attach::{Host, Publisher};
use crate::core::{
    Admission, Arrived, Effect, Event, Failure, Policy, ReloadPlan, ReloadTurn, Session, Stability, Time,
    Verdict,
};
use crate::journal::Recorded;
use crate::protocol::{LogLevel, RestartRequest, ServerStatus};

/// Whoever asks for a restart within this time of another one gets that one.
const RESTART_ONCE_IN: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct State {
    recorded: Recorded,
    waiters: Waiters,
    /// Whether `initialize` has been answered: before that, a client is told nothing.
    initialized: bool,
    published: Option<ServerStatus>,
    /// When the readers' snapshot was made.
    snapshot_at: Option<Time>,
}

#[derive(Debug)]
pub struct Sidecar {
    state: Mutex<State>,
    clock: Clock,
    disturbed: Notify,
    /// When a reader's wish for a restart was last handed on.
    restart_requested: Mutex<Option<Instant>>,
    outbox: Outbox,
    publisher: Arc<Publisher>,
}

impl Sidecar {
    pub fn new(outbox: Outbox) -> Arc<Self> {
        let publisher = Arc::<Publisher>::default();
        Arc::new(Sidecar {
            state: Mutex::new(State {
                recorded: Recorded::new(Policy::default(), publisher.clone()),
                waiters: Waiters::default(),
                initialized: false,
                published: None,
                snapshot_at: None,
            }),
            clock: Clock::start(),
            disturbed: Notify::new(),
            restart_requested: Mutex::default(),
            outbox,
            publisher,
        })
    }

    /// A panic in a handler leaves the state as its last whole step did; it stays in use.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn initialize(&self, policy: Policy) {
        let mut state = self.state();
        state.recorded = Recorded::new(policy, self.publisher.clone());
        state.initialized = true;
        self.disturbed.notify_one();
    }

    /// Looks at the session as it is now.
    pub fn read<T>(&self, read: impl FnOnce(&Session, Time) -> T) -> T {
        let state = self.state();
        read(state.session(), self.clock.now())
    }

    pub fn apply(&self, event: Event) {
        let mut state = self.state();
        let was_disturbed = state.session().is_disturbed();
        let effects = state.recorded.apply(event, self.clock.now());
        self.follow_up(&state, was_disturbed, effects);
    }

    fn follow_up(&self, state: &State, was_disturbed: bool, effects: Vec<Effect>) {
        progress::notify(&self.outbox, effects);
        if was_disturbed || state.is_watched() {
            self.disturbed.notify_one();
        }
    }

    /// Tells the client that something it sent was of no use.
    pub fn warn(&self, message: String) {
        progress::log(&self.outbox, LogLevel::Warning, message);
    }

    pub fn reload(&self, turn: ReloadTurn) -> ReloadPlan {
        let mut state = self.state();
        let was_disturbed = state.session().is_disturbed();
        let (effects, plan) = state.recorded.reload(turn, self.clock.now());
        self.follow_up(&state, was_disturbed, effects);
        plan
    }

    pub fn classify(&self, failure: &Failure) -> Verdict {
        let mut state = self.state();
        let verdict = state.recorded.classify(failure, self.clock.now());
        if state.is_watched() {
            self.disturbed.notify_one();
        }
        verdict
    }

    /// Puts a request before the gate. Resolves when it has entered, and at once if it has by now.
    pub fn admit(&self, arrived: Arrived) -> oneshot::Receiver<Admission> {
        let mut state = self.state();
        let was_disturbed = state.session().is_disturbed();
        let request = arrived.started.request;
        let effects = state.recorded.apply(Event::Arrived(arrived), self.clock.now());
        let State { recorded, waiters, .. } = &mut *state;
        let admission = waiters.hold(request, recorded.session());
        self.follow_up(&state, was_disturbed, effects);
        admission
    }

    /// Waits; `None` when there is nothing to wait for.
    pub fn wait(&self, until: Until, timeout: Option<Duration>) -> Option<oneshot::Receiver<Waited>> {
        let now = self.clock.now();
        let mut state = self.state();
        if until.is_reached(state.session(), now) {
            return None;
        }
        let State { recorded, waiters, .. } = &mut *state;
        let waiting = waiters.add(until, timeout, recorded.session(), now);
        self.disturbed.notify_one();
        Some(waiting)
    }

    /// Follows the state from change to change: ends waits, lets time pass, publishes the status.
    pub async fn run(self: Arc<Self>) {
        loop {
            let due = self.settle();
            tokio::select! {
                () = self.disturbed.notified() => {}
                () = self.publisher.woken() => {}
                () = self.clock.sleep_until(due) => {}
            }
        }
    }

    /// Does what is due and says when to look again, if nothing else happens.
    fn settle(&self) -> Option<Time> {
        let now = self.clock.now();
        let mut state = self.state();
        let effects = state.recorded.tick(now);
        progress::notify(&self.outbox, effects);
        let State { recorded, waiters, .. } = &mut *state;
        waiters.end(recorded.session(), now);
        let status = status::status(state.session(), now);
        if state.initialized && state.published.as_ref() != Some(&status) {
            self.outbox.notify("experimental/serverStatus", &status);
            state.published = Some(status);
            self.publisher.note_change();
        }
        self.publisher.deliver(|| state.recorded.save(now));
        let snapshot_due = self.publish_snapshot(&mut state, now);
        state.next_look(now).into_iter().chain(snapshot_due).min()
    }

    /// Leaves the readers a snapshot if one is due, and says when the next one is.
    fn publish_snapshot(&self, state: &mut State, now: Time) -> Option<Time> {
        let due = self.publisher.due(state.snapshot_at, now)?;
        if due > now {
            return Some(due);
        }
        self.publisher.publish(&status::report(state.session(), now));
        state.snapshot_at = Some(now);
        None
    }
}

impl Host for Sidecar {
    fn publisher(&self) -> &Arc<Publisher> {
        &self.publisher
    }

    fn restart(&self) {
        let mut requested = self.restart_requested.lock().unwrap_or_else(PoisonError::into_inner);
        if requested.is_some_and(|at| at.elapsed() < RESTART_ONCE_IN) {
            return;
        }
        *requested = Some(Instant::now());
        self.outbox.notify("devServer/restartRequest", RestartRequest {});
    }
}

impl State {
    fn session(&self) -> &Session {
        self.recorded.session()
    }

    /// Whether somebody waits for what comes next, as all who are held do, or time alone may bring it.
    fn is_watched(&self) -> bool {
        !self.waiters.is_empty() || self.session().is_settling_by_itself()
    }

    fn next_look(&self, now: Time) -> Option<Time> {
        let stable_at = match self.session().stability(&[], now) {
            Stability::Unstable { at, .. } => at,
            Stability::Stable => None,
        };
        let waits = self.waiters.next(self.session(), now);
        let settles = self.session().settles_at(now).filter(|at| *at > now);
        [stable_at, waits, settles, self.session().held_until()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(event: Value) -> Event {
        serde_json::from_value(event).expect("an event")
    }

    /// An environment has been reloaded for a late dependency.
    fn reloaded(name: &str, consumer: &str) -> (Arc<Sidecar>, Outbox) {
        let outbox = Outbox::new();
        let sidecar = Sidecar::new(outbox.clone());
        sidecar.initialize(Policy { quiet_ms: 5, ..Policy::default() });
        let optimizer = json!({ "browserHash": "a", "optimized": [], "discovered": [] });
        sidecar.apply(event(json!({ "event": "environmentOpened", "name": name, "consumer": consumer,
            "root": "/app", "base": "/", "optimizer": optimizer })));
        sidecar.apply(event(json!({ "event": "discovered", "environment": name, "id": "zod" })));
        sidecar.apply(event(json!({ "event": "committed", "environment": name, "browserHash": "b",
            "reload": true, "changed": [], "removed": [], "pending": [] })));
        (sidecar, outbox)
    }

    #[test]
    fn a_reload_of_pages_is_told_as_one() {
        let (sidecar, outbox) = reloaded("client", "client");
        std::thread::sleep(Duration::from_millis(20));
        sidecar.apply(event(json!({ "event": "listening", "url": "http://localhost:5173/" })));
        assert!(outbox.queued().contains("for zod, and open pages reloaded."), "{}", outbox.queued());
    }

    #[test]
    fn what_has_ended_by_the_time_a_request_comes_is_told() {
        let (sidecar, outbox) = reloaded("worker", "server");
        std::thread::sleep(Duration::from_millis(20));
        assert!(!outbox.queued().contains("re-optimized in"));
        // Nobody has looked at the clock meanwhile.
        let Event::Arrived(arrived) =
            event(json!({ "event": "arrived", "request": 1, "method": "GET", "url": "/" }))
        else {
            panic!("a request that comes");
        };
        sidecar.admit(arrived).try_recv().expect("all is stable");
        assert!(outbox.queued().contains("re-optimized in"), "{}", outbox.queued());
    }
}
