//! How often requests may be re-issued, and how long those that come in their place may wait.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Request;
use crate::core::{HttpRequest, Policy, Time};

/// How often what nobody asks for any more is dropped.
const SWEEP: Time = Time::from_secs(1);

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

/// What is kept by method and URL for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept<T> {
    by_key: HashMap<String, VecDeque<(T, Time)>>,
    /// When all keys were looked through the last time: many requests may come at once, each with a key of its own.
    swept_at: Time,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { by_key: HashMap::new(), swept_at: Time::ZERO }
    }
}

impl<T> Kept<T> {
    /// Puts something under a key, until a moment of its own.
    fn keep(&mut self, key: String, kept: T, until: Time, now: Time) {
        self.sweep(now);
        self.by_key.entry(key).or_default().push_back((kept, until));
    }

    /// What is kept under a key now, oldest first.
    fn under(&mut self, key: &str, now: Time) -> Option<&mut VecDeque<(T, Time)>> {
        self.sweep(now);
        let kept = self.by_key.get_mut(key)?;
        kept.retain(|(_, until)| *until > now);
        Some(kept)
    }

    fn sweep(&mut self, now: Time) {
        if now < self.swept_at + SWEEP {
            return;
        }
        self.swept_at = now;
        self.by_key.retain(|_, kept| {
            kept.retain(|(_, until)| *until > now);
            !kept.is_empty()
        });
    }
}

/// The chains that go on: what is re-issued comes again by its method and URL, and with nothing else to tell it by. Not every client
/// follows a redirect: what comes much later is a request of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HandedOn {
    chains: Kept<Chain>,
}

impl HandedOn {
    pub fn hand_on(&mut self, request: &Request, policy: &Policy, now: Time) {
        let Chain { deadline, hops } = request.chain;
        let awaited_until = deadline.max(now) + policy.retry_window();
        self.chains.keep(request.key(), Chain { deadline, hops: hops + 1 }, awaited_until, now);
    }

    /// The chain that a request goes on with.
    pub fn take(&mut self, method: &str, url: &str, now: Time) -> Option<Chain> {
        let (chain, _) = self.chains.under(&key(method, url), now)?.pop_front()?;
        Some(chain)
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
    spent: Kept<RetryCause>,
}

impl RetryBudget {
    /// Counts a re-issue and gives its number, or `None` when the budget is spent.
    pub fn spend(&mut self, request: &Request, cause: RetryCause, policy: &Policy, now: Time) -> Option<u32> {
        // However often the same cause is found, nobody is sent around without end.
        if request.chain.hops >= policy.retry_budget {
            return None;
        }
        let spent = self.spent.under(&request.key(), now);
        let (count, is_counted) = spent.map_or((0, false), |spent| {
            (spent.len() as u32, spent.iter().any(|(earlier, _)| *earlier == cause))
        });
        if is_counted {
            return Some(count);
        }
        if count >= policy.retry_budget {
            return None;
        }
        self.spent.keep(request.key(), cause, now + policy.retry_window(), now);
        Some(count + 1)
    }
}
