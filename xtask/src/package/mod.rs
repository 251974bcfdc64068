//! What is shipped, written to `target/package`.

mod binaries;
mod materials;
mod sizes;
mod trial;
mod versions;
mod vscode;

use std::fs;
use std::path::{Path, PathBuf};

use crate::node;
use binaries::Binary;
use xtask::run::{Failure, Step, files_ending, root};

pub use versions::crate_version;

const TARGET: &str = "target/package";
const PLUGIN: &str = "clients/vite";

/// Everything: the crate, the npm packages with the programs that can be built here, the extension, what they are made of, and
/// checksums.
pub fn everything() -> Result<(), Failure> {
    versions::check()?;
    let target = root().join(TARGET);
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    vscode::package(&target)?;
    rust_crate(&target)?;
    let programs = binaries::build()?;
    npm(&target, &programs.built)?;
    trial::run(&programs.built)?;
    sizes::check(&target.join(format!("evenkeel-{}.tgz", crate_version()?)), &programs.built)?;
    materials::write(&target)?;
    Step::new("node").args([root().join(PLUGIN).join("scripts/checksums.mjs"), target]).run()?;
    report(&programs.missing)
}

/// The extension alone.
pub fn vscode() -> Result<(), Failure> {
    let target = root().join(TARGET);
    fs::create_dir_all(&target)?;
    vscode::package(&target)
}

/// That it builds out of what is in it, `cargo publish` makes sure of.
fn rust_crate(target: &Path) -> Result<(), Failure> {
    // Cargo leaves more behind than the crate.
    let folder = "target/crate";
    Step::cargo(["package", "--quiet", "--package", "evenkeel", "--no-verify", "--allow-dirty", "--locked"])
        .args(["--target-dir", folder])
        .run()?;
    let name = format!("evenkeel-{}.crate", crate_version()?);
    fs::copy(root().join(folder).join("package").join(&name), target.join(name))?;
    Ok(())
}

/// The plugin, and a package for each program.
fn npm(target: &Path, programs: &[Binary]) -> Result<(), Failure> {
    node::install(PLUGIN)?;
    Step::npm(["run", "--silent", "build"]).within(PLUGIN).run()?;
    let staged = target.join("npm");
    let named = programs.iter().map(|Binary { platform, file }| format!("{platform}={}", file.display()));
    let script = root().join(PLUGIN).join("scripts/stage.mjs");
    Step::new("node").args([script, staged.clone()]).args(named).run()?;
    let packages = programs.iter().map(|program| staged.join("@evenkeel").join(&program.platform));
    let packages: Vec<PathBuf> = [staged.join("evenkeel")].into_iter().chain(packages).collect();
    Step::npm(["pack", "--loglevel=error", "--pack-destination"])
        .args([target])
        .args(packages)
        .quiet()
        .run()?;
    fs::remove_dir_all(staged)?;
    Ok(())
}

fn report(missing: &[String]) -> Result<(), Failure> {
    for file in files_ending(TARGET, "")? {
        let size = fs::metadata(&file)?.len() / 1_000;
        println!("{:>8} KB  {}", size, file.file_name().unwrap_or_default().to_string_lossy());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure(format!("do not publish what is here; these could not be built:\n{}", missing.join("\n"))))
}
