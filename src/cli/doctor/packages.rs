//! The packages that a project has.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The version of a package as Node would find it.
pub fn installed(root: &Path, name: &str) -> Option<String> {
    version(&manifest(root, &[name])?)
}

/// The manifest of a package that another one finds, which a third one finds, and so on from the root.
pub fn manifest(root: &Path, names: &[&str]) -> Option<Value> {
    in_node_modules(root, names).or_else(|| by_plug_n_play(root, names))
}

/// The manifest of the package that is in a folder.
pub fn in_folder(package: &Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(package.join("package.json")).ok()?).ok()
}

pub fn version(manifest: &Value) -> Option<String> {
    Some(manifest["version"].as_str()?.to_owned())
}

const LOCKFILES: [&str; 5] = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/// The `node_modules` that packages are looked for in, nearest first. Node looks further up than to the folder of the lockfile, but
/// what it finds there belongs to another project.
pub fn places(from: &Path) -> impl Iterator<Item = PathBuf> {
    let is_root = |folder: &Path| LOCKFILES.iter().any(|name| folder.join(name).is_file());
    let last = from.ancestors().position(is_root).unwrap_or(usize::MAX);
    from.ancestors().take(last.saturating_add(1)).map(|folder| folder.join("node_modules"))
}

/// The folder of a package, where it is in one.
pub fn folder(from: &Path, name: &str) -> Option<PathBuf> {
    let found = places(from)
        .map(|modules| modules.join(name))
        .find(|folder| folder.join("package.json").is_file())?;
    // A package manager may link it from elsewhere, where it finds other packages.
    found.canonicalize().ok()
}

fn in_node_modules(root: &Path, names: &[&str]) -> Option<Value> {
    in_folder(&names.iter().try_fold(root.to_owned(), |from, name| folder(&from, name))?)
}

/// Prints a manifest that may be in an archive.
const ASK: &str = "\
    const { join } = require('node:path');\
    const [root, ...names] = process.argv.slice(1);\
    const find = (from, name) => require('pnpapi').resolveToUnqualified(name, join(from, '/'));\
    console.log(require('node:fs').readFileSync(join(names.reduce(find, root), 'package.json'), 'utf8'))";

/// Yarn may have no `node_modules`, but a script that tells Node where packages are.
fn by_plug_n_play(root: &Path, names: &[&str]) -> Option<Value> {
    let mut node = Command::new("node");
    node.arg("--require").arg(plug_n_play(root)?).args(["--eval", ASK, "--"]).arg(root).args(names);
    let output = node.output().ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok())?
}

fn plug_n_play(root: &Path) -> Option<PathBuf> {
    root.ancestors().map(|folder| folder.join(".pnp.cjs")).find(|file| file.is_file())
}

/// The command that adds an optional dependency, in the words of the project's package manager.
pub fn add_optional(root: &Path, dependency: &str) -> String {
    let has = |name: &str| root.ancestors().any(|folder| folder.join(name).is_file());
    if has("pnpm-lock.yaml") {
        format!("pnpm add --save-optional {dependency}")
    } else if has("yarn.lock") || plug_n_play(root).is_some() {
        format!("yarn add --optional {dependency}")
    } else if has("bun.lock") || has("bun.lockb") {
        format!("bun add --optional {dependency}")
    } else {
        format!("npm install --include=optional --save-optional {dependency}")
    }
}
