//! Those who wait until environments are stable, or a dependency is optimized.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::core::{Admission, HttpRequest, Session, Stability, Time};

/// How a wait ended.
#[derive(Debug)]
pub struct Waited {
    pub waiting_for: Vec<String>,
    pub time: Duration,
}

/// What is waited for.
#[derive(Debug)]
pub enum Until {
    /// Environments are stable: all guarded ones, if none is named.
    Stable(Vec<String>),
    /// A dependency waits for no run of its environment's optimizer any more, and that environment is stable.
    Resolved { environment: String, id: String },
}

impl Until {
    pub fn is_reached(&self, session: &Session, now: Time) -> bool {
        self.state(session, now) == Stability::Stable
    }

    fn state(&self, session: &Session, now: Time) -> Stability {
        match self {
            Until::Stable(environments) => session.stability(environments, now),
            Until::Resolved { environment, id } if session.is_pending(environment, id) => {
                Stability::Unstable { waiting_for: vec![environment.clone()], at: None }
            }
            Until::Resolved { environment, .. } => session.stability(std::slice::from_ref(environment), now),
        }
    }
}

/// Who waits for environments. Which requests are held, and how long, the session knows.
#[derive(Debug)]
struct Waiter {
    until: Until,
    since: Time,
    deadline: Time,
    response: oneshot::Sender<Waited>,
}

#[derive(Debug, Default)]
pub struct Waiters {
    held: Vec<(HttpRequest, oneshot::Sender<Admission>)>,
    waiting: Vec<Waiter>,
}

impl Waiters {
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.waiting.is_empty()
    }

    /// Waits until a request has entered.
    pub fn hold(&mut self, request: HttpRequest, session: &Session) -> oneshot::Receiver<Admission> {
        let (response, waiting) = oneshot::channel();
        match session.admission(request) {
            Some(admission) => {
                let _ = response.send(admission);
            }
            None => self.held.push((request, response)),
        }
        waiting
    }

    pub fn add(
        &mut self,
        until: Until,
        timeout: Option<Duration>,
        session: &Session,
        now: Time,
    ) -> oneshot::Receiver<Waited> {
        let (response, waiting) = oneshot::channel();
        let deadline = now + timeout.unwrap_or_else(|| session.policy().deadline());
        self.waiting.push(Waiter { until, since: now, deadline, response });
        waiting
    }

    /// Ends the waits that are over.
    pub fn end(&mut self, session: &Session, now: Time) {
        self.end_admitted(session);
        let mut kept = Vec::new();
        for waiter in self.waiting.drain(..).filter(|waiter| !waiter.response.is_closed()) {
            let waiting_for = match waiter.until.state(session, now) {
                Stability::Stable => Vec::new(),
                Stability::Unstable { .. } if now < waiter.deadline => {
                    kept.push(waiter);
                    continue;
                }
                Stability::Unstable { waiting_for, .. } => waiting_for,
            };
            // Whoever cancelled in this very moment needs no answer.
            let _ = waiter.response.send(Waited { waiting_for, time: now - waiter.since });
        }
        self.waiting = kept;
    }

    /// Those who are neither inside nor held have gone away: their wait ends without an answer.
    fn end_admitted(&mut self, session: &Session) {
        let mut kept = Vec::new();
        for (request, response) in self.held.drain(..).filter(|(_, response)| !response.is_closed()) {
            if let Some(admission) = session.admission(request) {
                let _ = response.send(admission);
            } else if session.is_held(request) {
                kept.push((request, response));
            }
        }
        self.held = kept;
    }

    /// When the first of the waits for environments is over, if nothing else happens.
    pub fn next(&self, session: &Session, now: Time) -> Option<Time> {
        let stable_at = self.waiting.iter().filter_map(|waiter| match waiter.until.state(session, now) {
            Stability::Unstable { at, .. } => at,
            Stability::Stable => Some(now),
        });
        stable_at.chain(self.waiting.iter().map(|waiter| waiter.deadline)).min()
    }
}
