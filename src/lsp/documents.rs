//! The texts that the editor has open, which may be ahead of the files.

use std::path::Path;

use dashmap::DashMap;
use tower_lsp::ls_types::Uri;

#[derive(Debug, Default)]
pub struct Documents {
    open: DashMap<Uri, String>,
}

impl Documents {
    pub fn set(&self, uri: Uri, text: String) {
        self.open.insert(uri, text);
    }

    pub fn close(&self, uri: &Uri) {
        self.open.remove(uri);
    }

    /// The text as the editor has it, or else the file.
    pub fn text(&self, file: &Path) -> Option<String> {
        let open = Uri::from_file_path(file).and_then(|uri| Some(self.open.get(&uri)?.clone()));
        open.or_else(|| std::fs::read_to_string(file).ok())
    }
}
