//! The work of an event in instructions of the processor, counted by Valgrind: the same in every run, on every machine.
//!
//! A time also has in it how long the memory takes to bring what is not in the processor's caches, and of a larger
//! graph less is there.

use std::path::Path;
use std::process::Command;

use xtask::run::Failure;

use super::SIZES;
use super::table::{Row, Table};

/// What is counted.
const APPLY: &str = "evenkeel::core::session::Session::apply";
/// After which the count is written down, and begins anew.
const PHASE: &str = "xtask_sidecar::bench_graph::work::Phase::end";

pub fn measure() -> Result<Table, Failure> {
    let rows = SIZES.into_iter().map(measure_size).collect::<Result<_, _>>()?;
    Ok(Table { unit: "Instructions", rows })
}

fn measure_size(modules: u32) -> Result<Row, Failure> {
    let folder = std::env::temp_dir().join(format!("evenkeel-bench-graph-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let counted = count(modules, &folder);
    std::fs::remove_dir_all(&folder)?;
    Ok(Row { modules, values: counted? })
}

fn count(modules: u32, folder: &Path) -> Result<Vec<(String, f64)>, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args([format!("--toggle-collect={APPLY}"), format!("--dump-after={PHASE}")])
        .arg(format!("--callgrind-out-file={}", folder.join("phase").display()))
        .arg(std::env::current_exe()?)
        .args(["bench", "graph", "--phases", &modules.to_string()])
        .output()
        .map_err(|error| {
            Failure(format!("valgrind, which counts the instructions, has to be installed: {error}"))
        })?;
    let phases = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(Failure(format!(
            "valgrind: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    let values = (1..).zip(phases.lines()).map(|(number, phase)| {
        let (name, events) = phase.split_once(' ').unwrap_or((phase, ""));
        let events: f64 = events.parse().map_err(|_| Failure(format!("not a phase: {phase}")))?;
        Ok((name.to_owned(), instructions(&folder.join(format!("phase.{number}")))? / events))
    });
    values.collect()
}

fn instructions(dump: &Path) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(dump)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.parse().ok());
    total.ok_or_else(|| Failure(format!("no total in what Valgrind counted: {}", dump.display())))
}
