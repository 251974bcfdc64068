//! Names of modules, and copies that share what they have.

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

fn intern(graph: &mut ModuleGraph, url: &str) -> ModuleId {
    graph.intern(url).expect("it has no version")
}

#[test]
fn a_url_leads_to_one_module_and_back() {
    let urls =
        ["/src/a.ts", "/src/b.ts", "/a.ts", "a.ts", "/", "", "\0virtual:pages", "/a.svg?import=/src/a.ts"];
    let mut graph = ModuleGraph::default();
    let modules: Vec<_> = urls.iter().map(|url| intern(&mut graph, url)).collect();
    for (url, module) in urls.into_iter().zip(modules) {
        assert_eq!(graph.url(module), url);
        assert_eq!(graph.intern(url), Some(module));
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
    let entry = intern(&mut graph, "/entry.ts");
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
    let entry = intern(&mut graph, "/entry.ts");
    let (a, b) = (["/a.ts".to_owned()], ["/b.ts".to_owned()]);
    let table: [(&[String], &[String]); 5] = [(&a, &b), (&a, &b), (&b, &a), (&a, &[]), (&[], &a)];
    for (deps, dynamic_deps) in table {
        graph.invalidate(entry);
        graph.set_imports(entry, deps, dynamic_deps);
        let statics = deps.iter().map(|url| (url.clone(), true));
        let expected: Vec<_> = statics.chain(dynamic_deps.iter().map(|url| (url.clone(), false))).collect();
        assert_eq!(imports(&graph, entry), expected);
        assert!(graph.is_current(entry));
    }
    assert_eq!(graph.iter().count(), 3);
}

#[test]
fn files_of_an_optimizer_are_not_kept() {
    let mut graph = ModuleGraph::default();
    let entry = intern(&mut graph, "/entry.ts");
    let versioned = |hash: &str| format!("/deps/react.js?v={hash}");
    graph.set_imports(entry, &[versioned("1"), "/a.ts".into()], &[versioned("2"), "/b.ts".into()]);
    assert_eq!(graph.intern(&versioned("3")), None);
    assert_eq!(imports(&graph, entry), [("/a.ts".into(), true), ("/b.ts".into(), false)]);
    assert_eq!(graph.iter().count(), 3);
}

fn large_folder() -> (ModuleGraph, Vec<ModuleId>) {
    let mut graph = ModuleGraph::default();
    let modules = (0..20_000).map(|file| intern(&mut graph, &format!("/icons/{file}.ts"))).collect();
    (graph, modules)
}

#[test]
fn a_large_folder_is_kept_in_parts() {
    let (mut graph, modules) = large_folder();
    for (file, module) in modules.iter().enumerate() {
        let url = format!("/icons/{file}.ts");
        assert_eq!(graph.url(*module), url);
        assert_eq!(graph.intern(&url), Some(*module));
    }
    let largest = graph.folders.iter().map(|folder| folder.files.len()).max();
    assert!(largest.is_some_and(|largest| largest <= MOST_FILES), "{largest:?}");
}

#[test]
fn a_copy_stays_as_it_was_and_shares_what_does_not_change() {
    let (mut graph, modules) = large_folder();
    let copy = graph.clone();
    graph.set_imports(modules[0], &["/new.ts".into()], &[]);
    assert!(graph.is_current(modules[0]) && !copy.is_current(modules[0]));
    let shared = graph.folders.iter().zip(&copy.folders).filter(|(one, other)| Arc::ptr_eq(one, other));
    assert_eq!(shared.count(), copy.folders.len() - 1);
    for mut copy in [copy.clone(), copy] {
        assert_eq!(copy.intern("/icons/7.ts"), Some(modules[7]), "it finds what is there");
        assert_eq!(copy.iter().count(), modules.len());
    }
}
