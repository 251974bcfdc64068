//! The session told as stories: events in, verdicts and stability out, with the time as an argument.

mod adding;

use super::*;

/// A session and its clock.
struct Story {
    session: Session,
    now: Time,
    hash: u32,
}

impl Story {
    /// One guarded environment, `worker`, with a runner that has fetched its entry.
    fn begin() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        let mut story = Story { session: Session::new(policy), now: Time::from_secs(1), hash: 0 };
        story.open("worker", &[]);
        story.fetch("worker", "/src/entry.ts");
        story
    }

    fn apply(&mut self, event: Event) -> Vec<Effect> {
        self.session.apply(event, self.now)
    }

    fn open(&mut self, name: &str, bridges: &[&str]) {
        let snapshot = EnvironmentSnapshot {
            name: name.into(),
            consumer: Consumer::Server,
            root: "/app".into(),
            base: "/".into(),
            optimizer: Some(OptimizerSnapshot {
                browser_hash: "h0".into(),
                optimized: vec![dep("react", "h0")],
                ..OptimizerSnapshot::default()
            }),
            bridges: bridges.iter().map(|to| Bridge { to: (*to).into() }).collect(),
        };
        self.apply(Event::EnvironmentOpened(snapshot));
    }

    /// The browser's environment.
    fn open_client(&mut self) {
        let snapshot = EnvironmentSnapshot {
            name: "client".into(),
            consumer: Consumer::Client,
            root: "/app".into(),
            base: "/".into(),
            optimizer: Some(OptimizerSnapshot { browser_hash: "h0".into(), ..OptimizerSnapshot::default() }),
            bridges: vec![],
        };
        self.apply(Event::EnvironmentOpened(snapshot));
    }

    fn wait(&mut self, milliseconds: u64) -> Vec<Effect> {
        self.now += Time::from_millis(milliseconds);
        self.session.tick(self.now)
    }

    fn enter(&mut self, request: HttpRequest, method: &str, url: &str) {
        let started = RequestStarted { request, method: method.into(), url: url.into(), mode: None };
        self.apply(Event::RequestStarted(started));
    }

    /// A request comes to the gate, and enters if it may.
    fn arrive(&mut self, request: HttpRequest, method: &str, url: &str) {
        let started = RequestStarted { request, method: method.into(), url: url.into(), mode: None };
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
        self.hash += u32::from(reload);
        let hash = format!("h{}", self.hash);
        self.apply(Event::Committed(Commit {
            environment: environment.into(),
            changed: vec![dep("react", &hash), dep(id, &hash)],
            browser_hash: hash,
            reload,
            removed: vec![],
            pending: vec![],
            bundled: None,
        }))
    }

    fn fail_run(&mut self, environment: &str) -> Vec<Effect> {
        self.apply(Event::OptimizerFailed { environment: environment.into() })
    }

    fn reload(&mut self, environment: &str) -> ReloadPlan {
        self.reload_alongside(environment, &[])
    }

    fn reload_alongside(&mut self, environment: &str, alongside: &[&str]) -> ReloadPlan {
        let alongside = alongside.iter().map(|name| (*name).to_owned()).collect();
        let reload = ReloadRequested { environment: environment.into(), triggered_by: None, alongside };
        self.apply(Event::ReloadRequested(reload.clone()));
        self.session.plan_reload(&reload, self.now)
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

    fn classify(&mut self, request: HttpRequest, seen: &str) -> Verdict {
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

#[test]
fn a_late_dependency_goes_through_the_phases() {
    let mut story = Story::begin();
    assert_eq!(story.phase("worker"), Phase::Stable);
    story.discover("worker", "zod");
    assert_eq!(story.phase("worker"), Phase::Discovering);
    story.wait(110);
    assert_eq!(story.phase("worker"), Phase::Optimizing);
    story.commit("worker", "zod", true);
    story.reload("worker");
    assert_eq!(story.phase("worker"), Phase::Reloading);
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.wait(100);
    assert_eq!(story.phase("worker"), Phase::Settling, "the fetch has not ended");
    story.observe("worker", ActivityKind::Fetch, Moment::End, "/src/entry.ts");
    story.wait(19);
    assert!(!story.is_stable(), "quiet lasts 20 ms");
    let ended = story.wait(1);
    assert!(story.is_stable());
    assert_eq!(story.phase("worker"), Phase::Stable);
    assert!(matches!(&ended[..], [Effect::Ended(record)] if record.stable_at().is_some()));
}

#[test]
fn a_commit_without_a_reload_disturbs_nothing() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    story.discover("worker", "zod");
    assert!(!story.is_stable());
    let ended = story.commit("worker", "zod", false);
    assert!(story.is_stable());
    let learned =
        Effect::Learned { environment: "worker".into(), dependencies: story.record().dependencies.clone() };
    assert_eq!(ended, [learned, Effect::Ended(story.record().clone())]);
    assert_eq!(story.record().outcome(), Some(&Outcome::Extended { bundled: None }));
    assert_eq!(story.classify(1, "500").kind, ErrorKind::Unrelated);
}

#[test]
fn ordinary_activity_is_no_reason_to_wait() {
    let mut story = Story::begin();
    story.observe("worker", ActivityKind::Transform, Moment::Begin, "/src/page.tsx");
    assert!(story.is_stable());
}

#[test]
fn a_module_on_its_way_is_waited_for_however_long_it_takes() {
    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.wait(60_000);
    assert!(!story.is_stable());
    story.observe("worker", ActivityKind::Fetch, Moment::End, "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable());
}

#[test]
fn the_optimizer_runs_once_a_crawl_has_met_everything() {
    let mut story = Story::begin();
    let runs = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Optimize { .. }));
    let ends = |story: &mut Story, module: &str, deps: &[&str]| {
        story.transformed(ActivityKind::Warmup, module, deps, &[])
    };
    assert_eq!(story.change(ChangeCause::Save, "/src/page.tsx"), ["/src/page.tsx"]);
    story.discover("worker", "zod");
    assert!(!runs(&ends(&mut story, "/src/page.tsx", &["/src/part.tsx"])), "a part is still to be looked at");
    assert!(runs(&ends(&mut story, "/src/part.tsx", &[])));

    // While it runs, a framework invalidates the page once more, and the page is crawled again.
    assert_eq!(story.change(ChangeCause::Save, "/src/page.tsx"), ["/src/page.tsx"]);
    story.discover("worker", "zod");
    assert!(
        !runs(&ends(&mut story, "/src/page.tsx", &[])),
        "a second run would hold up what waits for the first"
    );
    assert_eq!(story.change(ChangeCause::Save, "/src/page.tsx"), ["/src/page.tsx"]);
    story.discover("worker", "nanoid");
    assert!(runs(&ends(&mut story, "/src/page.tsx", &[])), "the first run does not know of it");

    story.commit("worker", "zod", false);
    story.commit("worker", "nanoid", false);
    assert_eq!(story.change(ChangeCause::Save, "/src/page.tsx"), ["/src/page.tsx"]);
    assert!(!runs(&ends(&mut story, "/src/page.tsx", &[])), "nothing is late");
}

