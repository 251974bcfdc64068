//! The session: every environment, every request inside one, and what to do about them.

mod judge;
mod reload;

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::environment::{Environment, OpenEnvironment, Optimizer};
use super::event::{
    Arrived, BundledRun, Commit, Discovered, EnvironmentSnapshot, Event, Fallback, FallbackReason, FellBack,
    RequestStarted, Transformed,
};
use super::reoptimization::{Bundling, HandledBy, History, LateDependency, Outcome, Reoptimization};
use super::request::{Chain, Doubt, HandedOn, InFlight, RetryBudget, key};
use super::{HttpRequest, Policy, Time};

/// What the shell is to do after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A re-optimization began.
    Began(Reoptimization),
    /// A re-optimization ended and its environment is stable again.
    Ended(Reoptimization),
    /// Modules to transform ahead of requests.
    Crawl { environment: String, modules: Vec<String> },
    /// The optimizer need not wait for further dependencies.
    Optimize { environment: String },
    /// Dependencies that the next start should know from the beginning.
    Learned { environment: String, dependencies: Vec<LateDependency> },
}

/// Whether a set of environments may be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stability {
    Stable,
    Unstable {
        waiting_for: Vec<String>,
        /// When it will be stable if nothing else happens; `None` while that depends on an event.
        at: Option<Time>,
    },
}

/// One environment that has to reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReloadTarget {
    pub environment: String,
    /// Whether its module graph is to be invalidated first. Vite has done so where the reload came from.
    pub invalidate: bool,
}

/// The answer to `onFullReload`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReloadPlan {
    /// The other environments to reload in lockstep, each exactly once. Reloads sent because of this plan are
    /// not to be reported again.
    pub reload: Vec<ReloadTarget>,
    /// Requests in flight that saw modules of another generation: ask `classifyError` about each.
    pub doomed: Vec<HttpRequest>,
    /// Modules of the environment that reloads, as URLs. Its runner is going to fetch them one after the other;
    /// transforming them at once, side by side, shortens that.
    pub warm: Vec<String>,
}

/// What was counted since the session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Counts {
    pub requests: u32,
    pub held: u32,
    pub recovered: u32,
    /// Requests that spent their retry budget and got the true error.
    pub gave_up: u32,
    pub reoptimizations: u32,
    /// Re-optimizations that have only added something.
    pub added: u32,
    pub reloads: u32,
}

/// What a request found when it entered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entered {
    /// The generation that was running in each guarded environment, by its index.
    generations: Vec<(usize, u32)>,
    /// Whether one of them was not stable.
    doubt: Option<Doubt>,
}

/// A request that has not entered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AtTheGate {
    chain: Chain,
    /// Its method and URL, where they are known.
    key: Option<String>,
}

/// See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    policy: Policy,
    environments: IndexMap<String, Environment>,
    requests: HashMap<HttpRequest, InFlight>,
    /// What an admitted request enters, until it reports that it has.
    admitted: HashMap<HttpRequest, Entered>,
    budget: RetryBudget,
    handed_on: HandedOn,
    /// The requests that came to the gate and have not entered.
    arrived: HashMap<HttpRequest, AtTheGate>,
    /// Since when requests wait at the gate.
    held: HashMap<HttpRequest, Time>,
    history: History,
    counts: Counts,
    /// How often runs have bundled everything again where they add.
    fallbacks: BTreeMap<FallbackReason, u32>,
    /// Counts the commits that reloaded an environment, whichever: bridged environments share it.
    generation: u32,
    /// Counts the disturbances: everything between two stable states is one.
    epoch: u64,
    disturbed: bool,
    browser_reloaded_in: Option<u64>,
    /// Where a browser finds the dev server.
    url: Option<String>,
}

