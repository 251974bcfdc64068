//! Which module imports which, as the transforms have shown it.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};
use std::num::NonZeroU64;
use std::sync::Arc;

use hashbrown::HashTable;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHasher};
use serde::{Deserialize, Serialize};

/// A folder of more files is kept in parts.
const MOST_FILES: usize = 256;
/// The parts of a large folder, beside the first.
const PARTS: u64 = 512;

/// A module by its place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct ModuleId {
    folder: u32,
    file: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Module {
    #[serde(rename = "i")]
    imports: Box<[ModuleId]>,
    /// How many of the imports, from the front, are static.
    #[serde(rename = "s")]
    statics: u32,
    /// Whether the imports are those of the module as it is now.
    #[serde(rename = "c")]
    current: bool,
    /// The number of the last crawl that has queued it.
    #[serde(rename = "q")]
    crawled: u32,
    /// Of the URLs that the imports came from: mostly they are the same at the next transform, and need no look-up.
    #[serde(skip)]
    fingerprint: Option<NonZeroU64>,
}

/// The files of a folder, or a part of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Folder {
    name: Box<str>,
    part: u32,
    files: IndexMap<Box<str>, Module, FxBuildHasher>,
}

/// Modules by URL, with their imports. A hundred thousand modules take some sixteen megabytes.
///
/// They are kept by folder, because what happens at a time mostly happens in a few folders: however large the graph is,
/// the part of it that is in use stays in the processor's caches.
///
/// A copy shares the folders with what it was copied from. Each is copied when it changes next, and none is large, so
/// that neither the copy nor any change after it takes long.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ModuleGraph {
    folders: Vec<Arc<Folder>>,
    #[serde(skip)]
    places: Places,
}

/// Where the folders are, by their names.
#[derive(Debug, Default)]
struct Places(HashTable<u32>);

/// Found again from the folders when they are asked for: most copies never are.
impl Clone for Places {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ModuleGraph {
    pub fn iter(&self) -> impl Iterator<Item = ModuleId> {
        let folders = self.folders.iter().enumerate();
        folders.flat_map(|(at, folder)| (0..folder.files.len()).map(move |file| ModuleId::at(at, file)))
    }

    /// The module of a URL, known from now on; `None` for a file with a version. The version is another behind each run
    /// of the optimizer, so that such modules would become ever more, and a crawl does not go there.
    pub fn intern(&mut self, url: &str) -> Option<ModuleId> {
        let url = normalize(url);
        if has_version(&url) {
            return None;
        }
        let (name, file) = url.split_at(url.rfind('/').map_or(0, |slash| slash + 1));
        let mut at = self.folder(name, 0);
        let first = &self.folders[at].files;
        if first.len() >= MOST_FILES && !first.contains_key(file) {
            at = self.folder(name, part(file));
        }
        let folder = &mut self.folders[at];
        let file = match folder.files.get_index_of(file) {
            Some(found) => found,
            None => Arc::make_mut(folder).files.insert_full(file.into(), Module::default()).0,
        };
        Some(ModuleId::at(at, file))
    }

    /// The place of a folder, which exists from now on.
    fn folder(&mut self, name: &str, part: u32) -> usize {
        let ModuleGraph { folders, places: Places(places) } = self;
        let hash_at = |at: &u32| folders.get(*at as usize).map_or(0, |found| place(&found.name, found.part));
        if places.len() < folders.len() {
            places.reserve(folders.len(), hash_at);
            (0..).zip(&*folders).for_each(|(at, folder)| {
                places.insert_unique(place(&folder.name, folder.part), at, hash_at);
            });
        }
        let is_it = |at: &u32| {
            folders.get(*at as usize).is_some_and(|found| found.part == part && *found.name == *name)
        };
        let hash = place(name, part);
        if let Some(at) = places.find(hash, is_it) {
            return *at as usize;
        }
        let at = folders.len();
        places.insert_unique(hash, number(at), hash_at);
        folders.push(Arc::new(Folder { name: name.into(), part, files: IndexMap::default() }));
        at
    }

    pub fn url(&self, module: ModuleId) -> String {
        self.parts(module).concat()
    }

    /// The folder and the file of a URL.
    pub fn parts(&self, module: ModuleId) -> [&str; 2] {
        let found = self.folders.get(module.folder as usize).and_then(|folder| {
            let (file, _) = folder.files.get_index(module.file as usize)?;
            Some([&*folder.name, &**file])
        });
        found.unwrap_or_default()
    }

