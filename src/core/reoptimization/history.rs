//! The latest re-optimizations.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Bundling, Outcome, Reoptimization, RunEnd, State, millis};
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

    /// The latest record of a run that ended, of one environment or of any.
    pub fn latest(&self, environment: Option<&str>) -> Option<&Reoptimization> {
        self.records.iter().rev().find(|record| record.is_latest_of(environment))
    }

    pub fn latest_mut(&mut self, environment: Option<&str>) -> Option<&mut Reoptimization> {
        self.records.iter_mut().rev().find(|record| record.is_latest_of(environment))
    }

    /// A request waits at the gate, for everything that is not over.
    pub fn hold(&mut self) {
        let going_on = self.records.iter_mut().filter(|record| !record.is_over() && !record.adds());
        going_on.for_each(Reoptimization::hold);
    }

    /// Whether something has changed modules that are in use, since a moment.
    pub fn has_disturbed(&self, since: Time) -> bool {
        let mut disturbing = self.records.iter().filter(|record| !record.adds());
        disturbing.any(|record| record.stable_at().is_none_or(|at| millis(at) >= millis(since)))
    }

    /// Whether a record of an environment ends as soon as that is stable.
    pub fn is_settling(&self, environment: &str) -> bool {
        let mut theirs = self.records.iter().filter(|record| record.environment == environment);
        theirs.any(|record| matches!(record.state, State::Settling(_)))
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
