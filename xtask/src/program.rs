//! The sidecar's program: as the tests start it, and as it is shipped.

use std::env::consts::EXE_SUFFIX;
use std::sync::OnceLock;

use xtask::run::{Failure, Step, once, root};

/// Names a program that somebody else has built.
const NAMED: &str = "EVENKEEL_BINARY";

static TESTED: OnceLock<()> = OnceLock::new();
static SHIPPED: OnceLock<()> = OnceLock::new();

/// A step that starts the program that is tested: a development build, which finds overflows and takes no minutes to link.
pub fn tested_by(step: Step) -> Step {
    if is_named() {
        return step;
    }
    let built = root().join("target/debug").join(format!("evenkeel{EXE_SUFFIX}"));
    step.env(NAMED, &built.to_string_lossy())
}

pub fn build_tested() -> Result<(), Failure> {
    if is_named() {
        return Ok(());
    }
    once(&TESTED, || {
        Step::cargo(["build", "--quiet", "--workspace", "--all-features", "--bin", "evenkeel"]).run()
    })
}

/// Called after the whole workspace has been compiled, and this program with it.
pub fn tested_is_built() {
    TESTED.get_or_init(|| ());
}

pub fn build_shipped() -> Result<(), Failure> {
    once(&SHIPPED, || {
        Step::cargo(["build", "--quiet", "--release", "--package", "evenkeel", "--bin", "evenkeel"]).run()
    })
}

fn is_named() -> bool {
    std::env::var_os(NAMED).is_some_and(|name| !name.is_empty())
}
