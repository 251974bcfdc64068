//! How often requests may be re-issued, and how long those that come in their place may wait.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Request;
use crate::core::{HttpRequest, Policy, Time};

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

pub(super) fn key(method: &str, url: &str) -> String {
    format!("{method} {url}")
}

/// The chains that go on: what is re-issued comes again by its method and URL, and with nothing else to tell it by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HandedOn {
    /// By method and URL, each with until when it is waited for.
    chains: HashMap<String, VecDeque<(Chain, Time)>>,
}

impl HandedOn {
    pub fn hand_on(&mut self, request: &Request, policy: &Policy, now: Time) {
        self.forget_old(now);
        let Chain { deadline, hops } = request.chain;
        let awaited_until = deadline.max(now) + policy.retry_window();
        let chains = self.chains.entry(request.key()).or_default();
        chains.push_back((Chain { deadline, hops: hops + 1 }, awaited_until));
    }

    /// The chain that a request goes on with.
    pub fn take(&mut self, method: &str, url: &str, now: Time) -> Option<Chain> {
        self.forget_old(now);
        let key = key(method, url);
        let chains = self.chains.get_mut(&key)?;
        let (chain, _) = chains.pop_front()?;
        if chains.is_empty() {
            self.chains.remove(&key);
        }
        Some(chain)
    }

    /// Not every client follows a redirect: what comes later by the same method and URL is a request of its own.
    fn forget_old(&mut self, now: Time) {
        self.chains.retain(|_, chains| {
            chains.retain(|(_, awaited_until)| *awaited_until > now);
            !chains.is_empty()
        });
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
    pub fn spend(&mut self, request: &Request, cause: RetryCause, policy: &Policy, now: Time) -> Option<u32> {
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