    fn module(&self, module: ModuleId) -> Option<&Module> {
        let folder = self.folders.get(module.folder as usize)?;
        Some(folder.files.get_index(module.file as usize)?.1)
    }

    fn module_mut(&mut self, module: ModuleId) -> Option<&mut Module> {
        let folder = self.folders.get_mut(module.folder as usize)?;
        Some(Arc::make_mut(folder).files.get_index_mut(module.file as usize)?.1)
    }

    /// Whether the module's imports are known as they are now.
    pub fn is_current(&self, module: ModuleId) -> bool {
        self.module(module).is_some_and(|module| module.current)
    }

    /// Notes what a transform found.
    pub fn set_imports(&mut self, module: ModuleId, deps: &[String], dynamic_deps: &[String]) {
        let fingerprint = fingerprint(deps, dynamic_deps);
        if let Some(known) = self.module(module)
            && fingerprint.is_some()
            && known.fingerprint == fingerprint
        {
            if !known.current {
                self.set_current(module, true);
            }
            return;
        }
        let mut imports: Vec<ModuleId> = deps.iter().filter_map(|url| self.intern(url)).collect();
        let statics = number(imports.len());
        imports.extend(dynamic_deps.iter().filter_map(|url| self.intern(url)));
        if let Some(module) = self.module_mut(module) {
            *module = Module { imports: imports.into(), statics, fingerprint, current: true, ..*module };
        }
    }

    /// The module has changed; what it imports is to be found anew.
    pub fn invalidate(&mut self, module: ModuleId) {
        self.set_current(module, false);
    }

    fn set_current(&mut self, module: ModuleId, current: bool) {
        if let Some(module) = self.module_mut(module) {
            module.current = current;
        }
    }

    /// Notes that a crawl queues the module, and says whether it had not done so before.
    pub fn queue(&mut self, module: ModuleId, crawl: u32) -> bool {
        if self.module(module).is_none_or(|module| module.crawled == crawl) {
            return false;
        }
        let before = self.module_mut(module).map(|module| std::mem::replace(&mut module.crawled, crawl));
        before.is_some()
    }

    /// One of the module's imports, and whether it is static.
    pub fn import(&self, module: ModuleId, nth: usize) -> Option<(ModuleId, bool)> {
        let module = self.module(module)?;
        Some((*module.imports.get(nth)?, nth < module.statics as usize))
    }
}

impl ModuleId {
    fn at(folder: usize, file: usize) -> Self {
        ModuleId { folder: number(folder), file: number(file) }
    }
}

impl From<(u32, u32)> for ModuleId {
    fn from((folder, file): (u32, u32)) -> Self {
        ModuleId { folder, file }
    }
}

impl From<ModuleId> for (u32, u32) {
    fn from(module: ModuleId) -> Self {
        (module.folder, module.file)
    }
}

/// Four billion modules do not fit into the memory of the machine either.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What a folder's name and part are found by.
fn place(name: &str, part: u32) -> u64 {
    FxBuildHasher.hash_one((name, part))
}

/// The part of a large folder that a file is in.
fn part(file: &str) -> u32 {
    let part = FxBuildHasher.hash_one(file) % PARTS;
    u32::try_from(part).map_or(1, |part| part + 1)
}

fn fingerprint(deps: &[String], dynamic_deps: &[String]) -> Option<NonZeroU64> {
    let mut hasher = FxHasher::default();
    (deps, dynamic_deps).hash(&mut hasher);
    NonZeroU64::new(hasher.finish())
}

/// Whether Vite gave it the optimizer's hash: it is pre-bundled, or a file of a package that is not.
fn has_version(url: &str) -> bool {
    url.find('?').is_some_and(|query| url[query..].contains("?v="))
}

/// One module, one name: `/@id/__x00__virtual:x` is `\0virtual:x`, and `?t=` marks only when it was saved.
pub fn normalize(url: &str) -> Cow<'_, str> {
    let mut url = Cow::Borrowed(url);
    if let Some(id) = url.strip_prefix("/@id/") {
        url = Cow::Owned(id.replacen("__x00__", "\0", 1));
    }
    if let Some(query) = url.find('?')
        && url[query..].contains("t=")
    {
        let kept: Vec<&str> = url[query + 1..].split('&').filter(|pair| !is_timestamp(pair)).collect();
        let kept = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        url = Cow::Owned(format!("{}{kept}", &url[..query]));
    }
    url
}

fn is_timestamp(pair: &str) -> bool {
    pair.strip_prefix("t=")
        .is_some_and(|value| value.len() >= 13 && value.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
