//! The end of an optimizer run as a client tells of it: one shape for two events.

use serde::{Deserialize, Serialize};

use crate::core::{BundledRun, Commit, Event, OptimizedDep};

/// How an optimizer run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum CommitOutcome {
    /// `depsOptimizer.metadata` was re-assigned.
    Committed,
    /// The run threw; what it had discovered is dropped by Vite.
    Failed,
}

/// An optimizer run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Committed {
    pub environment: String,
    pub outcome: CommitOutcome,
    /// As it is now. Where it has changed, Vite reloads the environment.
    pub browser_hash: String,
    /// Entries whose file or hash differ from the metadata before.
    pub changed: Vec<OptimizedDep>,
    /// Ids that are optimized no longer.
    pub removed: Vec<String>,
    /// Ids that were discovered during the run and still wait for the next.
    pub pending: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundled: Option<BundledRun>,
}

impl From<Committed> for Event {
    fn from(told: Committed) -> Self {
        let Committed { environment, outcome, browser_hash, changed, removed, pending, bundled } = told;
        match outcome {
            CommitOutcome::Failed => Event::OptimizerFailed { environment },
            CommitOutcome::Committed => {
                Event::Committed(Commit { environment, browser_hash, changed, removed, pending, bundled })
            }
        }
    }
}
