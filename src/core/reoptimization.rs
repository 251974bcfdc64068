//! What happened: one record for each re-optimization.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Time;
use super::event::{BundledRun, DiscoveredDep, Fallback, ImportSite};

/// How many records are kept; older ones are dropped.
const KEPT: usize = 256;

/// How many dependencies a line of text names.
const MOST_NAMED: usize = 3;

/// A dependency that was not known when the server started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct LateDependency {
    pub id: String,
    /// The module whose import made it known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
}

impl LateDependency {
    /// Whether a file of the app imports it, and not a framework's virtual module, or a package.
    pub fn is_of_app(&self) -> bool {
        let importer = self.importer.as_ref().map(|site| site.file.as_str());
        importer.is_some_and(|file| {
            let is_file = !file.starts_with('\0') && !file.starts_with("virtual:");
            is_file && !file.contains("/node_modules/") && !file.contains("\\node_modules\\")
        })
    }

    /// `zod, imported by src/pages/zod.tsx:1`
    pub fn cause(&self) -> String {
        match &self.importer {
            Some(ImportSite { file, line: Some(line), .. }) => {
                format!("{}, imported by {file}:{line}", self.id)
            }
            Some(site) => format!("{}, imported by {}", self.id, site.file),
            None => self.id.clone(),
        }
    }
}

impl From<&DiscoveredDep> for LateDependency {
    fn from(dep: &DiscoveredDep) -> Self {
        LateDependency { id: dep.id.clone(), importer: dep.importer.clone() }
    }
}

/// How a re-optimization ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ReoptimizationOutcome {
    Running,
    /// Committed without a reload: no module changed under a running request.
    Extended,
    /// Committed with a reload: a new generation began.
    Reloaded,
    Failed,
    /// The environment was closed or opened anew before the run ended.
    Abandoned,
}

/// Which line of defence met a re-optimization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Defence {
    /// There was nothing to defend: the run has left what was there as it is.
    Added,
    /// A crawl met the dependencies before any request did.
    Foreseen,
    /// Requests waited at the gate.
    Held,
    /// Requests were re-issued.
    Recovered,
    /// A request met the dependencies by itself, and nothing was done or had to be done.
    Missed,
}

/// One re-optimization of one environment. Times are milliseconds since the session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Reoptimization {
    /// Counts from 1.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub id: u64,
    pub environment: String,
    pub dependencies: Vec<LateDependency>,
    pub outcome: ReoptimizationOutcome,
    /// The generation that it began, or that was current when it ended without a reload.
    pub generation: u32,
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub discovered_at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub committed_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub stable_at_ms: Option<u64>,
    pub met: Defence,
    /// The time that requests lost, added up: waiting at the gate, or inside until they were re-issued.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub cost_ms: u64,
    /// Requests that waited at the gate meanwhile.
    pub held: u32,
    /// Requests that were re-issued because of it.
    pub recovered: u32,
    /// Whether the run leaves what is there as it is, as far as is known.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub adds: bool,
    /// Why it does not, where others do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback: Option<Fallback>,
    /// What was bundled, where runs add.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundled: Option<BundledRun>,
    /// The line of Vite config that prevents it next time; empty when no file of the app imports what was late, or nothing is
    /// to be prevented.
    pub advice: String,
}

impl Reoptimization {
    /// Adds a dependency, unless it is there already.
    pub fn add(&mut self, late: LateDependency, met: Defence) {
        if self.dependencies.iter().all(|dep| dep.id != late.id) {
            self.dependencies.push(late);
            self.met = self.met.max(met);
            self.advise();
        }
    }

    /// The run bundles everything again.
    pub fn fall_back(&mut self, fallback: Fallback) {
        self.adds = false;
        self.fallback = Some(fallback);
        self.advise();
    }

    /// The run has ended, without a reload or with one.
    pub fn commit(&mut self, outcome: ReoptimizationOutcome, generation: u32, now: Time) {
        self.outcome = outcome;
        self.generation = generation;
        self.committed_at_ms = Some(millis(now));
        self.adds &= outcome == ReoptimizationOutcome::Extended;
        if self.adds {
            self.met = Defence::Added;
        }
        self.advise();
    }

    /// Keeps the dependencies that a run has optimized and gives back those that wait for the next.
    pub fn split_off(&mut self, waiting: &[String]) -> Vec<LateDependency> {
        let dependencies = std::mem::take(&mut self.dependencies);
        let (missed, met) = dependencies.into_iter().partition(|dep| waiting.contains(&dep.id));
        self.dependencies = met;
        self.advise();
        missed
    }

    pub fn hold(&mut self) {
        self.held += 1;
        self.meet(Defence::Held);
    }

    /// Requests that were inside waited for the run. Those of a foreseen one came for something else.
    pub fn wait(&mut self, waited: Time) {
        if self.met == Defence::Missed {
            self.cost_ms += millis(waited);
        }
    }

    pub fn recover(&mut self, lost: Time) {
        self.recovered += 1;
        self.cost_ms += millis(lost);
        self.meet(Defence::Recovered);
    }

    /// Recovery says more than holding, and both more than that a request was the first to meet a dependency.
    fn meet(&mut self, met: Defence) {
        self.met = match (self.met, met) {
            (Defence::Recovered, _) => Defence::Recovered,
            (_, met) => met,
        };
    }

    /// Nothing that happens to a request comes from a run that has only added something.
    fn is_latest_of(&self, environment: Option<&str>) -> bool {
        self.committed_at_ms.is_some()
            && !self.adds
            && environment.is_none_or(|name| self.environment == name)
    }

