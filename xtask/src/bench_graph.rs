//! `cargo xtask bench graph`: what the module graph costs in time and memory, the core driven directly.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use evenkeel::core::{
    Activity, ActivityKind, ChangeCause, Changed, Consumer, Effect, EnvironmentSnapshot, Event, Moment,
    OptimizerSnapshot, Policy, Session, Time, Transformed,
};

use crate::run::{Failure, Step};

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Of an ordinary module: four static imports and a dynamic one.
const IMPORTS: u32 = 5;
/// Events are made in portions of so many, so that making them is not measured and takes no memory to speak of.
const PORTION: u32 = 1_000;
const PORTIONS: u32 = 200;
const MEMORY_MODULES: u32 = 100_000;
/// Longer than a crawl may take: what one save began is over before the next.
const BETWEEN_SAVES: Time = Time::from_secs(6);

pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        let again = ["run", "--quiet", "--release", "--package", "xtask", "--", "bench", "graph"];
        return Step::cargo(again).args(arguments).run();
    }
    match arguments {
        [] => print(&measure()?),
        ["--json"] => println!("{}", json(&measure()?)),
        // What a fresh process is started for; the memory of another measurement would be in the way.
        ["--memory"] => println!("{}", memory_kb()?),
        _ => return Err(Failure(format!("bench graph does not know {}", arguments.join(" ")))),
    }
    Ok(())
}

struct Report {
    rows: Vec<Row>,
    memory_mb: f64,
}

/// Nanoseconds, each the median of its portions.
struct Row {
    modules: u32,
    /// For one look-up in an ordinary map of as many URLs: what a graph of that size costs at the least, since what
    /// does not fit into the processor's caches has to come from memory.
    lookup: f64,
    /// For a transform of a module that is new.
    new: f64,
    /// For a transform of a module that is known, among others of its part of the app, as a reload brings them.
    reloaded: f64,
    /// The same, one here and one there: what remains in the processor's caches of a smaller graph is not there.
    known: f64,
    /// The same with other imports than before, from anywhere: no app is like that, but nothing is harder.
    scattered: f64,
    /// For a module of a crawl that goes through the whole graph, from the order to the result.
    crawled: f64,
    /// For a save of one module and its transform.
    saved: f64,
    /// For one module of a save that changes a hundred.
    saved_with_others: f64,
}

fn measure() -> Result<Report, Failure> {
    let rows = SIZES.into_iter().map(measure_size).collect();
    let child = Command::new(std::env::current_exe()?).args(["bench", "graph", "--memory"]).output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let kb: f64 = text.trim().parse().map_err(|_| Failure(format!("memory: {text}")))?;
    Ok(Report { rows, memory_mb: kb / 1024.0 })
}

fn measure_size(modules: u32) -> Row {
    let mut bench = Bench::begin();
    let new = bench.build(modules);
    let reloaded = bench.reload(modules);
    let known = bench.transform_known(modules, transformed);
    let scattered = bench.transform_known(modules, scattered);
    let saved = bench.save(modules, 1, PORTIONS);
    let saved_with_others = bench.save(modules, 100, 20);
    let crawled = Bench::begin().crawl(modules);
    let lookup = bench.look_up(modules);
    Row { modules, lookup, new, reloaded, known, scattered, crawled, saved, saved_with_others }
}

/// A session with one environment, and its clock.
struct Bench {
    session: Session,
    now: Time,
    random: u64,
}

impl Bench {
    fn begin() -> Self {
        let mut session = Session::new(Policy::default());
        let now = Time::from_secs(1);
        let optimizer = Some(OptimizerSnapshot { browser_hash: "3f9a1c07".into(), ..Default::default() });
        let snapshot = EnvironmentSnapshot {
            name: "worker".into(),
            consumer: Consumer::Server,
            root: "/home/user/app".into(),
            base: "/".into(),
            optimizer,
            bridges: Vec::new(),
        };
        session.apply(Event::EnvironmentOpened(snapshot), now);
        Bench { session, now, random: 42 }
    }

