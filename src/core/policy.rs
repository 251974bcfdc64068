//! The knobs of a session, each with its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How patient and how insistent a session is. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Policy {
    /// Crawl the modules of guarded environments before a request meets them.
    pub foresee: bool,
    /// How long a crawl may go on.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub foresee_budget_ms: u64,
    /// How many modules a crawl transforms at once.
    pub foresee_concurrency: u32,
    /// Hold requests in front of an environment that is not stable.
    pub hold: bool,
    /// Re-issue requests that a re-optimization doomed.
    pub recover: bool,
    /// Quiet time after the last module fetch or transform before an environment counts as stable.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub quiet_ms: u64,
    /// After this long without activity, a runner is given up on that is not known to import again by itself.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub debounce_ms: u64,
    /// How long a request may be kept waiting, together with those that it is re-issued as, and how long `awaitStable`
    /// waits by default.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub deadline_ms: u64,
    /// How many re-issues one method and URL may have within the retry window.
    pub retry_budget: u32,
    /// The length of the retry window.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub retry_window_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            foresee: true,
            foresee_budget_ms: 5_000,
            foresee_concurrency: 8,
            hold: true,
            recover: true,
            quiet_ms: 20,
            debounce_ms: 500,
            deadline_ms: 10_000,
            retry_budget: 3,
            retry_window_ms: 10_000,
        }
    }
}

impl Policy {
    pub fn foresee_budget(&self) -> Duration {
        Duration::from_millis(self.foresee_budget_ms)
    }

    pub fn quiet(&self) -> Duration {
        Duration::from_millis(self.quiet_ms)
    }

    pub fn debounce(&self) -> Duration {
        Duration::from_millis(self.debounce_ms)
    }

    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    pub fn retry_window(&self) -> Duration {
        Duration::from_millis(self.retry_window_ms)
    }
}
