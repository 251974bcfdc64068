//! What is shipped, written to `target/package`.

use std::fs;

use crate::node;
use crate::run::{Failure, Step, root};

const VSCODE: &str = "clients/vscode";

/// The extension for VS Code, and a look into what was written.
pub fn vscode() -> Result<(), Failure> {
    let folder = root().join("target/package");
    fs::create_dir_all(&folder)?;
    build_vscode()?;
    let name = Step::new("node")
        .args(["-p", "const { name, version } = require('./package.json'); `${name}-${version}.vsix`"])
        .within(VSCODE)
        .output()
        .ok_or_else(|| Failure(format!("{VSCODE}/package.json tells no name and version")))?;
    let file = folder.join(name);
    Step::npm(["run", "--silent", "package", "--", "--out"]).args([&file]).within(VSCODE).quiet().run()?;
    Step::new("node").args(["scripts/check-package.mjs".as_ref(), file.as_os_str()]).within(VSCODE).run()
}

/// Without the package, which takes longer.
pub fn build_vscode() -> Result<(), Failure> {
    node::install(VSCODE)?;
    Step::npm(["run", "--silent", "build"]).within(VSCODE).run()
}
