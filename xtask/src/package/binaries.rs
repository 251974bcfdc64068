//! The program, for every platform that has a package. Zig links, so that one machine can build for all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::python;
use xtask::run::{Failure, Step, root};

/// Which Rust target each platform's program is built for, by the names that Node gives platforms. Linux's need no libc.
const PLATFORMS: &str = include_str!("../../../clients/vite/platforms.json");

const TOOLS: &str = "target/zig";
const REQUIREMENTS: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

pub struct Binary {
    pub platform: String,
    pub file: PathBuf,
}

#[derive(Default)]
pub struct Programs {
    pub built: Vec<Binary>,
    /// For each that could not be built, which, and what was lacking.
    pub missing: Vec<String>,
}

pub fn build() -> Result<Programs, Failure> {
    let platforms: BTreeMap<String, String> =
        serde_json::from_str(PLATFORMS).map_err(|error| Failure(format!("platforms.json: {error}")))?;
    let tools = install_zig();
    let mut programs = Programs::default();
    for (platform, target) in platforms {
        let built = tools.as_ref().map_err(Clone::clone).and_then(|tools| build_for(&target, tools));
        match built {
            Ok(file) => programs.built.push(Binary { platform, file }),
            Err(lacking) => programs.missing.push(format!("{platform}: {lacking}")),
        }
    }
    Ok(programs)
}

fn build_for(target: &str, tools: &Path) -> Result<PathBuf, String> {
    let add = Step::new("rustup").args(["target", "add", target]).quiet().run();
    add.map_err(|_| format!("Rust's libraries for {target} could not be installed"))?;
    Step::new(tools.join("cargo-zigbuild"))
        .args(["zigbuild", "--release", "--package", "evenkeel", "--bin", "evenkeel", "--target", target])
        .path_first(tools)
        .run()
        .map_err(|Failure(error)| error)?;
    let name = if target.contains("windows") { "evenkeel.exe" } else { "evenkeel" };
    Ok(root().join("target").join(target).join("release").join(name))
}

/// Where it is not installed yet.
fn install_zig() -> Result<PathBuf, String> {
    python::install(TOOLS, &REQUIREMENTS)
        .map_err(|Failure(error)| format!("Zig could not be installed: {error}"))
}
