//! Those who wait until environments are stable.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::core::{Event, HttpRequest, Session, Stability, Time};
use crate::journal::Recorded;

/// How a wait ended.
#[derive(Debug)]
pub struct Waited {
    pub waiting_for: Vec<String>,
    pub time: Duration,
}

/// What a wait is for.
#[derive(Debug)]
pub enum Waits {
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

    fn request(&self) -> Option<HttpRequest> {
        match self {
            Waits::AtTheGate(request) => Some(*request),
            Waits::For { request, .. } => *request,
        }
    }
}

#[derive(Debug)]
struct Waiter {
    waits: Waits,
    since: Time,
    deadline: Time,
    response: oneshot::Sender<Waited>,
}

#[derive(Debug, Default)]
pub struct Waiters(Vec<Waiter>);

impl Waiters {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(
        &mut self,
        waits: Waits,
        timeout: Option<Duration>,
        session: &Session,
        now: Time,
    ) -> oneshot::Receiver<Waited> {
        let (response, waiting) = oneshot::channel();
        let own = now + timeout.unwrap_or_else(|| session.policy().deadline());
        let of_request = waits.request().and_then(|request| session.deadline_of(request));
        let deadline = of_request.map_or(own, |deadline| own.min(deadline));
        self.0.push(Waiter { waits, since: now, deadline, response });
        waiting
    }

    /// Ends the waits that are over.
    pub fn end(&mut self, recorded: &mut Recorded, now: Time) {
        let mut kept = Vec::new();
        for waiter in self.0.drain(..).filter(|waiter| !waiter.response.is_closed()) {
            let waiting_for = match recorded.session().stability(waiter.waits.environments(), now) {
                Stability::Stable => Vec::new(),
                Stability::Unstable { .. } if now < waiter.deadline => {
                    kept.push(waiter);
                    continue;
                }
                Stability::Unstable { waiting_for, .. } => waiting_for,
            };
            // Its client may have left, and said so, before it could be called off.
            if let Waits::AtTheGate(request) = waiter.waits
                && recorded.session().is_held(request)
            {
                recorded.apply(Event::Admitted { request }, now);
            }
            // Whoever cancelled in this very moment needs no answer.
            let _ = waiter.response.send(Waited { waiting_for, time: now - waiter.since });
        }
        self.0 = kept;
    }

    /// When the first of the waits is over, if nothing else happens.
    pub fn next(&self, session: &Session, now: Time) -> Option<Time> {
        let stable_at =
            self.0.iter().filter_map(|waiter| match session.stability(waiter.waits.environments(), now) {
                Stability::Unstable { at, .. } => at,
                Stability::Stable => Some(now),
            });
        stable_at.chain(self.0.iter().map(|waiter| waiter.deadline)).min()
    }
}
