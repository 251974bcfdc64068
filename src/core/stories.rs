//! The session told as stories: events in, verdicts and stability out, with the time as an argument.

mod adding;
mod crawls;
mod pages;
mod records;
mod reloads;
mod requests;

use std::collections::HashMap;

use super::*;

/// A session and its clock.
struct Story {
    session: Session,
    now: Time,
    hash: u32,
    /// Requests whose response is on its way.
    sent: Vec<HttpRequest>,
    /// What has become of requests that a reload found inside.
    told: HashMap<HttpRequest, Verdict>,
    /// How often pages were told to reload.
    page_reloads: usize,
}

impl Story {
    /// One guarded environment, `worker`, with a runner that has fetched its entry.
    fn begin() -> Self {
        Self::with(Policy::default())
    }

    fn new(policy: Policy) -> Self {
        let (session, now) = (Session::new(policy), Time::from_secs(1));
        Story { session, now, hash: 0, sent: Vec::new(), told: HashMap::new(), page_reloads: 0 }
    }

    fn with(policy: Policy) -> Self {
        let mut story = Self::new(policy);
        story.open("worker", &[]);
        story.fetch("worker", "/src/entry.ts");
        story
    }

    /// The same before the optimizer's first run.
    fn begin_cold() -> Self {
        let mut story = Self::new(Policy::default());
        let optimizer = OptimizerSnapshot { cold: true, ..OptimizerSnapshot::default() };
        story.open_with("worker", &[], optimizer);
        story.fetch("worker", "/src/entry.ts");
        story
    }

    fn apply(&mut self, event: Event) -> Vec<Effect> {
        self.session.apply(event, self.now)
    }

    fn open(&mut self, name: &str, borrowers: &[&str]) {
        let optimizer = OptimizerSnapshot {
            browser_hash: "h0".into(),
            optimized: vec![dep("react", "h0")],
            ..OptimizerSnapshot::default()
        };
        self.open_with(name, borrowers, optimizer);
    }

    fn open_with(&mut self, name: &str, borrowers: &[&str], optimizer: OptimizerSnapshot) {
        let snapshot = EnvironmentSnapshot {
            name: name.into(),
            consumer: Consumer::Server,
            root: "/app".into(),
            base: "/".into(),
            cache_dir: None,
            optimizer: Some(optimizer),
            borrowers: borrowers.iter().map(|name| (*name).to_owned()).collect(),
        };
        self.apply(Event::EnvironmentOpened(snapshot));
    }

    /// The browser's environment.
    fn open_client(&mut self) {
        self.open_client_named("client");
    }

    fn open_client_named(&mut self, name: &str) {
        let snapshot = EnvironmentSnapshot {
            name: name.into(),
            consumer: Consumer::Client,
            root: "/app".into(),
            base: "/".into(),
            cache_dir: None,
            optimizer: Some(OptimizerSnapshot { browser_hash: "h0".into(), ..OptimizerSnapshot::default() }),
            borrowers: vec![],
        };
        self.apply(Event::EnvironmentOpened(snapshot));
    }

    fn wait(&mut self, milliseconds: u64) -> Vec<Effect> {
        self.now += Time::from_millis(milliseconds);
        let effects = self.session.tick(self.now);
        self.page_reloads += effects.iter().filter(|effect| **effect == Effect::ReloadPages).count();
        effects
    }

    fn enter(&mut self, request: HttpRequest, method: &str, url: &str) {
        let started = RequestStarted { method: method.into(), ..RequestStarted::get(request, url) };
        self.apply(Event::RequestStarted(started));
    }

    /// A request comes to the gate, and enters if it may.
    fn arrive(&mut self, request: HttpRequest, method: &str, url: &str) {
        let started = RequestStarted { method: method.into(), ..RequestStarted::get(request, url) };
        self.apply(Event::Arrived(Arrived { started, timeout_ms: None }));
    }

    fn discover(&mut self, environment: &str, id: &str) -> Vec<Effect> {
        let importer = Some(ImportSite { file: format!("/app/{id}.tsx"), line: Some(3), column: None });
        self.apply(Event::Discovered(Discovered {
            environment: environment.into(),
            id: id.into(),
            learned: false,
            importer,
        }))
    }

    fn commit(&mut self, environment: &str, id: &str, reload: bool) -> Vec<Effect> {
        self.commit_of(environment, &["react", id], &[], reload)
    }

    /// A run has optimized some, and others wait for the next.
    fn commit_of(&mut self, environment: &str, ids: &[&str], pending: &[&str], reload: bool) -> Vec<Effect> {
        let hash = self.hash_of_commit(environment, reload);
        self.apply(Event::Committed(Commit {
            environment: environment.into(),
            changed: ids.iter().map(|id| dep(id, &hash)).collect(),
            browser_hash: hash,
            removed: vec![],
            pending: pending.iter().map(|id| (*id).to_owned()).collect(),
            bundled: None,
        }))
    }

    /// A new one, or the one that the environment has.
    fn hash_of_commit(&mut self, environment: &str, reload: bool) -> String {
        if reload {
            self.hash += 1;
            return format!("h{}", self.hash);
        }
        let found = self.session.environment(environment).and_then(OpenEnvironment::browser_hash);
        found.unwrap_or_default().to_owned()
    }

