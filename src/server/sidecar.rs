//! The one writer of the session, and those who wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::outbox::Outbox;
use crate::attach::{Host, Publisher, methods::STATUS};
use crate::core::{
    Arrived, Bundling, Defence, Effect, Event, Failure, HttpRequest, OpenEnvironment, Optimizer, Outcome,
    Policy, ReloadPlan, ReloadRequested, Reoptimization, ResolvedId, Session, Stability, Time, Verdict,
    causes, millis, names, title,
};
use crate::journal::Recorded;
use crate::protocol::{
    EnvironmentStatus, Health, Learned, LogLevel, LogMessage, Progress, ProgressValue, RestartRequest,
    RunRequest, ServerStatus, StatusReport, WarmupRequest,
};

/// Whoever asks for a restart within this time of another one gets that one.
const RESTART_ONCE_IN: Duration = Duration::from_secs(1);

/// How a wait ended.
#[derive(Debug)]
pub struct Waited {
    pub waiting_for: Vec<String>,
    pub time: Duration,
}

#[derive(Debug)]
struct Waiter {
    waits: Waits,
    since: Time,
    deadline: Time,
    answer: oneshot::Sender<Waited>,
}

/// What a wait is for.
#[derive(Debug)]
enum Waits {
    /// An HTTP request is admitted when it ends.
    AtTheGate(HttpRequest),
    For {
        /// All guarded ones, if none is named.
        environments: Vec<String>,
        /// The HTTP request whose deadline counts.
        request: Option<HttpRequest>,
    },
}

impl Waits {
    fn environments(&self) -> &[String] {
        match self {
            Waits::AtTheGate(_) => &[],
            Waits::For { environments, .. } => environments,
        }
    }
}

#[derive(Debug)]
struct State {
    recorded: Recorded,
    waiters: Vec<Waiter>,
    /// Whether `initialize` has been answered: before that, a client is told nothing.
    begun: bool,
    published: Option<ServerStatus>,
    /// When the readers' snapshot was made.
    snapshot_at: Option<Time>,
}

#[derive(Debug)]
pub struct Sidecar {
    state: Mutex<State>,
    started: Instant,
    disturbed: Notify,
    /// When a reader's wish for a restart was last handed on.
    restart_asked: Mutex<Option<Instant>>,
    outbox: Outbox,
    publisher: Arc<Publisher>,
}

impl Sidecar {
    pub fn new(outbox: Outbox) -> Arc<Self> {
        let publisher = Arc::<Publisher>::default();
        Arc::new(Sidecar {
            state: Mutex::new(State {
                recorded: Recorded::new(Policy::default(), publisher.clone()),
                waiters: Vec::new(),
                begun: false,
                published: None,
                snapshot_at: None,
            }),
            started: Instant::now(),
            disturbed: Notify::new(),
            restart_asked: Mutex::default(),
            outbox,
            publisher,
        })
    }

    /// A panic in a handler leaves the state as its last whole step did; it stays in use.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No finer than the journal writes it.
    fn now(&self) -> Time {
        let elapsed = self.started.elapsed();
        Time::new(elapsed.as_secs(), elapsed.subsec_micros() * 1000)
    }

    pub fn begin(&self, policy: Policy) {
        let mut state = self.state();
        state.recorded = Recorded::new(policy, self.publisher.clone());
        state.begun = true;
        self.disturbed.notify_one();
    }

    pub fn apply(&self, event: Event) {
        let mut state = self.state();
        let was_disturbed = state.session().is_disturbed();
        let effects = state.recorded.apply(event, self.now());
        self.follow_up(&state, was_disturbed, effects);
    }

    fn follow_up(&self, state: &State, was_disturbed: bool, effects: Vec<Effect>) {
        self.perform(effects);
        if was_disturbed || state.session().is_disturbed() || !state.waiters.is_empty() {
            self.disturbed.notify_one();
        }
    }

