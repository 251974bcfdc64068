//! The optimizer of an environment: what it has, what waits for it, and what its next run does.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::core::Time;
use crate::core::event::{Commit, Fallback, OptimizedDep, OptimizerSnapshot};
use crate::core::reoptimization::{Bundling, HandledBy, LateDependency};

/// Vite's optimizer waits this long after the last discovery before it runs.
const DEBOUNCE: Time = Time::from_millis(100);

/// The answer to "where is this dependency now?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ResolvedId {
    /// `id` is `file?v=browserHash`, right at this moment.
    Resolved { id: String, generation: u32 },
    /// The dependency waits for its first optimizer run.
    Pending { generation: u32 },
    /// The optimizer does not know the dependency.
    Unknown { generation: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OptimizedFile {
    file: Box<str>,
    browser_hash: Box<str>,
}

impl From<OptimizedDep> for OptimizedFile {
    fn from(dep: OptimizedDep) -> Self {
        OptimizedFile { file: dep.file.into(), browser_hash: dep.browser_hash.into() }
    }
}

/// What a run does to the files of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Runs {
    /// It bundles everything again, and Vite may reload the environment.
    Rebundle,
    /// It leaves them as they are.
    Add,
    /// It would, but the next one to be committed bundles everything again; why, if that is known.
    FallBack(Option<Fallback>),
}

/// The run that a late dependency waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Run {
    /// Vite begins it when it has waited for more.
    Due,
    /// Another order would only make another run, after that one.
    Ordered,
}

/// See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Optimizer {
    browser_hash: String,
    optimized: IndexMap<Box<str>, OptimizedFile>,
    /// Late dependencies.
    pending: IndexMap<String, Run>,
    /// When it last had a reason to wait for more.
    last_discovery: Time,
    runs: Runs,
    /// What has been met for the first run; nothing any more once that is committed.
    first: Option<Vec<Met>>,
}

/// A dependency, and who has met it.
pub type Met = (LateDependency, HandledBy);

impl Optimizer {
    pub fn new(snapshot: OptimizerSnapshot, now: Time) -> Self {
        let met = || snapshot.discovered.iter().map(|dep| (dep.into(), HandledBy::Missed)).collect();
        Optimizer {
            first: snapshot.cold.then(met),
            browser_hash: snapshot.browser_hash,
            optimized: snapshot
                .optimized
                .into_iter()
                .map(|dep| (dep.id.clone().into(), dep.into()))
                .collect(),
            pending: snapshot.discovered.into_iter().map(|dep| (dep.id, Run::Due)).collect(),
            last_discovery: now,
            runs: if snapshot.adds { Runs::Add } else { Runs::Rebundle },
        }
    }

    pub fn browser_hash(&self) -> &str {
        &self.browser_hash
    }

    /// Whether the first run is still to come.
    pub fn is_cold(&self) -> bool {
        self.first.is_some()
    }

    /// Whether its runs leave earlier files as they are.
    pub fn adds(&self) -> bool {
        self.runs != Runs::Rebundle
    }

    /// Whether what waits will be added, so that nothing becomes unstable.
    pub fn is_adding(&self) -> bool {
        self.runs == Runs::Add
    }

    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether what waits will change what is there.
    pub fn is_disturbing(&self) -> bool {
        self.has_pending() && !self.is_adding()
    }

    /// Whether Vite still waits for more before it runs.
    pub fn is_collecting(&self, now: Time) -> bool {
        now < self.last_discovery + DEBOUNCE
    }

    /// What the next run to be committed does, as far as is known.
    pub fn bundling(&self) -> Bundling {
        match &self.runs {
            Runs::Add => Bundling::Adds,
            Runs::FallBack(why) => Bundling::Everything(why.clone()),
            Runs::Rebundle => Bundling::Everything(None),
        }
    }

    /// The next run to be committed bundles everything again. Says whether that is news.
    pub fn fall_back(&mut self, why: Option<Fallback>) -> bool {
        let is_news = self.is_adding();
        if is_news {
            self.runs = Runs::FallBack(why);
        }
        is_news
    }

    /// A run is over: the next one adds again.
    fn end_fallback(&mut self) {
        if let Runs::FallBack(_) = self.runs {
            self.runs = Runs::Add;
        }
    }

    /// A dependency has been met. Keeps what is for the first run, and gives back what is late.
    pub fn discover(&mut self, met: Met, now: Time) -> Option<Met> {
        self.last_discovery = now;
        self.pending.entry(met.0.id.clone()).or_insert(Run::Due);
        match &mut self.first {
            None => Some(met),
            Some(first) => {
                first.push(met);
                None
            }
        }
    }

    /// What was met for the first run, and is not in its commit: it is late.
    pub fn left_by_first_run(&self, commit: &Commit) -> Vec<Met> {
        let met = self.first.iter().flatten();
        met.filter(|(late, _)| commit.pending.contains(&late.id)).cloned().collect()
    }

    /// What a run has optimized without anybody having reported it as discovered.
    pub fn unannounced(&self, commit: &Commit) -> Vec<LateDependency> {
        let ids = commit.changed.iter().map(|dep| &*dep.id);
        let unknown = ids.filter(|id| !self.optimized.contains_key(*id) && !self.pending.contains_key(*id));
        unknown.map(|id| LateDependency { id: id.to_owned(), importer: None }).collect()
    }

    /// Whether Vite reloads the environment because of a run: it does so when files of before have changed.
    pub fn is_reloaded_by(&self, commit: &Commit) -> bool {
        self.browser_hash != commit.browser_hash
    }

    pub fn commit(&mut self, commit: Commit) {
        for id in &commit.removed {
            self.optimized.shift_remove(id.as_str());
        }
        for dep in commit.changed {
            self.optimized.insert(dep.id.clone().into(), dep.into());
        }
        self.browser_hash = commit.browser_hash;
        self.first = None;
        self.end_fallback();
        self.pending.retain(|id, _| commit.pending.contains(id));
    }

    /// A failed run drops what it had discovered, as Vite does.
    pub fn fail(&mut self) {
        self.end_fallback();
        self.pending.clear();
        if let Some(first) = &mut self.first {
            first.clear();
        }
    }

    /// Orders the run that Vite would begin by itself a little later, unless there is none or it has been ordered.
    pub fn order_run(&mut self, now: Time) -> bool {
        // Vite decides about the first run, and begins by itself with any other that it has waited for.
        let is_waiting = !self.is_cold() && self.is_collecting(now);
        let orders = is_waiting && self.pending.values().any(|run| *run == Run::Due);
        if orders {
            self.pending.values_mut().for_each(|run| *run = Run::Ordered);
        }
        orders
    }

    pub fn resolve(&self, id: &str, generation: u32) -> ResolvedId {
        match self.optimized.get(id) {
            Some(dep) => {
                ResolvedId::Resolved { id: format!("{}?v={}", dep.file, dep.browser_hash), generation }
            }
            None if self.pending.contains_key(id) => ResolvedId::Pending { generation },
            None => ResolvedId::Unknown { generation },
        }
    }

    pub fn pending(&self) -> impl Iterator<Item = &str> {
        self.pending.keys().map(String::as_str)
    }

    pub fn optimized_count(&self) -> u32 {
        u32::try_from(self.optimized.len()).unwrap_or(u32::MAX)
    }

    /// The hashes that its files have now.
    pub fn hashes(&self) -> HashMap<&str, &str> {
        self.optimized.values().map(|dep| (&*dep.file, &*dep.browser_hash)).collect()
    }
}
