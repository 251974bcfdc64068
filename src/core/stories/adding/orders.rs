//! When the optimizer is told that it need not wait for more.

use super::*;

impl Story {
    /// The begin of a transform, or its end, and whether a run is ordered because of it.
    fn orders(&mut self, moment: Moment, module: &str) -> bool {
        self.orders_in("worker", moment, module)
    }

    fn orders_in(&mut self, environment: &str, moment: Moment, module: &str) -> bool {
        ordered(&self.observe(environment, ActivityKind::Transform, moment, module))
    }
}

pub(super) fn ordered(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Optimize { .. }))
}

#[test]
fn the_optimizer_runs_once_nobody_is_at_work_on_a_module() {
    let mut story = Story::adding();
    story.orders(Moment::Begin, "/src/page.tsx");
    story.orders(Moment::Begin, "/src/part.tsx");
    assert!(!ordered(&story.discover("worker", "zod")), "a module may import more");
    assert!(!story.orders(Moment::End, "/src/page.tsx"));
    assert!(!story.orders(Moment::Begin, ZOD), "another module may still import more");
    assert!(story.orders(Moment::End, "/src/part.tsx"), "a file of the optimizer's waits for the run itself");

    // While it runs, a module comes that imports the same, and one that imports something else.
    story.orders(Moment::Begin, "/src/other.tsx");
    assert!(!story.orders(Moment::End, "/src/other.tsx"), "the run is ordered");
    story.orders(Moment::Begin, "/src/more.tsx");
    story.discover("worker", "swr");
    assert!(story.orders(Moment::End, "/src/more.tsx"));
    story.add("zod");
    assert!(!story.orders(Moment::End, ZOD));
}

#[test]
fn a_run_that_was_ordered_after_another_one_is_not_ordered_again() {
    let mut story = Story::adding();
    assert!(ordered(&story.discover("worker", "zod")));
    assert!(ordered(&story.discover("worker", "swr")), "the run for zod has begun without it");
    let committed = story.apply(Event::Committed(Commit {
        environment: "worker".into(),
        browser_hash: "h0".into(),
        changed: vec![dep("zod", "h0")],
        removed: vec![],
        pending: vec!["swr".into()],
        bundled: None,
    }));
    assert!(!ordered(&committed));
    assert_eq!(story.phase("worker"), Phase::Adding);
}

#[test]
fn no_run_is_ordered_that_comes_by_itself_or_could_miss_something() {
    let mut story = Story::adding();
    story.orders(Moment::Begin, "/src/page.tsx");
    story.discover("worker", "zod");
    story.wait(100);
    assert!(!story.orders(Moment::End, "/src/page.tsx"), "Vite has waited for 100 ms, and runs it");

    let mut story = Story::adding();
    story.change(ChangeCause::Save, "/src/page.tsx");
    assert!(!ordered(&story.discover("worker", "zod")), "the crawl is still to look at the page");
    assert!(ordered(&story.transformed(ActivityKind::Warmup, "/src/page.tsx", &[], &[])));

    let mut story = Story::adding();
    story.open_adding("worker", Consumer::Server, true);
    assert!(!ordered(&story.discover("worker", "zod")), "Vite knows when to begin with the first");

    let mut story = Story::adding();
    story.orders(Moment::Begin, "/src/page.tsx");
    story.discover("worker", "zod");
    story.fall_back("worker");
    assert!(!story.orders(Moment::End, "/src/page.tsx"), "a premature run would reload once more");
    let mut story = Story::begin();
    story.orders(Moment::Begin, "/src/page.tsx");
    story.discover("worker", "zod");
    assert!(!story.orders(Moment::End, "/src/page.tsx"), "nothing is added here");
}

#[test]
fn the_browsers_optimizer_does_not_wait_either() {
    let mut story = Story::adding();
    story.open_adding("client", Consumer::Client, false);
    story.orders_in("client", Moment::Begin, "/src/page.tsx");
    story.discover("client", "dialog");
    assert!(story.orders_in("client", Moment::End, "/src/page.tsx"));
}