    /// Tells the client that something it sent was of no use.
    pub fn complain(&self, message: String) {
        self.outbox.notify("window/logMessage", LogMessage { level: LogLevel::Warning as u8, message });
    }

    pub fn plan_reload(&self, reload: ReloadRequested) -> ReloadPlan {
        let mut state = self.state();
        let was_disturbed = state.session().is_disturbed();
        let (effects, plan) = state.recorded.plan_reload(reload, self.now());
        self.follow_up(&state, was_disturbed, effects);
        plan
    }

    pub fn classify(&self, failure: &Failure) -> Verdict {
        self.state().recorded.classify(failure, self.now())
    }

    pub fn resolve(&self, environment: &str, id: &str) -> Option<ResolvedId> {
        self.state().session().resolve(environment, id)
    }

    pub fn environment_names(&self) -> Vec<String> {
        self.state().session().environments().map(|environment| environment.name.clone()).collect()
    }

    /// Puts a request before the gate: `None` when it may enter at once.
    pub fn admit(&self, arrived: Arrived, timeout: Option<Duration>) -> Option<oneshot::Receiver<Waited>> {
        let now = self.now();
        let mut state = self.state();
        let request = arrived.request;
        state.recorded.apply(Event::Arrived(arrived), now);
        if !state.session().policy().hold || state.session().stability(&[], now) == Stability::Stable {
            state.recorded.apply(Event::Admitted { request }, now);
            return None;
        }
        state.recorded.apply(Event::Held { request }, now);
        let waiting = state.wait(Waits::AtTheGate(request), timeout, now);
        self.disturbed.notify_one();
        Some(waiting)
    }

    /// Waits for environments: `None` when they are stable now.
    pub fn await_stable(
        &self,
        environments: Vec<String>,
        request: Option<HttpRequest>,
        timeout: Option<Duration>,
    ) -> Option<oneshot::Receiver<Waited>> {
        let now = self.now();
        let mut state = self.state();
        if state.session().stability(&environments, now) == Stability::Stable {
            return None;
        }
        let waiting = state.wait(Waits::For { environments, request }, timeout, now);
        self.disturbed.notify_one();
        Some(waiting)
    }

    pub fn holds(&self) -> bool {
        self.state().session().policy().hold
    }

    pub fn report(&self) -> StatusReport {
        self.state().report(self.now())
    }

    /// Follows the state from change to change: ends waits, lets time pass, publishes the status.
    pub async fn keep(self: Arc<Self>) {
        loop {
            let wake = self.settle();
            let due = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(self.started + at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.disturbed.notified() => {}
                () = self.publisher.woken() => {}
                () = due => {}
            }
        }
    }

    /// Does what is due and says when to look again, if nothing else happens.
    fn settle(&self) -> Option<Time> {
        let now = self.now();
        let mut state = self.state();
        let effects = state.recorded.tick(now);
        self.perform(effects);
        state.answer_waiters(now);
        let status = state.status(now);
        if state.begun && state.published.as_ref() != Some(&status) {
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
        let due = self.publisher.due(state.snapshot_at)?;
        if due > now {
            return Some(due);
        }
        self.publisher.publish(STATUS, &state.report(now));
        state.snapshot_at = Some(now);
        None
    }

    fn perform(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Began(record) => {
                    let value = ProgressValue::Begin {
                        title: title(&record.environment, record.adds()),
                        message: causes(&record.dependencies),
                    };
                    self.outbox.notify("$/progress", Progress { token: token(&record), value });
                }
                Effect::Crawl { environment, modules } => {
                    self.outbox.notify("environment/warmupRequest", WarmupRequest { environment, modules });
                }
                Effect::Optimize { environment } => {
                    self.outbox.notify("optimizer/runRequest", RunRequest { environment });
                }
                Effect::Learned { environment, dependencies } => {
                    self.outbox.notify("optimizer/didLearn", Learned { environment, dependencies });
                }
                Effect::Ended(record) => {
                    let value = ProgressValue::End { message: summary(&record) };
                    self.outbox.notify("$/progress", Progress { token: token(&record), value });
                    if let Some(level) = log_level(&record) {
                        let message = summary(&record);
                        self.outbox.notify("window/logMessage", LogMessage { level: level as u8, message });
                    }
                }
            }
        }
    }
}

