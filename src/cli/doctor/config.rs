//! Whether the config has the plugin, and what it turns off.

use std::path::Path;

use super::finding::{Finding, fine, hint, problem, remark};
use super::packages::installed;
use crate::project::{Tool, configured};
use crate::protocol::StatusReport;

pub fn config(root: &Path, servers: &[StatusReport]) -> Vec<Finding> {
    let Some((tool, path)) = configured(root, &Tool::ALL) else { return vec![missing(root, servers)] };
    let name = path.strip_prefix(root).unwrap_or(&path).display();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let imports = text.contains("'evenkeel'") || text.contains("\"evenkeel\"");
    if !imports {
        return vec![hint(
            format!("{name} does not import evenkeel"),
            format!("Add `evenkeel()` to {}, at any place, unless another file does.", plugins(tool)),
        )];
    }
    let mut findings = vec![fine(format!("{name} uses evenkeel; any place in the list of plugins is right"))];
    if installed(root, "rwsdk").is_some() && !text.contains("rwsdk(") {
        findings.push(hint(
            "this is a RedwoodSDK app, and its own SSR bridge and retry plugin are in use",
            "Use the preset: import { rwsdk } from 'evenkeel', and rwsdk() in place of evenkeel().",
        ));
    }
    for option in ["additive", "foresee", "hold", "recover"] {
        if text.contains(&format!("{option}: false")) {
            findings.push(remark(format!("{name} turns {option} off")));
        }
    }
    findings
}

/// Whoever calls Vite's `createServer` may have the config in the code.
fn missing(root: &Path, servers: &[StatusReport]) -> Finding {
    let [others @ .., last] = Tool::ALL.map(Tool::config);
    let what = format!("there is no {} or {last} file", others.join(", "));
    if servers.iter().any(|server| server.root.as_deref().is_some_and(|other| Path::new(other) == root)) {
        return fine(format!("{what}; the dev server that is running has evenkeel all the same"));
    }
    problem(
        what,
        "Create a vite.config with `plugins: [evenkeel()]`, or add `evenkeel()` where your code calls `createServer`.",
    )
}

/// Where a tool's config has the plugins of Vite.
fn plugins(tool: Tool) -> &'static str {
    match tool {
        Tool::Astro | Tool::Nuxt => "its `vite.plugins`",
        Tool::Storybook => "the plugins in its `viteFinal`",
        Tool::Vite | Tool::Vitest => "its plugins",
    }
}
