//! Pages whose request a re-optimization has spoilt: they are told to reload, once, and when that is of use.

use super::*;

/// A request of a page's script, inside while the environment re-optimizes and reloads.
fn spoilt() -> Story {
    let mut story = Story::begin();
    story.open_client();
    story.enter(1, "GET", "/data");
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story
}

#[test]
fn they_are_told_once_everything_is_stable() {
    let mut story = spoilt();
    story.wait(0);
    assert_eq!(story.page_reloads, 0, "the runner has not begun");
    story.fetch("worker", "/src/entry.ts");
    story.discover("client", "dialog");
    story.wait(50);
    assert_eq!(story.page_reloads, 0, "the page would be reloaded once more");
    story.commit("client", "dialog", false);
    story.wait(0);
    assert_eq!(story.page_reloads, 1);
    assert_eq!(story.page_reloads(), 1, "and not again");
}

#[test]
fn they_are_not_told_twice_what_vite_tells_them() {
    let mut story = spoilt();
    story.reload("client");
    story.fetch("worker", "/src/entry.ts");
    assert_eq!(story.page_reloads(), 0);

    let mut story = Story::begin();
    story.open_client();
    story.enter(1, "GET", "/data");
    story.wait(1);
    story.reload("client");
    story.reoptimize("worker", "zod");
    assert_eq!(story.classify(1, "500").action, Action::Redirect);
    assert_eq!(story.page_reloads(), 0, "the page of the request is gone");
}

#[test]
fn what_another_client_than_the_browser_is_told_is_not_theirs() {
    let mut story = spoilt();
    story.open_client_named("devtools");
    story.reload("devtools");
    story.fetch("worker", "/src/entry.ts");
    assert_eq!(story.page_reloads(), 1);
}

#[test]
fn they_are_told_at_the_deadline_of_the_request_whatever_is_unstable_then() {
    let mut story = spoilt();
    story.observe("worker", ActivityKind::Fetch, Moment::Begin, "/src/entry.ts");
    story.wait(9_999);
    assert_eq!(story.page_reloads, 0);
    assert_eq!(story.session.settles_at(story.now), Some(story.now + Time::from_millis(1)));
    story.wait(1);
    assert_eq!(story.page_reloads, 1);
}

#[test]
fn who_cannot_be_run_again_keeps_its_answer_and_its_page_reloads() {
    // Whether its client follows redirects, whether it has a body.
    let table = [
        (true, true, Action::Redirect),
        (true, false, Action::Redirect),
        (false, false, Action::Rerun),
        (false, true, Action::Reload),
    ];
    for (follows_redirects, has_body, expected) in table {
        let mut story = Story::begin();
        let started = RequestStarted::get(1, "/action");
        let started = RequestStarted { method: "POST".into(), follows_redirects, has_body, ..started };
        story.apply(Event::RequestStarted(started));
        story.reoptimize("worker", "zod");
        let verdict = story.classify(1, "500");
        assert_eq!(verdict.action, expected);
        assert_eq!(verdict.explanation.is_some(), expected == Action::Reload, "the client sees the failure");
        assert_eq!(story.page_reloads(), 1);
    }
}

#[test]
fn the_page_of_an_old_stream_is_told_once_all_is_stable_and_not_before() {
    let mut story = Story::begin();
    story.open_client();
    story.enter(1, "GET", "/events");
    story.sent.push(1);
    story.wait(60_000);
    story.discover("worker", "zod");
    story.commit("worker", "zod", true);
    story.reload("worker");
    story.wait(0);
    assert_eq!(story.page_reloads, 0, "the runner has not begun");
    story.fetch("worker", "/src/entry.ts");
    assert_eq!(story.page_reloads(), 1);
}

#[test]
fn the_page_of_a_stream_is_told_nothing_when_a_save_reloads() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/events");
    story.reload("worker");
    let failure = Failure { request: 1, sent: true, status: None, error: Some(ErrorInfo::default()) };
    assert_eq!(story.session.classify(&failure, story.now).action, Action::Pass);
    assert_eq!(story.page_reloads(), 0, "Vite tells pages of a save");
}

#[test]
fn an_update_is_dropped_only_where_a_reload_brings_what_it_would() {
    // When the update was made, in milliseconds after the reload; whether pages get it 300 ms after that.
    let table = [(Some(-1), false), (Some(0), false), (Some(1), true), (Some(200), true), (None, false)];
    for (made, wanted) in table {
        let mut story = Story::begin();
        story.open_client();
        story.apply(Event::Saved(Saved { file: "/app/src/page.tsx".into() }));
        story.wait(50);
        story.reload("client");
        let made_at = made.map(|after: i64| {
            let distance = Time::from_millis(after.unsigned_abs());
            if after < 0 { story.now - distance } else { story.now + distance }
        });
        story.wait(300);
        assert_eq!(story.session.is_update_wanted(made_at, story.now), wanted, "{made:?}");
        story.wait(2_000);
        assert!(story.session.is_update_wanted(made_at, story.now), "the page has been reloaded by then");
    }
}
