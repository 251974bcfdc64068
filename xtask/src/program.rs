//! The sidecar's program: as the tests start it, and as it is shipped.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::sync::OnceLock;

use xtask::run::{Failure, Step, once, root};

/// Names a program that somebody else has built.
const NAMED: &str = "EVENKEEL_BINARY";

static TESTED: OnceLock<()> = OnceLock::new();
static SHIPPED: OnceLock<()> = OnceLock::new();

/// A step that starts the program that is tested: a development build, which finds overflows and takes no minutes to link.
pub fn tested_by(step: Step) -> Step {
    match named() {
        Some(_) => step,
        None => {
            let built = root().join("target/debug").join(format!("evenkeel{EXE_SUFFIX}"));
            step.env(NAMED, &built.to_string_lossy())
        }
    }
}

pub fn build_tested() -> Result<(), Failure> {
    once(&TESTED, || match named() {
        Some(_) => Ok(()),
        None => Step::cargo(["build", "--quiet", "--workspace", "--all-features", "--bin", "evenkeel"]).run(),
    })
}

/// What compiles the workspace as `build_tested` would, has built it.
pub fn tested_is_built() {
    TESTED.get_or_init(|| ());
}

pub fn build_shipped() -> Result<(), Failure> {
    once(&SHIPPED, || {
        Step::cargo(["build", "--quiet", "--release", "--package", "evenkeel", "--bin", "evenkeel"]).run()
    })
}

fn named() -> Option<PathBuf> {
    std::env::var_os(NAMED).filter(|name| !name.is_empty()).map(PathBuf::from)
}
