//! What an environment is, and what its optimizer has.

use serde::{Deserialize, Serialize};

/// Whom an environment's code runs for, as in Vite's `consumer` option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Consumer {
    Client,
    Server,
}

/// One Vite environment as it stands when the client reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct EnvironmentSnapshot {
    pub name: String,
    pub consumer: Consumer,
    /// Vite's `root`, an absolute path.
    pub root: String,
    /// Vite's `base`.
    pub base: String,
    /// Vite's `cacheDir`, an absolute path.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_dir: Option<String>,
    /// The optimizer's live metadata; absent when the environment optimizes nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub optimizer: Option<OptimizerSnapshot>,
    /// Environments that borrow modules of this one, and must reload when it does.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub borrowers: Vec<String>,
}

/// `depsOptimizer.metadata`, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct OptimizerSnapshot {
    /// Whether the very first run is still to come: no cache was found.
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub cold: bool,
    /// Whether a run adds files and leaves those that are there as they are, so that Vite commits it without a reload.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub adds: bool,
    pub browser_hash: String,
    pub optimized: Vec<OptimizedDep>,
    pub discovered: Vec<DiscoveredDep>,
}

/// An entry of `metadata.optimized`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct OptimizedDep {
    /// The bare id, `react/jsx-runtime`.
    pub id: String,
    /// The pre-bundled file, an absolute path without a query.
    pub file: String,
    pub browser_hash: String,
}

/// An entry of `metadata.discovered`: a dependency that waits for the next optimizer run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct DiscoveredDep {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
}

/// Where an import stands. Line and column start at 1, as editors show them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ImportSite {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
}
