//! `cargo xtask bench graph`: what the module graph costs in time, in work and in memory, the core driven directly.

mod instructions;
mod table;
mod work;

use std::process::Command;

use table::{Row, Table};
use xtask::run::{Failure, Step};

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Fewer than of those that are timed: Valgrind takes fifty times as long, and counts the same in each.
const COUNTED_PORTIONS: u32 = 20;

pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        let optimized =
            ["run", "--quiet", "--profile", "counted", "--package", "xtask", "--features", "sidecar"];
        return Step::cargo(optimized)
            .args(["--bin", "xtask-sidecar", "--", "bench", "graph"])
            .args(arguments)
            .run();
    }
    match arguments {
        [] => print(&times()?),
        ["--json"] => println!("{}", json(&times()?)),
        ["--instructions"] => instructions::measure()?.print(),
        ["--instructions", "--json"] => println!("{}", instructions::measure()?.json()),
        // What fresh processes are started for: the memory of another measurement would be in the way, and Valgrind
        // counts in a process of its own.
        ["--memory"] => println!("{}", work::memory_kb()?),
        ["--phases", modules] => {
            let modules = modules.parse().map_err(|_| Failure(format!("{modules} is not a number")))?;
            work::phases(modules, COUNTED_PORTIONS)
                .iter()
                .for_each(|phase| println!("{} {}", phase.name, phase.events));
        }
        _ => return Err(Failure(format!("bench graph does not know {}", arguments.join(" ")))),
    }
    Ok(())
}

struct Times {
    table: Table,
    memory_mb: f64,
}

fn times() -> Result<Times, Failure> {
    let rows = SIZES.into_iter().map(|modules| {
        let lookup = ("lookup".to_owned(), work::look_up(modules));
        let phases =
            work::phases(modules, work::PORTIONS).into_iter().map(|phase| (phase.name.to_owned(), phase.ns));
        Row { modules, values: std::iter::once(lookup).chain(phases).collect() }
    });
    let table = Table { unit: "Ns", rows: rows.collect() };
    let child = Command::new(std::env::current_exe()?).args(["bench", "graph", "--memory"]).output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let kb: f64 = text.trim().parse().map_err(|_| Failure(format!("memory: {text}")))?;
    Ok(Times { table, memory_mb: kb / 1024.0 })
}

fn print(times: &Times) {
    times.table.print();
    let (modules, imports) = (work::MEMORY_MODULES, work::IMPORTS);
    println!("{modules} modules with {imports} imports each: {:.1} MB", times.memory_mb);
}

fn json(times: &Times) -> String {
    format!(r#"{{"time":{},"memoryMb":{:.1}}}"#, times.table.json(), times.memory_mb)
}
