//! What the packages are made of: a software bill of materials for each, in CycloneDX's format.

use std::fs;
use std::path::Path;

use super::PLUGIN;
use xtask::run::{Failure, Step, root};

const TOOLS: &str = "target/cyclonedx";
const TOOL_VERSION: &str = "0.5.9";

pub fn write(target: &Path) -> Result<(), Failure> {
    let npm = Step::npm(["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "library", "--omit", "dev"])
        .within(PLUGIN)
        .output()
        .ok_or_else(|| Failure("npm sbom failed".into()))?;
    fs::write(target.join("evenkeel-npm.cdx.json"), npm)?;

    let tool = root().join(TOOLS).join("bin/cargo-cyclonedx");
    if !tool.exists() {
        Step::cargo(["install", "--quiet", "--locked", "--root", TOOLS, "cargo-cyclonedx"])
            .args(["--version", TOOL_VERSION])
            .run()?;
    }
    // Beside Cargo.toml, where it writes, and nowhere else.
    let written = root().join("evenkeel.cdx.json");
    Step::new(tool)
        .args(["cyclonedx", "--format", "json", "--no-build-deps", "--target", "all"])
        .args(["--manifest-path", "Cargo.toml"])
        .run()?;
    fs::rename(written, target.join("evenkeel-rust.cdx.json"))?;
    Ok(())
}
