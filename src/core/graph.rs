//! Which module imports which, as the transforms have shown it.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHasher};
use serde::{Deserialize, Serialize};

type Map<T> = IndexMap<Box<str>, T, FxBuildHasher>;

/// A module by its place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModuleId {
    folder: u32,
    file: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Module {
    imports: Box<[ModuleId]>,
    /// How many of the imports, from the front, are static.
    statics: u32,
    /// Whether the imports are those of the module as it is now.
    current: bool,
    /// The number of the last crawl that has queued it.
    crawled: u32,
    /// Of the URLs that the imports came from: mostly they are the same at the next transform, and need no look-up.
    #[serde(skip)]
    fingerprint: Option<NonZeroU64>,
}

/// Modules by URL, with their imports. A hundred thousand modules take some sixteen megabytes.
///
/// They are kept by folder, because what happens at a time mostly happens in a few folders: however large the graph is,
/// the part of it that is in use stays in the processor's caches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ModuleGraph {
    folders: Map<Map<Module>>,
}

impl ModuleGraph {
    pub fn iter(&self) -> impl Iterator<Item = ModuleId> {
        let folders = self.folders.values().enumerate();
        folders.flat_map(|(folder, files)| (0..files.len()).map(move |file| ModuleId::at(folder, file)))
    }

    /// The module of a URL, known from now on.
    pub fn intern(&mut self, url: &str) -> ModuleId {
        let url = normalize(url);
        let (folder, file) = url.split_at(url.rfind('/').map_or(0, |slash| slash + 1));
        let (at, files) = place(&mut self.folders, folder);
        ModuleId::at(at, place(files, file).0)
    }

    pub fn url(&self, module: ModuleId) -> String {
        self.parts(module).concat()
    }

    /// The folder and the file of a URL.
    pub fn parts(&self, module: ModuleId) -> [&str; 2] {
        let found = self.folders.get_index(module.folder as usize).and_then(|(folder, files)| {
            let (file, _) = files.get_index(module.file as usize)?;
            Some([&**folder, &**file])
        });
        found.unwrap_or_default()
    }

    fn module(&self, module: ModuleId) -> Option<&Module> {
        let (_, files) = self.folders.get_index(module.folder as usize)?;
        Some(files.get_index(module.file as usize)?.1)
    }

    fn module_mut(&mut self, module: ModuleId) -> Option<&mut Module> {
        let (_, files) = self.folders.get_index_mut(module.folder as usize)?;
        Some(files.get_index_mut(module.file as usize)?.1)
    }

    /// Whether the module's imports are known as they are now.
    pub fn is_current(&self, module: ModuleId) -> bool {
        self.module(module).is_some_and(|module| module.current)
    }

    /// Notes what a transform found.
    pub fn set_imports(&mut self, module: ModuleId, deps: &[String], dynamic_deps: &[String]) {
        let fingerprint = fingerprint(deps, dynamic_deps);
        if let Some(module) = self.module_mut(module)
            && fingerprint.is_some()
            && module.fingerprint == fingerprint
        {
            module.current = true;
            return;
        }
        let imports: Box<[ModuleId]> = deps.iter().chain(dynamic_deps).map(|url| self.intern(url)).collect();
        if let Some(module) = self.module_mut(module) {
            module.statics = u32::try_from(deps.len()).unwrap_or(u32::MAX);
            module.imports = imports;
            module.fingerprint = fingerprint;
            module.current = true;
        }
    }

    /// The module has changed; what it imports is to be found anew.
    pub fn invalidate(&mut self, module: ModuleId) {
        if let Some(module) = self.module_mut(module) {
            module.current = false;
        }
    }

    /// Notes that a crawl queues the module, and says whether it had not done so before.
    pub fn queue(&mut self, module: ModuleId, crawl: u32) -> bool {
        let before = self.module_mut(module).map(|module| std::mem::replace(&mut module.crawled, crawl));
        before.is_some_and(|before| before != crawl)
    }

    /// One of the module's imports, and whether it is static.
    pub fn import(&self, module: ModuleId, nth: usize) -> Option<(ModuleId, bool)> {
        let module = self.module(module)?;
        Some((*module.imports.get(nth)?, nth < module.statics as usize))
    }
}

