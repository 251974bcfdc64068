//! A record of a re-optimization, flat: as readers see it.

use serde::{Deserialize, Serialize};

use super::status::title;
use crate::core::{self, BundledRun, Bundling, Fallback, HandledBy, LateDependency, Outcome, causes, millis};

/// How a re-optimization ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ReoptimizationOutcome {
    Running,
    /// Committed without a reload: no module changed under a running request.
    Extended,
    /// Committed with a reload: a new generation began.
    Reloaded,
    Failed,
    /// The environment was closed or opened anew before the run ended.
    Abandoned,
}

/// One re-optimization of one environment. Times are milliseconds since the session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Reoptimization {
    /// Counts from 1.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub id: u64,
    pub environment: String,
    pub dependencies: Vec<LateDependency>,
    pub outcome: ReoptimizationOutcome,
    /// The generation that it began, or that was current when it ended without a reload.
    pub generation: u32,
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub discovered_at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub committed_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub stable_at_ms: Option<u64>,
    pub met: HandledBy,
    /// The time that requests lost, added up: waiting at the gate, or inside until they were re-issued.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub cost_ms: u64,
    /// Requests that waited at the gate meanwhile.
    pub held: u32,
    /// Requests that were re-issued because of it.
    pub recovered: u32,
    /// The requests that lost time, by method and URL, each once: the first few.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub affected: Vec<String>,
    /// Whether the run leaves what is there as it is, as far as is known.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub adds: bool,
    /// Why it does not, where others do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback: Option<Fallback>,
    /// What was bundled, where runs add.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundled: Option<BundledRun>,
    /// The line of Vite config that prevents it next time; empty when no file of the app imports what was late, or nothing is
    /// to be prevented.
    pub advice: String,
    /// The ids of the dependencies in that line.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub advised: Vec<String>,
}

impl Reoptimization {
    pub fn title(&self) -> String {
        title(&self.environment, self.adds)
    }

    pub fn cause(&self) -> String {
        causes(&self.dependencies)
    }

    /// Whether requests met it that a line of config would have spared.
    pub fn is_preventable(&self) -> bool {
        self.met > HandledBy::Foreseen && !self.advice.is_empty()
    }

    pub fn is_running(&self) -> bool {
        self.stable_at_ms.is_none()
    }
}

impl From<&core::Reoptimization> for Reoptimization {
    fn from(record: &core::Reoptimization) -> Self {
        let (outcome, bundled) = match record.outcome() {
            None => (ReoptimizationOutcome::Running, None),
            Some(Outcome::Extended { bundled }) => (ReoptimizationOutcome::Extended, bundled.clone()),
            Some(Outcome::Reloaded { bundled }) => (ReoptimizationOutcome::Reloaded, bundled.clone()),
            Some(Outcome::Failed) => (ReoptimizationOutcome::Failed, None),
            Some(Outcome::Abandoned) => (ReoptimizationOutcome::Abandoned, None),
        };
        let (adds, fallback) = match &record.bundling {
            Bundling::Adds => (true, None),
            Bundling::Everything(fallback) => (false, fallback.clone()),
        };
        Reoptimization {
            id: record.id,
            environment: record.environment.clone(),
            dependencies: record.dependencies.clone(),
            outcome,
            generation: record.generation,
            discovered_at_ms: millis(record.discovered_at),
            committed_at_ms: record.run().map(|run| millis(run.at)),
            stable_at_ms: record.stable_at().map(millis),
            met: record.met,
            cost_ms: record.cost.lost_ms,
            held: record.cost.held,
            recovered: record.cost.recovered,
            affected: record.affected.clone(),
            adds,
            fallback,
            bundled,
            advice: record.advice().unwrap_or_default(),
            advised: record.advised().into_iter().map(str::to_owned).collect(),
        }
    }
}
