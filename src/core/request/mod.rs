//! The life of an HTTP request: it waits at the gate, is inside, and leaves.

mod retries;

pub use retries::{Chain, HandedOn, RetryBudget, RetryCause};

use retries::key;
use serde::{Deserialize, Serialize};

use super::event::RequestStarted;
use super::{Action, Time};

/// A request that has come and has not left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub mode: Option<String>,
    pub follows_redirects: bool,
    pub has_body: bool,
    pub chain: Chain,
    pub life: Life,
}

/// Where a request is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Life {
    /// It waits at the gate.
    Held {
        since: Time,
        /// It enters by then, whatever the environments are like.
        until: Time,
    },
    /// It is with the handler.
    Inside(Inside),
}

/// What a request found when it entered, and what has happened to it since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inside {
    pub since: Time,
    pub admission: Admission,
    /// The generation that was running in each guarded environment, by its index.
    pub generations: Vec<(usize, u32)>,
    pub doubt: Option<Doubt>,
    /// Whether it has been judged when its budget was spent.
    #[serde(default)]
    pub has_given_up: bool,
    /// Whether the log says why its client gets a failure.
    #[serde(default)]
    pub is_explained: bool,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    pub outcome: AdmitOutcome,
    pub waited: Time,
}

impl Admission {
    /// It did not have to wait.
    pub fn at_once(outcome: AdmitOutcome) -> Self {
        Admission { outcome, waited: Time::ZERO }
    }
}

/// Why a request may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum AdmitOutcome {
    /// Every guarded environment is stable.
    Stable,
    /// They are not, but the request waited long enough.
    Deadline,
    /// Holding is turned off.
    NotHeld,
}

/// Why a failure may not be the app's own, although no generation changed under the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Some environment was not stable when it entered because of a run of the optimizer: it may have met anything.
    EnteredUnstable,
    /// A runner was told to reload while it was inside, or was reloading when it entered, and no run was to blame: it may have met
    /// modules of before and of after.
    Reloaded,
}

impl Request {
    pub fn new(started: RequestStarted, chain: Chain, life: Life) -> Self {
        let RequestStarted { method, url, mode, follows_redirects, has_body, .. } = started;
        Request { method, url, mode, follows_redirects, has_body, chain, life }
    }

    pub fn inside(&self) -> Option<&Inside> {
        match &self.life {
            Life::Held { .. } => None,
            Life::Inside(inside) => Some(inside),
        }
    }

    pub fn inside_mut(&mut self) -> Option<&mut Inside> {
        match &mut self.life {
            Life::Held { .. } => None,
            Life::Inside(inside) => Some(inside),
        }
    }

    /// How it can be answered by another run; not at all, if nobody has its body any more.
    pub fn retry(&self) -> Option<Action> {
        match (self.follows_redirects, self.has_body) {
            (true, _) => Some(Action::Redirect),
            (false, false) => Some(Action::Rerun),
            (false, true) => None,
        }
    }

    /// GET and HEAD change nothing, so that running them again is always allowed.
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// What it is known again by.
    pub fn key(&self) -> String {
        key(&self.method, &self.url)
    }

    /// A browser that navigates gets the page by the redirect itself.
    pub fn is_navigation(&self) -> bool {
        self.mode.as_deref() == Some("navigate")
    }
}

impl Inside {
    /// When it came to the gate.
    pub fn came_at(&self) -> Time {
        self.since.saturating_sub(self.admission.waited)
    }

    /// Modules are exchanged under it.
    pub fn doubt_reload(&mut self) {
        self.doubt.get_or_insert(Doubt::Reloaded);
    }

    /// What a failure may come from, if not from the app. Whoever changes things, and is not `safe`, is not asked to do so
    /// again because of a save alone.
    pub fn doubt_of_failure(&self, is_safe: bool) -> Option<Doubt> {
        self.doubt.filter(|doubt| *doubt == Doubt::EnteredUnstable || is_safe)
    }
}
