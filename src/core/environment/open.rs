//! An environment that is open: how far a reload has come, when it is stable, and what its requests meet.

use serde::{Deserialize, Serialize};

use super::activity::ModuleActivity;
use super::foresight::Foresight;
use super::optimizer::{Optimizer, ResolvedId};
use crate::core::event::{
    Activity, ActivityKind, ChangeCause, Changed, Commit, Consumer, EnvironmentSnapshot, ImportSite, Moment,
};
use crate::core::graph::normalize;
use crate::core::reoptimization::Bundling;
use crate::core::runner::{Progress, Runner};
use crate::core::{Policy, Time};

/// Where an environment is between two stable states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Phase {
    /// Nothing has been asked of it yet.
    Idle,
    /// Late dependencies are being looked for, or were met and the optimizer still collects more.
    Discovering,
    /// An optimizer run is going.
    Optimizing,
    /// Late dependencies are being added to what is there. Nobody has to wait for that.
    Adding,
    /// A reload was sent; its modules are not being imported again yet.
    Reloading,
    /// Modules are being imported again after a reload.
    Settling,
    Stable,
}

/// See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenEnvironment {
    pub name: String,
    pub root: String,
    pub cache_dir: Option<String>,
    pub borrowers: Vec<String>,
    pub generation: u32,
    pub opened_at: Time,
    consumer: Consumer,
    /// `None` where nothing is optimized.
    optimizer: Option<Optimizer>,
    runner: Runner,
    modules: ModuleActivity,
    foresight: Foresight,
    /// Whether the first optimizer run was still to come at the start, so that the first requests wait for the crawl.
    began_cold: bool,
}

impl OpenEnvironment {
    pub fn new(snapshot: EnvironmentSnapshot, generation: u32, now: Time) -> Self {
        let optimizer = snapshot.optimizer.map(|optimizer| Optimizer::new(optimizer, now));
        OpenEnvironment {
            name: snapshot.name,
            root: snapshot.root,
            cache_dir: snapshot.cache_dir,
            borrowers: snapshot.borrowers,
            generation,
            opened_at: now,
            consumer: snapshot.consumer,
            began_cold: optimizer.as_ref().is_some_and(Optimizer::is_cold),
            optimizer,
            runner: Runner::new(generation),
            modules: ModuleActivity::default(),
            foresight: Foresight::default(),
        }
    }

    /// The same after another snapshot. Its runner may still have what it has fetched.
    pub fn replaced_by(self, snapshot: EnvironmentSnapshot, generation: u32, now: Time) -> Self {
        OpenEnvironment { modules: self.modules.resumed(), ..Self::new(snapshot, generation, now) }
    }

    /// Whether requests are kept from seeing this environment unstable.
    pub fn is_guarded(&self) -> bool {
        self.has_optimizer() && self.consumer == Consumer::Server
    }

    pub fn has_optimizer(&self) -> bool {
        self.optimizer.is_some()
    }

    pub fn optimizer(&self) -> Option<&Optimizer> {
        self.optimizer.as_ref()
    }

    pub fn optimizer_mut(&mut self) -> Option<&mut Optimizer> {
        self.optimizer.as_mut()
    }

    pub fn browser_hash(&self) -> Option<&str> {
        self.optimizer().map(Optimizer::browser_hash)
    }

    /// Whether the first optimizer run is still to come.
    fn is_cold(&self) -> bool {
        self.optimizer().is_some_and(Optimizer::is_cold)
    }

    /// What the optimizer's next run does.
    pub fn bundling(&self) -> Bundling {
        self.optimizer().map_or(Bundling::Everything(None), Optimizer::bundling)
    }

    /// Whether the first run is still to come, and will change what is there. It has no record.
    pub fn is_first_run_awaited(&self) -> bool {
        self.is_cold() && !self.is_adding()
    }

    /// Whether what waits for the optimizer will be added, so that nothing becomes unstable.
    pub fn is_adding(&self) -> bool {
        self.optimizer().is_some_and(Optimizer::is_adding)
    }

    /// Applies a committed run; if it reloads, it begins the given generation.
    pub fn commit(&mut self, commit: Commit, generation: u32, policy: &Policy, now: Time) {
        let Some(optimizer) = &mut self.optimizer else { return };
        if optimizer.is_cold() && optimizer.is_adding() {
            self.foresight.renew(policy, now);
        }
        let reload = optimizer.is_reloaded_by(&commit);
        optimizer.commit(commit);
        if reload {
            self.begin_generation(generation, now);
        }
    }

    fn begin_generation(&mut self, generation: u32, now: Time) {
        self.generation = generation;
        self.runner.announce(generation, now);
    }

