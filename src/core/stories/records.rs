//! A re-optimization from its discovery to its record.

use super::*;

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
fn a_replaced_snapshot_keeps_the_generation_apart() {
    let mut story = Story::begin();
    story.reoptimize("worker", "zod");
    story.enter(1, "GET", "/");
    story.open("worker", &[]);
    assert_eq!(story.classify(1, "500").kind, ErrorKind::Doomed, "the snapshot has another hash");
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
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Recovered, 250));
    story.reoptimize("worker", "jotai");
    assert_eq!((story.record().met, story.record().cost.lost_ms), (HandledBy::Missed, 0));
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
fn a_missed_run_costs_no_stream_anything() {
    let mut story = Story::begin();
    story.enter(1, "GET", "/events");
    story.wait(60_000);
    story.enter(2, "GET", "/late");
    story.discover("worker", "zod");
    story.wait(1_200);
    story.commit("worker", "zod", false);
    assert_eq!(story.record().cost.lost_ms, 1_200);
    assert_eq!(story.record().affected, ["GET /late"]);
}

#[test]
fn what_a_request_waits_for_a_save_costs_no_record_of_before() {
    let mut story = Story::begin();
    story.discover("worker", "zod");
    story.arrive(1, "GET", "/");
    story.wait(100);
    story.commit("worker", "zod", false);
    story.wait(0);
    story.apply(Event::RequestFinished(RequestFinished { request: 1 }));
    story.wait(60_000);
    story.reload("worker");
    story.arrive(2, "GET", "/other");
    story.wait(300);
    story.fetch("worker", "/src/entry.ts");
    story.wait(20);
    assert_eq!(story.record().cost, Cost { lost_ms: 100, held: 1, recovered: 0 });
    assert_eq!(story.record().affected, ["GET /"]);
}

#[test]
fn a_request_that_is_let_in_at_its_deadline_costs_the_run_that_goes_on() {
    let mut story = Story::begin();
    story.reoptimize("worker", "zod");
    story.discover("worker", "swr");
    story.arrive(1, "GET", "/");
    story.wait(10_000);
    assert_eq!(story.record().cost, Cost { lost_ms: 10_000, held: 1, recovered: 0 });
}

#[test]
fn nobody_waits_for_an_environment_that_nobody_guards() {
    let mut story = Story::begin();
    story.open_client();
    story.discover("worker", "zod");
    story.discover("client", "dialog");
    story.arrive(1, "GET", "/");
    assert_eq!(story.record().cost.held, 0, "of the client's record");
}

#[test]
fn what_a_request_did_meanwhile_costs_no_run_of_the_browsers() {
    let mut story = Story::begin();
    story.open_client();
    story.enter(1, "GET", "/events");
    story.discover("client", "dialog");
    story.wait(1_200);
    story.commit("client", "dialog", false);
    assert_eq!((story.record().cost.lost_ms, story.record().affected.len()), (0, 0));
}

#[test]
fn what_the_first_run_could_not_take_up_any_more_is_late() {
    for reload in [true, false] {
        let mut story = Story::begin_cold();
        story.discover("worker", "home");
        assert_eq!(story.session.records().count(), 0, "the first run takes it up");
        story.discover("worker", "late");
        story.commit_of("worker", &["home"], &["late"], false);
        let effects = story.commit("worker", "late", reload);
        let [record] = story.session.records().collect::<Vec<_>>()[..] else { panic!("one record") };
        let late: Vec<_> = record.dependencies.iter().map(|dep| (&*dep.id, dep.importer.is_some())).collect();
        assert_eq!(late, [("late", true)]);
        let learned = |effect: &Effect| matches!(effect, Effect::Learned { dependencies, .. } if dependencies == &record.dependencies);
        assert!(effects.iter().any(learned), "{effects:?}");
    }
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
    story.open_client();
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
