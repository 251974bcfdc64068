//! What becomes of requests: held, admitted, judged, asked again.

use super::*;

#[test]
fn what_becomes_of_a_request() {
    use Action::{Pass, Redirect, Reload};
    // method, what is seen of its response, with a re-optimization, without one
    let table = [
        ("GET", "", Redirect, Pass),
        ("GET", "200", Redirect, Pass),
        ("GET", "500", Redirect, Pass),
        ("GET", "user error: boom", Redirect, Pass),
        ("HEAD", "200", Redirect, Pass),
        ("POST", "", Pass, Pass),
        ("POST", "200", Pass, Pass),
        ("POST", "404", Pass, Pass),
        ("POST", "500", Redirect, Pass),
        ("POST", OUTDATED, Redirect, Pass),
        ("PUT", "503", Redirect, Pass),
        ("DELETE", "user error: boom", Redirect, Pass),
        ("GET", "sent", Reload, Pass),
        ("POST", "sent", Reload, Pass),
    ];
    for (method, seen, doomed, untouched) in table {
        let mut story = Story::begin();
        story.enter(1, method, "/late");
        assert_eq!(story.classify(1, seen).action, untouched, "{method} {seen} without a re-optimization");
        story.sent.extend((seen == "sent").then_some(1));
        story.reoptimize("worker", "zod");
        assert_eq!(story.classify(1, seen).action, doomed, "{method} {seen} across a generation");
        story.enter(2, method, "/late");
        let text_counts = seen == OUTDATED;
        let later = if text_counts { Redirect } else { Pass };
        assert_eq!(story.classify(2, seen).action, later, "{method} {seen} after the re-optimization");
    }
}

#[test]
fn an_error_text_counts_only_near_a_re_optimization() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    assert_eq!(story.classify(1, OUTDATED).action, Action::Pass, "anyone may throw these words");
    story.reoptimize("worker", "zod");
    story.enter(2, "GET", "/");
    assert_eq!(story.classify(2, OUTDATED).action, Action::Redirect);
    story.wait(10_001);
    story.enter(3, "GET", "/");
    assert_eq!(story.classify(3, OUTDATED).action, Action::Pass);
}

#[test]
fn a_request_that_fails_in_the_reload_of_a_save_is_asked_again_when_that_changes_nothing() {
    use Action::{Pass, Redirect};
    let table = [
        ("GET", "500", Redirect),
        ("HEAD", "user error: boom", Redirect),
        ("GET", "200", Pass),
        ("POST", "500", Pass),
    ];
    for (method, seen, action) in table {
        let mut story = Story::begin();
        story.enter(1, method, "/");
        story.reload("worker");
        let verdict = story.classify(1, seen);
        assert_eq!(verdict.action, action, "{method} {seen}");
        let kind = if action == Redirect { ErrorKind::Reloaded } else { ErrorKind::Unrelated };
        assert_eq!((verdict.kind, verdict.dependency), (kind, None), "no re-optimization is to blame");
        assert_eq!(story.page_reloads(), 0, "Vite tells pages of a save");
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
        assert_eq!((verdict.action, verdict.attempt), (Action::Redirect, Some(attempt)));
    }
    story.enter(4, "POST", "/late");
    story.enter(5, "POST", "/other");
    story.reoptimize("worker", "zod");
    let spent = story.classify(4, "500");
    assert_eq!(spent.action, Action::Pass);
    assert!(spent.reason.contains("3 times"), "{}", spent.reason);
    assert!(spent.advice.is_some(), "the true error comes with advice");
    assert_eq!(story.classify(5, "500").action, Action::Redirect, "each URL has its own budget");
    assert_eq!(story.session.counts().gave_up, 1);
    story.wait(10_000);
    story.enter(6, "POST", "/late");
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(6, "500").action, Action::Redirect, "the window has passed");
}

#[test]
fn a_request_that_gives_up_counts_once_and_is_explained_once() {
    let mut story = Story::begin();
    for attempt in 1..=3 {
        story.enter(attempt, "GET", "/late");
        story.reoptimize("worker", "zod");
        assert_eq!(story.classify(attempt, "500").action, Action::Redirect);
    }
    story.enter(4, "GET", "/late");
    story.reoptimize("worker", "zod");
    // The plan of the reload has judged it; then its handler throws, and the host answers that with a status.
    let judged = [story.classify(4, OUTDATED), story.classify(4, "500")];
    assert_eq!(judged.map(|verdict| verdict.explanation.is_some()), [true, false]);
    assert_eq!(story.session.counts().gave_up, 1);
}

#[test]
fn a_redirect_that_nobody_follows_leaves_nothing_to_a_later_request() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/");
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(1, "500").action, Action::Redirect);
    story.wait(60_000);
    story.discover("worker", "swr");
    story.arrive(2, "GET", "/");
    story.wait(1);
    assert!(story.session.is_held(2), "it has a deadline of its own");
}

