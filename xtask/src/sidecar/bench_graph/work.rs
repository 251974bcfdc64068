//! The work that is measured: the core is driven directly, with modules as an app has them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use evenkeel::core::{
    Activity, ActivityKind, ChangeCause, Changed, Consumer, Effect, EnvironmentSnapshot, Event, Moment,
    OptimizerSnapshot, Policy, Session, Time, Transformed,
};

use xtask::run::Failure;

/// Of an ordinary module: four static imports and a dynamic one.
pub const IMPORTS: u32 = 5;
/// Events are made in portions of so many, so that making them is not measured and takes no memory to speak of.
const PORTION: u32 = 1_000;
pub const PORTIONS: u32 = 200;
pub const MEMORY_MODULES: u32 = 100_000;
/// Longer than a crawl may take: what one save began is over before the next.
const BETWEEN_SAVES: Time = Time::from_secs(6);

/// Events of one kind that the session has taken in.
pub struct Phase {
    pub name: &'static str,
    pub events: u32,
    /// For one event, the median of the portions.
    pub ns: f64,
}

pub fn phases(modules: u32, portions: u32) -> [Phase; 7] {
    let portions = || 0..portions;
    let mut bench = Bench::begin();
    [
        bench.build(modules),
        // Of modules that are known, among others of their part of the app, as a reload brings them.
        bench.phase("reloaded", portions(), |bench, _| part(bench.any(modules) / PORTION * PORTION, modules)),
        // The same, one here and one there: what remains in the processor's caches of a smaller graph is not there.
        bench.phase("known", portions(), |bench, _| {
            bench.transforms(|bench| transformed(bench.any(modules), modules))
        }),
        // Saves of one module and its transform, and of a hundred.
        bench.phase("saved", portions(), |bench, _| bench.saves(modules, 1)),
        bench.phase("savedWithOthers", portions(), |bench, _| bench.saves(modules, 100)),
        // With other imports than before, from anywhere: no app is like that, but nothing is harder.
        bench.phase("scattered", portions(), |bench, _| {
            bench.transforms(|bench| scattered(bench.any(modules), bench, modules))
        }),
        // Modules of a crawl that goes through the whole graph, from the order to the result.
        Bench::begin().crawl(modules),
    ]
}

/// Of one look-up in an ordinary map of as many URLs: what a graph of that size costs at the least, since what does not
/// fit into the processor's caches has to come from memory.
pub fn look_up(modules: u32) -> f64 {
    let map: HashMap<Box<str>, u32> = (0..modules).map(|module| (url(module).into(), module)).collect();
    let mut bench = Bench::begin();
    let times = (0..PORTIONS).map(|_| {
        let urls: Vec<_> = (0..PORTION).map(|_| url(bench.any(modules))).collect();
        let begin = Instant::now();
        let found = urls.iter().filter(|url| map.contains_key(&***url)).count();
        let took = begin.elapsed();
        assert_eq!(found, urls.len());
        each(took, PORTION)
    });
    median(times.collect())
}

/// Transforms of modules that follow one another.
fn part(first: u32, modules: u32) -> Portion {
    (first..first + PORTION).map(|module| (Time::ZERO, transformed(module, modules))).collect()
}

/// A session with one environment, and its clock.
struct Bench {
    session: Session,
    now: Time,
    random: u64,
}

/// Events, and the time that passes before each.
type Portion = Vec<(Time, Event)>;

impl Phase {
    /// A function of its own in the program, so that Valgrind sees where a phase ends.
    #[inline(never)]
    fn end(name: &'static str, events: u32, times: Vec<f64>) -> Self {
        Phase { name, events, ns: median(times) }
    }
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
            cache_dir: None,
            optimizer,
            borrowers: Vec::new(),
        };
        session.apply(Event::EnvironmentOpened(snapshot), now);
        Bench { session, now, random: 42 }
    }

    /// Takes in what is made for each of the portions.
    fn phase(
        &mut self,
        name: &'static str,
        portions: impl Iterator<Item = u32>,
        mut make: impl FnMut(&mut Self, u32) -> Portion,
    ) -> Phase {
        let times = portions.map(|first| {
            let portion = make(self, first);
            let begin = Instant::now();
            for (pause, event) in portion {
                self.now += pause;
                self.session.apply(event, self.now);
            }
            each(begin.elapsed(), PORTION)
        });
        let times: Vec<_> = times.collect();
        Phase::end(name, times.len() as u32 * PORTION, times)
    }

    /// Transforms of modules that are new.
    fn build(&mut self, modules: u32) -> Phase {
        self.phase("new", (0..modules).step_by(PORTION as usize), |_, first| part(first, modules))
    }

    /// Transforms of known modules, here and there.
    fn transforms(&mut self, transformed: impl Fn(&mut Self) -> Event) -> Portion {
        (0..PORTION).map(|_| (Time::ZERO, transformed(self))).collect()
    }

    fn saves(&mut self, modules: u32, at_once: u32) -> Portion {
        let saves = (0..PORTION / at_once).flat_map(|_| {
            let changed: Vec<_> = (0..at_once).map(|_| self.any(modules)).collect();
            let transforms = changed.iter().map(|module| (Time::ZERO, transformed(*module, modules)));
            let transforms: Vec<_> = transforms.collect();
            std::iter::once((BETWEEN_SAVES, Event::Changed(saved(&changed)))).chain(transforms)
        });
        saves.collect()
    }

    /// From the entry along the imports of a tree, until nothing is left.
    fn crawl(&mut self, modules: u32) -> Phase {
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
        Phase::end("crawled", crawled, vec![each(took, crawled)])
    }

    fn any(&mut self, modules: u32) -> u32 {
        self.random = spread(self.random);
        (self.random >> 32) as u32 % modules
    }
}

/// Of a hundred thousand modules, in a process that has done nothing else.
pub fn memory_kb() -> Result<u64, Failure> {
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

fn scattered(module: u32, bench: &mut Bench, modules: u32) -> Event {
    let imports = (0..IMPORTS).map(|_| url(bench.any(modules))).collect();
    event(ActivityKind::Transform, url(module), imports)
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
    let activity =
        Activity { kind, moment: Moment::End, module, entry: false, optimized: false, deps, dynamic_deps };
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

fn median(mut sorted: Vec<f64>) -> f64 {
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
