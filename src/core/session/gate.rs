//! Requests at the gate and inside: who is held, who enters, and what they find.

use indexmap::IndexMap;

use super::{Session, Stability};
use crate::core::environment::{Environment, OpenEnvironment};
use crate::core::event::{Arrived, RequestStarted};
use crate::core::request::{Admission, AdmitOutcome, Chain, Doubt, Inside, Life, Request};
use crate::core::{HttpRequest, Time};

impl Session {
    /// How a request has come in; `None` while it has not.
    pub fn admission(&self, request: HttpRequest) -> Option<Admission> {
        self.requests.get(&request)?.inside().map(|inside| inside.admission)
    }

    /// Whether a request waits at the gate.
    pub fn is_held(&self, request: HttpRequest) -> bool {
        self.requests.get(&request).is_some_and(|request| matches!(request.life, Life::Held { .. }))
    }

    /// When the first of those who are held has waited long enough.
    pub fn held_until(&self) -> Option<Time> {
        let until = |request: &Request| match request.life {
            Life::Held { until, .. } => Some(until),
            Life::Inside(_) => None,
        };
        self.requests.values().filter_map(until).min()
    }

    pub fn requests_in_flight(&self) -> usize {
        self.inside().count()
    }

    pub(super) fn inside(&self) -> impl Iterator<Item = &Inside> {
        self.requests.values().filter_map(Request::inside)
    }

    /// A request comes to the gate. It enters, or is held.
    pub(super) fn arrive(&mut self, arrived: Arrived, now: Time) {
        let Arrived { started, timeout_ms } = arrived;
        let id = started.request;
        let handed_on = self.handed_on.take(&started.method, &started.url, now);
        let chain = handed_on.unwrap_or(Chain::new(&self.policy, now));
        let is_stable = self.stability(&[], now) == Stability::Stable;
        let life = if !self.policy.hold {
            self.enter(Admission::at_once(AdmitOutcome::NotHeld), now)
        } else if is_stable {
            self.enter(Admission::at_once(AdmitOutcome::Stable), now)
        } else {
            self.counts.held += 1;
            let environments = &self.environments;
            self.history.hold(|name| is_guarded(environments, name));
            let timeout = timeout_ms.map_or(self.policy.deadline(), Time::from_millis);
            Life::Held { since: now, until: chain.deadline.min(now + timeout) }
        };
        self.requests.insert(id, Request::new(started, chain, life));
    }

    /// A request is inside that has not come through the gate, or did so when another sidecar was there.
    pub(super) fn start(&mut self, started: RequestStarted, now: Time) {
        let id = started.request;
        let known = self.requests.get(&id);
        if known.is_some_and(|request| request.inside().is_some()) {
            return;
        }
        let chain = known.map_or(Chain::new(&self.policy, now), |request| request.chain);
        let life = self.enter(Admission::at_once(AdmitOutcome::NotHeld), now);
        self.requests.insert(id, Request::new(started, chain, life));
    }

    /// Lets those enter who wait at the gate for nothing any more, or have waited long enough.
    pub(super) fn let_in(&mut self, now: Time) {
        let is_stable = self.stability(&[], now) == Stability::Stable;
        let outcome = if is_stable { AdmitOutcome::Stable } else { AdmitOutcome::Deadline };
        let held = self.requests.iter().filter_map(|(id, request)| match request.life {
            Life::Held { since, until } if is_stable || until <= now => Some((*id, now - since)),
            Life::Held { .. } | Life::Inside(_) => None,
        });
        let mut held: Vec<_> = held.collect();
        // In an order that a hash map does not keep: a replay has to come to the same state.
        held.sort_unstable();
        for (id, waited) in held {
            let life = self.enter(Admission { outcome, waited }, now);
            let Some(request) = self.requests.get_mut(&id) else { continue };
            request.life = life;
            if let Some(record) = self.history.held_since_mut(now - waited) {
                record.admit(waited);
                record.affect(&request.key());
            }
        }
    }

    pub(super) fn is_guarded(&self, name: &str) -> bool {
        is_guarded(&self.environments, name)
    }

    /// What a request finds that enters now.
    fn enter(&mut self, admission: Admission, now: Time) -> Life {
        self.counts.requests += 1;
        let guarded = self.environments.values().enumerate().filter_map(|(index, environment)| {
            let open = environment.as_open().filter(|open| open.is_guarded())?;
            Some((index, open.running_generation()))
        });
        let generations = guarded.collect();
        let is_stable = self.stability(&[], now) == Stability::Stable;
        let because_of_run = self.history.is_disturbing(|name| self.is_guarded(name))
            || self.guarded().any(OpenEnvironment::is_first_run_awaited);
        let doubt = match (is_stable, because_of_run) {
            (true, _) => None,
            (false, true) => Some(Doubt::EnteredUnstable),
            (false, false) => Some(Doubt::Reloaded),
        };
        Life::Inside(Inside {
            since: now,
            admission,
            generations,
            doubt,
            has_given_up: false,
            is_explained: false,
        })
    }
}

fn is_guarded(environments: &IndexMap<String, Environment>, name: &str) -> bool {
    environments.get(name).and_then(Environment::as_open).is_some_and(OpenEnvironment::is_guarded)
}
