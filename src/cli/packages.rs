//! The packages that a project has.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The version of a package as Node would find it.
pub fn installed(root: &Path, name: &str) -> Option<String> {
    let manifest = in_node_modules(root, name).or_else(|| by_plug_n_play(root, name))?;
    let manifest: Value = serde_json::from_str(&manifest).ok()?;
    Some(manifest["version"].as_str()?.to_owned())
}

fn in_node_modules(root: &Path, name: &str) -> Option<String> {
    let manifest = |folder: &Path| folder.join("node_modules").join(name).join("package.json");
    root.ancestors().find_map(|folder| std::fs::read_to_string(manifest(folder)).ok())
}

/// Prints a manifest that may be in an archive.
const ASK: &str = "\
    const { join } = require('node:path');\
    const [name, root] = process.argv.slice(1);\
    const folder = require('pnpapi').resolveToUnqualified(name, join(root, '/'));\
    console.log(require('node:fs').readFileSync(join(folder, 'package.json'), 'utf8'))";

/// Yarn may have no `node_modules`, but a script that tells Node where packages are.
fn by_plug_n_play(root: &Path, name: &str) -> Option<String> {
    let script = root.ancestors().map(|folder| folder.join(".pnp.cjs")).find(|file| file.is_file())?;
    let mut node = Command::new("node");
    node.arg("--require").arg(script).args(["--eval", ASK, "--", name]).arg(root);
    let output = node.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
