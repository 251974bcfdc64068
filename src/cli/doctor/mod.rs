//! `evenkeel doctor`

mod apps;
mod cache;
mod config;
mod copies;
mod finding;
mod packages;
mod program;
mod tested;
mod watching;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use clap::Args;
use serde_json::Value;

use self::cache::{cache, cache_folder};
use self::finding::{Finding, Level, fine, hint, problem, remark};
use self::packages::{installed, manifest, version};
use self::tested::Known;
use super::table::{count, duration};
use super::{CommandResult, Target, Yes};
use crate::attach;
use crate::core::{advice, brief};
use crate::project::{Tool, configured, in_project};
use crate::protocol::StatusReport;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    target: Target,
    /// Print JSON: a list of findings
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: DoctorArgs) -> CommandResult {
    let folder = arguments.target.folder()?;
    let apps = apps::apps(&folder);
    let mut findings = vec![fine(format!("evenkeel {}", env!("CARGO_PKG_VERSION")))];
    let servers = attach::find().await.unwrap_or_default();
    let servers: Vec<StatusReport> = servers.into_iter().map(|server| server.status).collect();
    for app in &apps {
        let mut found = check(app, &servers);
        // In a monorepo it is said which of its apps is meant.
        if let ([_, _, ..], Ok(name)) = (&apps[..], app.strip_prefix(&folder)) {
            found.iter_mut().for_each(|finding| finding.what.insert_str(0, &format!("{}: ", name.display())));
        }
        findings.extend(found);
    }
    match arguments.target.join().await {
        Ok(attached) => findings.extend(running(&attached.status)),
        Err(error) => findings.push(remark(error.to_string())),
    }
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&findings).unwrap_or_default())?;
    } else {
        findings.iter().try_for_each(|finding| finding.print(&mut out))?;
    }
    let ill = findings.iter().any(|finding| finding.level == Level::Problem);
    Ok(if ill { Yes::No } else { Yes::Yes })
}

/// What can be seen of an app without its dev server.
fn check(root: &Path, servers: &[StatusReport]) -> Vec<Finding> {
    let config = configured(root, &Tool::ALL).and_then(|(_, file)| std::fs::read_to_string(file).ok());
    let mut findings = versions(root);
    findings.extend(program::program(root));
    findings.extend(config::config(root, servers));
    findings.extend(copies::copies(root));
    findings.extend(cache(root, servers));
    findings.extend(watching::watching(root, &config.unwrap_or_default()));
    findings.extend(remembered(root, servers));
    findings
}

fn versions(root: &Path) -> Vec<Finding> {
    let vite = match vite(root) {
        None => problem(
            "vite is not installed here",
            "Run the doctor in the folder of a Vite project, or name it by --root.",
        ),
        Some(version) => told(&format!("vite {version}"), tested::vite(&version)),
    };
    let plugin = match installed(root, "evenkeel") {
        None => {
            problem("the npm package evenkeel is not installed here", "Run: npm install --save-dev evenkeel")
        }
        Some(version) if version != env!("CARGO_PKG_VERSION") => problem(
            format!("the npm package evenkeel is {version}, this command is {}", env!("CARGO_PKG_VERSION")),
            "Install the same version of both.",
        ),
        Some(version) => fine(format!("the npm package evenkeel {version}")),
    };
    let cloudflare = installed(root, "@cloudflare/vite-plugin");
    let worker = cloudflare
        .as_ref()
        .map(|version| told(&format!("@cloudflare/vite-plugin {version}"), tested::cloudflare(version)));
    let node = node_version()
        .map(|version| told(&format!("Node {version}"), tested::node(&version, cloudflare.as_deref())));
    let stack = ["rwsdk", "@vitejs/plugin-rsc"].into_iter();
    let stack = stack.filter_map(|name| Some(fine(format!("{name} {}", installed(root, name)?))));
    [vite, plugin].into_iter().chain(worker).chain(node).chain(stack).collect()
}

/// The Vite that is run. One that a framework brings along need not be the app's to find.
fn vite(root: &Path) -> Option<String> {
    let brought: &[&str] = match configured(root, &Tool::ALL).map(|(tool, _)| tool) {
        Some(Tool::Astro) => &["astro", "vite"],
        Some(Tool::Nuxt) => &["nuxt", "@nuxt/vite-builder", "vite"],
        Some(Tool::Vitest) => &["vitest", "vite"],
        Some(Tool::Vite | Tool::Storybook) | None => &["vite"],
    };
    manifest(root, brought).as_ref().and_then(version).or_else(|| installed(root, "vite"))
}

/// What is known of a version, as a finding.
fn told(what: &str, known: Known) -> Finding {
    match known {
        Known::Tested => fine(format!("{what}, which is tested")),
        Known::Near(tested) => fine(format!("{what}; tested are {tested}")),
        Known::Untested(tested) => hint(
            format!("{what} is not tested with Evenkeel"),
            format!("Tested are {tested}. Whether it works with others is not known."),
        ),
        Known::TooOld(oldest) => problem(format!("{what} is too old"), format!("Install {oldest} or newer.")),
    }
}

/// The Node that a terminal would start.
fn node_version() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().strip_prefix('v')?.to_owned())
}

fn running(status: &StatusReport) -> Vec<Finding> {
    let root = status.root.as_deref();
    // In middleware mode it has none.
    let url = status.url.iter().map(|url| format!(" at {url}")).collect::<String>();
    let message = in_project(&status.status.message, root);
    let state = format!("a dev server is running{url}: {message}");
    let late = status.records.iter().filter(|record| record.is_preventable()).map(|record| {
        let what = in_project(&brief(&record.dependencies), root);
        let requests = format!("{} held, {} re-issued", record.held, record.recovered);
        let lost = duration(record.cost_ms);
        hint(
            format!("late in this session: {what} ({}, {requests}, {lost} lost)", record.environment),
            format!("To prevent it: {}", record.advice),
        )
    });
    std::iter::once(fine(state)).chain(late).collect()
}

/// What earlier sessions have met late. It joins the first optimizer run of a cold start.
fn remembered(root: &Path, servers: &[StatusReport]) -> Vec<Finding> {
    let mut late: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in [root.to_owned(), cache_folder(root, servers)].map(|folder| folder.join("evenkeel.deps.json"))
    {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let Ok(found) = serde_json::from_str::<BTreeMap<String, BTreeMap<String, Value>>>(&text) else {
            return vec![problem(
                format!("{} cannot be read", file.strip_prefix(root).unwrap_or(&file).display()),
                "Correct it or delete it; the plugin does not use it.",
            )];
        };
        for (environment, dependencies) in found {
            late.entry(environment).or_default().extend(dependencies.into_keys());
        }
    }
    late.retain(|_, dependencies| !dependencies.is_empty());
    let describe = |(environment, ids): (&String, &BTreeSet<String>)| {
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let what = format!(
            "{environment}: {} {} met late before, and would be without Evenkeel: {}",
            count(names.len() as u64, "dependency").replace("dependencys", "dependencies"),
            if names.len() == 1 { "was" } else { "were" },
            names.join(", ")
        );
        hint(what, format!("To have them from the start: {}", advice(environment, &names)))
    };
    late.iter().map(describe).collect()
}
