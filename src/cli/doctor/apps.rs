//! Which app of a folder is meant.

use std::path::{Path, PathBuf};

use crate::project::{Tool, configured};

/// How deep the apps of a monorepo lie.
const DEPTH: usize = 3;
/// Folders that hold no apps of their own.
const PASSED_OVER: [&str; 3] = ["node_modules", "dist", "target"];

/// The app that a folder is in, or else the apps that are in it; the folder itself, where there are none.
pub fn apps(folder: &Path) -> Vec<PathBuf> {
    // Where there are apps, a config of Storybook or Vitest is that of tests, of a package or of the whole monorepo.
    let mut found = [&Tool::OF_APPS[..], &Tool::ALL].into_iter().map(|tools| around_or_in(folder, tools));
    found.find(|found| !found.is_empty()).unwrap_or_else(|| vec![folder.to_owned()])
}

fn around_or_in(folder: &Path, tools: &[Tool]) -> Vec<PathBuf> {
    if let Some(around) = folder.ancestors().find(|above| configured(above, tools).is_some()) {
        return vec![around.to_owned()];
    }
    let mut found = Vec::new();
    // What is no project at all is not searched.
    if folder.join("package.json").is_file() || folder.join("pnpm-workspace.yaml").is_file() {
        collect(folder, tools, DEPTH, &mut found);
    }
    found
}

fn collect(folder: &Path, tools: &[Tool], depth: usize, found: &mut Vec<PathBuf>) {
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
        if configured(&folder, tools).is_some() {
            found.push(folder);
        } else if depth > 1 {
            collect(&folder, tools, depth - 1, found);
        }
    }
}