    /// The `optimizeDeps.include` line that makes the dependencies known from the start.
    fn advise(&mut self) {
        // What no file of the app imports is for a framework to know.
        let own: Vec<_> = self.dependencies.iter().filter(|dep| dep.is_of_app()).cloned().collect();
        self.advice =
            if self.adds || own.is_empty() { String::new() } else { advice(&self.environment, &own) };
    }

    /// What is going on while it runs.
    pub fn title(&self) -> String {
        let what = if self.adds { "adding to" } else { "re-optimizing" };
        format!("{what} {}", self.environment)
    }

    /// `zod, imported by src/pages/zod.tsx:1`; of many dependencies the first few.
    pub fn cause(&self) -> String {
        self.listed("; ", LateDependency::cause)
    }

    /// `zod, nanoid`; of many dependencies the first few.
    pub fn names(&self) -> String {
        self.listed(", ", |dep| dep.id.clone())
    }

    fn listed(&self, separator: &str, text: impl Fn(&LateDependency) -> String) -> String {
        let named: Vec<_> = self.dependencies.iter().take(MOST_NAMED).map(text).collect();
        match self.dependencies.len().saturating_sub(MOST_NAMED) {
            0 => named.join(separator),
            more => format!("{}{separator}and {more} more", named.join(separator)),
        }
    }

    /// Whether requests met it that a line of config would have spared.
    pub fn is_preventable(&self) -> bool {
        self.met > Defence::Foreseen && !self.advice.is_empty()
    }

    pub fn is_running(&self) -> bool {
        self.stable_at_ms.is_none()
    }
}

/// The line of a Vite config that has dependencies known from the start.
pub fn advice(environment: &str, dependencies: &[LateDependency]) -> String {
    let ids: Vec<String> = dependencies.iter().map(|dep| format!("'{}'", dep.id)).collect();
    let environment = quote_key(environment);
    format!("environments: {{ {environment}: {{ optimizeDeps: {{ include: [{}] }} }} }}", ids.join(", "))
}

/// Environment names may hold characters that a bare object key may not.
fn quote_key(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if bare { name.to_string() } else { format!("'{name}'") }
}

/// The latest re-optimizations, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History {
    records: VecDeque<Reoptimization>,
    begun: u64,
}

impl History {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Reoptimization> {
        self.records.iter()
    }

    pub fn begin(
        &mut self,
        environment: &str,
        adds: bool,
        generation: u32,
        now: Time,
    ) -> &mut Reoptimization {
        self.begun += 1;
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(Reoptimization {
            id: self.begun,
            environment: environment.to_owned(),
            dependencies: Vec::new(),
            outcome: ReoptimizationOutcome::Running,
            generation,
            discovered_at_ms: millis(now),
            committed_at_ms: None,
            stable_at_ms: None,
            met: Defence::Foreseen,
            cost_ms: 0,
            held: 0,
            recovered: 0,
            adds,
            fallback: None,
            bundled: None,
            advice: String::new(),
        });
        let last = self.records.len() - 1;
        &mut self.records[last]
    }

    /// The record of the run that an environment is heading for.
    pub fn uncommitted(&mut self, environment: &str) -> Option<&mut Reoptimization> {
        let mut latest = self.records.iter_mut().rev();
        latest.find(|record| record.environment == environment && record.committed_at_ms.is_none())
    }

    /// Ends the records of runs that nobody will hear of any more.
    pub fn abandon(&mut self, environment: &str, now: Time) {
        let theirs = self.running().filter(|record| record.environment == environment);
        for record in theirs.filter(|record| record.committed_at_ms.is_none()) {
            record.outcome = ReoptimizationOutcome::Abandoned;
            record.committed_at_ms = Some(millis(now));
        }
    }

    /// The latest record of a run that ended, of one environment or of any.
    pub fn latest(&self, environment: Option<&str>) -> Option<&Reoptimization> {
        self.records.iter().rev().find(|record| record.is_latest_of(environment))
    }

    pub fn latest_mut(&mut self, environment: Option<&str>) -> Option<&mut Reoptimization> {
        self.records.iter_mut().rev().find(|record| record.is_latest_of(environment))
    }

    pub fn running(&mut self) -> impl Iterator<Item = &mut Reoptimization> {
        self.records.iter_mut().filter(|record| record.is_running())
    }

    /// Whether something has changed modules that are in use, since a moment.
    pub fn has_disturbed(&self, since: Time) -> bool {
        let mut disturbing = self.records.iter().filter(|record| !record.adds);
        disturbing.any(|record| record.stable_at_ms.is_none_or(|at| at >= millis(since)))
    }

    /// Whether a record of an environment ends as soon as that is stable.
    pub fn is_ending(&self, environment: &str) -> bool {
        let mut running = self.records.iter().filter(|record| record.is_running());
        running.any(|record| record.committed_at_ms.is_some() && record.environment == environment)
    }

    /// Ends the committed records of environments that are stable again, and gives them back.
    pub fn end(&mut self, is_stable: impl Fn(&str) -> bool, now: Time) -> Vec<Reoptimization> {
        let committed = self.running().filter(|record| record.committed_at_ms.is_some());
        let stable = committed.filter(|record| record.adds || is_stable(&record.environment));
        stable
            .map(|record| {
                record.stable_at_ms = Some(millis(now));
                record.clone()
            })
            .collect()
    }
}

pub fn millis(time: Time) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
