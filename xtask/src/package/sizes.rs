//! How large what people download may become.

use std::fs;
use std::path::Path;

use super::binaries::Binary;
use xtask::run::Failure;

const PLUGIN: u64 = 150_000;
const LINUX_PROGRAM: u64 = 6_000_000;

pub fn check(plugin: &Path, programs: &[Binary]) -> Result<(), Failure> {
    within(plugin, PLUGIN)?;
    let linux = programs.iter().filter(|program| program.platform.starts_with("linux-"));
    linux.map(|program| &program.file).try_for_each(|file| within(file, LINUX_PROGRAM))
}

fn within(file: &Path, most: u64) -> Result<(), Failure> {
    let size = fs::metadata(file)?.len();
    if size <= most {
        return Ok(());
    }
    Err(Failure(format!(
        "{} has {size} bytes, more than {most}: find out what has made it grow",
        file.display()
    )))
}
