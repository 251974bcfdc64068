//! What a session keeps is bounded, however often its dependencies are optimized anew.

use super::*;

const DEPENDENCIES: u32 = 30;

/// The session as a text, in bytes.
fn size(session: &Session) -> usize {
    serde_json::to_string(session).expect("it can be written").len()
}

fn opened() -> Session {
    let mut session = Session::new(Policy::default());
    let snapshot = EnvironmentSnapshot {
        name: "worker".into(),
        consumer: Consumer::Server,
        root: "/app".into(),
        base: "/".into(),
        cache_dir: None,
        optimizer: Some(OptimizerSnapshot { browser_hash: "00000000".into(), ..Default::default() }),
        borrowers: Vec::new(),
    };
    session.apply(Event::EnvironmentOpened(snapshot), Time::ZERO);
    session
}

/// A save meets dependencies, they are optimized, and a request that was inside is judged and leaves.
fn reoptimize(session: &mut Session, run: u32, now: Time) {
    let (environment, hash) = ("worker".to_owned(), format!("{run:08x}"));
    let request = RequestStarted::get(run, format!("/{run}"));
    let saved = Changed {
        environment: environment.clone(),
        cause: ChangeCause::Save,
        modules: vec!["/src/page.tsx".into()],
    };
    session.apply(Event::Changed(saved), now);
    session.apply(Event::RequestStarted(request), now);
    for nth in 0..DEPENDENCIES {
        let importer = Some(ImportSite { file: "/app/src/page.tsx".into(), line: Some(1), column: None });
        let found = Discovered { environment: environment.clone(), id: id(nth), learned: false, importer };
        session.apply(Event::Discovered(found), now);
    }
    let changed = (0..DEPENDENCIES).map(|nth| OptimizedDep {
        id: id(nth),
        file: format!("/app{}", file(nth)),
        browser_hash: hash.clone(),
    });
    let commit = Commit {
        environment: environment.clone(),
        browser_hash: hash.clone(),
        changed: changed.collect(),
        removed: Vec::new(),
        pending: Vec::new(),
        bundled: None,
    };
    session.apply(Event::Committed(commit), now);
    session.reload(&ReloadTurn::of(&environment), now);
    session.classify(&Failure { request: run, sent: false, status: Some(500), error: None }, now);
    session.apply(Event::RequestFinished(RequestFinished { request: run }), now);
    let versioned: Vec<_> = (0..DEPENDENCIES).map(|nth| format!("{}?v={hash}", file(nth))).collect();
    let page = "/src/page.tsx".to_owned();
    let mut activities = vec![
        seen(ActivityKind::Fetch, Moment::Begin, page.clone(), Vec::new()),
        seen(ActivityKind::Transform, Moment::End, page, versioned.clone()),
    ];
    for module in versioned {
        activities.push(seen(ActivityKind::Fetch, Moment::Begin, module.clone(), Vec::new()));
        activities.push(seen(ActivityKind::Transform, Moment::End, module, Vec::new()));
    }
    let fetched = activities.iter().filter(|activity| activity.kind == ActivityKind::Fetch);
    let ends: Vec<_> = fetched
        .map(|begun| seen(ActivityKind::Fetch, Moment::End, begun.module.clone(), Vec::new()))
        .collect();
    activities.extend(ends);
    session.apply(Event::Transformed(Transformed { environment, activities }), now);
}

fn seen(kind: ActivityKind, moment: Moment, module: String, deps: Vec<String>) -> Activity {
    let entry = kind == ActivityKind::Fetch && moment == Moment::Begin && module == "/src/page.tsx";
    Activity { kind, moment, module, entry, optimized: false, deps, dynamic_deps: Vec::new() }
}

fn id(nth: u32) -> String {
    format!("@scope/package-{nth}")
}

fn file(nth: u32) -> String {
    format!("/node_modules/.vite/deps_worker/@scope_package-{nth}.js")
}

#[test]
fn ten_thousand_re_optimizations_leave_no_more_than_a_thousand_do() {
    let mut session = opened();
    let mut sizes = Vec::new();
    for run in 1..=10_000 {
        reoptimize(&mut session, run, Time::from_secs(u64::from(run)));
        if [1_000, 10_000].contains(&run) {
            sizes.push(size(&session));
        }
    }
    assert_eq!(session.counts().reloads, 10_000);
    assert!(sizes[1] * 2 <= sizes[0] * 3, "{sizes:?}");
}
