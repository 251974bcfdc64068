//! What can be known of a Vite project from its files.

use std::path::{Path, PathBuf};

/// What runs Vite, each with a config of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Astro,
    Nuxt,
    Vite,
    Storybook,
    Vitest,
}

/// In Vite's own order; the editors' clients, in other languages, have these once each.
const ENDINGS: [&str; 6] = ["js", "mjs", "ts", "cjs", "mts", "cts"];

impl Tool {
    /// Those that serve an app. Astro and Nuxt read no `vite.config`: one beside theirs is for something else.
    pub const OF_APPS: [Tool; 3] = [Tool::Astro, Tool::Nuxt, Tool::Vite];
    pub const ALL: [Tool; 5] = [Tool::Astro, Tool::Nuxt, Tool::Vite, Tool::Storybook, Tool::Vitest];

    /// Its config, without the ending.
    pub fn config(self) -> &'static str {
        match self {
            Tool::Astro => "astro.config",
            Tool::Nuxt => "nuxt.config",
            Tool::Vite => "vite.config",
            Tool::Storybook => ".storybook/main",
            Tool::Vitest => "vitest.config",
        }
    }

    fn config_file(self, root: &Path) -> Option<PathBuf> {
        let mut files = ENDINGS.iter().map(|ending| root.join(format!("{}.{ending}", self.config())));
        files.find(|file| file.is_file())
    }
}

/// The first of these tools that has a config in a folder, and the config.
pub fn configured(root: &Path, tools: &[Tool]) -> Option<(Tool, PathBuf)> {
    tools.iter().find_map(|tool| Some((*tool, tool.config_file(root)?)))
}

/// The config that Vite itself takes in a root.
pub fn config_file(root: &Path) -> Option<PathBuf> {
    let (tool, file) = configured(root, &Tool::OF_APPS)?;
    (tool == Tool::Vite).then_some(file)
}

/// A text in which the files of a project are named from its root.
pub fn in_project(text: &str, root: Option<&str>) -> String {
    match root.map(|root| root.trim_end_matches('/')) {
        Some(root) if !root.is_empty() => text.replace(&format!("{root}/"), ""),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vite_config_beside_that_of_a_framework_is_for_something_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let vite = root.join("vite.config.mts");
        std::fs::write(&vite, "").expect("a file");
        assert_eq!(config_file(root), Some(vite));
        std::fs::write(root.join("astro.config.mjs"), "").expect("a file");
        assert_eq!(config_file(root), None);
    }
}
