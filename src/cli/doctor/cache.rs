//! The folder in which Vite keeps what it has bundled.

use std::path::{Path, PathBuf};

use super::finding::{Finding, hint};
use crate::cli::table::count;
use crate::protocol::StatusReport;

/// Where Vite keeps it, as a dev server has told; or else where it does by default.
pub fn cache_folder(root: &Path, running: &[StatusReport]) -> PathBuf {
    let is_here =
        |status: &&StatusReport| status.root.as_deref().is_some_and(|other| Path::new(other) == root);
    running.iter().find(is_here).and_then(told_folder).unwrap_or_else(|| default_folder(root))
}

fn told_folder(status: &StatusReport) -> Option<PathBuf> {
    let root = status.root.as_deref().map(Path::new)?;
    Some(status.cache_dir.as_ref().map_or_else(|| default_folder(root), PathBuf::from))
}

/// Beside the packages of the nearest `package.json`.
fn default_folder(root: &Path) -> PathBuf {
    let package = root.ancestors().find(|folder| folder.join("package.json").is_file());
    package.map_or_else(|| root.join(".vite"), |folder| folder.join("node_modules/.vite"))
}

pub fn cache(root: &Path, running: &[StatusReport]) -> Vec<Finding> {
    let folder = cache_folder(root, running);
    [linked(root, &folder), shared(&folder, running), orphans(&folder)].into_iter().flatten().collect()
}

fn linked(root: &Path, folder: &Path) -> Option<Finding> {
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let link = [folder, folder.parent()?].into_iter().find(|path| is_link(path))?;
    let target = link.canonicalize().ok()?;
    let name = link.strip_prefix(root).unwrap_or(link).display();
    Some(hint(
        format!(
            "{name} is a link to {}, so that Vite's cache is shared with whoever else uses it",
            target.display()
        ),
        "Give each checkout its own: dev servers on one cache remove files that the other still serves (504). \
         Set `cacheDir` in the Vite config, or remove the link.",
    ))
}

/// Several dev servers that write into one folder.
fn shared(folder: &Path, running: &[StatusReport]) -> Option<Finding> {
    let own = folder.canonicalize().ok()?;
    let uses_it = |status: &&StatusReport| {
        told_folder(status).and_then(|other| other.canonicalize().ok()).is_some_and(|other| other == own)
    };
    let pids: Vec<String> = running.iter().filter(uses_it).map(|status| status.pid.to_string()).collect();
    (pids.len() > 1).then(|| {
        hint(
            format!("several dev servers may use {} (the sidecars {})", folder.display(), pids.join(", ")),
            "Stop all but one, or give each its own `cacheDir` in the Vite config.",
        )
    })
}

/// What runs that were killed have left. Vite removes it only where it happens to take the same name again.
fn orphans(folder: &Path) -> Option<Finding> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let is_left = |name: &str| name.starts_with("deps") && name.contains("_temp_");
    let is_old = |entry: &std::fs::DirEntry| {
        let age = entry.metadata().and_then(|found| found.modified()).ok()?.elapsed().ok()?;
        Some(age > ORPHANED)
    };
    let left = entries
        .filter(|entry| is_left(&entry.file_name().to_string_lossy()))
        .filter(|entry| is_old(entry).unwrap_or(false))
        .count();
    (left > 0).then(|| {
        hint(
            format!(
                "{} deps_temp_* in {} of runs that were never finished",
                count(left as u64, "folder"),
                folder.display()
            ),
            "Delete them; nothing reads them any more.",
        )
    })
}

/// No run of the optimizer takes as long.
const ORPHANED: std::time::Duration = std::time::Duration::from_secs(600);
