//! Programs that PyPI has and the package managers of systems lack, or have too old.

use std::path::PathBuf;

use xtask::run::{Failure, Step, root};

/// Installs packages into an environment of their own, in a folder of the project, and gives the folder of its programs.
pub fn install(environment: &str, requirements: &[&str]) -> Result<PathBuf, Failure> {
    let programs = programs(environment);
    Step::new("python3").args(["-m", "venv", environment]).quiet().run()?;
    Step::new(programs.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(requirements)
        .quiet()
        .run()?;
    Ok(programs)
}

pub fn programs(environment: &str) -> PathBuf {
    root().join(environment).join("bin")
}
