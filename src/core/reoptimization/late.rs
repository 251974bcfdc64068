//! Dependencies that were not known from the start, in words.

use serde::{Deserialize, Serialize};

use crate::core::event::{DiscoveredDep, ImportSite};

/// How many dependencies a line of text names.
const MOST_NAMED: usize = 3;

/// A dependency that was not known when the server started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct LateDependency {
    pub id: String,
    /// The module whose import made it known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
}

impl LateDependency {
    /// Whether a file of the app imports it, and not a framework's virtual module, or a package.
    pub fn is_of_app(&self) -> bool {
        let importer = self.importer.as_ref().map(|site| site.file.as_str());
        importer.is_some_and(|file| {
            let is_file = !file.starts_with('\0') && !file.starts_with("virtual:");
            is_file && !file.contains("/node_modules/") && !file.contains("\\node_modules\\")
        })
    }

    /// `zod (src/pages/zod.tsx:1)`, where a file of the app imports it.
    fn brief(&self) -> String {
        match &self.importer {
            Some(ImportSite { file, line: Some(line), .. }) if self.is_of_app() => {
                format!("{} ({file}:{line})", self.id)
            }
            _ => self.id.clone(),
        }
    }

    /// `zod, imported by src/pages/zod.tsx:1`
    pub fn cause(&self) -> String {
        match &self.importer {
            Some(ImportSite { file, line: Some(line), .. }) => {
                format!("{}, imported by {file}:{line}", self.id)
            }
            Some(site) => format!("{}, imported by {}", self.id, site.file),
            None => self.id.clone(),
        }
    }
}

impl From<&DiscoveredDep> for LateDependency {
    fn from(dep: &DiscoveredDep) -> Self {
        LateDependency { id: dep.id.clone(), importer: dep.importer.clone() }
    }
}

/// `zod, imported by src/pages/zod.tsx:1`; of many dependencies the first few.
pub fn causes(dependencies: &[LateDependency]) -> String {
    listed(dependencies, "; ", LateDependency::cause)
}

/// `zod (src/pages/zod.tsx:1), nanoid`; of many dependencies the first few.
pub fn brief(dependencies: &[LateDependency]) -> String {
    listed(dependencies, ", ", LateDependency::brief)
}

fn listed(
    dependencies: &[LateDependency],
    separator: &str,
    text: impl Fn(&LateDependency) -> String,
) -> String {
    let named: Vec<_> = dependencies.iter().take(MOST_NAMED).map(text).collect();
    match dependencies.len().saturating_sub(MOST_NAMED) {
        0 => named.join(separator),
        more => format!("{}{separator}and {more} more", named.join(separator)),
    }
}

/// The line of a Vite config that has dependencies known from the start.
pub fn advice(environment: &str, ids: &[&str]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    let environment = quote_key(environment);
    format!("environments: {{ {environment}: {{ optimizeDeps: {{ include: [{}] }} }} }}", ids.join(", "))
}

/// Environment names may hold characters that a bare object key may not.
fn quote_key(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if bare { name.to_string() } else { format!("'{name}'") }
}
