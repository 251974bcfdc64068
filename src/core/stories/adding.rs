//! Environments whose optimizer adds: what is late disturbs nobody, unless a run falls back.

mod orders;

use orders::ordered;

use super::*;

impl Story {
    /// One guarded environment, `worker`, where runs add, with a runner that has fetched its entry.
    fn adding() -> Self {
        let mut story = Story::new(Policy::default());
        story.open_adding("worker", Consumer::Server, false);
        story.fetch("worker", "/src/entry.ts");
        story
    }

    fn open_adding(&mut self, name: &str, consumer: Consumer, cold: bool) {
        let snapshot = EnvironmentSnapshot {
            name: name.into(),
            consumer,
            root: "/app".into(),
            base: "/".into(),
            cache_dir: None,
            optimizer: Some(OptimizerSnapshot {
                cold,
                adds: true,
                browser_hash: "h0".into(),
                ..OptimizerSnapshot::default()
            }),
            borrowers: vec![],
        };
        self.apply(Event::EnvironmentOpened(snapshot));
    }

    fn fall_back(&mut self, environment: &str) {
        let fallback = package_changed();
        self.apply(Event::FellBack(FellBack { environment: environment.into(), fallback }));
    }

    /// A run is committed without a reload.
    fn add(&mut self, id: &str) -> Vec<Effect> {
        self.bundle(id, false, BundledRun::Added { layer: 2, modules: 12, duration_ms: 35 })
    }

    /// A run that has bundled everything is committed, and Vite reloads.
    fn rebundle(&mut self, id: &str) {
        let fallback = package_changed();
        self.bundle(id, true, BundledRun::Rebundled { fallback, modules: 200, duration_ms: 900 });
        self.reload("worker");
    }

    fn bundle(&mut self, id: &str, reload: bool, bundled: BundledRun) -> Vec<Effect> {
        let hash = self.hash_of_commit("worker", reload);
        self.apply(Event::Committed(Commit {
            environment: "worker".into(),
            changed: vec![dep(id, &hash)],
            browser_hash: hash,
            removed: vec![],
            pending: vec![],
            bundled: Some(bundled),
        }))
    }

    fn come_back(&mut self) {
        self.fetch("worker", "/src/entry.ts");
        self.wait(20);
    }
}

fn package_changed() -> Fallback {
    Fallback { reason: FallbackReason::PackageChanged, detail: "react is 19.2.0".into() }
}

const ZOD: &str = "/node_modules/.vite/deps/zod.js?v=h0";

#[test]
fn a_run_that_adds_holds_nobody_dooms_nobody_and_costs_nothing() {
    let mut story = Story::adding();
    story.enter(1, "GET", "/late");
    let began = story.discover("worker", "zod");
    assert!(
        matches!(&began[..], [Effect::Began(record), ..] if record.environment == "worker" && record.adds())
    );
    assert!(story.is_stable());
    assert_eq!(story.phase("worker"), Phase::Adding);
    story.enter(2, "POST", "/late");
    story.wait(400);
    assert!(story.is_stable(), "however long the run takes");

    let ended = story.add("zod");
    let record = story.record().clone();
    let learned = Effect::Learned { environment: "worker".into(), dependencies: record.dependencies.clone() };
    assert_eq!(ended, [learned, Effect::Ended(record.clone())]);
    let bundled = Some(BundledRun::Added { layer: 2, modules: 12, duration_ms: 35 });
    assert_eq!((record.outcome(), record.met), (Some(&Outcome::Extended { bundled }), HandledBy::Added));
    assert_eq!(
        (record.cost.lost_ms, record.cost.held, record.advice()),
        (0, 0, None),
        "nothing is to be prevented"
    );
    assert_eq!(story.phase("worker"), Phase::Stable);
    assert_eq!(story.doomed(), [0; 0]);
    for (request, seen) in [(1, "500"), (1, OUTDATED), (2, "500"), (2, OUTDATED)] {
        assert_eq!(story.classify(request, seen).kind, ErrorKind::Unrelated, "{request} {seen}");
    }
    let counts = story.session.counts();
    assert_eq!((counts.reoptimizations, counts.added, counts.reloads), (1, 1, 0));
}

