//! What happens to modules: they change, they are transformed and fetched, they are reloaded.

use serde::{Deserialize, Serialize};

use crate::core::HttpRequest;

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

/// A file was saved, created or deleted. Told before anybody does anything because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Saved {
    /// An absolute path.
    pub file: String,
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

/// What Vite reloads in one turn of its event loop: it has one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ReloadTurn {
    /// In the order in which they are sent, one for each environment.
    pub reloads: Vec<ReloadRequested>,
    /// Requests inside of whose response a byte has been sent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub sent: Vec<HttpRequest>,
}

impl ReloadTurn {
    /// One that an optimizer run has caused, and that finds no response on its way.
    #[cfg(test)]
    pub fn of(environment: &str) -> Self {
        let reload = ReloadRequested { environment: environment.into(), triggered_by: None };
        ReloadTurn { reloads: vec![reload], sent: Vec::new() }
    }
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
}