    fn build(&mut self, modules: u32) -> f64 {
        let portions = (0..modules).step_by(PORTION as usize);
        median(portions.map(|first| {
            let events: Vec<_> =
                (first..first + PORTION).map(|module| transformed(module, modules)).collect();
            self.time(events)
        }))
    }

    fn reload(&mut self, modules: u32) -> f64 {
        median((0..PORTIONS).map(|_| {
            let first = self.any(modules) / PORTION * PORTION;
            self.time((first..first + PORTION).map(|module| transformed(module, modules)).collect())
        }))
    }

    fn transform_known(&mut self, modules: u32, transformed: fn(u32, u32) -> Event) -> f64 {
        median((0..PORTIONS).map(|_| {
            let events: Vec<_> = (0..PORTION).map(|_| transformed(self.any(modules), modules)).collect();
            self.time(events)
        }))
    }

    fn save(&mut self, modules: u32, at_once: u32, portions: u32) -> f64 {
        median((0..portions).map(|_| {
            let saves: Vec<_> = (0..PORTION.div_ceil(at_once))
                .map(|_| {
                    let changed: Vec<_> = (0..at_once).map(|_| self.any(modules)).collect();
                    let transforms: Vec<_> =
                        changed.iter().map(|module| transformed(*module, modules)).collect();
                    (Event::Changed(saved(&changed)), transforms)
                })
                .collect();
            let count = saves.len() as u32 * at_once;
            let begin = Instant::now();
            for (change, transforms) in saves {
                self.now += BETWEEN_SAVES;
                self.session.apply(change, self.now);
                for event in transforms {
                    self.session.apply(event, self.now);
                }
            }
            each(begin.elapsed(), count)
        }))
    }

    fn look_up(&mut self, modules: u32) -> f64 {
        let map: HashMap<Box<str>, u32> = (0..modules).map(|module| (url(module).into(), module)).collect();
        median((0..PORTIONS).map(|_| {
            let urls: Vec<_> = (0..PORTION).map(|_| url(self.any(modules))).collect();
            let begin = Instant::now();
            let found = urls.iter().filter(|url| map.contains_key(&***url)).count();
            let took = begin.elapsed();
            assert_eq!(found, urls.len());
            each(took, PORTION)
        }))
    }

    /// From the entry along the imports of a tree, until nothing is left.
    fn crawl(&mut self, modules: u32) -> f64 {
        let entry =
            Changed { environment: "worker".into(), cause: ChangeCause::Start, modules: vec![url(0)] };
        let mut ordered = modules_of(self.session.apply(Event::Changed(entry), self.now));
        let (mut took, mut crawled) = (Duration::ZERO, 0);
        while !ordered.is_empty() {
            let events: Vec<_> = ordered.iter().map(|url| in_tree(url, modules)).collect();
            crawled += events.len() as u32;
            ordered.clear();
            let begin = Instant::now();
            for event in events {
                ordered.extend(modules_of(self.session.apply(event, self.now)));
            }
            took += begin.elapsed();
        }
        assert_eq!(crawled, modules, "the crawl goes through the whole graph");
        each(took, crawled)
    }

    fn time(&mut self, events: Vec<Event>) -> f64 {
        let count = events.len() as u32;
        let begin = Instant::now();
        for event in events {
            self.session.apply(event, self.now);
        }
        each(begin.elapsed(), count)
    }

    fn any(&mut self, modules: u32) -> u32 {
        self.random = spread(self.random);
        (self.random >> 32) as u32 % modules
    }
}

/// Of a hundred thousand modules, in a process that has done nothing else.
fn memory_kb() -> Result<u64, Failure> {
    let mut bench = Bench::begin();
    // Once around, so that code and allocator are there.
    bench.build(PORTION);
    drop(bench);
    let before = resident_kb()?;
    let mut bench = Bench::begin();
    bench.build(MEMORY_MODULES);
    let after = resident_kb()?;
    // Only now may it go.
    drop(bench);
    Ok(after.saturating_sub(before))
}

fn resident_kb() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|error| Failure(format!("memory is measured on Linux only: {error}")))?;
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
    value.and_then(|kb| kb.parse().ok()).ok_or_else(|| Failure("no VmRSS in /proc/self/status".into()))
}