    fn fail_run(&mut self, environment: &str) -> Vec<Effect> {
        self.apply(Event::OptimizerFailed { environment: environment.into() })
    }

    fn reload(&mut self, environment: &str) -> ReloadPlan {
        self.reload_turn(ReloadTurn::of(environment))
    }

    fn reload_turn(&mut self, turn: ReloadTurn) -> ReloadPlan {
        let turn = ReloadTurn { sent: self.sent.clone(), ..turn };
        let plan = self.session.reload(&turn, self.now).1;
        let judged = plan.verdicts.iter().filter(|judged| judged.verdict.action != Action::Pass);
        self.told.extend(judged.map(|judged| (judged.request, judged.verdict.clone())));
        plan
    }

    /// How often pages have been told to reload by the time everything is stable.
    fn page_reloads(&mut self) -> usize {
        self.wait(10_000);
        self.page_reloads
    }

    /// Which requests are doomed now.
    fn doomed(&mut self) -> Vec<HttpRequest> {
        self.session.doomed()
    }

    fn observe(
        &mut self,
        environment: &str,
        kind: ActivityKind,
        moment: Moment,
        module: &str,
    ) -> Vec<Effect> {
        let entry = kind == ActivityKind::Fetch && moment == Moment::Begin && module.ends_with("entry.ts");
        let optimized = module.contains("/.vite/deps/");
        let activity = Activity {
            kind,
            moment,
            module: module.into(),
            entry,
            optimized,
            deps: vec![],
            dynamic_deps: vec![],
        };
        let activities = vec![activity];
        self.apply(Event::Transformed(Transformed { environment: environment.into(), activities }))
    }

    fn fetch(&mut self, environment: &str, module: &str) {
        self.observe(environment, ActivityKind::Fetch, Moment::Begin, module);
        self.observe(environment, ActivityKind::Fetch, Moment::End, module);
    }

    /// A late dependency from its discovery to a stable environment.
    fn reoptimize(&mut self, environment: &str, id: &str) {
        self.discover(environment, id);
        self.wait(250);
        self.commit(environment, id, true);
        self.reload(environment);
        self.fetch(environment, "/src/entry.ts");
        self.wait(50);
    }

    fn phase(&self, environment: &str) -> Phase {
        let found = self.session.environments().find(|found| found.name == environment);
        found.expect("the environment is open").phase(self.session.policy(), self.now)
    }

    fn record(&self) -> &Reoptimization {
        self.session.records().next_back().expect("something was re-optimized")
    }

    /// What the crawl of `worker` orders because of an event.
    fn crawled(effects: Vec<Effect>) -> Vec<String> {
        let ordered = effects.into_iter().filter_map(|effect| match effect {
            Effect::Crawl { modules, .. } => Some(modules),
            _ => None,
        });
        ordered.flatten().collect()
    }

    /// The end of a transform, with what the module imports.
    fn transformed(
        &mut self,
        kind: ActivityKind,
        module: &str,
        deps: &[&str],
        dynamic_deps: &[&str],
    ) -> Vec<Effect> {
        let owned = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
        let activity = Activity {
            kind,
            moment: Moment::End,
            module: module.into(),
            entry: false,
            optimized: false,
            deps: owned(deps),
            dynamic_deps: owned(dynamic_deps),
        };
        let transformed = Transformed { environment: "worker".into(), activities: vec![activity] };
        self.apply(Event::Transformed(transformed))
    }

    /// The same, and what the crawl orders because of it.
    fn transform(
        &mut self,
        kind: ActivityKind,
        module: &str,
        deps: &[&str],
        dynamic_deps: &[&str],
    ) -> Vec<String> {
        Self::crawled(self.transformed(kind, module, deps, dynamic_deps))
    }

    fn change(&mut self, cause: ChangeCause, module: &str) -> Vec<String> {
        let changed = Changed { environment: "worker".into(), cause, modules: vec![module.into()] };
        Self::crawled(self.apply(Event::Changed(changed)))
    }

    fn is_stable(&self) -> bool {
        self.session.stability(&[], self.now) == Stability::Stable
    }

    /// What becomes of a request: a reload that found it inside has told, or its response is judged.
    fn classify(&mut self, request: HttpRequest, seen: &str) -> Verdict {
        if let Some(verdict) = self.told.get(&request) {
            return verdict.clone();
        }
        let error = |message: &str| ErrorInfo { message: message.into(), ..ErrorInfo::default() };
        let mut failure = Failure { request, sent: seen == "sent", status: None, error: None };
        match seen {
            "" | "sent" => {}
            status if status.parse::<u16>().is_ok() => failure.status = status.parse().ok(),
            message => failure.error = Some(error(message)),
        }
        self.session.classify(&failure, self.now)
    }
}

fn dep(id: &str, hash: &str) -> OptimizedDep {
    OptimizedDep {
        id: id.into(),
        file: format!("/app/node_modules/.vite/deps/{id}.js"),
        browser_hash: hash.into(),
    }
}

const OUTDATED: &str = "There is a new version of the pre-bundle for \"x\"";