#[test]
fn what_was_being_imported_before_a_reload_is_no_sign_of_the_import_behind_it() {
    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.fetch("worker", "/src/page.tsx");
    story.wait(400);
    assert_eq!(story.phase("worker"), Phase::Reloading);
    story.fetch("worker", "/src/page.tsx");
    story.wait(499);
    assert!(!story.is_stable(), "the runner is still busy with what was before");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable());
}

#[test]
fn a_runner_that_does_not_come_back_is_given_up_after_the_debounce() {
    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.wait(499);
    assert!(!story.is_stable());
    story.wait(1);
    assert!(story.is_stable());
}

#[test]
fn what_becomes_of_a_request() {
    use Action::{Pass, Reload, Retry};
    // method, what is seen of its response, with a re-optimization, without one
    let table = [
        ("GET", "", Retry, Pass),
        ("GET", "200", Retry, Pass),
        ("GET", "500", Retry, Pass),
        ("GET", "user error: boom", Retry, Pass),
        ("HEAD", "200", Retry, Pass),
        ("POST", "", Pass, Pass),
        ("POST", "200", Pass, Pass),
        ("POST", "404", Pass, Pass),
        ("POST", "500", Retry, Pass),
        ("POST", OUTDATED, Retry, Pass),
        ("PUT", "503", Retry, Pass),
        ("DELETE", "user error: boom", Retry, Pass),
        ("GET", "sent", Reload, Pass),
        ("POST", "sent", Reload, Pass),
    ];
    for (method, seen, doomed, untouched) in table {
        let mut story = Story::begin();
        story.enter(1, method, "/late");
        assert_eq!(story.classify(1, seen).action, untouched, "{method} {seen} without a re-optimization");
        story.reoptimize("worker", "zod");
        assert_eq!(story.classify(1, seen).action, doomed, "{method} {seen} across a generation");
        story.enter(2, method, "/late");
        let text_counts = seen == OUTDATED;
        let later = if text_counts { Retry } else { Pass };
        assert_eq!(story.classify(2, seen).action, later, "{method} {seen} behind the re-optimization");
    }
}

