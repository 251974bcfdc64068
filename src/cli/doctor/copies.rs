//! Packages that must be there once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::finding::{Finding, hint};
use super::packages::{in_folder, places, version};

/// Two copies of React are an "Invalid hook call".
pub fn copies(root: &Path) -> Option<Finding> {
    let found = copies_of(root, "react");
    (found.len() > 1).then(|| {
        let listed: Vec<String> = found
            .iter()
            .map(|(place, version)| {
                let place = place.strip_prefix(root).unwrap_or(place);
                format!("{version} in {}", place.display())
            })
            .collect();
        hint(
            format!("there is more than one copy of React: {}", listed.join(", ")),
            "Make it one, with the package manager (`npm dedupe`) or by `resolve: { dedupe: ['react', 'react-dom'] }`.",
        )
    })
}

/// The version of each copy, by where it is: what the app finds, and what the packages beside it bring along.
fn copies_of(root: &Path, name: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for modules in places(root) {
        let mut packages = packages(&modules);
        packages.retain(|package| !is_of_another_app(root, &modules, package));
        let brought = packages.into_iter().map(|package| package.join("node_modules").join(name));
        for place in std::iter::once(modules.join(name)).chain(brought) {
            // Several links may lead to one copy.
            let Ok(place) = place.canonicalize() else { continue };
            let Some(version) = in_folder(&place).as_ref().and_then(version) else { continue };
            found.insert(place, version);
        }
    }
    found
}

/// A monorepo links all of its folders, other apps, too, which have packages of their own.
fn is_of_another_app(root: &Path, modules: &Path, package: &Path) -> bool {
    let Ok(target) = package.canonicalize() else { return false };
    let name = package.strip_prefix(modules).unwrap_or(package).to_string_lossy().replace('\\', "/");
    !target.iter().any(|part| part == "node_modules") && !depends_on(root, &name)
}

fn depends_on(root: &Path, name: &str) -> bool {
    let manifest = root.ancestors().find_map(in_folder).unwrap_or_default();
    let lists = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    lists.iter().any(|list| manifest[list].get(name).is_some())
}

/// The packages of a `node_modules`, those of scopes, too.
fn packages(modules: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).collect()
    };
    let is_scope = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('@'));
    let (scopes, mut plain): (Vec<_>, Vec<_>) = inside(modules).into_iter().partition(|path| is_scope(path));
    plain.extend(scopes.iter().flat_map(|scope| inside(scope)));
    plain
}