#[test]
fn what_is_added_is_there_although_a_save_reloads_the_environment() {
    let mut story = Story::adding();
    story.discover("worker", "zod");
    story.reload("worker");
    assert!(!story.is_stable());
    assert!(story.add("zod").iter().any(|effect| matches!(effect, Effect::Ended(_))));
}

#[test]
fn a_fallback_is_announced_and_then_holds_and_dooms_as_ever() {
    let mut story = Story::adding();
    story.enter(1, "GET", "/late");
    story.discover("worker", "zod");
    assert!(story.is_stable());
    story.fall_back("worker");
    assert!(!story.is_stable());
    assert_eq!(story.phase("worker"), Phase::Discovering);
    story.arrive(2, "GET", "/other");
    story.wait(100);
    assert_eq!(story.phase("worker"), Phase::Optimizing);

    story.rebundle("zod");
    assert_eq!(story.classify(1, "200").action, Action::Redirect);
    assert!(!story.is_stable(), "the runner still has the modules of before");
    story.come_back();
    assert!(story.is_stable());
    let record = story.record().clone();
    assert!(matches!(record.outcome(), Some(Outcome::Reloaded { .. })));
    assert_eq!(record.met, HandledBy::Recovered);
    assert_eq!(record.bundling, Bundling::Everything(Some(package_changed())));
    assert!(record.advice().is_some());
    assert_eq!(story.session.fallbacks().get(&FallbackReason::PackageChanged), Some(&1), "and counted once");

    story.discover("worker", "swr");
    assert!(story.is_stable(), "the next run adds again");
}

#[test]
fn a_fallback_that_nobody_announced_is_known_by_its_commit() {
    let mut story = Story::adding();
    story.discover("worker", "zod");
    story.rebundle("zod");
    assert_eq!(story.session.fallbacks().get(&FallbackReason::PackageChanged), Some(&1));
    assert_eq!(story.record().bundling, Bundling::Everything(Some(package_changed())));
    assert!(!story.is_stable());
}

#[test]
fn a_commit_that_reloads_all_the_same_dooms_who_is_inside() {
    let mut story = Story::adding();
    story.enter(1, "GET", "/late");
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    assert!(!story.is_stable());
    story.come_back();
    assert_eq!(story.classify(1, "500").action, Action::Redirect);
    assert_eq!((story.record().met, story.record().adds()), (HandledBy::Recovered, false));
    assert_eq!(story.session.counts().added, 0);
}

#[test]
fn a_reload_that_nothing_announced_is_a_re_optimization() {
    let mut story = Story::adding();
    let began = story.commit("worker", "zod", true);
    assert!(
        matches!(&began[..], [Effect::Began(record), ..] if record.environment == "worker" && !record.adds())
    );
    assert_eq!(story.record().outcome(), Some(&Outcome::Reloaded { bundled: None }));
}

#[test]
fn a_failed_run_is_told_as_ever_and_ends_a_fallback() {
    let mut story = Story::adding();
    for falls_back in [false, true] {
        story.enter(1, "GET", "/late");
        story.discover("worker", "broken");
        if falls_back {
            story.fall_back("worker");
        }
        story.fail_run("worker");
        assert!(story.is_stable());
        assert_eq!(story.record().outcome(), Some(&Outcome::Failed));
        let verdict = story.classify(1, "Something unexpected happened while optimizing \"broken\"");
        assert_eq!((verdict.action, verdict.kind), (Action::Pass, ErrorKind::OptimizerFailed));
        story.discover("worker", "zod");
        assert!(story.is_stable(), "the next run adds");
        story.add("zod");
    }
}

#[test]
fn with_a_cold_cache_requests_wait_neither_for_the_crawl_nor_for_the_first_run() {
    let mut story = Story::adding();
    story.open_adding("worker", Consumer::Server, true);
    story.transform(ActivityKind::Transform, "/entry.ts", &[], &["/page.ts"]);
    assert_eq!(
        story.change(ChangeCause::Start, "/entry.ts"),
        [""; 0],
        "the first run is not kept by a crawl"
    );
    assert!(story.is_stable());
    story.discover("worker", "home");
    assert!(story.is_stable(), "the first run adds, too");
    story.wait(10_000);
    assert_eq!(Story::crawled(story.add("home")), ["/page.ts"], "however long the first run took");
    assert_eq!(story.session.records().count(), 0, "what it takes up is not late");
}

