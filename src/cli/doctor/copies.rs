//! Packages that must be there once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::finding::{Finding, hint};
use super::packages::{folder, in_folder, places, version};

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

/// The version of each copy, by where it is: what the app finds, and what the packages beside it and those of its workspace bring
/// along.
fn copies_of(root: &Path, name: &str) -> BTreeMap<PathBuf, String> {
    let installed = places(root).flat_map(|modules| packages(&modules)).filter(|package| !is_linked(package));
    let brought = installed.chain(linked(root)).map(|package| package.join("node_modules"));
    let mut found = BTreeMap::new();
    for modules in places(root).chain(brought) {
        // Several links may lead to one copy.
        let Ok(place) = dunce::canonicalize(modules.join(name)) else { continue };
        let Some(version) = in_folder(&place).as_ref().and_then(version) else { continue };
        found.insert(place, version);
    }
    found
}

/// The folders of a workspace that the app depends on, and those that they depend on. A monorepo links all of its folders, other
/// apps, too, which have packages of their own.
fn linked(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut next =
        links(root, &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]);
    while let Some(package) = next.pop() {
        if found.insert(package.clone()) {
            // What a package is developed with does not get into the app.
            next.extend(links(&package, &["dependencies", "optionalDependencies", "peerDependencies"]));
        }
    }
    found
}

/// The folders that the packages in these lists of a manifest are links to.
fn links(from: &Path, lists: &[&str]) -> Vec<PathBuf> {
    let manifest = from.ancestors().find_map(in_folder).unwrap_or_default();
    let names = lists.iter().filter_map(|list| manifest[list].as_object()).flat_map(|list| list.keys());
    names.filter_map(|name| folder(from, name)).filter(|package| is_linked(package)).collect()
}

fn is_linked(package: &Path) -> bool {
    package.canonicalize().is_ok_and(|target| !target.iter().any(|part| part == "node_modules"))
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
