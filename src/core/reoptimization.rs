//! What happened: one record for each re-optimization.

use serde::{Deserialize, Serialize};

use super::event::ImportSite;

/// A dependency that was not known when the server started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "codegen",
    derive(schemars::JsonSchema, ts_rs::TS),
    ts(optional_fields)
)]
pub struct LateDependency {
    pub id: String,
    /// The module whose import made it known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
}

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
}

/// One re-optimization of one environment. Times are milliseconds since the session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "codegen",
    derive(schemars::JsonSchema, ts_rs::TS),
    ts(optional_fields)
)]
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
    /// Requests that waited at the gate meanwhile.
    pub held: u32,
    /// Requests that were re-issued because of it.
    pub recovered: u32,
    /// What prevents it next time.
    pub advice: String,
}

impl Reoptimization {
    /// The `optimizeDeps.include` line that makes the dependencies known from the start.
    pub fn advice_for(environment: &str, dependencies: &[LateDependency]) -> String {
        let ids: Vec<String> = dependencies.iter().map(|dep| format!("'{}'", dep.id)).collect();
        format!(
            "environments: {{ {}: {{ optimizeDeps: {{ include: [{}] }} }} }}",
            quote_key(environment),
            ids.join(", ")
        )
    }

    /// `zod, imported by src/pages/zod.tsx:1`
    pub fn cause(&self) -> String {
        let describe = |dep: &LateDependency| match &dep.importer {
            Some(ImportSite {
                file,
                line: Some(line),
                ..
            }) => format!("{}, imported by {file}:{line}", dep.id),
            Some(site) => format!("{}, imported by {}", dep.id, site.file),
            None => dep.id.clone(),
        };
        self.dependencies
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn is_running(&self) -> bool {
        self.stable_at_ms.is_none()
    }
}

/// Environment names may hold characters that a bare object key may not.
fn quote_key(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if bare {
        name.to_string()
    } else {
        format!("'{name}'")
    }
}
