//! What the packages are made of: a software bill of materials for each, in CycloneDX's format.

use std::fs;
use std::path::Path;

use super::PLUGIN;
use xtask::run::{Failure, Step, root};

const TOOLS: &str = "target/cyclonedx";
const TOOL_VERSION: &str = "0.5.9";

pub fn write(target: &Path) -> Result<(), Failure> {
    let script = root().join(PLUGIN).join("scripts/sbom.mjs");
    Step::new("node").args([script, target.join("evenkeel-npm.cdx.json")]).run()?;

    // Does nothing where this version is installed.
    Step::cargo(["install", "--quiet", "--locked", "--root", TOOLS, "--version", TOOL_VERSION])
        .args(["cargo-cyclonedx"])
        .run()?;
    // Beside Cargo.toml, where it writes, and nowhere else.
    let written = root().join("evenkeel.cdx.json");
    Step::new(root().join(TOOLS).join("bin/cargo-cyclonedx"))
        .args(["cyclonedx", "--format", "json", "--no-build-deps", "--target", "all"])
        .args(["--manifest-path", "Cargo.toml"])
        .run()?;
    fs::rename(written, target.join("evenkeel-rust.cdx.json"))?;
    Ok(())
}
