//! Modules are looked at before a request meets them.

use super::*;

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
        cache_dir: None,
        optimizer: Some(optimizer),
        borrowers: vec![],
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
fn foreseeing_can_be_turned_off() {
    let mut story = Story::with(Policy { foresee: false, ..Policy::default() });
    assert_eq!(story.transform(ActivityKind::Transform, "/entry.ts", &["/a.ts"], &[]), [""; 0]);
    assert_eq!(story.change(ChangeCause::Save, "/entry.ts"), [""; 0]);
    assert!(story.is_stable());
}