#[test]
fn a_verdict_tells_what_changed_and_how_to_prevent_it() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/late");
    story.reoptimize("worker", "zod");
    let verdict = story.classify(1, "500");
    assert_eq!(verdict.kind, ErrorKind::Doomed);
    assert_eq!(verdict.dependency.as_deref(), Some("zod"));
    assert_eq!(verdict.importer.map(|site| (site.file, site.line)), Some(("/app/zod.tsx".into(), Some(3))));
    let advice = "environments: { worker: { optimizeDeps: { include: ['zod'] } } }";
    assert_eq!(verdict.advice.as_deref(), Some(advice));
}

#[test]
fn an_error_text_counts_only_near_a_re_optimization() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    assert_eq!(story.classify(1, OUTDATED).action, Action::Pass, "anyone may throw these words");
    story.reoptimize("worker", "zod");
    story.enter(2, "GET", "/");
    assert_eq!(story.classify(2, OUTDATED).action, Action::Retry);
    story.wait(10_001);
    story.enter(3, "GET", "/");
    assert_eq!(story.classify(3, OUTDATED).action, Action::Pass);
}

#[test]
fn the_plan_of_a_reload_names_the_doomed_and_what_to_warm() {
    let mut story = Story::begin();
    story.enter(9, "GET", "/earlier");
    story.fetch("worker", "/src/earlier.tsx");
    story.apply(Event::RequestFinished(RequestFinished { request: 9 }));
    story.wait(1);
    story.enter(1, "GET", "/late");
    for module in [
        "/src/page.tsx",
        "/node_modules/.vite/deps/react.js?v=h0",
        "/node_modules/.vite/deps/chunk-1.js?v=h0",
    ] {
        story.fetch("worker", module);
    }
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    let plan = story.reload("worker");
    assert_eq!(plan.doomed, [1]);
    let warm = ["/src/entry.ts", "/src/page.tsx", "/node_modules/.vite/deps/react.js?v=h1"];
    assert_eq!(plan.warm, warm, "with the hash of now, and without files that may be gone");
    story.enter(2, "GET", "/late");
    assert_eq!(story.doomed(), [1, 2], "the runner still has the modules of before");
    story.fetch("worker", "/src/entry.ts");
    story.enter(3, "GET", "/late");
    assert_eq!(story.doomed(), [1, 2]);
}

#[test]
fn a_lending_side_has_no_use_for_files_of_its_optimizer() {
    let mut story = Story::begin();
    story.open("ssr", &["worker"]);
    for module in ["/src/ssr.tsx", "/node_modules/.vite/deps/react.js?v=h0"] {
        story.fetch("ssr", module);
    }
    story.discover("ssr", "zod");
    story.commit("ssr", "zod", true);
    assert_eq!(story.reload("ssr").warm, ["/src/ssr.tsx"]);
}

#[test]
fn a_reload_without_a_commit_dooms_nobody_but_is_waited_for() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    let plan = story.reload("worker");
    assert_eq!(plan, ReloadPlan::default());
    assert!(!story.is_stable());
    story.enter(2, "GET", "/");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable());
    assert_eq!(story.classify(2, "500").kind, ErrorKind::EnteredUnstable);
}

