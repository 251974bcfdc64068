//! `evenkeel status`

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::Args;

use super::clock::Clock;
use super::table::{count, duration, or_dash, table};
use super::{CommandResult, Failed, Target, Yes};
use crate::attach;
use crate::core::{HandledBy, brief};
use crate::project::in_project;
use crate::protocol::{Health, Reoptimization, StatusReport};
use crate::runtime;

/// How many re-optimizations a person is shown.
const LATEST: usize = 10;

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    target: Target,
    /// All dev servers of this user, a line each
    #[arg(long, conflicts_with_all = ["watch", "pid"])]
    all: bool,
    /// Print JSON: the result of the protocol's `status`
    #[arg(long)]
    json: bool,
    /// Keep running, and print the status again whenever it changes
    #[arg(long)]
    watch: bool,
}

pub async fn run(arguments: StatusArgs) -> CommandResult {
    if arguments.all {
        return all(arguments.json).await;
    }
    let attached = arguments.target.join().await?;
    if !arguments.watch {
        show(&attached.status, arguments.json)?;
        return Ok(Yes::Yes);
    }
    runtime::give_way();
    let mut changes = attached.follow_status().await?;
    while let Some(Ok(status)) = changes.next().await {
        if std::io::stdout().is_terminal() && !arguments.json {
            write!(anstream::stdout(), "\x1b[2J\x1b[H")?;
        }
        show(&status, arguments.json)?;
    }
    attached.has_ended().await?;
    Ok(Yes::Yes)
}

async fn all(json: bool) -> CommandResult {
    let found: Vec<StatusReport> = attach::find().await?.into_iter().map(|one| one.status).collect();
    let mut out = anstream::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(&found).unwrap_or_default())?;
    } else if found.is_empty() {
        writeln!(out, "No dev server with Evenkeel is running.")?;
    } else {
        let rows = found.into_iter().map(|status| {
            let (root, url) = (status.root.unwrap_or_default(), status.url.unwrap_or_default());
            let message = in_project(&status.status.message, Some(&root));
            [status.pid.to_string(), or_dash(url), message, root]
        });
        write!(out, "{}", table(["pid", "url", "status", "root"], rows))?;
    }
    Ok(Yes::Yes)
}

fn show(status: &StatusReport, json: bool) -> Result<(), Failed> {
    let mut out = anstream::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(status).unwrap_or_default())?;
    } else {
        out.write_all(describe(status).as_bytes())?;
    }
    Ok(out.flush()?)
}

fn describe(status: &StatusReport) -> String {
    let style = style(status);
    let url = status.url.iter().map(|url| format!("  {url}")).collect::<String>();
    let mut text = format!("evenkeel {}{url}  (pid {})\n", status.version, status.pid);
    text.extend(status.root.iter().map(|root| format!("{root}\n")));
    let message = in_project(&status.status.message, status.root.as_deref());
    text += &format!("{style}{message}{style:#}\n\n");
    let environments = status.environments.iter().map(|environment| {
        let phase = serde_json::to_value(environment.phase).unwrap_or_default();
        [
            environment.name.clone(),
            yes_or_no(environment.guarded),
            yes_or_no(environment.adds),
            phase.as_str().unwrap_or_default().to_owned(),
            environment.generation.to_string(),
            environment.optimized.to_string(),
            or_dash(environment.pending.join(", ")),
        ]
    });
    let header = ["environment", "guarded", "adds", "phase", "generation", "optimized", "pending"];
    text += &table(header, environments);
    if !status.records.is_empty() {
        text += &format!("\n{}", latest(status));
    }
    let counts = &status.counts;
    text + &format!(
        "\n{}, {} held, {} re-issued, {} given up; {}, {} added\n{}",
        count(counts.requests.into(), "request"),
        counts.held,
        counts.recovered,
        counts.gave_up,
        count(counts.reoptimizations.into(), "re-optimization"),
        counts.added,
        fallbacks(status),
    )
}

/// The latest re-optimizations, and how to prevent those that cost somebody something.
fn latest(status: &StatusReport) -> String {
    let (clock, root) = (Clock::of(status), status.root.as_deref());
    let latest = || status.records.iter().rev().take(LATEST);
    let rows = latest().map(|record| row(record, &clock, root));
    let header = ["#", "at", "environment", "met", "lost", "late dependencies"];
    let mut text = table(header, rows);
    for record in latest().filter(|record| record.is_preventable()) {
        text += &format!("\nto prevent #{}: {}\n", record.id, record.advice);
    }
    text
}

/// Why there were runs that did not add, where others do.
fn fallbacks(status: &StatusReport) -> String {
    let reasons = status.fallbacks.iter().map(|(reason, times)| format!("{} ({times})", reason.text()));
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() {
        String::new()
    } else {
        format!("everything bundled again: {}\n", reasons.join(", "))
    }
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes".into() } else { "no".into() }
}

fn row(record: &Reoptimization, clock: &Clock, root: Option<&str>) -> [String; 6] {
    let lost = if record.is_running() { "running".into() } else { duration(record.cost_ms) };
    [
        record.id.to_string(),
        clock.time(record.discovered_at_ms),
        record.environment.clone(),
        met(record),
        lost,
        in_project(&brief(&record.dependencies), root),
    ]
}

/// How it was met, with the number of requests where there were any.
fn met(record: &Reoptimization) -> String {
    // What has met it is known when it is over, unless there is nothing to meet.
    let met = if record.adds { HandledBy::Added } else { record.met };
    let parts: Vec<String> = [(record.held, "held"), (record.recovered, "re-issued")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    if parts.is_empty() {
        serde_json::to_value(met).unwrap_or_default().as_str().unwrap_or_default().to_owned()
    } else {
        parts.join(", ")
    }
}

fn style(status: &StatusReport) -> Style {
    let color = match (status.status.health, status.status.quiescent) {
        (Health::Warning, _) => AnsiColor::Yellow,
        (Health::Ok, false) => AnsiColor::Cyan,
        (Health::Ok, true) => AnsiColor::Green,
    };
    color.on_default()
}