    /// Takes part in the reload of an environment that it borrows from. `sent` says that the reload is sent because of
    /// that; else Vite sends it, and it is reported.
    pub fn reload_with(&mut self, generation: Option<u32>, sent: bool, now: Time) {
        if let Some(generation) = generation.filter(|generation| *generation > self.generation) {
            self.begin_generation(generation, now);
        }
        if sent {
            self.runner.send_reload(now);
        }
    }

    /// A `full-reload` is on its way to the runner. After a commit it is the second half of one step. Tells whether the runner
    /// will follow it.
    pub fn begin_reload(&mut self, triggered_by: Option<&str>, policy: &Policy, now: Time) -> bool {
        let committed = self.runner.is_reloading_generation();
        if policy.foresee && !committed {
            self.foresight.crawl_on(false, policy, now);
        }
        let is_passed_over = !committed && triggered_by.is_some_and(|file| !self.may_have_fetched(file));
        if !is_passed_over {
            self.runner.send_reload(now);
        }
        !is_passed_over
    }

    /// A runner passes over a reload because of a file that it has no module of.
    fn may_have_fetched(&self, file: &str) -> bool {
        let is_of_file = |url: &str| {
            let path = url.split(['?', '#']).next().unwrap_or(url);
            path.strip_prefix("/@fs")
                .map_or_else(|| file.strip_prefix(&*self.root) == Some(path), |path| path == file)
        };
        !self.runner.is_seen() || self.modules.may_have_fetched(is_of_file)
    }

    /// The modules that the runner is about to fetch again, one after the other, under the URLs they have now:
    /// those of its entries, and those of requests that came at or after `since`. Files of the optimizer that
    /// are gone are left out, and where they are lent, all: whoever borrows one transforms it.
    pub fn take_fetched(&mut self, since: Option<Time>) -> Vec<String> {
        let current = self.optimizer.as_ref().map(Optimizer::hashes).unwrap_or_default();
        let renew = |module: Box<str>| {
            let Some((path, _)) = module.split_once("?v=") else {
                return Some(module.into_string());
            };
            if !self.borrowers.is_empty() {
                return None;
            }
            let file =
                path.strip_prefix("/@fs").map_or_else(|| format!("{}{path}", self.root), str::to_owned);
            [path, &file].iter().find_map(|file| current.get(*file)).map(|hash| format!("{path}?v={hash}"))
        };
        self.modules.take_fetched(since).filter_map(renew).collect()
    }

    /// Takes in what modules were seen doing, and says whether a crawl has met the last of the late dependencies with it.
    pub fn observe(&mut self, activities: &[Activity], busy: bool, policy: &Policy, now: Time) -> bool {
        let mut all_met = false;
        for activity in activities {
            if policy.foresee && activity.kind != ActivityKind::Fetch && activity.moment == Moment::End {
                all_met = self.foresight.learn(activity);
            }
            if activity.kind != ActivityKind::Warmup {
                self.observe_runner(activity, busy, now);
            }
        }
        all_met
    }

    fn observe_runner(&mut self, activity: &Activity, busy: bool, now: Time) {
        self.modules.note(activity, now);
        if activity.kind == ActivityKind::Fetch && activity.moment == Moment::Begin {
            self.runner.fetch();
            let for_request = busy && self.runner.progress() == Progress::Settled;
            self.modules.note_fetch(&normalize(&activity.module), for_request, now);
        }
        // What the runner imported before the reload goes on, too; that is no sign that it has heard of it.
        if activity.entry && !self.borrowers.is_empty() {
            self.runner.lend(&normalize(&activity.module), now);
        } else if activity.entry {
            self.runner.import_entry(&normalize(&activity.module), !busy, now);
        }
    }

    /// Modules are to be looked at: the entries at the start, or what a save has changed. Where runs add, a page loses nothing by
    /// what it meets itself, and its first load is not to share the processor with the rest of the app.
    pub fn change(&mut self, changed: &Changed, policy: &Policy, now: Time) {
        if !policy.foresee {
            return;
        }
        match changed.cause {
            ChangeCause::Start if self.is_adding() && self.consumer == Consumer::Client => return,
            ChangeCause::Start => {
                self.foresight.crawl_on(self.began_cold, policy, now);
                self.foresight.follow_known();
            }
            ChangeCause::Save => {
                self.foresight.crawl_on(true, policy, now);
                self.foresight.invalidate(&changed.modules);
            }
        }
        self.foresight.look_at(&changed.modules);
    }

    /// The next modules to transform ahead of requests. While requests are inside, one at a time.
    pub fn next_to_crawl(&mut self, busy: bool, policy: &Policy, now: Time) -> Vec<String> {
        let adding = self.optimizer.as_ref().filter(|optimizer| optimizer.is_adding());
        if adding.is_some_and(|optimizer| busy || self.is_at_work(optimizer)) {
            self.foresight.pause(now);
            return Vec::new();
        }
        let most = if adding.is_some() { 1 } else { policy.foresee_concurrency as usize };
        self.foresight.next(most, busy, now)
    }

