//! `evenkeel events`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::clock::Clock;
use super::table::{count, moment};
use super::{CommandResult, Failed, Target, Yes};
use crate::core::{Action, BundledRun, Commit, Event, LateDependency, ReloadPlan, ReloadTurn, Time, millis};
use crate::journal::{Input, Response, entry};
use crate::project::in_project;
use crate::protocol::StatusReport;
use crate::runtime;

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(flatten)]
    target: Target,
    /// Keep running, and print what happens from now on
    #[arg(long, conflicts_with = "save")]
    follow: bool,
    /// Print the lines of the journal as they are, one JSON each
    #[arg(long, conflicts_with = "save")]
    json: bool,
    /// Save the journal, for `evenkeel replay` and for bug reports
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

pub async fn run(arguments: EventsArgs) -> CommandResult {
    let attached = arguments.target.join().await?;
    if let Some(file) = &arguments.save {
        let journal = attached.journal().await?;
        std::fs::write(file, &journal).map_err(|error| Failed::file(file, error))?;
        let lines = journal.lines().count();
        let saved = file.display();
        writeln!(
            anstream::stdout(),
            "saved {lines} lines to {saved}; replay them with: evenkeel replay {saved}"
        )?;
        return Ok(Yes::Yes);
    }
    if arguments.follow {
        runtime::give_way();
    }
    // Begun before what has happened is printed, so that nothing is lost in between.
    let mut following = if arguments.follow { Some(attached.follow_events().await?) } else { None };
    let journal = attached.journal().await?;
    let journal: Vec<Value> = journal.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let lines = Lines::of(&attached.status);
    lines.print(&journal, arguments.json)?;
    let Some(following) = &mut following else { return Ok(Yes::Yes) };
    while let Some(Ok(mut happened)) = following.next().await {
        happened.retain(|line| !is_in(&journal, line));
        lines.print(&happened, arguments.json)?;
    }
    attached.has_ended().await?;
    Ok(Yes::Yes)
}

/// Whether a line that is followed happened before the journal was made, and was printed with it.
fn is_in(journal: &[Value], line: &Value) -> bool {
    let at = |line: &Value| line["at"].as_u64();
    // The journal ends with the moment at which it was made. What is later, as nearly all is, need not be looked for.
    at(line) <= journal.last().and_then(at) && journal.contains(line)
}

/// What the lines of one sidecar's journal are read by.
struct Lines {
    clock: Clock,
    root: Option<String>,
}

impl Lines {
    fn of(status: &StatusReport) -> Self {
        Lines { clock: Clock::of(status), root: status.root.clone() }
    }

    fn print(&self, lines: &[Value], json: bool) -> Result<(), Failed> {
        let mut out = std::io::BufWriter::new(anstream::stdout().lock());
        for line in lines {
            if json {
                writeln!(out, "{line}")?;
            } else if let Some((time, input, answer)) = entry(line)
                && let Some(text) = describe(&input, answer.as_ref())
            {
                let at = self.clock.moment(millis(time));
                writeln!(out, "{at}  {}", in_project(&text, self.root.as_deref()))?;
            }
        }
        Ok(out.flush()?)
    }
}

/// What a person wants to know of; the comings and goings of modules and of sound requests are left out.
pub fn describe(input: &Input, answer: Option<&Response>) -> Option<String> {
    let text = match (input, answer) {
        (Input::Classify(failure), Some(Response::Verdict(verdict))) => match verdict.action {
            Action::Pass if verdict.environment.is_none() => return None,
            Action::Pass => format!("request {}: passed on; {}", failure.request, verdict.reason),
            Action::Redirect => format!("request {}: redirected; {}", failure.request, verdict.reason),
            Action::Rerun => format!("request {}: run again; {}", failure.request, verdict.reason),
            Action::Reload => format!("request {}: the browser reloads; {}", failure.request, verdict.reason),
        },
        (Input::Reload(turn), Some(Response::Plan(plan))) => describe_reload(turn, plan),
        (Input::Event(Event::Arrived(arrived)), Some(Response::Held)) => {
            format!("request {}: held", arrived.started.request)
        }
        (Input::Event(Event::Committed(commit)), answer) => {
            format!("{}: {}", commit.environment, describe_commit(commit, answer == Some(&Response::Reloads)))
        }
        (Input::Event(event), _) => return describe_event(event),
        _ => return None,
    };
    Some(text)
}

fn describe_reload(turn: &ReloadTurn, plan: &ReloadPlan) -> String {
    let names: Vec<_> = turn.reloads.iter().map(|reload| &*reload.environment).collect();
    let with =
        if plan.reload.is_empty() { String::new() } else { format!(", and {}", plan.reload.join(", ")) };
    let file = turn.reloads.iter().find_map(|reload| reload.triggered_by.as_ref());
    let because = file.map_or(String::new(), |file| format!(" for {file}"));
    let retried = plan.verdicts.iter().filter(|judged| judged.verdict.action.is_retry()).count();
    let inside = match plan.verdicts.len() {
        0 => String::new(),
        inside => format!("; {} inside, {retried} answered again", count(inside as u64, "request")),
    };
    format!("{}: reloads{with}{because}{inside}", names.join(", "))
}

fn describe_event(event: &Event) -> Option<String> {
    let text = match event {
        Event::EnvironmentOpened(opened) => {
            let known = opened.optimizer.as_ref().map_or(0, |optimizer| optimizer.optimized.len());
            format!("{}: opened with {known} optimized", opened.name)
        }
        Event::EnvironmentClosed { name } => format!("{name}: closed"),
        Event::Discovered(late) => {
            let dep = LateDependency { id: late.id.clone(), importer: late.importer.clone() };
            let how = if late.learned { "remembered" } else { "discovered" };
            format!("{}: {how} {}", late.environment, dep.cause())
        }
        Event::FellBack(fell) => {
            format!("{}: everything is bundled again, {}", fell.environment, fell.fallback)
        }
        Event::OptimizerFailed { environment } => format!("{environment}: the optimizer failed"),
        Event::Changed(changed) => {
            let cause = serde_json::to_value(changed.cause).unwrap_or_default();
            let cause = cause.as_str().unwrap_or_default();
            format!("{}: {cause} of {}", changed.environment, shorten(&changed.modules))
        }
        Event::Listening(listening) => format!("listening at {}", listening.url),
        Event::Arrived(_)
        | Event::Committed(_)
        | Event::Saved(_)
        | Event::RequestStarted(_)
        | Event::RequestFinished(_)
        | Event::Transformed(_) => return None,
    };
    Some(text)
}

fn describe_commit(commit: &Commit, reloads: bool) -> String {
    let reload = if reloads { "with a reload" } else { "without a reload" };
    match &commit.bundled {
        Some(BundledRun::Added { layer, modules, duration_ms }) => {
            format!(
                "layer {layer} added, {} in {duration_ms} ms, {reload}",
                count((*modules).into(), "module")
            )
        }
        Some(BundledRun::Rebundled { modules, duration_ms, .. }) => {
            format!("all bundled again, {} in {duration_ms} ms, {reload}", count((*modules).into(), "module"))
        }
        None => format!("optimized, {reload}"),
    }
}

fn shorten(modules: &[String]) -> String {
    match modules {
        [] => "nothing".into(),
        [one] => one.replace('\0', ""),
        [first, more @ ..] => format!("{} and {} more", first.replace('\0', ""), more.len()),
    }
}

/// When something happened, in a journal that is not told when it began.
pub fn at(time: Time) -> String {
    moment(millis(time))
}