#[test]
fn a_request_that_fails_in_the_reload_of_a_save_is_asked_again_when_that_changes_nothing() {
    use Action::{Pass, Retry};
    let table = [
        ("GET", "500", Retry),
        ("HEAD", "user error: boom", Retry),
        ("GET", "200", Pass),
        ("POST", "500", Pass),
    ];
    for (method, seen, action) in table {
        let mut story = Story::begin();
        story.enter(1, method, "/");
        story.reload("worker");
        let verdict = story.classify(1, seen);
        assert_eq!(verdict.action, action, "{method} {seen}");
        let kind = if action == Retry { ErrorKind::Reloaded } else { ErrorKind::Unrelated };
        assert_eq!((verdict.kind, verdict.dependency), (kind, None), "no re-optimization is to blame");
        assert!(!verdict.reload_browser, "Vite tells pages of a save");
    }
}

#[test]
fn a_reload_of_the_browser_is_no_reason_to_ask_again() {
    let mut story = Story::begin();
    story.open_client();
    story.enter(1, "GET", "/");
    story.reload("client");
    assert_eq!(story.classify(1, "500").action, Action::Pass);
}

#[test]
fn the_retry_budget_is_three_re_optimizations_in_ten_seconds() {
    let mut story = Story::begin();
    for attempt in 1..=3 {
        story.enter(attempt, "POST", "/late");
        story.reoptimize("worker", "zod");
        let verdict = story.classify(attempt, "500");
        assert_eq!((verdict.action, verdict.attempt), (Action::Retry, Some(attempt)));
    }
    story.enter(4, "POST", "/late");
    story.enter(5, "POST", "/other");
    story.reoptimize("worker", "zod");
    let spent = story.classify(4, "500");
    assert_eq!(spent.action, Action::Pass);
    assert!(spent.reason.contains("3 times"), "{}", spent.reason);
    assert!(spent.advice.is_some(), "the true error comes with advice");
    assert_eq!(story.classify(5, "500").action, Action::Retry, "each URL has its own budget");
    assert_eq!(story.session.counts().gave_up, 1);
    story.wait(10_000);
    story.enter(6, "POST", "/late");
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(6, "500").action, Action::Retry, "the window has passed");
}

#[test]
fn many_requests_doomed_at_once_count_once_and_reload_the_browser_once() {
    let mut story = Story::begin();
    for request in 1..=20 {
        story.enter(request, "GET", "/late");
    }
    story.reoptimize("worker", "zod");
    let verdicts: Vec<_> = (1..=20).map(|request| story.classify(request, "500")).collect();
    assert!(verdicts.iter().all(|verdict| verdict.action == Action::Retry && verdict.attempt == Some(1)));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.reload_browser).count(), 1);
}

#[test]
fn a_navigation_is_its_own_reload() {
    let mut story = Story::begin();
    let mode = Some("navigate".to_owned());
    let started = RequestStarted { request: 1, method: "GET".into(), url: "/late".into(), mode };
    story.apply(Event::RequestStarted(started));
    story.reoptimize("worker", "zod");
    let verdict = story.classify(1, "500");
    assert_eq!((verdict.action, verdict.reload_browser), (Action::Retry, false));
}

#[test]
fn a_failed_run_ends_the_wait_and_is_not_retried() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/late");
    story.discover("worker", "broken");
    assert!(!story.is_stable());
    story.fail_run("worker");
    assert!(story.is_stable());
    let verdict = story.classify(1, "Something unexpected happened while optimizing \"broken\"");
    assert_eq!((verdict.action, verdict.kind), (Action::Pass, ErrorKind::OptimizerFailed));
    assert_eq!(verdict.dependency.as_deref(), Some("broken"));
}

#[test]
fn an_admitted_request_remembers_what_it_was_admitted_to() {
    let mut story = Story::begin();
    story.arrive(1, "GET", "/late");
    story.reoptimize("worker", "zod");
    // Nothing that is told of it later makes it a newer one.
    story.enter(1, "GET", "/late");
    assert_eq!(story.classify(1, "200").action, Action::Retry);
}

