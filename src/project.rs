//! What can be known of a Vite project from its files.

use std::path::{Path, PathBuf};

/// Vite's own order; the editors' clients, in other languages, have these names once each.
const CONFIG_FILES: [&str; 6] = [
    "vite.config.js",
    "vite.config.mjs",
    "vite.config.ts",
    "vite.config.cjs",
    "vite.config.mts",
    "vite.config.cts",
];

/// The config that Vite takes in a root.
pub fn config_file(root: &Path) -> Option<PathBuf> {
    CONFIG_FILES.iter().map(|name| root.join(name)).find(|file| file.is_file())
}

/// A text in which the files of a project are named from its root.
pub fn in_project(text: &str, root: Option<&str>) -> String {
    match root.map(|root| root.trim_end_matches('/')) {
        Some(root) if !root.is_empty() => text.replace(&format!("{root}/"), ""),
        _ => text.to_owned(),
    }
}
