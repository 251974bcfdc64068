//! Shapes that exist on the wire alone. Facts, plans and verdicts have theirs in `core`.

use serde::{Deserialize, Serialize};

use crate::core::{AdmitOutcome, Event, LateDependency, Policy};

/// `initializationOptions` of `initialize`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct InitializationOptions {
    /// Must equal the sidecar's own.
    pub protocol_version: u32,
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(type = "Partial<Policy>"))]
    pub policy: Policy,
}

/// Names an environment that is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct DidCloseEnvironment {
    pub name: String,
}

impl From<DidCloseEnvironment> for Event {
    fn from(closed: DidCloseEnvironment) -> Self {
        Event::EnvironmentClosed { name: closed.name }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ResolveOptimizedIdParams {
    pub environment: String,
    /// A bare id, as in `optimizeDeps.include`.
    pub id: String,
    /// How long to wait at most for the run that takes it up; the policy's deadline by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub timeout_ms: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct OnHotUpdateParams {
    pub environment: String,
    /// How many milliseconds ago the newest of its modules was changed; without it, that was the latest save.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(optional, type = "number"))]
    pub age_ms: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct OnHotUpdateResult {
    /// `false` when pages reload, and have what is new by that.
    pub send: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct AdmitResult {
    pub outcome: AdmitOutcome,
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub waited_ms: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct AwaitStableParams {
    /// The environments to wait for; all guarded ones by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub environments: Vec<String>,
    /// How long to wait at most; the policy's deadline by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub timeout_ms: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct AwaitStableResult {
    /// `false` when the deadline came first.
    pub stable: bool,
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub waited_ms: u64,
    /// The environments that were not stable at the deadline.
    pub waiting_for: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct StatusParams {}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct IncludeInConfigParams {
    /// The config's text.
    pub config: String,
    pub environment: String,
    /// Bare ids, as in `optimizeDeps.include`.
    pub dependencies: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct IncludeInConfigResult {
    /// The text to write; absent when the config has a shape that only its author can change, or has them already.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub config: Option<String>,
}

/// Orders modules to be transformed ahead of requests. Each is reported by `onTransform` with the kind `warmup`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct WarmupRequest {
    pub environment: String,
    /// The modules' URLs.
    pub modules: Vec<String>,
}

/// Orders an optimizer run that would begin by itself a little later.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct RunRequest {
    pub environment: String,
}

/// Orders pages to reload.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReloadPagesRequest {}

/// Orders the dev server to be restarted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct RestartRequest {}

/// Dependencies that were met late and are worth remembering for the next start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Learned {
    pub environment: String,
    pub dependencies: Vec<LateDependency>,
}

/// The value of a `$/progress`, as LSP's `WorkDoneProgress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ProgressValue {
    Begin { title: String, message: String },
    End { message: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Progress {
    pub token: String,
    pub value: ProgressValue,
}

/// LSP's `MessageType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Error = 1,
    Warning = 2,
    Info = 3,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct LogMessage {
    /// LSP's `MessageType`: 1 error, 2 warning, 3 info.
    #[serde(rename = "type")]
    pub level: u8,
    pub message: String,
}