#[test]
fn ids_resolve_to_the_newest_hash_or_to_none() {
    let mut story = Story::begin();
    let resolve =
        |story: &Story, id: &str| story.session.environment("worker").expect("it is open").resolve(id);
    let at = |hash: &str| format!("/app/node_modules/.vite/deps/react.js?v={hash}");
    assert_eq!(resolve(&story, "react"), ResolvedId::Resolved { id: at("h0"), generation: 0 });
    assert_eq!(resolve(&story, "zod"), ResolvedId::Unknown { generation: 0 });
    story.discover("worker", "zod");
    assert_eq!(resolve(&story, "zod"), ResolvedId::Pending { generation: 0 });
    story.commit("worker", "zod", true);
    assert_eq!(resolve(&story, "react"), ResolvedId::Resolved { id: at("h1"), generation: 1 });
    assert!(story.session.environment("nowhere").is_none());
}

#[test]
fn recovery_and_guarding_can_be_turned_off() {
    let mut story = Story::with(Policy { recover: false, ..Policy::default() });
    story.enter(1, "GET", "/late");
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(1, "500").action, Action::Pass);

    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.apply(Event::EnvironmentClosed { name: "worker".into() });
    assert!(story.is_stable(), "a closed environment keeps nobody waiting");
}

#[test]
fn a_replaced_snapshot_keeps_the_generation_apart() {
    let mut story = Story::begin();
    story.reoptimize("worker", "zod");
    story.enter(1, "GET", "/");
    story.open("worker", &[]);
    assert_eq!(story.classify(1, "500").kind, ErrorKind::Doomed, "the snapshot has another hash");
}

#[test]
fn a_crawl_follows_imports_static_ones_first_and_never_twice() {
    use ActivityKind::{Transform, Warmup};
    let mut story = Story::with(Policy { foresee_concurrency: 2, ..Policy::default() });
    let dep = "/node_modules/.vite/deps/react.js?v=h0";
    story.transform(Transform, "/entry.ts", &["/a.ts", dep, "cloudflare:workers"], &["/lazy.ts"]);
    let first = story.change(ChangeCause::Start, "/entry.ts");
    assert_eq!(first, ["/a.ts", "/lazy.ts"], "once the server has started, sources only, two at once");
    let second = story.transform(Warmup, "/a.ts", &["/b.ts", "/entry.ts"], &["/@id/__x00__virtual:pages"]);
    assert_eq!(second, ["/b.ts"]);
    assert_eq!(story.transform(Warmup, "/lazy.ts", &[], &["/b.ts"]), ["\0virtual:pages"]);
    assert_eq!(story.transform(Warmup, "/b.ts", &[], &[]), [""; 0]);
    assert!(story.is_stable(), "with a warm cache nobody waits for it");
}

#[test]
fn a_crawl_gives_way_to_requests_and_ends_with_its_budget() {
    use ActivityKind::{Transform, Warmup};
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    story.transform(Transform, "/entry.ts", &["/a.ts", "/b.ts"], &[]);
    assert_eq!(story.change(ChangeCause::Start, "/entry.ts"), ["/a.ts"], "one at a time");
    story.wait(5_000);
    assert_eq!(story.transform(Warmup, "/a.ts", &[], &[]), [""; 0], "the budget is spent");
}

#[test]
fn with_a_cold_cache_requests_wait_for_the_crawl_and_the_first_run() {
    use ActivityKind::{Transform, Warmup};
    let mut story = Story::begin();
    let optimizer =
        OptimizerSnapshot { cold: true, browser_hash: "h0".into(), ..OptimizerSnapshot::default() };
    let snapshot = EnvironmentSnapshot {
        name: "worker".into(),
        consumer: Consumer::Server,
        root: "/app".into(),
        base: "/".into(),
        optimizer: Some(optimizer),
        bridges: vec![],
    };
    story.apply(Event::EnvironmentOpened(snapshot));
    story.transform(Transform, "/entry.ts", &[], &["/page.ts"]);
    assert_eq!(story.change(ChangeCause::Start, "/entry.ts"), ["/page.ts"]);
    assert!(!story.is_stable());
    story.discover("worker", "page");
    assert_eq!(story.session.records().count(), 0, "what the first run takes up is not late");
    story.transform(Warmup, "/page.ts", &[], &[]);
    assert!(!story.is_stable(), "the first run is still to come");
    story.commit("worker", "page", false);
    assert!(story.is_stable());
}

