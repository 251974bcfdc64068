//! Whether the plugin finds the program that it starts, by the places that it looks at itself.

use std::path::Path;

use serde_json::Value;

use super::finding::{Finding, fine, problem};
use super::packages::{add_optional, folder, manifest, version};

pub fn program(root: &Path) -> Vec<Finding> {
    if let Some(named) = std::env::var("EVENKEEL_BINARY").ok().filter(|named| !named.is_empty()) {
        return vec![if Path::new(&named).is_file() {
            fine(format!("the plugin starts {named}, which EVENKEEL_BINARY names"))
        } else {
            problem(
                format!("EVENKEEL_BINARY names {named}, which does not exist"),
                "Correct it or unset it: the plugin starts no other program.",
            )
        }];
    }
    // Where the plugin itself is missing, that is said elsewhere.
    manifest(root, &["evenkeel"]).map(|plugin| installed(root, &plugin)).into_iter().collect()
}

fn installed(root: &Path, plugin: &Value) -> Finding {
    let name = format!("@evenkeel/{}", platform());
    let (expected, found) = (version(plugin).unwrap_or_default(), manifest(root, &["evenkeel", &name]));
    match found.as_ref().and_then(version) {
        Some(found) if found == expected => fine(format!("the plugin finds its program in {name} {found}")),
        Some(found) => problem(
            format!("{name} is {found}, the npm package evenkeel is {expected}"),
            format!("Run: {}", add_optional(root, &format!("{name}@{expected}"))),
        ),
        None => not_installed(root, plugin, &name, &expected),
    }
}

fn not_installed(root: &Path, plugin: &Value, name: &str, expected: &str) -> Finding {
    let what = format!("the plugin finds no program: {name} is not installed");
    match &plugin["optionalDependencies"] {
        Value::Object(published) if published.contains_key(name) => {
            problem(what, format!("Run: {}", add_optional(root, &format!("{name}@{expected}"))))
        }
        Value::Object(_) => problem(
            format!("there is no package with the program for {}", platform()),
            "Run `cargo install evenkeel`, and set EVENKEEL_BINARY to what it installs.",
        ),
        _ => in_checkout(root).unwrap_or_else(|| {
            problem(what, "Run `cargo build --release` in the checkout, or set EVENKEEL_BINARY.")
        }),
    }
}

/// A plugin that is linked from a checkout takes what was built there.
fn in_checkout(root: &Path) -> Option<Finding> {
    let target = folder(root, "evenkeel")?.join("../../target");
    let program = if cfg!(windows) { "evenkeel.exe" } else { "evenkeel" };
    let built =
        ["release", "debug"].into_iter().find(|profile| target.join(profile).join(program).is_file())?;
    Some(fine(format!("the plugin finds its program in its checkout, a {built} build")))
}

/// As Node names it.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        other => other,
    };
    format!("{system}-{processor}")
}
