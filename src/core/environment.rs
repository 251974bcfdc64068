//! One environment: what its optimizer has, what it waits for, and how far a reload has come.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::crawl::Crawl;
use super::event::{
    Activity, ActivityKind, Bridge, ChangeCause, Changed, Committed, Consumer, ImportSite, Moment,
    OptimizerSnapshot,
};
use super::graph::{ModuleGraph, normalize};
use super::reoptimization::LateDependency;
use super::runner::{Progress, Runner};
use super::{Policy, Time};

/// Vite's optimizer waits this long after the last discovery before it runs.
const OPTIMIZER_DEBOUNCE: Time = Time::from_millis(100);

/// More modules than this are not remembered for a reload.
const MOST_FETCHED: usize = 4096;

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

/// The answer to "where is this dependency now?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ResolvedId {
    /// `id` is `file?v=browserHash`, right at this moment.
    Resolved { id: String, generation: u32 },
    /// The dependency waits for its first optimizer run; ask again once that is over.
    Pending { generation: u32 },
    /// The optimizer does not know the dependency.
    Unknown { generation: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OptimizedFile {
    file: Box<str>,
    browser_hash: Box<str>,
}

/// What a run of the optimizer does to the files of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Runs {
    /// It bundles everything again, and Vite may reload the environment.
    Rebundle,
    /// It leaves them as they are.
    Add,
    /// It would, but the next one to be committed has been announced to bundle everything again.
    FallBack,
}

/// When a module was first fetched in a generation, and whether that was for a request.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Fetched {
    at: Time,
    for_request: bool,
}

/// See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    pub name: String,
    pub consumer: Consumer,
    pub root: String,
    pub base: String,
    pub bridges: Vec<Bridge>,
    /// Modules of two generations must not meet. Each commit that reloads begins one; the numbers are the
    /// session's, so that bridged environments share theirs.
    pub generation: u32,
    pub browser_hash: String,
    is_open: bool,
    pub opened_at: Time,
    has_optimizer: bool,
    optimized: IndexMap<Box<str>, OptimizedFile>,
    /// Late dependencies, and whether their run has been ordered: another order would only make another run, behind that one.
    pending: IndexMap<String, bool>,
    last_discovery: Time,
    runs: Runs,
    runner: Runner,
    /// Modules that are being fetched or transformed.
    in_flight: u32,
    /// The same for files of the optimizer, which wait for the run that writes them.
    optimized_in_flight: u32,
    last_activity: Time,
    /// What the module runner has fetched in this generation, in that order.
    fetched: IndexMap<Box<str>, Fetched>,
    graph: ModuleGraph,
    crawl: Option<Crawl>,
    /// How many crawls have begun.
    crawls: u32,
    /// Whether the first optimizer run is still to come.
    cold: bool,
    /// Whether it was at the start, so that the first requests wait for the crawl.
    began_cold: bool,
    /// Whether a crawl has just met the last of the late dependencies.
    all_met: bool,
}

impl Environment {
    pub fn new(name: String) -> Self {
        Environment {
            name,
            consumer: Consumer::Server,
            root: String::new(),
            base: "/".into(),
            bridges: Vec::new(),
            generation: 0,
            browser_hash: String::new(),
            is_open: false,
            opened_at: Time::ZERO,
            has_optimizer: false,
            optimized: IndexMap::new(),
            pending: IndexMap::new(),
            last_discovery: Time::ZERO,
            runs: Runs::Rebundle,
            runner: Runner::new(),
            in_flight: 0,
            optimized_in_flight: 0,
            last_activity: Time::ZERO,
            fetched: IndexMap::new(),
            graph: ModuleGraph::default(),
            crawl: None,
            crawls: 0,
            cold: false,
            began_cold: false,
            all_met: false,
        }
    }

    /// Takes over a full snapshot, and says whether that began the given generation: with another hash, a
    /// request that saw the modules of before must still be told apart from one that did not.
    pub fn replace_optimizer(
        &mut self,
        snapshot: Option<OptimizerSnapshot>,
        generation: u32,
        now: Time,
    ) -> bool {
        self.is_open = true;
        self.opened_at = now;
        self.has_optimizer = snapshot.is_some();
        let snapshot = snapshot.unwrap_or_default();
        let another = !self.browser_hash.is_empty() && self.browser_hash != snapshot.browser_hash;
        if another {
            self.generation = generation;
        }
        self.browser_hash = snapshot.browser_hash;
        self.optimized.clear();
        for dep in snapshot.optimized {
            self.insert_optimized(dep.id, dep.file, dep.browser_hash);
        }
        self.pending = snapshot.discovered.into_iter().map(|dep| (dep.id, false)).collect();
        self.last_discovery = now;
        self.runs = if snapshot.adds { Runs::Add } else { Runs::Rebundle };
        self.runner.restart(self.generation);
        self.in_flight = 0;
        self.optimized_in_flight = 0;
        self.cold = snapshot.cold;
        self.began_cold = snapshot.cold;
        self.graph = ModuleGraph::default();
        self.crawl = None;
        another
    }