#[test]
fn a_save_is_crawled_before_the_next_request() {
    use ActivityKind::{Transform, Warmup};
    let mut story = Story::begin();
    story.transform(Transform, "/entry.ts", &[], &[]);
    assert_eq!(story.change(ChangeCause::Save, "/zod.tsx"), ["/zod.tsx"]);
    assert!(!story.is_stable(), "who comes now waits");
    story.discover("worker", "zod");
    assert_eq!(story.transform(Warmup, "/zod.tsx", &[], &[]), [""; 0]);
    assert_eq!(story.record().met, HandledBy::Foreseen);
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable());
    assert_eq!(story.record().met, HandledBy::Foreseen);
    assert_eq!(
        story.change(ChangeCause::Save, "/zod.tsx?t=1700000000000"),
        ["/zod.tsx"],
        "again at every save"
    );
}

#[test]
fn a_record_says_which_line_of_defence_met_it_and_what_it_cost() {
    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.arrive(1, "GET", "/early");
    story.wait(100);
    story.commit("worker", "zod", false);
    story.wait(0);
    story.apply(Event::RequestFinished(RequestFinished { request: 1 }));
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Held, 100));
    story.enter(2, "GET", "/late");
    story.reoptimize("worker", "swr");
    story.classify(2, "500");
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Recovered, 300));
    story.reoptimize("worker", "jotai");
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Missed, 0));
}

#[test]
fn foreseeing_can_be_turned_off() {
    let mut story = Story::with(Policy { foresee: false, ..Policy::default() });
    assert_eq!(story.transform(ActivityKind::Transform, "/entry.ts", &["/a.ts"], &[]), [""; 0]);
    assert_eq!(story.change(ChangeCause::Save, "/entry.ts"), [""; 0]);
    assert!(story.is_stable());
}

#[test]
fn the_browsers_environment_keeps_no_request_waiting_but_can_be_waited_for() {
    let mut story = Story::begin();
    story.open_client();
    story.discover("client", "dialog");
    assert!(story.is_stable());
    let client = ["client".to_owned()];
    assert_ne!(story.session.stability(&client, story.now), Stability::Stable);
    story.commit("client", "dialog", false);
    assert_eq!(story.session.stability(&client, story.now), Stability::Stable);
}

/// A runner that imports its entry again whenever it is told to reload, as workerd's does.
fn reimporting() -> Story {
    let mut story = Story::begin();
    story.reload("worker");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable());
    story
}

#[test]
fn a_commit_during_the_import_after_a_save_is_waited_for_until_the_runner_takes_it() {
    let mut story = reimporting();
    story.reload("worker");
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.wait(14_000);
    assert!(!story.is_stable(), "the runner still imports for the save");
    story.observe("worker", ActivityKind::Fetch, Moment::End, "/src/entry.ts");
    story.wait(600);
    assert!(!story.is_stable(), "it has not begun with the reload of the commit");
    story.enter(1, "GET", "/late");
    assert_eq!(story.doomed(), [1], "it meets modules of before");
    story.fetch("worker", "/src/entry.ts");
    story.enter(2, "GET", "/late");
    assert_eq!(story.doomed(), [1]);
    story.wait(20);
    assert!(story.is_stable());
}

#[test]
fn a_save_that_the_runner_has_no_module_of_is_not_waited_for() {
    let mut story = reimporting();
    let reload = |file: &str| {
        let (environment, triggered_by) = ("worker".to_owned(), Some(file.to_owned()));
        Event::ReloadRequested(ReloadRequested { environment, triggered_by, alongside: vec![] })
    };
    story.apply(reload("/app/src/other.ts"));
    assert!(story.is_stable());
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable(), "the import is the commit's");
    story.apply(reload("/app/src/entry.ts"));
    assert!(!story.is_stable());
}

#[test]
fn a_runner_that_imports_by_itself_and_does_not_is_given_up_at_the_deadline() {
    let mut story = reimporting();
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.wait(9_999);
    assert!(!story.is_stable());
    story.wait(1);
    assert!(story.is_stable());
    story.enter(1, "GET", "/late");
    assert_eq!(story.doomed(), [1], "what it has is of before all the same");
    assert_eq!(story.classify(1, "500").action, Action::Retry);
}

