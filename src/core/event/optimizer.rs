//! Late dependencies, and the runs that take them up.

use serde::{Deserialize, Serialize};

use super::{ImportSite, OptimizedDep};

/// A dependency was met that the optimizer did not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Discovered {
    pub environment: String,
    pub id: String,
    /// Whether it was remembered from an earlier session, and no request met it.
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub learned: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
}

/// Why a run bundles everything again where runs add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum FallbackReason {
    ManifestMissing,
    ManifestUnusable,
    FileMissing,
    FileChanged,
    EntryMoved,
    PackageChanged,
    ExportUnknown,
    ModuleClaimedTwice,
    /// The module of a new entry is running without having been optimized: a package in `exclude` imports it.
    LoadedUnoptimized,
    /// One that only a newer client has a word for.
    #[serde(other)]
    Other,
}

impl FallbackReason {
    /// `a package has changed`
    pub fn text(self) -> &'static str {
        match self {
            FallbackReason::ManifestMissing => "the manifest is missing",
            FallbackReason::ManifestUnusable => "the manifest cannot be used",
            FallbackReason::FileMissing => "a file is missing",
            FallbackReason::FileChanged => "a file has changed",
            FallbackReason::EntryMoved => "an entry has moved",
            FallbackReason::PackageChanged => "a package has changed",
            FallbackReason::ExportUnknown => "an export was not found",
            FallbackReason::ModuleClaimedTwice => "two layers have the same module",
            FallbackReason::LoadedUnoptimized => "a module was loaded without being optimized",
            FallbackReason::Other => "another reason",
        }
    }
}

/// Why a run fell back, and what it is about: a package, a file, an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Fallback {
    pub reason: FallbackReason,
    pub detail: String,
}

impl std::fmt::Display for Fallback {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fallback { reason, detail } = self;
        if detail.is_empty() {
            to.write_str(reason.text())
        } else {
            write!(to, "{}: {detail}", reason.text())
        }
    }
}

/// An optimizer run bundles everything again, although runs add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct FellBack {
    pub environment: String,
    #[serde(flatten)]
    pub fallback: Fallback,
}

/// What an optimizer run has bundled, where runs add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum BundledRun {
    /// What was new, as a further layer.
    Added {
        /// Counts from 1.
        layer: u32,
        modules: u32,
        #[cfg_attr(feature = "codegen", ts(type = "number"))]
        duration_ms: u64,
    },
    /// Everything.
    Rebundled {
        #[serde(flatten)]
        fallback: Fallback,
        modules: u32,
        #[cfg_attr(feature = "codegen", ts(type = "number"))]
        duration_ms: u64,
    },
}

/// An optimizer run was committed: `depsOptimizer.metadata` was re-assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    pub environment: String,
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
