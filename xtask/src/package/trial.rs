//! The programs that this machine can run are run once: another system's only where an emulator is installed.

use std::env::consts;

use super::PLUGIN;
use super::binaries::Binary;
use crate::setup::on_path;
use xtask::run::{Failure, Step, root};

/// Debian's `qemu-user` and its likes bring them.
const EMULATORS: [(&str, &str); 2] = [("linux-arm64", "qemu-aarch64"), ("linux-x64", "qemu-x86_64")];

pub fn run(programs: &[Binary]) -> Result<(), Failure> {
    let script = root().join(PLUGIN).join("scripts/check-program.mjs");
    let here = here();
    for Binary { platform, file } in programs {
        match runner(platform, here.as_deref()) {
            Some(emulator) => Step::new("node").args([&script]).args(emulator).args([file]).run()?,
            None => println!("{platform}: built, not run on this system"),
        }
    }
    Ok(())
}

/// What has to stand before the program, if it can be run.
fn runner(platform: &str, here: Option<&str>) -> Option<Option<&'static str>> {
    if Some(platform) == here {
        return Some(None);
    }
    let same_system = |name: &str| consts::OS == "linux" && name == platform;
    let emulator = EMULATORS.into_iter().find(|(name, program)| same_system(name) && on_path(program));
    emulator.map(|(_, program)| Some(program))
}

/// As Node names it.
fn here() -> Option<String> {
    Step::new("node").args(["--print", "`${process.platform}-${process.arch}`"]).output()
}
