//! What happened: one record for each re-optimization.

mod history;
mod late;

pub use history::History;
pub use late::{LateDependency, advice, brief, causes};

use serde::{Deserialize, Serialize};

use super::Time;
use super::event::{BundledRun, Fallback};

/// How many requests a record names.
const MOST_AFFECTED: usize = 10;

/// Which line of defence met a re-optimization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "codegen", schemars(rename = "Defence"), ts(rename = "Defence"))]
pub enum HandledBy {
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

/// What a run does to the files of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bundling {
    /// It leaves them as they are, as far as is known.
    Adds,
    /// It bundles everything again; why it does, where others add.
    Everything(Option<Fallback>),
}

/// How an optimizer run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Committed without a reload: no module changed under a running request.
    Extended {
        bundled: Option<BundledRun>,
    },
    /// Committed with a reload: a new generation began.
    Reloaded {
        bundled: Option<BundledRun>,
    },
    Failed,
    /// The environment was closed or opened anew before the run ended.
    Abandoned,
}

/// The end of an optimizer run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    pub at: Time,
    pub outcome: Outcome,
}

/// How far a re-optimization has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The optimizer waits for more, or runs.
    Running,
    /// The run is over, and its environment is not stable yet.
    Settling(RunEnd),
    Over {
        run: RunEnd,
        stable_at: Time,
    },
}

/// What a re-optimization meant to requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// The time that requests lost, added up: waiting at the gate, or inside until they were re-issued.
    pub lost_ms: u64,
    /// Requests that waited at the gate meanwhile.
    pub held: u32,
    /// Requests that were re-issued because of it.
    pub recovered: u32,
}

/// One re-optimization of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reoptimization {
    /// Counts from 1.
    pub id: u64,
    pub environment: String,
    pub dependencies: Vec<LateDependency>,
    /// The generation that it began, or that was current when it ended without a reload.
    pub generation: u32,
    pub discovered_at: Time,
    pub bundling: Bundling,
    pub state: State,
    pub met: HandledBy,
    pub cost: Cost,
    /// The requests that lost time, by method and URL, each once: the first few.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub affected: Vec<String>,
}

impl Reoptimization {
    pub fn begin(id: u64, environment: &str, bundling: Bundling, generation: u32, now: Time) -> Self {
        Reoptimization {
            id,
            environment: environment.to_owned(),
            dependencies: Vec::new(),
            generation,
            discovered_at: now,
            bundling,
            state: State::Running,
            met: HandledBy::Foreseen,
            cost: Cost::default(),
            affected: Vec::new(),
        }
    }

    /// The end of its run.
    pub fn run(&self) -> Option<&RunEnd> {
        match &self.state {
            State::Running => None,
            State::Settling(run) | State::Over { run, .. } => Some(run),
        }
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        self.run().map(|run| &run.outcome)
    }

    pub fn stable_at(&self) -> Option<Time> {
        match self.state {
            State::Running | State::Settling(_) => None,
            State::Over { stable_at, .. } => Some(stable_at),
        }
    }

    /// Whether its environment is stable again.
    pub fn is_over(&self) -> bool {
        self.stable_at().is_some()
    }

    /// Whether the run leaves what is there as it is, as far as is known.
    pub fn adds(&self) -> bool {
        self.bundling == Bundling::Adds
    }

    /// Whether it keeps its environment unstable.
    pub fn is_disturbing(&self) -> bool {
        !self.is_over() && !self.adds()
    }

    /// Adds a dependency, unless it is there already.
    pub fn add(&mut self, late: LateDependency, met: HandledBy) {
        if self.dependencies.iter().all(|dep| dep.id != late.id) {
            self.dependencies.push(late);
            self.met = self.met.max(met);
        }
    }

    /// The run bundles everything again.
    pub fn fall_back(&mut self, fallback: Fallback) {
        self.bundling = Bundling::Everything(Some(fallback));
    }

    /// The run has ended.
    pub fn end(&mut self, outcome: Outcome, generation: u32, now: Time) {
        self.generation = generation;
        match (&self.bundling, &outcome) {
            (Bundling::Everything(_), _) => {}
            (Bundling::Adds, Outcome::Extended { .. }) => self.met = HandledBy::Added,
            (Bundling::Adds, _) => self.bundling = Bundling::Everything(None),
        }
        self.state = State::Settling(RunEnd { at: now, outcome });
    }

    /// Keeps the dependencies that a run has optimized and gives back those that wait for the next.
    pub fn split_off(&mut self, waiting: &[String]) -> Vec<LateDependency> {
        let dependencies = std::mem::take(&mut self.dependencies);
        let (missed, met) = dependencies.into_iter().partition(|dep| waiting.contains(&dep.id));
        self.dependencies = met;
        missed
    }

    pub fn hold(&mut self) {
        self.cost.held += 1;
        self.meet(HandledBy::Held);
    }

    /// Requests waited at the gate.
    pub fn admit(&mut self, waited: Time) {
        self.cost.lost_ms += millis(waited);
    }

    /// Requests that were inside waited for the run. Those of a foreseen one came for something else.
    pub fn wait(&mut self, waited: Time) {
        if self.met == HandledBy::Missed {
            self.cost.lost_ms += millis(waited);
        }
    }

    pub fn recover(&mut self, lost: Time) {
        self.cost.recovered += 1;
        self.cost.lost_ms += millis(lost);
        self.meet(HandledBy::Recovered);
    }

    /// A request, by its method and URL, has lost time.
    pub fn affect(&mut self, request: &str) {
        let is_new = self.affected.iter().all(|known| known != request);
        if is_new && self.affected.len() < MOST_AFFECTED {
            self.affected.push(request.to_owned());
        }
    }

    /// Recovery says more than holding, and both more than that a request was the first to meet a dependency.
    fn meet(&mut self, met: HandledBy) {
        self.met = match (self.met, met) {
            (HandledBy::Recovered, _) => HandledBy::Recovered,
            (_, met) => met,
        };
    }

    /// Whether it may be what happens to a request since a moment: nothing comes from a run that has only added something, or that
    /// was over by then.
    pub fn has_disturbed_since(&self, since: Time) -> bool {
        !self.adds() && self.stable_at().is_none_or(|at| millis(at) >= millis(since))
    }

    /// The line of Vite config that prevents it next time; none when no file of the app imports what was late, or nothing
    /// is to be prevented.
    pub fn advice(&self) -> Option<String> {
        let advised = self.advised();
        (!advised.is_empty()).then(|| advice(&self.environment, &advised))
    }

    /// Whose lateness that line prevents.
    pub fn advised(&self) -> Vec<&str> {
        // What no file of the app imports is for a framework to know.
        let own = self.dependencies.iter().filter(|dep| !self.adds() && dep.is_of_app());
        own.map(|dep| &*dep.id).collect()
    }
}

pub fn millis(time: Time) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
