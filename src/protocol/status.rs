//! What readers are told of a session: as data, and in the words that all of them show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Reoptimization;
use crate::core::{Counts, FallbackReason, LateDependency, Phase, causes};

/// As in rust-analyzer's `experimental/serverStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Health {
    Ok,
    /// The last optimizer run failed.
    Warning,
}

/// What is going on in the guarded environments, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ActivityPhase {
    /// Every one of them is stable.
    Stable,
    /// Modules are looked at ahead of requests, which wait for that.
    Crawling,
    /// Late dependencies wait for an optimizer run, or the reload after it is not over.
    Reoptimizing,
    /// A reload is not over, after a save for one.
    Reloading,
}

/// What a dev server is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ServerActivity {
    pub phase: ActivityPhase,
    /// The phase in a few words, for a status bar: `re-optimizing worker`.
    pub title: String,
    /// The environment that is waited for, the first one if there are several; absent when all are stable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environment: Option<String>,
    /// The late dependencies that it is about.
    pub dependencies: Vec<LateDependency>,
    /// In milliseconds since the start of the sidecar.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub since_ms: u64,
}

impl ServerActivity {
    pub fn stable(since_ms: u64) -> Self {
        Self::of(ActivityPhase::Stable, &[], Vec::new(), since_ms)
    }

    /// Something is going on in environments.
    pub fn of(
        phase: ActivityPhase,
        environments: &[String],
        dependencies: Vec<LateDependency>,
        since_ms: u64,
    ) -> Self {
        let names = environments.join(", ");
        let title = match phase {
            ActivityPhase::Stable => "stable".into(),
            ActivityPhase::Crawling => format!("looking at the modules of {names}"),
            ActivityPhase::Reoptimizing => title(&names, false),
            ActivityPhase::Reloading => format!("reloading {names}"),
        };
        let environment = environments.first().cloned();
        ServerActivity { phase, title, environment, dependencies, since_ms }
    }
}

/// As in rust-analyzer's `experimental/serverStatus`, with `activity` beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ServerStatus {
    pub health: Health,
    /// Whether every guarded environment is stable.
    pub quiescent: bool,
    /// For a person to read. All that a program may want to know is in the other fields.
    pub message: String,
    /// What the dev server is doing; absent where none runs, which an editor alone is told, by `evenkeel lsp`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub activity: Option<ServerActivity>,
}

impl ServerStatus {
    pub fn new(health: Health, activity: ServerActivity) -> Self {
        let quiescent = activity.phase == ActivityPhase::Stable;
        let message = match &*activity.dependencies {
            [] if quiescent && health == Health::Warning => "the last optimizer run failed".into(),
            [] => activity.title.clone(),
            late => format!("{}: {}", activity.title, causes(late)),
        };
        ServerStatus { health, quiescent, message, activity: Some(activity) }
    }

    /// None runs in an editor's workspace.
    pub fn no_dev_server() -> Self {
        ServerStatus { health: Health::Ok, quiescent: true, message: "no dev server".into(), activity: None }
    }
}

/// What is going on while a run is.
pub fn title(environment: &str, adds: bool) -> String {
    let what = if adds { "adding to" } else { "re-optimizing" };
    format!("{what} {environment}")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct EnvironmentStatus {
    pub name: String,
    /// In milliseconds since the start of the sidecar. A dev server that restarts opens its environments anew.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub opened_at_ms: u64,
    pub guarded: bool,
    pub phase: Phase,
    pub generation: u32,
    pub browser_hash: String,
    /// How many dependencies are optimized.
    pub optimized: u32,
    /// Late dependencies that wait for an optimizer run.
    pub pending: Vec<String>,
    /// Whether runs add to what is there, so that nobody has to wait for them.
    pub adds: bool,
    /// Module fetches and transforms that have begun and not ended.
    pub in_flight: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "codegen", ts(optional_fields))]
pub struct StatusReport {
    /// The sidecar's version.
    pub version: String,
    /// The sidecar's process id.
    pub pid: u32,
    /// Vite's `root`, an absolute path, once an environment has been reported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub root: Option<String>,
    /// Vite's `cacheDir`, an absolute path, once an environment has been reported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_dir: Option<String>,
    /// Where a browser finds the dev server, once it listens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    #[serde(flatten)]
    pub status: ServerStatus,
    pub environments: Vec<EnvironmentStatus>,
    /// The latest re-optimizations, oldest first.
    pub records: Vec<Reoptimization>,
    pub counts: Counts,
    /// How often runs have bundled everything again where they add, by reason.
    #[cfg_attr(feature = "codegen", ts(type = "Partial<Record<FallbackReason, number>>"))]
    pub fallbacks: BTreeMap<FallbackReason, u32>,
    pub requests_in_flight: u32,
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub uptime_ms: u64,
}
