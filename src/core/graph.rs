//! Which module imports which, as the transforms have shown it.

use std::borrow::Cow;

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

/// A module by its place in the graph.
pub type ModuleId = u32;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Module {
    imports: Box<[ModuleId]>,
    /// How many of the imports, from the front, are static.
    statics: u32,
    /// Whether the imports are those of the module as it is now.
    current: bool,
}

/// Modules by URL, with their imports. A hundred thousand modules take some fifteen megabytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ModuleGraph {
    urls: IndexSet<Box<str>>,
    modules: Vec<Module>,
}

impl ModuleGraph {
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = ModuleId> + use<> {
        0..ModuleId::try_from(self.modules.len()).unwrap_or(ModuleId::MAX)
    }

    /// The module of a URL, known from now on.
    pub fn intern(&mut self, url: &str) -> ModuleId {
        let url = normalize(url);
        let index = match self.urls.get_index_of(&*url) {
            Some(index) => index,
            None => {
                self.modules.push(Module::default());
                self.urls.insert_full(Box::from(&*url)).0
            }
        };
        // Four billion modules do not fit into the memory of the machine either.
        ModuleId::try_from(index).unwrap_or(ModuleId::MAX)
    }

    pub fn url(&self, module: ModuleId) -> &str {
        self.urls.get_index(module as usize).map_or("", |url| url)
    }

    /// Whether the module's imports are known as they are now.
    pub fn is_current(&self, module: ModuleId) -> bool {
        self.modules.get(module as usize).is_some_and(|module| module.current)
    }

    /// Notes what a transform found.
    pub fn set_imports(&mut self, module: ModuleId, deps: &[String], dynamic_deps: &[String]) {
        let imports: Box<[ModuleId]> = deps.iter().chain(dynamic_deps).map(|url| self.intern(url)).collect();
        if let Some(module) = self.modules.get_mut(module as usize) {
            module.statics = u32::try_from(deps.len()).unwrap_or(u32::MAX);
            module.imports = imports;
            module.current = true;
        }
    }

    /// The module has changed; what it imports is to be found anew.
    pub fn invalidate(&mut self, module: ModuleId) {
        if let Some(module) = self.modules.get_mut(module as usize) {
            module.current = false;
        }
    }

    /// The imports of a module, and whether each is static.
    pub fn imports(&self, module: ModuleId) -> impl Iterator<Item = (ModuleId, bool)> {
        let found = self.modules.get(module as usize);
        let statics = found.map_or(0, |module| module.statics as usize);
        found
            .into_iter()
            .flat_map(|module| module.imports.iter())
            .enumerate()
            .map(move |(at, id)| (*id, at < statics))
    }
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
    fn imports_are_current_until_invalidated() {
        let mut graph = ModuleGraph::default();
        let entry = graph.intern("/entry.ts");
        assert!(!graph.is_current(entry));
        graph.set_imports(entry, &["/a.ts".into()], &["/b.ts".into()]);
        let imports: Vec<_> =
            graph.imports(entry).map(|(id, is_static)| (graph.url(id), is_static)).collect();
        assert_eq!(imports, [("/a.ts", true), ("/b.ts", false)]);
        assert!(graph.is_current(entry));
        graph.invalidate(entry);
        assert!(!graph.is_current(entry));
    }
}
