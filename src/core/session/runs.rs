//! Runs of the optimizer, from the dependency that is met late to the end of the record.

use super::{AT_WORK, Effect, Session};
use crate::core::Time;
use crate::core::environment::{Environment, Met, OpenEnvironment};
use crate::core::event::{BundledRun, Commit, Discovered, Fallback};
use crate::core::reoptimization::{HandledBy, LateDependency, Outcome};

impl Session {
    pub(super) fn discover(&mut self, discovered: Discovered, now: Time, effects: &mut Vec<Effect>) {
        let Discovered { environment: name, id, learned, importer } = discovered;
        let Some(environment) = self.environment_mut(&name) else { return };
        let foreseen = learned || environment.is_crawling(importer.as_ref());
        let met = if foreseen { HandledBy::Foreseen } else { HandledBy::Missed };
        let Some(optimizer) = environment.optimizer_mut() else { return };
        // What the first run takes up is not late.
        let late = optimizer.discover((LateDependency { id, importer }, met), now);
        self.record_late(&name, late, now, effects);
    }

    /// Late dependencies go into the record of the run that is to take them up.
    fn record_late(
        &mut self,
        name: &str,
        late: impl IntoIterator<Item = Met>,
        now: Time,
        effects: &mut Vec<Effect>,
    ) {
        for (late, met) in late {
            match self.history.running_mut(name) {
                Some(record) => record.add(late, met),
                None => self.begin_record(name, vec![late], met, now, effects),
            }
        }
    }

    pub(super) fn begin_record(
        &mut self,
        name: &str,
        dependencies: Vec<LateDependency>,
        met: HandledBy,
        now: Time,
        effects: &mut Vec<Effect>,
    ) {
        let Some(environment) = self.environment(name) else { return };
        let (bundling, generation) = (environment.bundling(), environment.generation);
        self.counts.reoptimizations += 1;
        let record = self.history.begin(name, bundling, generation, now);
        for late in dependencies {
            record.add(late, met);
        }
        effects.push(Effect::Began(record.clone()));
    }

    /// A run bundles everything again, and its environment is going to be reloaded.
    pub(super) fn fall_back(&mut self, name: &str, fallback: Fallback) {
        let optimizer = self.environment_mut(name).and_then(OpenEnvironment::optimizer_mut);
        if optimizer.is_some_and(|optimizer| optimizer.fall_back(Some(fallback.clone()))) {
            *self.fallbacks.entry(fallback.reason).or_default() += 1;
        }
        if let Some(record) = self.history.running_mut(name) {
            record.fall_back(fallback);
        }
    }

    /// A run that reloads has not added, whatever was announced, and has a record, even if nothing was.
    fn expect_reload(&mut self, commit: &Commit, now: Time, effects: &mut Vec<Effect>) {
        let name = &commit.environment;
        let optimizer = self.environment_mut(name).and_then(OpenEnvironment::optimizer_mut);
        let Some(optimizer) = optimizer else { return };
        optimizer.fall_back(None);
        let unannounced = optimizer.unannounced(commit);
        if self.history.running(name).is_none() {
            self.begin_record(name, unannounced, HandledBy::Missed, now, effects);
        }
    }

    pub(super) fn commit(&mut self, mut commit: Commit, now: Time, effects: &mut Vec<Effect>) {
        let (name, bundled) = (commit.environment.clone(), commit.bundled.take());
        let Some(optimizer) = self.environment(&name).and_then(OpenEnvironment::optimizer) else { return };
        let reload = optimizer.is_reloaded_by(&commit);
        let late = optimizer.left_by_first_run(&commit);
        if let Some(BundledRun::Rebundled { fallback, .. }) = &bundled {
            self.fall_back(&name, fallback.clone());
        }
        if reload {
            self.expect_reload(&commit, now, effects);
            self.generation += 1;
            self.counts.reloads += 1;
        }
        let (generation, policy) = (self.generation, self.policy);
        if let Some(environment) = self.environment_mut(&name) {
            environment.commit(commit, generation, &policy, now);
        }
        let outcome = if reload { Outcome::Reloaded { bundled } } else { Outcome::Extended { bundled } };
        self.end_run(&name, outcome, now, effects);
        self.record_late(&name, late, now, effects);
    }

    pub(super) fn fail(&mut self, name: &str, now: Time, effects: &mut Vec<Effect>) {
        let optimizer = self.environment_mut(name).and_then(OpenEnvironment::optimizer_mut);
        let Some(optimizer) = optimizer else { return };
        optimizer.fail();
        self.end_run(name, Outcome::Failed, now, effects);
    }

    /// The record of a run that is over ends as soon as its environment is stable. What it has not taken up waits for
    /// another.
    fn end_run(&mut self, name: &str, outcome: Outcome, now: Time, effects: &mut Vec<Effect>) {
        let Some(environment) = self.environment(name) else { return };
        let (generation, is_guarded) = (environment.generation, environment.is_guarded());
        let waiting: Vec<_> = environment.pending().map(str::to_owned).collect();
        let Some(record) = self.history.running_mut(name) else { return };
        if is_guarded && !record.adds() && !matches!(outcome, Outcome::Reloaded { .. }) {
            let since = record.discovered_at;
            // What has been inside for long is a stream, and waits for nothing.
            let inside = self
                .requests
                .iter()
                .filter_map(|(id, request)| Some((id, request, request.inside()?)))
                .filter(|(.., inside)| inside.since + AT_WORK >= since);
            // In an order that a hash map does not keep: a replay has to come to the same state.
            let mut waited: Vec<_> =
                inside.map(|(id, request, inside)| (*id, request, inside.since)).collect();
            waited.sort_unstable_by_key(|(id, ..)| *id);
            record.wait(waited.iter().map(|(.., entered)| now - (*entered).max(since)).sum());
            if record.met == HandledBy::Missed {
                waited.iter().for_each(|(_, request, _)| record.affect(&request.key()));
            }
        }
        let missed = record.split_off(&waiting);
        let (met, has_failed) = (record.met, outcome == Outcome::Failed);
        record.end(outcome, generation, now);
        self.counts.added += u32::from(record.adds());
        if !has_failed && !record.dependencies.is_empty() {
            let dependencies = record.dependencies.clone();
            effects.push(Effect::Learned { environment: name.to_owned(), dependencies });
        }
        if !missed.is_empty() {
            self.begin_record(name, missed, met, now, effects);
        }
        self.end_records(now, effects);
    }

    /// Ends the committed records of environments that are stable again.
    pub(super) fn end_records(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let environments = &self.environments;
        let open = |name: &str| environments.get(name).and_then(Environment::as_open);
        let is_stable = |name: &str| open(name).is_none_or(|found| found.is_stable(&self.policy, now));
        effects.extend(self.history.end(is_stable, now).into_iter().map(Effect::Ended));
    }
}
