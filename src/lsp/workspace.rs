//! The folders of a workspace, and the files in them: as the editor names them, and as the dev servers do.

use std::path::{Path, PathBuf};

use tower_lsp::ls_types::{InitializeParams, Uri};

/// An editor may have opened a folder through a link. Vite has real paths.
#[derive(Debug, Clone)]
struct Folder {
    named: PathBuf,
    real: PathBuf,
}

impl Folder {
    fn new(named: PathBuf) -> Self {
        let real = dunce::canonicalize(&named).unwrap_or_else(|_| named.clone());
        Folder { named, real }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Workspace {
    folders: Vec<Folder>,
}

impl Workspace {
    pub fn of(params: &InitializeParams) -> Self {
        let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
        #[allow(deprecated, reason = "older editors send nothing else")]
        let root = params.root_uri.as_ref();
        let mut named: Vec<PathBuf> = folders.chain(root).filter_map(path).collect();
        if named.is_empty() {
            named.extend(std::env::current_dir());
        }
        Workspace { folders: named.into_iter().map(Folder::new).collect() }
    }

    /// The real paths of the folders.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.real.clone()).collect()
    }

    /// The real path of what the editor names. Editors spell URIs in their own ways, so that only paths can be compared.
    pub fn file(&self, uri: &Uri) -> Option<PathBuf> {
        Some(self.moved(path(uri)?, |folder| (&folder.named, &folder.real)))
    }

    /// What the editor names a file by.
    pub fn uri(&self, real: &Path) -> Option<Uri> {
        Uri::from_file_path(self.moved(real.to_owned(), |folder| (&folder.real, &folder.named)))
    }

    /// The file from one path of its innermost folder to the other.
    fn moved(&self, file: PathBuf, way: fn(&Folder) -> (&PathBuf, &PathBuf)) -> PathBuf {
        let around = self.folders.iter().map(way);
        let around = around.filter_map(|(from, to)| Some((file.strip_prefix(from).ok()?, to)));
        let innermost = around.min_by_key(|(rest, _)| rest.components().count());
        innermost.map(|(rest, to)| to.join(rest)).unwrap_or(file)
    }
}

fn path(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().as_str() != "file" {
        return None;
    }
    Some(uri.to_file_path()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a URI")
    }

    #[test]
    fn a_file_is_the_same_however_the_editor_spells_its_uri() {
        let table = [
            ("file:///app/$id.tsx", "/app/$id.tsx"),
            ("file:///app/(shop)/page.tsx", "/app/(shop)/page.tsx"),
            ("file:///app/%5bid%5d.tsx", "/app/[id].tsx"),
            ("file:///app/%5Bid%5D.tsx", "/app/[id].tsx"),
            ("file:///app/caf%c3%a9.tsx", "/app/café.tsx"),
        ];
        for (text, file) in table {
            assert_eq!(Workspace::default().file(&uri(text)).as_deref(), Some(Path::new(file)), "{text}");
        }
        assert_eq!(Workspace::default().file(&uri("git:/app/page.tsx")), None);
    }

    #[test]
    fn a_file_is_named_by_its_innermost_folder() {
        let folder = |named: &str, real: &str| Folder { named: named.into(), real: real.into() };
        let folders = vec![folder("/all", "/real"), folder("/web", "/real/web"), folder("/plain", "/plain")];
        let workspace = Workspace { folders };
        let table = [
            ("file:///all/a.ts", "/real/a.ts"),
            ("file:///web/a.ts", "/real/web/a.ts"),
            ("file:///plain/a.ts", "/plain/a.ts"),
            ("file:///other/a.ts", "/other/a.ts"),
        ];
        for (text, file) in table {
            assert_eq!(workspace.file(&uri(text)).as_deref(), Some(Path::new(file)), "{text}");
            assert_eq!(workspace.uri(Path::new(file)), Some(uri(text)), "{file}");
        }
    }
}
