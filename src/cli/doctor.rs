//! `evenkeel doctor`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::packages::installed;
use super::table::count;
use super::tested::{self, Known};
use super::{CommandResult, Target, Yes};
use crate::core::{LateDependency, advice};
use crate::project;
use crate::protocol::StatusReport;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    target: Target,
    /// Print JSON: a list of findings
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Level {
    Fine,
    /// Worth knowing; nothing is broken.
    Hint,
    /// Something has to be mended.
    Problem,
}

#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

pub async fn run(arguments: DoctorArgs) -> CommandResult {
    let root = arguments.target.folder()?;
    let mut findings = vec![binary()];
    findings.extend(versions(&root));
    findings.extend(config(&root));
    match arguments.target.join().await {
        Ok(attached) => findings.extend(running(&attached.status)),
        Err(error) => findings.push(hint(error.to_string(), None)),
    }
    findings.extend(remembered(&root));
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&findings).unwrap_or_default())?;
    } else {
        findings.iter().try_for_each(|finding| print(finding, &mut out))?;
    }
    let ill = findings.iter().any(|finding| finding.level == Level::Problem);
    Ok(if ill { Yes::No } else { Yes::Yes })
}

fn print(finding: &Finding, out: &mut impl Write) -> std::io::Result<()> {
    let (mark, color) = match finding.level {
        Level::Fine => ("ok     ", AnsiColor::Green),
        Level::Hint => ("hint   ", AnsiColor::Cyan),
        Level::Problem => ("problem", AnsiColor::Red),
    };
    let style: Style = color.on_default();
    writeln!(out, "{style}{mark}{style:#}  {}", finding.what)?;
    finding.advice.iter().try_for_each(|advice| writeln!(out, "         {advice}"))
}

fn fine(what: String) -> Finding {
    Finding { level: Level::Fine, what, advice: None }
}

fn hint(what: String, advice: Option<String>) -> Finding {
    Finding { level: Level::Hint, what, advice }
}

fn problem(what: String, advice: &str) -> Finding {
    Finding { level: Level::Problem, what, advice: Some(advice.to_owned()) }
}

fn binary() -> Finding {
    match std::env::var("EVENKEEL_BINARY") {
        Ok(named) if !Path::new(&named).is_file() => problem(
            format!("EVENKEEL_BINARY names {named}, which does not exist"),
            "Correct it or unset it: the plugin starts no other binary.",
        ),
        _ => fine(format!("evenkeel {}", env!("CARGO_PKG_VERSION"))),
    }
}

fn versions(root: &Path) -> Vec<Finding> {
    let vite = match installed(root, "vite") {
        None => problem(
            "vite is not installed here".into(),
            "Run the doctor in the folder of a Vite project, or name it by --root.",
        ),
        Some(version) => told(&format!("vite {version}"), tested::vite(&version)),
    };
    let plugin = match installed(root, "evenkeel") {
        None => problem(
            "the npm package evenkeel is not installed here".into(),
            "Run: npm install --save-dev evenkeel",
        ),
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

/// What is known of a version, as a finding.
fn told(what: &str, known: Known) -> Finding {
    match known {
        Known::Tested => fine(format!("{what}, which is tested")),
        Known::Near(tested) => fine(format!("{what}; tested are {tested}")),
        Known::Untested(tested) => hint(
            format!("{what} is not tested with Evenkeel"),
            Some(format!("Tested are {tested}. Whether it works with others is not known.")),
        ),
        Known::TooOld(oldest) => {
            problem(format!("{what} is too old"), &format!("Install {oldest} or newer."))
        }
    }
}

/// The Node that a terminal would start.
fn node_version() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().strip_prefix('v')?.to_owned())
}

fn config(root: &Path) -> Vec<Finding> {
    let Some(path) = project::config_file(root) else {
        return vec![problem(
            "there is no vite.config file".into(),
            "Create one with `plugins: [evenkeel()]`.",
        )];
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let imports = text.contains("'evenkeel'") || text.contains("\"evenkeel\"");
    if !imports {
        let what = format!("{name} does not import evenkeel");
        return vec![hint(
            what,
            Some("Add `evenkeel()` to its plugins, at any place, unless another file does.".into()),
        )];
    }
    let mut findings = vec![fine(format!("{name} uses evenkeel; any place in the list of plugins is right"))];
    if installed(root, "rwsdk").is_some() && !text.contains("rwsdk(") {
        let what = "this is a RedwoodSDK app, and its own SSR bridge and retry plugin are in use".into();
        findings.push(hint(
            what,
            Some(
                "Use the preset: import { rwsdk } from 'evenkeel', and rwsdk() in place of evenkeel()."
                    .into(),
            ),
        ));
    }
    for option in ["foresee", "hold", "recover"] {
        if text.contains(&format!("{option}: false")) {
            findings.push(hint(format!("{name} turns {option} off"), None));
        }
    }
    findings
}

fn running(status: &StatusReport) -> Vec<Finding> {
    let url = status.url.as_deref().unwrap_or("no URL yet");
    let state = format!("a dev server is running at {url}: {}", status.status.message);
    let late = status.records.iter().filter(|record| record.is_preventable()).map(|record| {
        let cost = format!("{}, {} held, {} re-issued", record.environment, record.held, record.recovered);
        let what = format!("late in this session: {} ({cost}, {} ms lost)", record.cause(), record.cost_ms);
        hint(what, Some(format!("To prevent it: {}", record.advice)))
    });
    std::iter::once(fine(state)).chain(late).collect()
}

/// What earlier sessions have met late. It joins the first optimizer run of a cold start.
fn remembered(root: &Path) -> Vec<Finding> {
    let mut late: BTreeMap<String, Vec<LateDependency>> = BTreeMap::new();
    for file in
        [PathBuf::from("evenkeel.deps.json"), Path::new("node_modules/.vite").join("evenkeel.deps.json")]
    {
        let Ok(text) = std::fs::read_to_string(root.join(&file)) else { continue };
        let Ok(found) = serde_json::from_str::<BTreeMap<String, BTreeMap<String, Value>>>(&text) else {
            return vec![problem(
                format!("{} cannot be read", file.display()),
                "Correct it or delete it; the plugin does not use it.",
            )];
        };
        for (environment, dependencies) in found {
            let known = late.entry(environment).or_default();
            for id in dependencies
                .into_keys()
                .filter(|id| known.iter().all(|dep| dep.id != *id))
                .collect::<Vec<_>>()
            {
                known.push(LateDependency { id, importer: None });
            }
        }
    }
    late.retain(|_, dependencies| !dependencies.is_empty());
    let describe = |(environment, dependencies): (&String, &Vec<LateDependency>)| {
        let names: Vec<&str> = dependencies.iter().map(|dep| &*dep.id).collect();
        let what = format!(
            "{environment}: {} {} met late before, and would be without Evenkeel: {}",
            count(names.len() as u64, "dependency").replace("dependencys", "dependencies"),
            if names.len() == 1 { "was" } else { "were" },
            names.join(", ")
        );
        hint(what, Some(format!("To have them from the start: {}", advice(environment, dependencies))))
    };
    late.iter().map(describe).collect()
}
