//! The session: every environment, every request inside one, and what to do about them.

mod disturbance;
mod gate;
mod judge;
mod reload;
mod runs;

pub use reload::{ReloadPlan, WarmUp};

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use disturbance::Disturbance;

use super::environment::{Environment, OpenEnvironment};
use super::event::{EnvironmentSnapshot, Event, FallbackReason, FellBack, Transformed};
use super::pages::Pages;
use super::reoptimization::{HandledBy, History, LateDependency, Reoptimization};
use super::request::{HandedOn, Request, RetryBudget};
use super::{HttpRequest, Policy, Time};

/// For so long a crawl keeps out of the way of a request.
const AT_WORK: Time = Time::from_secs(2);

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
    /// Pages are to reload.
    ReloadPages,
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

/// See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    policy: Policy,
    environments: IndexMap<String, Environment>,
    /// Those that have come and have not left.
    requests: HashMap<HttpRequest, Request>,
    budget: RetryBudget,
    handed_on: HandedOn,
    history: History,
    counts: Counts,
    /// How often runs have bundled everything again where they add.
    fallbacks: BTreeMap<FallbackReason, u32>,
    /// Counts the commits that reloaded an environment, whichever: bridged environments share it.
    generation: u32,
    disturbance: Disturbance,
    pages: Pages,
    /// Where a browser finds the dev server.
    url: Option<String>,
}