impl Session {
    pub fn new(policy: Policy) -> Self {
        Session {
            policy,
            environments: IndexMap::new(),
            requests: HashMap::new(),
            admitted: HashMap::new(),
            budget: RetryBudget::default(),
            handed_on: HandedOn::default(),
            arrived: HashMap::new(),
            held: HashMap::new(),
            history: History::default(),
            counts: Counts::default(),
            fallbacks: BTreeMap::new(),
            generation: 0,
            epoch: 0,
            disturbed: false,
            browser_reloaded_in: None,
            url: None,
        }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn environments(&self) -> impl Iterator<Item = &OpenEnvironment> {
        self.environments.values().filter_map(Environment::as_open)
    }

    pub fn environment(&self, name: &str) -> Option<&OpenEnvironment> {
        self.environments.get(name).and_then(Environment::as_open)
    }

    fn environment_mut(&mut self, name: &str) -> Option<&mut OpenEnvironment> {
        self.environments.get_mut(name).and_then(Environment::as_open_mut)
    }

    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Reoptimization> {
        self.history.iter()
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn fallbacks(&self) -> &BTreeMap<FallbackReason, u32> {
        &self.fallbacks
    }

    /// Whether a guarded environment was unstable at the last event.
    pub fn is_disturbed(&self) -> bool {
        self.disturbed
    }

    /// Where a browser finds the dev server, once it listens.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Whether the mere passing of time may change something.
    pub fn is_settling(&self) -> bool {
        self.disturbed || self.settling().next().is_some()
    }

    /// The environments that have a reload, or a record that ends when they are stable.
    fn settling(&self) -> impl Iterator<Item = &OpenEnvironment> {
        let settles = |environment: &&OpenEnvironment| {
            environment.is_settling() || self.history.is_settling(&environment.name)
        };
        self.environments().filter(settles)
    }

    pub fn requests_in_flight(&self) -> usize {
        self.requests.len()
    }

    /// The only way in which a session changes, but for [`Session::classify`] and [`Session::plan_reload`],
    /// which change it by what they answer.
    pub fn apply(&mut self, event: Event, now: Time) -> Vec<Effect> {
        let mut effects = self.tick(now);
        let mut all_met_in = None;
        match event {
            Event::EnvironmentOpened(snapshot) => self.open(snapshot, now, &mut effects),
            Event::EnvironmentClosed { name } => self.close(&name, now, &mut effects),
            Event::Discovered(discovered) => self.discover(discovered, now, &mut effects),
            Event::FellBack(FellBack { environment, fallback }) => self.fall_back(&environment, fallback),
            Event::Committed(commit) => self.commit(commit, now, &mut effects),
            Event::OptimizerFailed { environment } => self.fail(&environment, now, &mut effects),
            Event::Changed(changed) => {
                let policy = self.policy;
                if let Some(environment) = self.environment_mut(&changed.environment)
                    && policy.foresee
                {
                    environment.change(&changed, &policy, now);
                }
            }
            Event::Transformed(transformed) => all_met_in = self.observe(transformed, now),
            Event::ReloadRequested(reload) => {
                let policy = self.policy;
                let environment = self.environment_mut(&reload.environment);
                let reloads = environment.is_some_and(|environment| {
                    environment.begin_reload(reload.triggered_by.as_deref(), &policy, now)
                        && environment.is_guarded()
                });
                if reloads {
                    self.requests.values_mut().for_each(InFlight::doubt_reload);
                }
            }
            Event::Arrived(arrived) => self.arrive(arrived, now),
            Event::Held { request } => self.hold(request, now),
            Event::Admitted { request } => self.admit(request, now),
            Event::RequestStarted(started) => self.start(started, now),
            Event::Listening(listening) => self.url = Some(listening.url),
            Event::RequestFinished(finished) => {
                self.requests.remove(&finished.request);
                self.admitted.remove(&finished.request);
                self.arrived.remove(&finished.request);
                self.held.remove(&finished.request);
            }
        }
        self.crawl(all_met_in.as_deref(), now, &mut effects);
        self.note_disturbance(now);
        effects
    }

    /// The environment, if a crawl has met the last of its late dependencies with this.
    fn observe(&mut self, transformed: Transformed, now: Time) -> Option<String> {
        let (busy, policy) = (!self.requests.is_empty(), self.policy);
        let environment = self.environment_mut(&transformed.environment)?;
        let all_met = environment.observe(&transformed.activities, busy, &policy, now);
        all_met.then_some(transformed.environment)
    }

    /// What the passing of time alone has changed.
    pub fn tick(&mut self, now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        for environment in self.environments.values_mut().filter_map(Environment::as_open_mut) {
            environment.settle(&self.policy, now);
        }
        self.end_records(now, &mut effects);
        if self.disturbed {
            self.note_disturbance(now);
        }
        effects
    }

    /// When an environment that settles will have, if nothing else happens.
    pub fn settles_at(&self, now: Time) -> Option<Time> {
        self.settling().filter_map(|environment| environment.stable_at(&self.policy, now)).min()
    }

    /// Until when a request may be kept waiting, from the first of its chain on.
    pub fn deadline_of(&self, request: HttpRequest) -> Option<Time> {
        let inside = self.requests.get(&request).map(|request| request.chain);
        inside.or_else(|| self.arrived.get(&request).map(|waiting| waiting.chain)).map(|chain| chain.deadline)
    }

    /// Whether a request waits at the gate.
    pub fn is_held(&self, request: HttpRequest) -> bool {
        self.held.contains_key(&request)
    }

    fn note_disturbance(&mut self, now: Time) {
        let unstable = self.guarded().any(|environment| !environment.is_stable(&self.policy, now));
        self.epoch += u64::from(unstable && !self.disturbed);
        self.disturbed = unstable;
    }

    fn guarded(&self) -> impl Iterator<Item = &OpenEnvironment> {
        self.environments().filter(|environment| environment.is_guarded())
    }

    fn open(&mut self, snapshot: EnvironmentSnapshot, now: Time, effects: &mut Vec<Effect>) {
        let name = snapshot.name.clone();
        let waiting: Vec<LateDependency> = snapshot
            .optimizer
            .iter()
            .filter(|optimizer| !optimizer.cold)
            .flat_map(|optimizer| &optimizer.discovered)
            .map(LateDependency::from)
            .collect();
        let environment = self.environments.entry(name.clone()).or_insert_with(Environment::unknown);
        let begins = environment.open(snapshot, self.generation + 1, now);
        self.generation += u32::from(begins);
        if waiting.is_empty() {
            self.history.abandon(&name, now);
            self.end_records(now, effects);
        } else if self.history.running(&name).is_none() {
            self.begin_record(&name, waiting, HandledBy::Missed, now, effects);
        }
    }

    fn close(&mut self, name: &str, now: Time, effects: &mut Vec<Effect>) {
        let Some(environment) = self.environments.get_mut(name) else { return };
        let begins = environment.close(self.generation + 1);
        self.generation += u32::from(begins);
        self.history.abandon(name, now);
        self.end_records(now, effects);
    }

    fn discover(&mut self, discovered: Discovered, now: Time, effects: &mut Vec<Effect>) {
        let Discovered { environment: name, id, learned, importer } = discovered;
        let Some(environment) = self.environment_mut(&name) else { return };
        let foreseen = learned || environment.is_crawling(importer.as_ref());
        let met = if foreseen { HandledBy::Foreseen } else { HandledBy::Missed };
        let Some(optimizer) = environment.optimizer_mut() else { return };
        optimizer.discover(id.clone(), now);
        // What the first run takes up is not late.
        if optimizer.is_cold() {
            return;
        }
        let late = LateDependency { id, importer };
        match self.history.running_mut(&name) {
            Some(record) => record.add(late, met),
            None => self.begin_record(&name, vec![late], met, now, effects),
        }
    }

    fn begin_record(
        &mut self,
        name: &str,
        dependencies: Vec<LateDependency>,
        met: HandledBy,
        now: Time,
        effects: &mut Vec<Effect>,
    ) {
        let Some(environment) = self.environment(name) else { return };
        let bundling = if environment.is_adding() { Bundling::Adds } else { Bundling::Everything(None) };
        let generation = environment.generation;
        self.counts.reoptimizations += 1;
        let record = self.history.begin(name, bundling, generation, now);
        for late in dependencies {
            record.add(late, met);
        }
        effects.push(Effect::Began(record.clone()));
    }

    /// A run bundles everything again, and its environment is going to be reloaded.
    fn fall_back(&mut self, name: &str, fallback: Fallback) {
        let optimizer = self.environment_mut(name).and_then(OpenEnvironment::optimizer_mut);
        if optimizer.is_some_and(Optimizer::fall_back) {
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
        optimizer.fall_back();
        let unannounced = optimizer.unannounced(commit);
        if self.history.running(name).is_none() {
            self.begin_record(name, unannounced, HandledBy::Missed, now, effects);
        }
    }

    fn commit(&mut self, mut commit: Commit, now: Time, effects: &mut Vec<Effect>) {
        let (name, reload, bundled) = (commit.environment.clone(), commit.reload, commit.bundled.take());
        if self.environment(&name).is_none_or(|environment| !environment.has_optimizer()) {
            return;
        }
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
    }

    fn fail(&mut self, name: &str, now: Time, effects: &mut Vec<Effect>) {
        let optimizer = self.environment_mut(name).and_then(OpenEnvironment::optimizer_mut);
        let Some(optimizer) = optimizer else { return };
        optimizer.fail();
        self.end_run(name, Outcome::Failed, now, effects);
    }

    /// The record of a run that is over ends as soon as its environment is stable. What it has not taken up waits for
    /// another.
    fn end_run(&mut self, name: &str, outcome: Outcome, now: Time, effects: &mut Vec<Effect>) {
        let Some(environment) = self.environment(name) else { return };
        let generation = environment.generation;
        let waiting: Vec<_> = environment.pending().map(str::to_owned).collect();
        let requests = &self.requests;
        let Some(record) = self.history.running_mut(name) else { return };
        if !record.adds() && !matches!(outcome, Outcome::Reloaded { .. }) {
            let since = record.discovered_at;
            record.wait(requests.values().map(|request| now - request.since.max(since)).sum());
            if record.met == HandledBy::Missed {
                // In their order, which a hash map does not keep: a replay has to come to the same state.
                let mut waited: Vec<_> = requests.iter().collect();
                waited.sort_unstable_by_key(|(id, _)| **id);
                waited.iter().for_each(|(_, request)| record.affect(&request.key()));
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
    fn end_records(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let environments = &self.environments;
        let open = |name: &str| environments.get(name).and_then(Environment::as_open);
        let is_stable = |name: &str| open(name).is_none_or(|found| found.is_stable(&self.policy, now));
        effects.extend(self.history.end(is_stable, now).into_iter().map(Effect::Ended));
    }

    fn arrive(&mut self, arrived: Arrived, now: Time) {
        let key = arrived.method.zip(arrived.url).map(|(method, url)| key(&method, &url));
        let handed_on = key.as_ref().and_then(|key| self.handed_on.take(key));
        let chain = handed_on.unwrap_or(Chain::new(&self.policy, now));
        self.arrived.insert(arrived.request, AtTheGate { chain, key });
    }

    fn hold(&mut self, request: HttpRequest, now: Time) {
        self.counts.held += 1;
        self.held.insert(request, now);
        self.history.hold();
    }

    fn admit(&mut self, request: HttpRequest, now: Time) {
        self.admitted.insert(request, self.entering(now));
        let Some(since) = self.held.remove(&request) else { return };
        if let Some(record) = self.history.latest_mut(None).filter(|record| record.cost.held > 0) {
            record.admit(now - since);
            if let Some(key) = self.arrived.get(&request).and_then(|waiting| waiting.key.as_ref()) {
                record.affect(key);
            }
        }
    }

    /// Orders what the crawls want next.
    fn crawl(&mut self, all_met_in: Option<&str>, now: Time, effects: &mut Vec<Effect>) {
        let busy = !self.requests.is_empty();
        for environment in self.environments.values_mut().filter_map(Environment::as_open_mut) {
            let modules = environment.next_to_crawl(busy, &self.policy, now);
            if !modules.is_empty() {
                effects.push(Effect::Crawl { environment: environment.name.clone(), modules });
            }
            if environment.order_run(all_met_in == Some(&*environment.name), now) {
                effects.push(Effect::Optimize { environment: environment.name.clone() });
            }
        }
    }

    /// What a request finds that enters now.
    fn entering(&self, now: Time) -> Entered {
        let indexed = self.environments.values().map(Environment::as_open).enumerate();
        let open = indexed.filter_map(|(index, environment)| Some((index, environment?)));
        let guarded = open.filter(|(_, environment)| environment.is_guarded());
        Entered {
            generations: guarded.map(|(index, found)| (index, found.running_generation())).collect(),
            doubt: (self.stability(&[], now) != Stability::Stable).then_some(Doubt::EnteredUnstable),
        }
    }

    fn start(&mut self, started: RequestStarted, now: Time) {
        let RequestStarted { request, method, url, mode } = started;
        let Entered { generations: entered, doubt } =
            self.admitted.remove(&request).unwrap_or_else(|| self.entering(now));
        let chain =
            self.arrived.remove(&request).map_or(Chain::new(&self.policy, now), |waiting| waiting.chain);
        self.counts.requests += 1;
        let inside = InFlight { method, url, mode, entered, doubt, since: now, chain };
        self.requests.insert(request, inside);
    }

    /// Whether the named environments (all guarded ones, if none is named) are stable now. The browser's, which is
    /// never guarded, can be named, too.
    pub fn stability(&self, names: &[String], now: Time) -> Stability {
        let asked = |environment: &&OpenEnvironment| match names {
            [] => environment.is_guarded(),
            _ => environment.has_optimizer() && names.contains(&environment.name),
        };
        let mut at = Some(now);
        let mut waiting_for = Vec::new();
        for environment in self.environments().filter(asked) {
            if !environment.is_stable(&self.policy, now) {
                waiting_for.push(environment.name.clone());
                at = at
                    .zip(environment.stable_at(&self.policy, now))
                    .map(|(latest, stable)| latest.max(stable));
            }
        }
        if waiting_for.is_empty() { Stability::Stable } else { Stability::Unstable { waiting_for, at } }
    }
}
