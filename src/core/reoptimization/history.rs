//! The latest re-optimizations.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Bundling, Outcome, Reoptimization, RunEnd, State};
use crate::core::Time;

/// How many records are kept; older ones are dropped.
const KEPT: usize = 256;

/// Oldest first.
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
        bundling: Bundling,
        generation: u32,
        now: Time,
    ) -> &mut Reoptimization {
        self.begun += 1;
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        let record = Reoptimization::begin(self.begun, environment, bundling, generation, now);
        self.records.push_back(record);
        let last = self.records.len() - 1;
        &mut self.records[last]
    }

    /// The record of the run that an environment is heading for.
    pub fn running(&self, environment: &str) -> Option<&Reoptimization> {
        let mut latest = self.records.iter().rev();
        latest.find(|record| record.environment == environment && record.state == State::Running)
    }

    pub fn running_mut(&mut self, environment: &str) -> Option<&mut Reoptimization> {
        let mut latest = self.records.iter_mut().rev();
        latest.find(|record| record.environment == environment && record.state == State::Running)
    }

    /// Ends the records of runs that nobody will hear of any more.
    pub fn abandon(&mut self, environment: &str, now: Time) {
        let theirs = self.records.iter_mut().filter(|record| record.environment == environment);
        for record in theirs.filter(|record| record.state == State::Running) {
            record.state = State::Settling(RunEnd { at: now, outcome: Outcome::Abandoned });
        }
    }

    pub fn get_mut(&mut self, id: u64) -> Option<&mut Reoptimization> {
        self.records.iter_mut().rev().find(|record| record.id == id)
    }

    /// The record, of some environments, of what a request may have met that is there since a moment: the latest whose run has ended,
    /// or else the latest.
    pub fn met_since(&self, since: Time, of: impl Fn(&str) -> bool) -> Option<&Reoptimization> {
        let met = |record: &&Reoptimization| of(&record.environment) && record.has_disturbed_since(since);
        let latest = || self.records.iter().rev().filter(met);
        latest().find(|record| record.run().is_some()).or_else(|| latest().next())
    }

    /// A request waits at the gate, for everything that is not over in the environments that are guarded.
    pub fn hold(&mut self, is_guarded: impl Fn(&str) -> bool) {
        let going_on = self.records.iter_mut().filter(|record| record.is_disturbing());
        going_on.filter(|record| is_guarded(&record.environment)).for_each(Reoptimization::hold);
    }

    /// Whether an environment that is guarded is unstable because of a run.
    pub fn is_disturbing(&self, is_guarded: impl Fn(&str) -> bool) -> bool {
        let mut disturbing = self.records.iter().filter(|record| record.is_disturbing());
        disturbing.any(|record| is_guarded(&record.environment))
    }

    /// The latest record of what a request has waited for that waits since a moment.
    pub fn held_since_mut(&mut self, since: Time) -> Option<&mut Reoptimization> {
        let mut latest = self.records.iter_mut().rev();
        latest.find(|record| record.cost.held > 0 && record.has_disturbed_since(since))
    }

    /// Whether something has changed modules that are in use, since a moment.
    pub fn has_disturbed(&self, since: Time) -> bool {
        self.records.iter().any(|record| record.has_disturbed_since(since))
    }

    /// Whether a record of an environment ends as soon as that is stable.
    pub fn is_settling(&self, environment: &str) -> bool {
        let mut settling = self.records.iter().filter(|record| matches!(record.state, State::Settling(_)));
        settling.any(|record| record.environment == environment)
    }

    /// Ends the records of environments that are stable again, and gives them back.
    pub fn end(&mut self, is_stable: impl Fn(&str) -> bool, now: Time) -> Vec<Reoptimization> {
        let mut ended = Vec::new();
        for record in &mut self.records {
            if let State::Settling(run) = &record.state
                && (record.adds() || is_stable(&record.environment))
            {
                record.state = State::Over { run: run.clone(), stable_at: now };
                ended.push(record.clone());
            }
        }
        ended
    }
}
