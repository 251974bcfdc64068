//! The facts a client reports. They are plain data: the wire and the journal are made of the same types.

use serde::{Deserialize, Serialize};

use super::HttpRequest;

/// Everything that can change a session's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    EnvironmentOpened(EnvironmentSnapshot),
    EnvironmentClosed {
        name: String,
    },
    Discovered(Discovered),
    FellBack(FellBack),
    Committed(Commit),
    /// An optimizer run threw; what it had discovered is dropped by Vite.
    OptimizerFailed {
        environment: String,
    },
    Changed(Changed),
    Transformed(Transformed),
    ReloadRequested(ReloadRequested),
    Arrived(Arrived),
    RequestStarted(RequestStarted),
    RequestFinished(RequestFinished),
    Listening(Listening),
}

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
    /// The optimizer's live metadata; absent when the environment optimizes nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub optimizer: Option<OptimizerSnapshot>,
    /// Environments that must reload when this one does, because they borrow modules from it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub bridges: Vec<Bridge>,
}

/// A direction in which a reload is carried on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Bridge {
    /// The environment that borrows modules of the one this stands in.
    pub to: String,
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
    CircularChunks,
    ModuleClaimedTwice,
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
            FallbackReason::CircularChunks => "chunks import each other in a circle",
            FallbackReason::ModuleClaimedTwice => "two layers have the same module",
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
    pub browser_hash: String,
    /// Whether Vite reloads the environment because of it, that is, whether `browserHash` changed.
    pub reload: bool,
    /// Entries whose file or hash differ from the metadata before.
    pub changed: Vec<OptimizedDep>,
    /// Ids that are optimized no longer.
    pub removed: Vec<String>,
    /// Ids that were discovered during the run and still wait for the next.
    pub pending: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundled: Option<BundledRun>,
}

/// Why modules are to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ChangeCause {
    /// The server has started, and these are the environment's entries.
    Start,
    /// A file was saved, created or deleted, and Vite has invalidated these modules.
    Save,
}

/// Modules of an environment are new, or are no longer what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Changed {
    pub environment: String,
    pub cause: ChangeCause,
    /// The modules' URLs.
    pub modules: Vec<String>,
}

/// What an environment was seen doing with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ActivityKind {
    /// A module runner asked for the module (`fetchModule`).
    Fetch,
    /// The module went through the plugin pipeline (`transformRequest`).
    Transform,
    /// The same, because `environment/warmupRequest` ordered it.
    Warmup,
}

/// Which end of an activity was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Moment {
    Begin,
    End,
}

/// One observation of [`Transformed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Activity {
    pub kind: ActivityKind,
    pub moment: Moment,
    /// The module's URL.
    pub module: String,
    /// Given with the begin of a fetch: no module imports this one, and the runner has no copy of it. So it begins to
    /// import an entry, as it does after a reload.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub entry: bool,
    /// The module is a file of the optimizer's, and waits for the run that writes it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub optimized: bool,
    /// Static imports of the transform result, as URLs; given with the end of a transform.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub deps: Vec<String>,
    /// Dynamic imports of the transform result, as URLs.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub dynamic_deps: Vec<String>,
}

/// Activity of one environment, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Transformed {
    pub environment: String,
    pub activities: Vec<Activity>,
}

/// A `full-reload` is about to be sent in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ReloadRequested {
    pub environment: String,
    /// The file whose change caused the reload; absent after an optimizer run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub triggered_by: Option<String>,
    /// Other environments that Vite reloads in the same turn: none of them is to be reloaded once more.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub alongside: Vec<String>,
}

/// An HTTP request comes to the gate. With that it begins: it enters, or it is held and enters later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Arrived {
    #[serde(flatten)]
    pub started: RequestStarted,
    /// How long it may be held; the policy's deadline by default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub timeout_ms: Option<u64>,
}

/// An HTTP request, as its client sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct RequestStarted {
    pub request: HttpRequest,
    pub method: String,
    /// Path and query as the browser sent them, `base` included.
    pub url: String,
    /// The `sec-fetch-mode` header, when a browser sent one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<String>,
}

/// An HTTP request left its environment: its response is complete, or its client went away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct RequestFinished {
    pub request: HttpRequest,
}

/// The dev server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Listening {
    /// Where a browser finds it, `base` included.
    pub url: String,
}

macro_rules! events_from_facts {
    ($($fact:ident => $event:ident,)*) => {
        $(impl From<$fact> for Event {
            fn from(fact: $fact) -> Self {
                Event::$event(fact)
            }
        })*
    };
}

events_from_facts! {
    Arrived => Arrived,
    EnvironmentSnapshot => EnvironmentOpened,
    Discovered => Discovered,
    FellBack => FellBack,
    Changed => Changed,
    Transformed => Transformed,
    RequestStarted => RequestStarted,
    RequestFinished => RequestFinished,
    Listening => Listening,
}