impl Host for Sidecar {
    fn publisher(&self) -> &Arc<Publisher> {
        &self.publisher
    }

    fn restart(&self) {
        let mut asked = self.restart_asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.is_some_and(|at| at.elapsed() < RESTART_ONCE_IN) {
            return;
        }
        *asked = Some(Instant::now());
        self.outbox.notify("devServer/restartRequest", RestartRequest {});
    }
}

impl State {
    fn session(&self) -> &Session {
        self.recorded.session()
    }

    fn wait(&mut self, waits: Waits, timeout: Option<Duration>, now: Time) -> oneshot::Receiver<Waited> {
        let (answer, waiting) = oneshot::channel();
        let request = match &waits {
            Waits::AtTheGate(request) => Some(*request),
            Waits::For { request, .. } => *request,
        };
        let own = now + timeout.unwrap_or_else(|| self.session().policy().deadline());
        let of_request = request.and_then(|request| self.session().deadline_of(request));
        let deadline = of_request.map_or(own, |deadline| own.min(deadline));
        self.waiters.push(Waiter { waits, since: now, deadline, answer });
        waiting
    }

    fn answer_waiters(&mut self, now: Time) {
        let mut kept = Vec::new();
        for waiter in std::mem::take(&mut self.waiters) {
            if waiter.answer.is_closed() {
                continue;
            }
            let waiting_for = match self.session().stability(waiter.waits.environments(), now) {
                Stability::Stable => Vec::new(),
                Stability::Unstable { .. } if now < waiter.deadline => {
                    kept.push(waiter);
                    continue;
                }
                Stability::Unstable { waiting_for, .. } => waiting_for,
            };
            // Its client may have left, and said so, before it could be called off.
            if let Waits::AtTheGate(request) = waiter.waits
                && self.session().is_held(request)
            {
                self.recorded.apply(Event::Admitted { request }, now);
            }
            // Whoever cancelled in this very moment needs no answer.
            let _ = waiter.answer.send(Waited { waiting_for, time: now - waiter.since });
        }
        self.waiters = kept;
    }

    fn next_look(&self, now: Time) -> Option<Time> {
        let stable_at = match self.session().stability(&[], now) {
            Stability::Unstable { at, .. } => at,
            Stability::Stable => None,
        };
        let some_stable_at = self.waiters.iter().filter_map(|waiter| {
            match self.session().stability(waiter.waits.environments(), now) {
                Stability::Unstable { at, .. } => at,
                Stability::Stable => Some(now),
            }
        });
        let deadlines = self.waiters.iter().map(|waiter| waiter.deadline);
        let settles = self.session().settles_at(now).filter(|at| *at > now);
        stable_at.into_iter().chain(some_stable_at).chain(deadlines).chain(settles).min()
    }

    fn report(&self, now: Time) -> StatusReport {
        let session = self.session();
        let environment = |environment: &OpenEnvironment| EnvironmentStatus {
            name: environment.name.clone(),
            opened_at_ms: millis(environment.opened_at),
            guarded: environment.is_guarded(),
            phase: environment.phase(session.policy(), now),
            generation: environment.generation,
            browser_hash: environment.browser_hash().unwrap_or_default().to_owned(),
            optimized: environment.optimizer().map_or(0, Optimizer::optimized_count),
            pending: environment.pending().map(str::to_owned).collect(),
            adds: environment.optimizer().is_some_and(Optimizer::adds),
            in_flight: environment.in_flight(),
        };
        StatusReport {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            root: session.environments().next().map(|environment| environment.root.clone()),
            url: session.url().map(str::to_owned),
            status: self.status(now),
            environments: session.environments().map(environment).collect(),
            records: session.records().map(Into::into).collect(),
            counts: session.counts(),
            fallbacks: session.fallbacks().clone(),
            requests_in_flight: u32::try_from(session.requests_in_flight()).unwrap_or(u32::MAX),
            uptime_ms: millis(now),
        }
    }

