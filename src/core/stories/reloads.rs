//! Reloads, and when an environment counts as stable again.

use super::*;

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
fn what_was_being_imported_before_a_reload_is_no_sign_of_the_import_after_it() {
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
    let verdicts: Vec<_> =
        plan.verdicts.iter().map(|judged| (judged.request, judged.verdict.action)).collect();
    assert_eq!(verdicts, [(1, Action::Redirect)]);
    let warm = ["/src/entry.ts", "/src/page.tsx", "/node_modules/.vite/deps/react.js?v=h1"];
    assert_eq!(plan.warm[0].modules, warm, "with the hash of now, and without files that may be gone");
    story.enter(2, "GET", "/late");
    assert_eq!(story.doomed(), [2], "the runner still has the modules of before");
    story.fetch("worker", "/src/entry.ts");
    story.enter(3, "GET", "/late");
    assert_eq!(story.doomed(), [2]);
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
    assert_eq!(story.reload("ssr").warm[0].modules, ["/src/ssr.tsx"]);
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
    assert_eq!(story.classify(2, "500").kind, ErrorKind::Reloaded);
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
    let save = |story: &mut Story, file: &str| {
        let mut turn = ReloadTurn::of("worker");
        turn.reloads[0].triggered_by = Some(file.to_owned());
        story.reload_turn(turn);
    };
    save(&mut story, "/app/src/other.ts");
    assert!(story.is_stable());
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert!(story.is_stable(), "the import is the commit's");
    save(&mut story, "/app/src/entry.ts");
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
    assert_eq!(story.classify(1, "500").action, Action::Redirect);
}
