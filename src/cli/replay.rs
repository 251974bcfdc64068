//! `evenkeel replay`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::events::{at, describe};
use super::{CommandResult, Failed, Yes};
use crate::journal::{Replay, replay};
use crate::protocol::Reoptimization;

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// What `evenkeel events --save` has written
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &ReplayArgs) -> CommandResult {
    let text = std::fs::read_to_string(&arguments.file);
    let text = text.map_err(|error| Failed::file(&arguments.file, error))?;
    // A journal that was edited makes the core panic; the error says so, and where.
    std::panic::set_hook(Box::new(|_| {}));
    let replayed = replay(&text).map_err(|error| Failed::file(&arguments.file, error))?;
    drop(std::panic::take_hook());
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", summary(&replayed))?;
    } else {
        print(&replayed, &mut out)?;
    }
    Ok(if replayed.differences.is_empty() { Yes::Yes } else { Yes::No })
}

fn summary(replayed: &Replay) -> serde_json::Value {
    let differences = replayed.differences.iter().map(|difference| {
        serde_json::json!({
            "line": difference.line,
            "path": difference.path,
            "recorded": difference.recorded,
            "replayed": difference.replayed,
        })
    });
    serde_json::json!({
        "version": replayed.version,
        "inputs": replayed.entries.len(),
        "whole": replayed.is_whole,
        "counts": replayed.session.counts(),
        "records": replayed.session.records().map(Reoptimization::from).collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
    })
}

fn print(replayed: &Replay, out: &mut impl Write) -> std::io::Result<()> {
    for (time, input, answer) in &replayed.entries {
        if let Some(text) = describe(input, answer.as_ref()) {
            writeln!(out, "{}  {text}", at(*time))?;
        }
    }
    for difference in &replayed.differences {
        let (recorded, replayed) = (&difference.recorded, &difference.replayed);
        writeln!(out, "line {}: {} was {recorded}, is {replayed}", difference.line, difference.path)?;
    }
    let end = match (replayed.differences.len(), replayed.is_whole) {
        (0, true) => "the same verdicts and the same final state".into(),
        (0, false) => "the same verdicts; the journal has no end to compare the state with".into(),
        (1, _) => "1 difference".into(),
        (many, _) => format!("{many} differences"),
    };
    writeln!(out, "{} inputs of evenkeel {}: {end}", replayed.entries.len(), replayed.version)
}
