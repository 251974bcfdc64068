//! One version for all that is shipped. The platform packages take theirs from the plugin's.

use std::fs;

use serde_json::Value;

use super::{PLUGIN, vscode};
use xtask::run::{Failure, root};

pub fn check() -> Result<(), Failure> {
    let version = crate_version()?;
    for folder in [PLUGIN, vscode::FOLDER] {
        for name in ["package.json", "package-lock.json"] {
            let file = format!("{folder}/{name}");
            let found = version_of(&file)?;
            if found != version {
                return Err(Failure(format!(
                    "{file} says version {found}, Cargo.toml {version}: give them the same version"
                )));
            }
        }
    }
    Ok(())
}

/// The first in the file; what it depends on comes later.
fn crate_version() -> Result<String, Failure> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let mut lines = manifest.lines();
    let version = lines.find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| Failure("Cargo.toml tells no version".into()))
}

fn version_of(file: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(root().join(file))?;
    let manifest: Value = serde_json::from_str(&text).map_err(|error| Failure(format!("{file}: {error}")))?;
    Ok(manifest["version"].as_str().unwrap_or("none").to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_that_is_shipped_has_one_version() {
        super::check().unwrap_or_else(|error| panic!("{}", error.0));
    }
}