impl ModuleId {
    fn at(folder: usize, file: usize) -> Self {
        // Four billion modules do not fit into the memory of the machine either.
        let number = |place| u32::try_from(place).unwrap_or(u32::MAX);
        ModuleId { folder: number(folder), file: number(file) }
    }
}

/// The place of a key, and what is there from now on.
fn place<'a, T: Default>(map: &'a mut Map<T>, key: &str) -> (usize, &'a mut T) {
    let at = match map.get_index_of(key) {
        Some(at) => at,
        None => map.insert_full(Box::from(key), T::default()).0,
    };
    (at, &mut map[at])
}

fn fingerprint(deps: &[String], dynamic_deps: &[String]) -> Option<NonZeroU64> {
    let mut hasher = FxHasher::default();
    (deps, dynamic_deps).hash(&mut hasher);
    NonZeroU64::new(hasher.finish())
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
mod tests {
    use super::*;

    #[test]
    fn a_module_has_one_name() {
        let table = [
            ("/src/a.ts", "/src/a.ts"),
            ("/src/a.ts?t=1700000000000", "/src/a.ts"),
            ("/src/a.ts?raw&t=1700000000000", "/src/a.ts?raw"),
            ("/src/a.ts?t=1", "/src/a.ts?t=1"),
            ("/@id/__x00__virtual:pages", "\0virtual:pages"),
            ("/@id/virtual:pages", "virtual:pages"),
            ("/deps/react.js?v=12345678", "/deps/react.js?v=12345678"),
        ];
        for (url, expected) in table {
            assert_eq!(normalize(url), expected);
        }
    }

    #[test]
    fn a_url_leads_to_one_module_and_back() {
        let urls = [
            "/src/a.ts",
            "/src/b.ts",
            "/a.ts",
            "a.ts",
            "/",
            "",
            "\0virtual:pages",
            "/a.svg?import=/src/a.ts",
        ];
        let mut graph = ModuleGraph::default();
        let modules: Vec<_> = urls.iter().map(|url| graph.intern(url)).collect();
        for (url, module) in urls.into_iter().zip(modules) {
            assert_eq!(graph.url(module), url);
            assert_eq!(graph.intern(url), module);
        }
        assert_eq!(graph.iter().count(), urls.len());
    }

    /// The URLs of what a module imports, and whether each is static.
    fn imports(graph: &ModuleGraph, module: ModuleId) -> Vec<(String, bool)> {
        let found = (0..).map_while(|nth| graph.import(module, nth));
        found.map(|(id, is_static)| (graph.url(id), is_static)).collect()
    }

    #[test]
    fn imports_are_current_until_invalidated() {
        let mut graph = ModuleGraph::default();
        let entry = graph.intern("/entry.ts");
        assert!(!graph.is_current(entry));
        graph.set_imports(entry, &["/a.ts".into()], &["/b.ts".into()]);
        assert_eq!(imports(&graph, entry), [("/a.ts".into(), true), ("/b.ts".into(), false)]);
        assert!(graph.is_current(entry));
        graph.invalidate(entry);
        assert!(!graph.is_current(entry));
    }

    #[test]
    fn what_is_imported_follows_the_last_transform() {
        let mut graph = ModuleGraph::default();
        let entry = graph.intern("/entry.ts");
        let (a, b) = (["/a.ts".to_owned()], ["/b.ts".to_owned()]);
        let table: [(&[String], &[String]); 5] = [(&a, &b), (&a, &b), (&b, &a), (&a, &[]), (&[], &a)];
        for (deps, dynamic_deps) in table {
            graph.invalidate(entry);
            graph.set_imports(entry, deps, dynamic_deps);
            let statics = deps.iter().map(|url| (url.clone(), true));
            let expected: Vec<_> =
                statics.chain(dynamic_deps.iter().map(|url| (url.clone(), false))).collect();
            assert_eq!(imports(&graph, entry), expected);
            assert!(graph.is_current(entry));
        }
        assert_eq!(graph.iter().count(), 3);
    }
}