    fn status(&self, now: Time) -> ServerStatus {
        let records = || self.session().records();
        let failed = records().next_back().and_then(Reoptimization::outcome) == Some(&Outcome::Failed);
        match self.session().stability(&[], now) {
            Stability::Stable if failed => ServerStatus {
                health: Health::Warning,
                quiescent: true,
                message: "the last optimizer run failed".into(),
            },
            Stability::Stable => {
                ServerStatus { health: Health::Ok, quiescent: true, message: "stable".into() }
            }
            Stability::Unstable { waiting_for, .. } => {
                let running = records().rev().find(|record| !record.is_over() && !record.adds());
                let message = match running {
                    Some(record) => {
                        format!("{}: {}", title(&record.environment, false), causes(&record.dependencies))
                    }
                    None => format!("reloading {}", waiting_for.join(", ")),
                };
                ServerStatus { health: Health::Ok, quiescent: false, message }
            }
        }
    }
}

fn token(record: &Reoptimization) -> String {
    format!("reoptimization/{}", record.id)
}

fn log_level(record: &Reoptimization) -> Option<LogLevel> {
    match record.outcome()? {
        Outcome::Reloaded { .. } => Some(LogLevel::Info),
        Outcome::Extended { .. } if record.adds() => Some(LogLevel::Info),
        Outcome::Failed => Some(LogLevel::Warning),
        Outcome::Extended { .. } | Outcome::Abandoned => None,
    }
}

/// One calm line: what, why, cost, how to prevent it.
fn summary(record: &Reoptimization) -> String {
    let took = millis(record.stable_at().unwrap_or(record.discovered_at)) - millis(record.discovered_at);
    let (environment, cause) = (&record.environment, causes(&record.dependencies));
    match record.outcome() {
        Some(Outcome::Failed) => return format!("{environment}: the optimizer failed on {cause}"),
        Some(Outcome::Extended { .. }) if record.adds() => {
            return format!(
                "{environment}: added {} in {took} ms, nothing reloaded",
                names(&record.dependencies)
            );
        }
        Some(Outcome::Extended { .. }) => {
            return format!("{environment}: optimized {cause} without a reload");
        }
        Some(Outcome::Abandoned) => return format!("{environment}: closed before {cause} was optimized"),
        Some(Outcome::Reloaded { .. }) | None => {}
    }
    // A run that this sidecar did not see the beginning of.
    if record.dependencies.is_empty() {
        return format!("{environment}: re-optimized in {took} ms");
    }
    let how = match record.met {
        Defence::Foreseen => format!(", ahead of requests, for {cause}."),
        _ => format!(" for {cause}; {} held, {} re-issued.", record.cost.held, record.cost.recovered),
    };
    format!("{environment}: re-optimized in {took} ms{how}{}{}", fallback(record), prevention(record))
}

/// Why it was not only added.
fn fallback(record: &Reoptimization) -> String {
    match &record.bundling {
        Bundling::Everything(Some(why)) => format!(" Everything was bundled again: {why}."),
        Bundling::Everything(None) | Bundling::Adds => String::new(),
    }
}

/// The line of config, unless it would be no line any more.
fn prevention(record: &Reoptimization) -> String {
    match (record.advice(), record.dependencies.len()) {
        (None, _) => String::new(),
        (Some(advice), ..=3) => format!(" To prevent it: {advice}"),
        _ => " To prevent it, copy the line of config from /__evenkeel/".into(),
    }
}