#[test]
fn what_a_crawl_meets_is_added_before_it_goes_on() {
    use ActivityKind::{Transform, Warmup};
    let mut story = Story::adding();
    story.transform(Transform, "/entry.ts", &["/a.ts", "/b.ts"], &[]);
    assert_eq!(story.change(ChangeCause::Start, "/entry.ts"), ["/a.ts"], "one at a time");
    story.discover("worker", "zod");
    let effects = story.transformed(Warmup, "/a.ts", &[], &[]);
    assert!(ordered(&effects), "the run does not wait for the rest of the crawl");
    assert_eq!(Story::crawled(effects), [""; 0]);
    assert_eq!(Story::crawled(story.add("zod")), ["/b.ts"]);
}

#[test]
fn a_crawl_where_runs_add_is_for_when_nobody_is_at_work() {
    use ActivityKind::{Fetch, Transform};
    use Moment::{Begin, End};
    let mut story = Story::adding();
    story.transform(Transform, "/entry.ts", &["/a.ts", "/b.ts"], &[]);
    story.enter(1, "GET", "/");
    assert_eq!(story.change(ChangeCause::Start, "/entry.ts"), [""; 0], "a request is inside");
    story.observe("worker", Fetch, Begin, "/late.ts");
    let finished = story.apply(Event::RequestFinished(RequestFinished { request: 1 }));
    assert_eq!(Story::crawled(finished), [""; 0], "the runner is on its way");
    assert_eq!(Story::crawled(story.observe("worker", Fetch, End, "/late.ts")), ["/a.ts"]);
}

#[test]
fn a_run_that_nobody_announced_has_its_reason_in_its_record() {
    let mut story = Story::adding();
    let rebundled = BundledRun::Rebundled { fallback: package_changed(), modules: 200, duration_ms: 900 };
    let effects = story.bundle("zod", true, rebundled);
    let why = Bundling::Everything(Some(package_changed()));
    let began = |effect: &Effect| matches!(effect, Effect::Began(record) if record.bundling == why);
    assert!(effects.iter().any(began), "{effects:?}");
    assert_eq!(story.record().bundling, why);
    assert_eq!(story.session.fallbacks().values().sum::<u32>(), 1);
}

#[test]
fn a_stream_that_stays_open_keeps_no_crawl_back() {
    let mut story = Story::adding();
    story.transform(ActivityKind::Transform, "/entry.ts", &[], &[]);
    story.enter(1, "GET", "/events");
    assert_eq!(story.change(ChangeCause::Save, "/page.tsx"), [""; 0], "it may be a page that is rendered");
    assert_eq!(story.session.settles_at(story.now), Some(story.now + Time::from_secs(2)));
    assert_eq!(Story::crawled(story.wait(2_000)), ["/page.tsx"], "nothing else has happened");
}

#[test]
fn a_crawl_that_has_nothing_to_look_at_keeps_nobody_awake() {
    let mut story = Story::adding();
    story.open_adding("worker", Consumer::Server, true);
    story.change(ChangeCause::Start, "/entry.ts");
    story.wait(60_000);
    assert!(!story.session.is_settling(), "the first run never comes");
}

#[test]
fn a_crawl_that_waits_for_a_slow_page_goes_on_after_it() {
    let mut story = Story::adding();
    story.transform(ActivityKind::Transform, "/entry.ts", &[], &[]);
    story.discover("worker", "zod");
    assert_eq!(story.change(ChangeCause::Save, "/page.tsx"), [""; 0], "a run is due");
    story.wait(60_000);
    assert_eq!(Story::crawled(story.add("zod")), ["/page.tsx"]);
}

