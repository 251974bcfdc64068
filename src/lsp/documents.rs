//! The texts that the editor has open, which may be ahead of the files.

use std::path::{Path, PathBuf};

use dashmap::DashMap;

/// By real paths.
#[derive(Debug, Default)]
pub struct Documents {
    open: DashMap<PathBuf, String>,
}

impl Documents {
    pub fn set(&self, file: PathBuf, text: String) {
        self.open.insert(file, text);
    }

    pub fn close(&self, file: &Path) {
        self.open.remove(file);
    }

    /// The text as the editor has it, or else the file.
    pub fn text(&self, file: &Path) -> Option<String> {
        let open = self.open.get(file).map(|text| text.clone());
        open.or_else(|| std::fs::read_to_string(file).ok())
    }
}
