//! The extension for VS Code.

use std::path::Path;

use crate::node;
use xtask::run::{Failure, Step, root};

pub const FOLDER: &str = "clients/vscode";

/// Writes the `.vsix`, and looks into what was written.
pub fn package(target: &Path) -> Result<(), Failure> {
    node::install(FOLDER)?;
    Step::npm(["run", "--silent", "build"]).within(FOLDER).run()?;
    let name = Step::new("node")
        .args(["-p", "const { name, version } = require('./package.json'); `${name}-${version}.vsix`"])
        .within(FOLDER)
        .output()
        .ok_or_else(|| Failure(format!("{FOLDER}/package.json tells no name and version")))?;
    let file = target.join(name);
    Step::npm(["run", "--silent", "package", "--", "--out"]).args([&file]).within(FOLDER).quiet().run()?;
    Step::new("node").args([root().join(FOLDER).join("scripts/check-package.mjs"), file]).run()
}