#[test]
fn a_request_let_in_during_the_reload_of_a_save_is_not_blamed_on_an_old_run() {
    let mut story = Story::begin();
    story.reoptimize("worker", "zod");
    story.wait(60_000);
    story.reload("worker");
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.arrive(1, "GET", "/");
    story.wait(10_000);
    let verdict = story.classify(1, "500");
    assert_eq!((verdict.kind, verdict.dependency), (ErrorKind::Reloaded, None));
    assert_eq!(story.record().cost.recovered, 0);
}

#[test]
fn an_action_that_fails_before_the_first_run_is_over_is_run_again() {
    let mut story = Story::begin_cold();
    story.discover("worker", "zod");
    story.arrive(1, "POST", "/pay");
    story.wait(10_000);
    assert_eq!(story.classify(1, "500").kind, ErrorKind::EnteredUnstable);
}

#[test]
fn an_action_that_fails_after_a_save_is_not_run_again_however_long_it_was_held() {
    let mut story = Story::begin();
    story.reload("worker");
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.arrive(1, "POST", "/pay");
    story.wait(10_000);
    assert_eq!(story.classify(1, "500").action, Action::Pass, "no run of the optimizer is to blame");
    assert_eq!(story.page_reloads(), 0);
}

#[test]
fn many_requests_doomed_at_once_count_once_and_reload_the_browser_once() {
    let mut story = Story::begin();
    for request in 1..=20 {
        story.enter(request, "GET", "/late");
    }
    story.reoptimize("worker", "zod");
    let verdicts: Vec<_> = (1..=20).map(|request| story.classify(request, "500")).collect();
    assert!(verdicts.iter().all(|verdict| verdict.action == Action::Redirect && verdict.attempt == Some(1)));
    assert_eq!(story.page_reloads(), 1);
}

#[test]
fn a_navigation_is_its_own_reload() {
    let mut story = Story::begin();
    let mode = Some("navigate".to_owned());
    let started = RequestStarted { mode, ..RequestStarted::get(1, "/late") };
    story.apply(Event::RequestStarted(started));
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(1, "500").action, Action::Redirect);
    assert_eq!(story.page_reloads(), 0);
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
    assert_eq!(story.classify(1, "200").action, Action::Redirect);
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
fn a_request_that_entered_at_its_deadline_is_suspect() {
    for (seen, expected) in
        [("500", Action::Redirect), ("user error: boom", Action::Redirect), ("200", Action::Pass)]
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
    // How long a request may be kept waiting yet, 250 ms after it came.
    let left = |story: &mut Story, request| {
        story.arrive(request, "GET", "/late");
        story.reoptimize("worker", "zod");
        story.classify(request, "500").timeout_ms
    };
    assert_eq!(left(&mut story, 1), Some(9_750));
    assert_eq!(left(&mut story, 2), Some(9_450), "the next one of the chain, 50 ms later");
    story.arrive(3, "GET", "/late");
    assert_eq!(left(&mut story, 4), Some(9_750), "somebody else");
}

#[test]
fn nobody_is_sent_around_without_end() {
    let mut story = Story::begin();
    for (request, expected) in
        [(1, Action::Redirect), (2, Action::Redirect), (3, Action::Redirect), (4, Action::Pass)]
    {
        story.discover("worker", "zod");
        story.arrive(request, "GET", "/late");
        story.wait(10_000);
        assert_eq!(story.classify(request, OUTDATED).action, expected, "hop {request}");
    }
}

#[test]
fn a_turn_that_reloads_several_environments_judges_each_request_once() {
    let mut story = Story::begin();
    story.open("ssr", &["worker"]);
    story.enter(1, "GET", "/late");
    story.discover("ssr", "zod");
    story.commit("ssr", "zod", true);
    let mut turn = ReloadTurn::of("ssr");
    turn.reloads.extend(ReloadTurn::of("worker").reloads);
    let plan = story.reload_turn(turn);
    assert_eq!(plan.reload, [""; 0], "Vite reloads both");
    assert_eq!(plan.verdicts.len(), 1);
    let plan = story.reload("worker");
    assert_eq!(plan.verdicts, [], "it is answered by another run already");
    assert_eq!(story.session.counts().recovered, 1);
}

#[test]
fn a_failure_is_explained_where_its_client_sees_it() {
    // What is seen of a POST, the policy's `recover`, whether the log explains it.
    let table = [("500", true, false), ("500", false, true), ("200", true, false), ("sent", true, false)];
    for (seen, recover, expected) in table {
        let mut story = Story::with(Policy { recover, ..Policy::default() });
        story.enter(1, "POST", "/late");
        story.sent.extend((seen == "sent").then_some(1));
        story.reoptimize("worker", "zod");
        let explanation = story.classify(1, seen).explanation;
        assert_eq!(explanation.is_some(), expected, "{seen} {recover}");
        if let Some(text) = explanation {
            assert_eq!(
                text,
                "POST /late: recovery is turned off. What changed: worker re-optimized for zod, imported by \
                 /app/zod.tsx:3. To prevent it, add to the Vite config: environments: { worker: { optimizeDeps: \
                 { include: ['zod'] } } }"
            );
        }
    }
}
