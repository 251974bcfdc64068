//! HTTP requests inside guarded environments, and how often they may be re-issued.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{HttpRequest, Policy, Time};

/// A request that entered and has not left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InFlight {
    pub method: String,
    pub url: String,
    pub mode: Option<String>,
    /// Generation of every guarded environment, by its index, at the moment the request entered.
    pub entered: Vec<(usize, u32)>,
    pub doubt: Option<Doubt>,
    pub since: Time,
    pub chain: Chain,
}

/// Why a failure may not be the app's own, although no generation changed under the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Some environment was not stable when it entered: it may have met anything.
    EnteredUnstable,
    /// A runner was told to reload while it was inside: it may have met modules of before and of after.
    Reloaded,
}

/// A request and those that came in its place when it was re-issued: its client waits for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Until when they may be kept waiting, taken together.
    pub deadline: Time,
    /// How many were re-issued.
    pub hops: u32,
}

impl Chain {
    pub fn new(policy: &Policy, now: Time) -> Self {
        Chain { deadline: now + policy.deadline(), hops: 0 }
    }
}

impl InFlight {
    /// GET and HEAD change nothing, so that running them again is always allowed.
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// A browser that navigates gets the page by the redirect itself.
    pub fn is_navigation(&self) -> bool {
        self.mode.as_deref() == Some("navigate")
    }

    /// Modules are exchanged under it.
    pub fn doubt_reload(&mut self) {
        self.doubt.get_or_insert(Doubt::Reloaded);
    }

    /// What a failure of it may come from, if not from the app. Whoever changes things is not asked to do so again because
    /// of a save alone.
    pub fn doubt_of_failure(&self) -> Option<Doubt> {
        self.doubt.filter(|doubt| *doubt == Doubt::EnteredUnstable || self.is_safe())
    }

    pub fn key(&self) -> String {
        key(&self.method, &self.url)
    }
}

/// What a request is known again by.
pub fn key(method: &str, url: &str) -> String {
    format!("{method} {url}")
}

/// The chains that go on: what is re-issued comes again by its method and URL, and with nothing else to tell it by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HandedOn {
    /// By method and URL.
    chains: HashMap<String, VecDeque<Chain>>,
}

impl HandedOn {
    pub fn hand_on(&mut self, request: &InFlight, policy: &Policy, now: Time) {
        self.chains.retain(|_, chains| {
            chains.retain(|chain| chain.deadline + policy.retry_window() > now);
            !chains.is_empty()
        });
        let Chain { deadline, hops } = request.chain;
        self.chains.entry(request.key()).or_default().push_back(Chain { deadline, hops: hops + 1 });
    }

    /// The chain that a request goes on with.
    pub fn take(&mut self, key: &str) -> Option<Chain> {
        let chains = self.chains.get_mut(key)?;
        let chain = chains.pop_front();
        if chains.is_empty() {
            self.chains.remove(key);
        }
        chain
    }
}

/// What a re-issue is counted under: all requests that one re-optimization doomed count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryCause {
    Epoch(u64),
    Single(HttpRequest),
}

/// Stops loops: a method and URL may be re-issued a few times within a window, and no more.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RetryBudget {
    /// By method and URL.
    spent: HashMap<String, VecDeque<(Time, RetryCause)>>,
}

impl RetryBudget {
    /// Counts a re-issue and gives its number, or `None` when the budget is spent.
    pub fn spend(
        &mut self,
        request: &InFlight,
        cause: RetryCause,
        policy: &Policy,
        now: Time,
    ) -> Option<u32> {
        self.forget_old(policy, now);
        // However often the same cause is found, nobody is sent around without end.
        if request.chain.hops >= policy.retry_budget {
            return None;
        }
        let spent = self.spent.entry(request.key()).or_default();
        if !spent.iter().any(|(_, earlier)| *earlier == cause) {
            if spent.len() as u32 >= policy.retry_budget {
                return None;
            }
            spent.push_back((now, cause));
        }
        Some(spent.len() as u32)
    }

    fn forget_old(&mut self, policy: &Policy, now: Time) {
        self.spent.retain(|_, spent| {
            while spent.front().is_some_and(|(at, _)| *at + policy.retry_window() <= now) {
                spent.pop_front();
            }
            !spent.is_empty()
        });
    }
}
