//! `evenkeel status`

use std::io::{IsTerminal, Write};

use anstream::{print, println};
use anstyle::{AnsiColor, Style};
use clap::Args;

use super::table::{count, moment, or_dash, table};
use super::{CommandResult, Failed, Target, Yes};
use crate::attach;
use crate::core::HandledBy;
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
            print!("\x1b[2J\x1b[H");
        }
        show(&status, arguments.json)?;
    }
    attached.has_ended().await?;
    Ok(Yes::Yes)
}

async fn all(json: bool) -> CommandResult {
    let found: Vec<StatusReport> = attach::find().await?.into_iter().map(|one| one.status).collect();
    if json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&found).unwrap_or_default())?;
    } else if found.is_empty() {
        println!("No dev server with Evenkeel is running.");
    } else {
        let rows = found.into_iter().map(|status| {
            let (root, url) = (status.root.unwrap_or_default(), status.url.unwrap_or_default());
            [status.pid.to_string(), root, or_dash(url), status.status.message]
        });
        print!("{}", table(["pid", "root", "url", "status"], rows));
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
    let place = [status.root.as_deref(), status.url.as_deref()].into_iter().flatten();
    let place: String = place.map(|part| format!("  {part}")).collect();
    let style = style(status);
    let mut text = format!("evenkeel {}{place}  (pid {})\n", status.version, status.pid);
    text += &format!("{style}{}{style:#}\n\n", status.status.message);
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
        let latest = status.records.iter().rev().take(LATEST);
        text += &format!(
            "\n{}",
            table(
                ["at", "environment", "cost", "met", "held", "re-issued", "late dependencies"],
                latest.map(row)
            )
        );
        let latest = status.records.iter().rev().take(LATEST);
        for record in latest.filter(|record| record.is_preventable()) {
            text += &format!("\nto prevent #{}: {}\n", record.id, record.advice);
        }
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

fn row(record: &Reoptimization) -> [String; 7] {
    // What has met it is known when it is over, unless there is nothing to meet.
    let met = if record.adds { HandledBy::Added } else { record.met };
    let met = serde_json::to_value(met).unwrap_or_default();
    let cost = if record.is_running() { "running".into() } else { format!("{} ms", record.cost_ms) };
    [
        format!("#{} {}", record.id, moment(record.discovered_at_ms)),
        record.environment.clone(),
        cost,
        met.as_str().unwrap_or_default().to_owned(),
        record.held.to_string(),
        record.recovered.to_string(),
        record.cause(),
    ]
}

fn style(status: &StatusReport) -> Style {
    let color = match (status.status.health, status.status.quiescent) {
        (Health::Warning, _) => AnsiColor::Yellow,
        (Health::Ok, false) => AnsiColor::Cyan,
        (Health::Ok, true) => AnsiColor::Green,
    };
    color.on_default()
}