#[test]
fn a_page_that_runs_add_to_is_not_crawled_at_the_start() {
    let mut story = Story::adding();
    story.open_adding("client", Consumer::Client, false);
    let modules = vec!["/main.ts".to_owned()];
    let started = Changed { environment: "client".into(), cause: ChangeCause::Start, modules };
    assert_eq!(Story::crawled(story.apply(Event::Changed(started))), [""; 0]);
}

#[test]
fn a_save_is_crawled_but_not_waited_for_neither_by_requests_nor_by_pages() {
    let mut story = Story::adding();
    story.open_adding("client", Consumer::Client, false);
    for environment in ["worker", "client"] {
        let (cause, modules) = (ChangeCause::Save, vec!["/zod.tsx".to_owned()]);
        let crawled =
            story.apply(Event::Changed(Changed { environment: environment.into(), cause, modules }));
        assert_eq!(Story::crawled(crawled), ["/zod.tsx"]);
        story.discover(environment, "zod");
        let stability = story.session.stability(&[environment.to_owned()], story.now);
        assert_eq!(stability, Stability::Stable, "{environment}");
    }
}

#[test]
fn a_save_that_is_being_crawled_is_waited_for_once_its_run_falls_back() {
    let mut story = Story::adding();
    story.change(ChangeCause::Save, "/zod.tsx");
    story.fall_back("worker");
    assert!(!story.is_stable());
    story.transform(ActivityKind::Warmup, "/zod.tsx", &[], &[]);
    assert!(story.is_stable());
}

#[test]
fn who_is_held_because_of_another_environment_is_no_matter_of_what_is_added() {
    let mut story = Story::adding();
    story.open("ssr", &[]);
    story.discover("worker", "zod");
    story.discover("ssr", "swr");
    story.arrive(1, "GET", "/");
    let held: Vec<_> =
        story.session.records().map(|record| (&*record.environment, record.cost.held)).collect();
    assert_eq!(held, [("worker", 0), ("ssr", 1)]);
}

#[test]
fn a_verdict_names_what_reloaded_and_not_what_was_added_since() {
    let mut story = Story::adding();
    story.enter(1, "GET", "/late");
    story.discover("worker", "zod");
    story.fall_back("worker");
    story.rebundle("zod");
    story.come_back();
    story.discover("worker", "swr");
    story.add("swr");
    assert_eq!(story.classify(1, "500").dependency.as_deref(), Some("zod"));
    let met: Vec<_> = story.session.records().map(|record| record.met).collect();
    assert_eq!(met, [HandledBy::Recovered, HandledBy::Added]);
}

#[test]
fn a_lender_that_adds_leaves_its_borrower_alone_and_takes_it_along_when_it_reloads() {
    let mut story = Story::adding();
    let snapshot = EnvironmentSnapshot {
        name: "ssr".into(),
        consumer: Consumer::Server,
        root: "/app".into(),
        base: "/".into(),
        cache_dir: None,
        optimizer: Some(OptimizerSnapshot {
            adds: true,
            browser_hash: "h0".into(),
            ..OptimizerSnapshot::default()
        }),
        borrowers: vec!["worker".into()],
    };
    story.apply(Event::EnvironmentOpened(snapshot));
    story.enter(1, "GET", "/late");
    story.discover("ssr", "zod");
    story.commit("ssr", "zod", false);
    assert!(story.is_stable());
    assert_eq!(story.doomed(), [0; 0]);

    story.discover("ssr", "swr");
    story.fall_back("ssr");
    story.commit("ssr", "swr", true);
    let plan = story.reload("ssr");
    assert_eq!(plan.reload, ["worker"]);
    assert_eq!(plan.verdicts.len(), 1, "the one inside");
}

#[test]
fn a_reason_that_only_a_newer_client_knows_is_taken() {
    let told = serde_json::json!({ "event": "fellBack", "environment": "worker", "reason": "moonPhase", "detail": "full" });
    let event: Event = serde_json::from_value(told).expect("it can be read");
    let fallback = Fallback { reason: FallbackReason::Other, detail: "full".into() };
    assert_eq!(event, Event::FellBack(FellBack { environment: "worker".into(), fallback }));
}