    fn insert_optimized(&mut self, id: String, file: String, browser_hash: String) {
        let file = OptimizedFile { file: file.into(), browser_hash: browser_hash.into() };
        self.optimized.insert(id.into(), file);
    }

    /// Whether requests are kept from seeing this environment unstable.
    pub fn is_guarded(&self) -> bool {
        self.is_open && self.has_optimizer && self.consumer == Consumer::Server
    }

    /// Whether the first optimizer run is still to come.
    pub fn is_cold(&self) -> bool {
        self.cold
    }

    /// Whether its optimizer leaves earlier files as they are.
    pub fn adds(&self) -> bool {
        self.runs != Runs::Rebundle
    }

    /// Whether what waits for the optimizer will be added, so that nothing becomes unstable.
    pub fn is_adding(&self) -> bool {
        self.runs == Runs::Add
    }

    /// The next run to be committed bundles everything again. Says whether that is news.
    pub fn fall_back(&mut self) -> bool {
        let is_news = self.is_adding();
        if is_news {
            self.runs = Runs::FallBack;
        }
        is_news
    }

    /// A run is over: the next one adds again.
    fn end_fallback(&mut self) {
        if self.runs == Runs::FallBack {
            self.runs = Runs::Add;
        }
    }

    /// A closed environment is kept for its generation alone.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn has_optimizer(&self) -> bool {
        self.has_optimizer
    }

    pub fn close(&mut self, generation: u32) -> bool {
        let another = self.replace_optimizer(None, generation, Time::ZERO);
        self.bridges.clear();
        self.is_open = false;
        another
    }

    pub fn discover(&mut self, id: String, now: Time) {
        self.last_discovery = now;
        self.pending.entry(id).or_insert(false);
    }

    /// What a run has optimized without anybody having reported it as discovered.
    pub fn unannounced(&self, commit: &Committed) -> Vec<LateDependency> {
        let ids = commit.changed.iter().map(|dep| &dep.id);
        let unknown = ids.filter(|id| matches!(self.resolve(id), ResolvedId::Unknown { .. }));
        unknown.map(|id| LateDependency { id: id.clone(), importer: None }).collect()
    }

    /// Applies a committed run; if it reloads, it begins the given generation.
    pub fn commit(&mut self, commit: Committed, generation: u32, policy: &Policy, now: Time) {
        for id in &commit.removed {
            self.optimized.shift_remove(id.as_str());
        }
        for dep in commit.changed {
            self.insert_optimized(dep.id, dep.file, dep.browser_hash);
        }
        self.browser_hash = commit.browser_hash;
        if let Some(crawl) = self.crawl.as_mut().filter(|_| self.cold && self.runs == Runs::Add) {
            crawl.renew(false, policy, now);
        }
        self.cold = false;
        self.end_fallback();
        self.pending.retain(|id, _| commit.pending.contains(id));
        if commit.reload {
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

    /// A failed run drops what it had discovered, as Vite does.
    pub fn fail(&mut self) {
        self.end_fallback();
        self.pending.clear();
    }

    /// A `full-reload` is on its way to the runner. After a commit it is the second half of one step. Tells whether the runner
    /// will follow it.
    pub fn begin_reload(&mut self, triggered_by: Option<&str>, policy: &Policy, now: Time) -> bool {
        let committed = self.runner.is_reloading_generation();
        if policy.foresee && !committed {
            self.crawl_on(false, policy, now);
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
        let all_known = self.runner.is_seen() && self.fetched.len() < MOST_FETCHED;
        !all_known || self.fetched.keys().any(|url| is_of_file(url))
    }

    /// The modules that the runner is about to fetch again, one after the other, under the URLs they have now:
    /// those of its entries, and those of requests that came at or behind `since`. Files of the optimizer that
    /// are gone are left out, and where they are lent, all: whoever borrows one transforms it.
    pub fn take_fetched(&mut self, since: Option<Time>) -> Vec<String> {
        let current: HashMap<&str, &str> =
            self.optimized.values().map(|dep| (&*dep.file, &*dep.browser_hash)).collect();
        let renew = |module: Box<str>| {
            let Some((path, _)) = module.split_once("?v=") else {
                return Some(module.into_string());
            };
            if !self.bridges.is_empty() {
                return None;
            }
            let file =
                path.strip_prefix("/@fs").map_or_else(|| format!("{}{path}", self.root), str::to_owned);
            [path, &file].iter().find_map(|file| current.get(*file)).map(|hash| format!("{path}?v={hash}"))
        };
        let wanted =
            |fetched: &Fetched| !fetched.for_request || since.is_some_and(|since| fetched.at >= since);
        let fetched = std::mem::take(&mut self.fetched).into_iter();
        fetched.filter(|(_, fetched)| wanted(fetched)).filter_map(|(module, _)| renew(module)).collect()
    }

    pub fn observe(&mut self, activity: &Activity, busy: bool, policy: &Policy, now: Time) {
        if policy.foresee && activity.kind != ActivityKind::Fetch && activity.moment == Moment::End {
            self.learn_imports(activity);
        }
        if activity.kind == ActivityKind::Warmup {
            return;
        }
        self.last_activity = now;
        let in_flight = if activity.optimized { &mut self.optimized_in_flight } else { &mut self.in_flight };
        match activity.moment {
            Moment::Begin => *in_flight += 1,
            Moment::End => *in_flight = in_flight.saturating_sub(1),
            Moment::Seen => {}
        }
        if activity.kind == ActivityKind::Fetch && activity.moment == Moment::Begin {
            self.note_fetch(&activity.module, busy, now);
        }
        // What the runner imported before the reload goes on, too; that is no sign that it has heard of it.
        if activity.moment == Moment::Seen || (activity.entry && !self.bridges.is_empty()) {
            self.runner.lend(&normalize(&activity.module), now);
        } else if activity.entry {
            self.runner.import_entry(&normalize(&activity.module), !busy, now);
        }
    }

    fn note_fetch(&mut self, module: &str, busy: bool, now: Time) {
        self.runner.fetch();
        if self.fetched.len() < MOST_FETCHED {
            let for_request = busy && self.runner.progress() == Progress::Settled;
            let module = Box::from(&*normalize(module));
            self.fetched.entry(module).or_insert(Fetched { at: now, for_request });
        }
    }

    /// Whatever is transformed, for whomever, leads a crawl on.
    fn learn_imports(&mut self, activity: &Activity) {
        let module = self.graph.intern(&activity.module);
        if let Some(module) = module {
            self.graph.set_imports(module, &activity.deps, &activity.dynamic_deps);
        }
        if let Some(crawl) = &mut self.crawl {
            match module {
                Some(module) => {
                    crawl.done(module);
                    crawl.follow(&mut self.graph, module);
                }
                None => crawl.follow_urls(&mut self.graph, &activity.deps, &activity.dynamic_deps),
            }
            self.all_met = activity.kind == ActivityKind::Warmup && crawl.is_idle();
        }
    }

    /// Modules are to be looked at: the entries at the start, or what a save has changed. Where runs add, a page loses nothing by
    /// what it meets itself, and its first load is not to share the processor with the rest of the app.
    pub fn change(&mut self, changed: &Changed, policy: &Policy, now: Time) {
        let saved = changed.cause == ChangeCause::Save;
        if !saved && self.is_adding() && self.consumer == Consumer::Client {
            return;
        }
        self.crawl_on(saved || self.began_cold, policy, now);
        if !saved {
            self.crawl_known();
        }
        for url in &changed.modules {
            let Some(module) = self.graph.intern(url) else { continue };
            if saved {
                self.graph.invalidate(module);
            }
            if let Some(crawl) = &mut self.crawl {
                crawl.revisit(&mut self.graph, module);
            }
        }
    }

    /// Begins with what has been transformed since the server was made.
    fn crawl_known(&mut self) {
        let Some(crawl) = &mut self.crawl else { return };
        let known: Vec<_> = self.graph.iter().filter(|module| self.graph.is_current(*module)).collect();
        for module in known {
            crawl.follow(&mut self.graph, module);
        }
    }

    fn crawl_on(&mut self, gates: bool, policy: &Policy, now: Time) {
        match &mut self.crawl {
            Some(crawl) => crawl.renew(gates, policy, now),
            None => {
                self.crawls += 1;
                self.crawl = Some(Crawl::new(self.crawls, gates, policy, now));
            }
        }
    }

    /// The next modules to transform ahead of requests. While requests are inside, one at a time. Where runs add, always, and none
    /// before the first run or while another one is to come: it would be the longer by what the crawl finds, and a request that
    /// meets something late waits for it.
    pub fn next_to_crawl(&mut self, busy: bool, policy: &Policy, now: Time) -> Vec<String> {
        let is_adding = self.is_adding();
        if is_adding && (self.cold || !self.pending.is_empty()) {
            return Vec::new();
        }
        let Some(crawl) = self.crawl.as_mut().filter(|crawl| !crawl.is_over(now)) else {
            self.crawl = None;
            return Vec::new();
        };
        let gives_way = is_adding || (busy && !crawl.gates);
        let most = if gives_way { 1 } else { policy.foresee_concurrency as usize };
        let next = crawl.next(&self.graph, most);
        next.into_iter().map(|module| self.graph.url(module)).collect()
    }

    /// Orders the run that the optimizer would begin by itself a little later, if nothing more is to come for it.
    pub fn order_run(&mut self, now: Time) -> bool {
        let nothing_more = self.nothing_more_is_coming();
        // Vite decides about the first run, and begins by itself with any other that it has waited for.
        let is_waiting = !self.cold && now < self.last_discovery + OPTIMIZER_DEBOUNCE;
        let is_due = self.pending.values().any(|is_ordered| !is_ordered);
        let orders = nothing_more && is_waiting && is_due;
        if orders {
            self.pending.values_mut().for_each(|is_ordered| *is_ordered = true);
        }
        orders
    }

    /// Whether a crawl has just looked at everything, or, where a premature run costs no more than one further layer, nobody
    /// is at work on a module. A page fetches its modules while it asks for them: the end of a crawl alone says nothing of it.
    fn nothing_more_is_coming(&mut self) -> bool {
        let all_met = std::mem::take(&mut self.all_met);
        if self.is_adding() {
            let is_crawling = self.crawl.as_ref().is_some_and(|crawl| crawl.underway().next().is_some());
            return all_met || (self.in_flight == 0 && !is_crawling);
        }
        all_met && self.is_guarded()
    }

    /// Whether a crawl is what makes this import known.
    pub fn is_crawling(&self, importer: Option<&ImportSite>) -> bool {
        let Some((crawl, importer)) = self.crawl.as_ref().zip(importer) else { return false };
        crawl.underway().any(|module| {
            let url = self.graph.url(module);
            let path = url.split(['?', '#']).next().unwrap_or(&url);
            importer.file.ends_with(path.strip_prefix("/@fs").unwrap_or(path).trim_start_matches('\0'))
        })
    }

    /// When a crawl that requests wait for ends at the latest; `None` when none does.
    fn gated_until(&self) -> Option<Time> {
        let crawl = self.crawl.as_ref().filter(|_| !self.is_adding())?;
        (crawl.gates && (self.cold || !crawl.is_idle())).then(|| crawl.deadline())
    }

    /// The generation of the modules that a request entering now would meet.
    pub fn running_generation(&self) -> u32 {
        self.runner.generation()
    }

    /// Whether a reload is on its way that an optimizer run caused.
    pub fn is_reloading_generation(&self) -> bool {
        self.runner.is_reloading_generation()
    }

    /// When the environment becomes stable if nothing else happens: `None` while that depends on an event.
    pub fn stable_at(&self, policy: &Policy) -> Option<Time> {
        if !self.pending.is_empty() && !self.is_adding() {
            return None;
        }
        let crawled = self.gated_until().unwrap_or_default();
        let Some((since, quiet)) = self.runner.quiet(policy) else { return Some(crawled) };
        // However quiet it is, a module that is on its way will be followed by what it imports.
        (self.in_flight() == 0).then(|| crawled.max(self.last_activity.max(since) + quiet))
    }

    pub fn is_stable(&self, policy: &Policy, now: Time) -> bool {
        self.stable_at(policy).is_some_and(|at| at <= now)
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
        if !self.pending.is_empty() && !self.is_adding() {
            let collecting = now < self.last_discovery + OPTIMIZER_DEBOUNCE;
            return if collecting { Phase::Discovering } else { Phase::Optimizing };
        }
        if self.gated_until().is_some_and(|until| now < until) {
            return Phase::Discovering;
        }
        match self.runner.progress() {
            Progress::Sent | Progress::Importing if self.is_stable(policy, now) => Phase::Stable,
            Progress::Sent => Phase::Reloading,
            Progress::Importing => Phase::Settling,
            Progress::Settled if !self.pending.is_empty() => Phase::Adding,
            Progress::Settled if self.last_activity == Time::ZERO && self.generation == 0 => Phase::Idle,
            Progress::Settled => Phase::Stable,
        }
    }

    pub fn resolve(&self, id: &str) -> ResolvedId {
        let generation = self.generation;
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

    pub fn optimized_count(&self) -> usize {
        self.optimized.len()
    }

    pub fn in_flight(&self) -> u32 {
        self.in_flight + self.optimized_in_flight
    }
}