impl Session {
    pub fn new(policy: Policy) -> Self {
        Session {
            policy,
            environments: IndexMap::new(),
            requests: HashMap::new(),
            budget: RetryBudget::default(),
            handed_on: HandedOn::default(),
            history: History::default(),
            counts: Counts::default(),
            fallbacks: BTreeMap::new(),
            generation: 0,
            disturbance: Disturbance::default(),
            pages: Pages::default(),
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
        self.disturbance.is_going_on()
    }

    /// Since when guarded environments have been as stable, or as unstable, as they are now.
    pub fn unchanged_since(&self, now: Time) -> Time {
        let is_stable = self.stability(&[], now) == Stability::Stable;
        // Time alone may have made them stable, and nobody has looked since.
        if is_stable && self.is_disturbed() { now } else { self.disturbance.since() }
    }

    /// Where a browser finds the dev server, once it listens.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Whether the mere passing of time may change something.
    pub fn is_settling(&self) -> bool {
        self.is_settling_by_itself() || self.held_until().is_some()
    }

    /// The same without those who are held: all requests have to be looked at for them.
    pub fn is_settling_by_itself(&self) -> bool {
        self.is_disturbed()
            || self.owes_reload_until().is_some()
            || self.settling().next().is_some()
            || self.environments().any(OpenEnvironment::is_crawl_waiting)
    }

    /// Until when pages have to be told to reload at the latest, if they do.
    pub fn owes_reload_until(&self) -> Option<Time> {
        self.pages.owed_until()
    }

    /// The environments that have a reload, or a record that ends when they are stable.
    fn settling(&self) -> impl Iterator<Item = &OpenEnvironment> {
        let settles = |environment: &&OpenEnvironment| {
            environment.is_settling() || self.history.is_settling(&environment.name)
        };
        self.environments().filter(settles)
    }

    /// The only way in which a session changes, but for [`Session::classify`] and [`Session::reload`], which
    /// change it and have an answer.
    pub fn apply(&mut self, event: Event, now: Time) -> Vec<Effect> {
        let mut effects = self.pass(now);
        let mut all_met_in = None;
        match event {
            Event::EnvironmentOpened(snapshot) => self.open(snapshot, now, &mut effects),
            Event::EnvironmentClosed { name } => self.close(&name, now, &mut effects),
            Event::Discovered(discovered) => self.discover(discovered, now, &mut effects),
            Event::FellBack(FellBack { environment, fallback }) => self.fall_back(&environment, fallback),
            Event::Committed(commit) => self.commit(commit, now, &mut effects),
            Event::OptimizerFailed { environment } => self.fail(&environment, now, &mut effects),
            Event::Saved(_) => self.pages.save(now),
            Event::Changed(changed) => {
                let policy = self.policy;
                if let Some(environment) = self.environment_mut(&changed.environment) {
                    environment.change(&changed, &policy, now);
                }
            }
            Event::Transformed(transformed) => all_met_in = self.observe(transformed, now),
            Event::Arrived(arrived) => self.arrive(arrived, now),
            Event::RequestStarted(started) => self.start(started, now),
            Event::Listening(listening) => self.url = Some(listening.url),
            Event::RequestFinished(finished) => {
                self.requests.remove(&finished.request);
            }
        }
        self.crawl(all_met_in.as_deref(), now, &mut effects);
        self.note_disturbance(now);
        effects
    }

    /// The environment, if a crawl has met the last of its late dependencies with this.
    fn observe(&mut self, transformed: Transformed, now: Time) -> Option<String> {
        let (busy, policy) = (self.is_busy(self.policy.deadline(), now), self.policy);
        let environment = self.environment_mut(&transformed.environment)?;
        let all_met = environment.observe(&transformed.activities, busy, &policy, now);
        all_met.then_some(transformed.environment)
    }

    /// What the passing of time alone has changed; and those enter who are held for nothing any more. They do so here alone: what
    /// is stable between two messages that have come together is none of their business.
    pub fn tick(&mut self, now: Time) -> Vec<Effect> {
        let mut effects = self.pass(now);
        self.let_in(now);
        if self.environments().any(OpenEnvironment::is_crawl_waiting) {
            self.crawl(None, now, &mut effects);
        }
        if self.is_page_reload_due(now) {
            self.pages.reload(now);
            effects.push(Effect::ReloadPages);
        }
        effects
    }

    /// A page that reloads is to meet stable environments, its own among them.
    fn is_page_reload_due(&self, now: Time) -> bool {
        let meets = |environment: &&OpenEnvironment| environment.has_optimizer();
        self.pages.owed_until().is_some_and(|until| {
            until <= now || self.environments().filter(meets).all(|found| found.is_stable(&self.policy, now))
        })
    }

    fn pass(&mut self, now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        for environment in self.environments.values_mut().filter_map(Environment::as_open_mut) {
            environment.settle(&self.policy, now);
        }
        self.end_records(now, &mut effects);
        if self.is_disturbed() {
            self.note_disturbance(now);
        }
        effects
    }

    /// When an environment that settles will have, or pages have to be told to reload, if nothing else happens.
    pub fn settles_at(&self, now: Time) -> Option<Time> {
        let settled = self.settling().filter_map(|environment| environment.stable_at(&self.policy, now));
        settled.chain(self.owes_reload_until()).chain(self.crawls_at(now)).min()
    }

    /// Whether requests are at work that are not older than that. What is inside for longer is a stream, or waits for something else.
    fn is_busy(&self, age: Time, now: Time) -> bool {
        self.inside().any(|inside| now < inside.since + age)
    }

    /// When a crawl that keeps out of the way of requests may go on, if all of them stay.
    fn crawls_at(&self, now: Time) -> Option<Time> {
        let waits = self.environments().any(OpenEnvironment::is_crawl_waiting);
        let at_work = self.inside().map(|inside| inside.since + AT_WORK).filter(|until| *until > now);
        waits.then(|| at_work.max()).flatten()
    }

    fn note_disturbance(&mut self, now: Time) {
        let is_unstable = self.guarded().any(|environment| !environment.is_stable(&self.policy, now));
        self.disturbance.note(is_unstable, now);
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

    /// Orders what the crawls want next.
    fn crawl(&mut self, all_met_in: Option<&str>, now: Time, effects: &mut Vec<Effect>) {
        let busy = self.is_busy(AT_WORK, now);
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

    /// Whether a dependency waits for a run of its environment's optimizer.
    pub fn is_pending(&self, environment: &str, id: &str) -> bool {
        self.environment(environment).is_some_and(|found| found.pending().any(|pending| pending == id))
    }

    /// Whether pages are still to get a hot update, once they may: one that has been told to reload since the update was made
    /// has what is new anyway.
    pub fn is_update_wanted(&self, made_at: Option<Time>, now: Time) -> bool {
        !self.pages.are_getting(made_at, now)
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