    /// Whether a crawl waits for nothing but requests: time alone lets it go on.
    pub fn is_crawl_waiting(&self) -> bool {
        let at_work = self.optimizer.as_ref().is_none_or(|optimizer| self.is_at_work(optimizer));
        self.foresight.is_waiting() && !at_work
    }

    /// Whether the runner fetches modules, or a run of the optimizer is due or going. A crawl would share the processor with them,
    /// and the run would take longer by what the crawl finds. Where runs add, that costs a request more than to meet a late
    /// dependency itself.
    fn is_at_work(&self, optimizer: &Optimizer) -> bool {
        self.modules.may_meet_more() || optimizer.is_cold() || optimizer.has_pending()
    }

    /// Orders the run that the optimizer would begin by itself a little later, if nothing more is to come for it.
    pub fn order_run(&mut self, all_met: bool, now: Time) -> bool {
        let nothing_more = self.is_nothing_more_coming(all_met);
        self.optimizer.as_mut().is_some_and(|optimizer| nothing_more && optimizer.order_run(now))
    }

    /// Whether a crawl has just looked at everything, or, where a premature run costs no more than one further layer, nobody
    /// is at work on a module. A page fetches its modules while it asks for them: the end of a crawl alone says nothing of it.
    fn is_nothing_more_coming(&self, all_met: bool) -> bool {
        if self.is_adding() {
            return all_met || !(self.modules.may_meet_more() || self.foresight.is_underway());
        }
        all_met && self.is_guarded()
    }

    /// Whether a crawl is what makes this import known.
    pub fn is_crawling(&self, importer: Option<&ImportSite>) -> bool {
        importer.is_some_and(|importer| self.foresight.explains(importer))
    }

    /// When a crawl that requests wait for ends at the latest; `None` when none does.
    fn gated_until(&self) -> Option<Time> {
        if self.is_adding() { None } else { self.foresight.gated_until(self.is_cold()) }
    }

    /// The generation of the modules that a request entering now would meet.
    pub fn running_generation(&self) -> u32 {
        self.runner.generation()
    }

    /// Whether a reload is on its way that an optimizer run caused.
    pub fn is_reloading_generation(&self) -> bool {
        self.runner.is_reloading_generation()
    }

    /// When the environment becomes stable, from now on, if nothing else happens: `None` while that depends on an event.
    pub fn stable_at(&self, policy: &Policy, now: Time) -> Option<Time> {
        if self.optimizer().is_some_and(Optimizer::is_disturbing) {
            return None;
        }
        let crawled = self.gated_until().map_or(now, |until| until.max(now));
        let Some((since, quiet)) = self.runner.quiet(policy) else { return Some(crawled) };
        // However quiet it is, a module that is on its way will be followed by what it imports.
        let last = self.modules.last().map_or(since, |last| last.max(since));
        (self.in_flight() == 0).then(|| crawled.max(last + quiet))
    }

    pub fn is_stable(&self, policy: &Policy, now: Time) -> bool {
        self.stable_at(policy, now).is_some_and(|at| at <= now)
    }

    /// Forgets a reload that has settled, so that later activity does not count against stability.
    pub fn settle(&mut self, policy: &Policy, now: Time) {
        if self.is_settling() && self.is_stable(policy, now) {
            self.runner.settle();
        }
    }

    /// Whether a reload is still remembered.
    pub fn is_settling(&self) -> bool {
        self.runner.progress() != Progress::Settled
    }

    pub fn phase(&self, policy: &Policy, now: Time) -> Phase {
        if let Some(optimizer) = self.optimizer().filter(|optimizer| optimizer.is_disturbing()) {
            return if optimizer.is_collecting(now) { Phase::Discovering } else { Phase::Optimizing };
        }
        if self.gated_until().is_some_and(|until| now < until) {
            return Phase::Discovering;
        }
        match self.runner.progress() {
            Progress::Sent | Progress::Importing if self.is_stable(policy, now) => Phase::Stable,
            Progress::Sent => Phase::Reloading,
            Progress::Importing => Phase::Settling,
            Progress::Settled if self.optimizer().is_some_and(Optimizer::has_pending) => Phase::Adding,
            Progress::Settled if self.modules.last().is_none() && self.generation == 0 => Phase::Idle,
            Progress::Settled => Phase::Stable,
        }
    }

    pub fn resolve(&self, id: &str) -> ResolvedId {
        let generation = self.generation;
        let resolve = |optimizer: &Optimizer| optimizer.resolve(id, generation);
        self.optimizer().map_or(ResolvedId::Unknown { generation }, resolve)
    }

    /// Late dependencies that wait for an optimizer run.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        self.optimizer().into_iter().flat_map(Optimizer::pending)
    }

    pub fn in_flight(&self) -> u32 {
        self.modules.in_flight()
    }
}