#[test]
fn a_request_that_entered_at_its_deadline_is_suspect() {
    for (seen, expected) in
        [("500", Action::Retry), ("user error: boom", Action::Retry), ("200", Action::Pass)]
    {
        let mut story = Story::begin();
        story.discover("worker", "zod");
        story.enter(1, "GET", "/late");
        assert_eq!(story.classify(1, seen).action, expected, "{seen}");
    }
}

#[test]
fn a_chain_of_re_issued_requests_has_one_deadline() {
    let mut story = Story::begin();
    let arrive = |story: &mut Story, request| {
        story.arrive(request, "GET", "/late");
        story.session.deadline_of(request).expect("it has one")
    };
    let deadline = arrive(&mut story, 1);
    assert_eq!(deadline, story.now + Time::from_secs(10));
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(1, "500").action, Action::Retry);
    assert_eq!(story.session.deadline_of(1), Some(deadline));
    story.wait(50);
    assert_eq!(arrive(&mut story, 2), deadline, "the next one of the chain");
    assert_eq!(arrive(&mut story, 3), story.now + Time::from_secs(10), "somebody else");
}

#[test]
fn a_missed_run_costs_what_the_requests_inside_waited() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/late");
    story.wait(300);
    story.discover("worker", "zod");
    story.wait(1_200);
    story.commit("worker", "zod", false);
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Missed, 1_200));
}

#[test]
fn what_no_file_of_the_app_imports_causes_no_advice() {
    let table = [
        (Some("/app/src/page.tsx"), true),
        (Some("/app/node_modules/framework/dist/index.js"), false),
        (Some("virtual:framework/entry"), false),
        (Some("\0virtual:framework"), false),
        (None, false),
    ];
    for (importer, advised) in table {
        let mut story = Story::begin();
        let importer = importer.map(|file| ImportSite { file: file.into(), line: None, column: None });
        let (environment, id) = ("worker".to_owned(), "unenv/node/process".to_owned());
        story.apply(Event::Discovered(Discovered {
            environment,
            id,
            learned: false,
            importer: importer.clone(),
        }));
        assert_eq!(story.record().advice().is_some(), advised, "{importer:?}");
    }
}

#[test]
fn the_record_of_an_environment_that_nobody_guards_ends_by_itself() {
    let mut story = Story::begin();
    story.open_client();
    story.discover("client", "dialog");
    story.commit("client", "dialog", true);
    story.reload("client");
    let at = story.session.settles_at(story.now).expect("it is known when");
    assert!(!story.record().is_over());
    let rest = at - story.now;
    story.wait(u64::try_from(rest.as_millis()).expect("it is soon"));
    assert!(story.record().is_over());
}

#[test]
fn a_record_that_is_open_says_when_to_look_again() {
    let mut story = Story::begin();
    story.apply(Event::EnvironmentOpened(EnvironmentSnapshot {
        name: "client".into(),
        consumer: Consumer::Client,
        root: "/app".into(),
        base: "/".into(),
        optimizer: Some(OptimizerSnapshot { browser_hash: "h0".into(), ..OptimizerSnapshot::default() }),
        bridges: vec![],
    }));
    // A crawl that the page's updates wait for, and whose last transform is never reported.
    story.apply(Event::Changed(Changed {
        environment: "client".into(),
        cause: ChangeCause::Save,
        modules: vec!["/src/main.ts".into()],
    }));
    story.discover("client", "dialog");
    story.commit("client", "dialog", false);
    assert_eq!(story.record().stable_at(), None);

    let at = story.session.settles_at(story.now).expect("nothing else would end the record");
    let ended = story.session.tick(at);
    assert!(matches!(&ended[..], [Effect::Ended(record)] if record.environment == "client"), "{ended:?}");
    assert_eq!(story.session.settles_at(story.now), None);
}

#[test]
fn nobody_is_sent_around_without_end() {
    let mut story = Story::begin();
    for (request, expected) in [(1, Action::Retry), (2, Action::Retry), (3, Action::Retry), (4, Action::Pass)]
    {
        story.discover("worker", "zod");
        story.arrive(request, "GET", "/late");
        story.wait(10_000);
        assert_eq!(story.classify(request, OUTDATED).action, expected, "hop {request}");
    }
}