fn url(module: u32) -> String {
    format!("/src/pages/section-{}/components/widget-{module}.tsx", module / 100)
}

/// A module somewhere in the graph: it imports its neighbours, what everybody imports, and a page from anywhere.
fn transformed(module: u32, modules: u32) -> Event {
    let neighbour = |nth: u32| module / 100 * 100 + random(module, nth) % 100;
    let common = random(module, 3) % 50;
    let imports = [neighbour(0), neighbour(1), neighbour(2), common, random(module, 4) % modules];
    event(ActivityKind::Transform, url(module), imports.into_iter().map(url).collect())
}

fn scattered(module: u32, modules: u32) -> Event {
    let import = |nth| url(random(module, nth) % modules);
    event(ActivityKind::Transform, url(module), (0..IMPORTS).map(import).collect())
}

/// What a module imports stays the same from event to event.
fn random(module: u32, nth: u32) -> u32 {
    (spread(u64::from(module * IMPORTS + nth)) >> 32) as u32
}

/// The module as part of a tree in which all have as many imports as there are modules left.
fn in_tree(module: &str, modules: u32) -> Event {
    let number = module.rsplit(['-', '.']).nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    let first = number * IMPORTS + 1;
    event(
        ActivityKind::Warmup,
        module.into(),
        (first..first + IMPORTS).filter(|next| *next < modules).map(url).collect(),
    )
}

fn event(kind: ActivityKind, module: String, mut deps: Vec<String>) -> Event {
    let dynamic_deps = deps.split_off(deps.len().min(IMPORTS as usize - 1));
    let activity = Activity { kind, moment: Moment::End, module, entry: false, deps, dynamic_deps };
    Event::Transformed(Transformed { environment: "worker".into(), activities: vec![activity] })
}

fn saved(modules: &[u32]) -> Changed {
    let modules = modules.iter().map(|module| url(*module)).collect();
    Changed { environment: "worker".into(), cause: ChangeCause::Save, modules }
}

fn modules_of(effects: Vec<Effect>) -> Vec<String> {
    let crawls = effects.into_iter().filter_map(|effect| match effect {
        Effect::Crawl { modules, .. } => Some(modules),
        _ => None,
    });
    crawls.flatten().collect()
}

/// A number that looks like none of its neighbours'.
fn spread(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

fn each(took: Duration, count: u32) -> f64 {
    took.as_nanos() as f64 / f64::from(count)
}

fn median(portions: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = portions.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

impl Row {
    /// What a person reads above a column, what a program does, and what is in it.
    fn columns(&self) -> [(&'static str, &'static str, f64); 8] {
        [
            ("lookup", "lookupNs", self.lookup),
            ("new", "newNs", self.new),
            ("reloaded", "reloadedNs", self.reloaded),
            ("known", "knownNs", self.known),
            ("scattered", "scatteredNs", self.scattered),
            ("crawled", "crawledNs", self.crawled),
            ("saved", "savedNs", self.saved),
            ("saved with others", "savedWithOthersNs", self.saved_with_others),
        ]
    }
}

fn print(report: &Report) {
    for (number, row) in report.rows.iter().enumerate() {
        if number == 0 {
            let headings = row.columns().map(|(heading, _, _)| format!("{heading:>9}"));
            println!("{:<17}{}", "ns", headings.join(" "));
        }
        let values = row.columns().map(|(heading, _, ns)| format!("{ns:>0$.0}", heading.len().max(9)));
        println!("{:>9} modules{}", row.modules, values.join(" "));
    }
    println!("{MEMORY_MODULES} modules with {IMPORTS} imports each: {:.1} MB", report.memory_mb);
}

fn json(report: &Report) -> String {
    let row = |row: &Row| {
        let columns = row.columns().map(|(_, key, ns)| format!(r#""{key}":{ns:.0}"#));
        format!(r#"{{"modules":{},{}}}"#, row.modules, columns.join(","))
    };
    let rows: Vec<_> = report.rows.iter().map(row).collect();
    format!(r#"{{"sizes":[{}],"memoryMb":{:.1}}}"#, rows.join(","), report.memory_mb)
}
