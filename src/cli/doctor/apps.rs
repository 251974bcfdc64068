//! Which app of a folder is meant.

use std::path::{Path, PathBuf};

use crate::project::config_file;

/// How deep the apps of a monorepo lie.
const DEPTH: usize = 3;
/// Folders that hold no apps of their own.
const PASSED_OVER: [&str; 3] = ["node_modules", "dist", "target"];

/// The app that a folder is in, or else the apps that are in it; the folder itself, where there are none.
pub fn apps(folder: &Path) -> Vec<PathBuf> {
    if let Some(around) = folder.ancestors().find(|above| config_file(above).is_some()) {
        return vec![around.to_owned()];
    }
    let mut found = Vec::new();
    // What is no project at all is not searched.
    if folder.join("package.json").is_file() || folder.join("pnpm-workspace.yaml").is_file() {
        collect(folder, DEPTH, &mut found);
    }
    if found.is_empty() {
        found.push(folder.to_owned());
    }
    found
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut inner: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !name.starts_with('.') && !PASSED_OVER.contains(&&*name)
        })
        .map(|entry| entry.path())
        .collect();
    inner.sort_unstable();
    for folder in inner {
        if config_file(&folder).is_some() {
            found.push(folder);
        } else if depth > 1 {
            collect(&folder, depth - 1, found);
        }
    }
}
