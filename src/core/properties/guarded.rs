//! A guarded environment and its module runner, as requests see them.

use std::collections::BTreeSet;

use super::*;

/// What a guarded environment with a module runner may live through.
#[derive(Debug, Clone)]
enum Moved {
    /// A save reloads the environment.
    Save,
    /// An optimizer run is committed with a reload.
    Commit,
    /// The runner begins with the next of its reloads, if it is not at one.
    Begin,
    /// What the runner fetches has arrived, and it has imported its entry.
    Finish,
    /// A request comes, and enters if it may. At its deadline, it enters in any case.
    Request {
        at_deadline: bool,
    },
    Wait {
        milliseconds: u64,
    },
}

fn moved() -> impl Strategy<Value = Moved> {
    prop_oneof![
        Just(Moved::Save),
        Just(Moved::Commit),
        Just(Moved::Begin),
        Just(Moved::Finish),
        any::<bool>().prop_map(|at_deadline| Moved::Request { at_deadline }),
        (0..12_000u64).prop_map(|milliseconds| Moved::Wait { milliseconds }),
    ]
}

/// What an environment is told of late dependencies.
#[derive(Debug, Clone)]
enum Late {
    Discovered {
        id: usize,
    },
    /// A save, whose modules are to be looked at.
    Changed,
    /// What waits is optimized without a reload.
    Added,
}

fn late() -> impl Strategy<Value = Late> {
    prop_oneof![(0..9usize).prop_map(|id| Late::Discovered { id }), Just(Late::Changed), Just(Late::Added)]
}

/// An environment and a true runner, which queues its reloads as Vite's does.
struct Guarded {
    session: Session,
    now: Time,
    newest: u32,
    /// Reloads that the runner has not begun.
    queued: u32,
    is_importing: bool,
    /// The generation whose entry the runner has fetched.
    fetched: u32,
    /// Requests, and the generation that the runner had when they entered.
    inside: Vec<(HttpRequest, u32)>,
    /// Those that are answered by another run.
    retried: BTreeSet<HttpRequest>,
}

impl Guarded {
    /// The runner has been seen importing again by itself.
    fn new() -> Self {
        Self::with(false)
    }

    /// The same where runs add.
    fn adding() -> Self {
        Self::with(true)
    }

    fn with(adds: bool) -> Self {
        let mut session = Session::new(Policy::default());
        let snapshot = EnvironmentSnapshot {
            name: "worker".into(),
            consumer: Consumer::Server,
            root: "/app".into(),
            base: "/".into(),
            cache_dir: None,
            optimizer: Some(OptimizerSnapshot {
                adds,
                browser_hash: "0".into(),
                ..OptimizerSnapshot::default()
            }),
            borrowers: vec![],
        };
        session.apply(Event::EnvironmentOpened(snapshot), Time::ZERO);
        let now = Time::from_secs(1);
        let mut guarded = Guarded {
            session,
            now,
            newest: 0,
            queued: 0,
            is_importing: false,
            fetched: 0,
            inside: Vec::new(),
            retried: BTreeSet::new(),
        };
        guarded.fetch(Moment::Begin);
        guarded.fetch(Moment::End);
        for moved in [Moved::Save, Moved::Begin, Moved::Finish, Moved::Wait { milliseconds: 20 }] {
            guarded.take(&moved);
        }
        guarded
    }

    fn take(&mut self, moved: &Moved) {
        match moved {
            Moved::Save => self.reload(),
            Moved::Commit => {
                self.newest += 1;
                self.commit();
                self.reload();
            }
            Moved::Begin if !self.is_importing && self.queued > 0 => {
                self.queued -= 1;
                self.is_importing = true;
                self.fetch(Moment::Begin);
                self.fetched = self.newest;
            }
            Moved::Finish if self.is_importing => {
                self.is_importing = false;
                self.fetch(Moment::End);
            }
            Moved::Begin | Moved::Finish => {}
            Moved::Request { at_deadline } => {
                let is_stable = self.session.stability(&[], self.now) == Stability::Stable;
                if is_stable || *at_deadline {
                    self.enter();
                }
            }
            Moved::Wait { milliseconds } => {
                self.now += Time::from_millis(*milliseconds);
                self.session.tick(self.now);
            }
        }
    }

    fn take_late(&mut self, late: &Late) {
        match late {
            Late::Discovered { id } => {
                self.session.apply(discovered("worker", *id), self.now);
            }
            Late::Changed => {
                let modules = vec!["/page.ts".to_owned()];
                let changed = Changed { environment: "worker".into(), cause: ChangeCause::Save, modules };
                self.session.apply(Event::Changed(changed), self.now);
            }
            Late::Added => self.commit(),
        }
    }

    fn commit(&mut self) {
        let committed = Commit {
            environment: "worker".into(),
            browser_hash: self.newest.to_string(),
            changed: vec![],
            removed: vec![],
            pending: vec![],
            bundled: None,
        };
        self.session.apply(Event::Committed(committed), self.now);
    }

    /// What requests can tell of a session.
    fn seen(&self) -> (Stability, Vec<HttpRequest>) {
        (self.session.stability(&[], self.now), self.session.doomed())
    }

    fn reload(&mut self) {
        self.queued += 1;
        let (_, plan) = self.session.reload(&ReloadTurn::of("worker"), self.now);
        let judged = plan.verdicts.iter().filter(|judged| judged.verdict.action.is_retry());
        self.retried.extend(judged.map(|judged| judged.request));
    }

    fn fetch(&mut self, moment: Moment) {
        self.session.apply(entry_fetched("worker", moment), self.now);
    }

    fn enter(&mut self) {
        let request = u32::try_from(self.inside.len()).expect("they are few");
        let started = RequestStarted::get(request, format!("/{request}"));
        self.session.apply(Event::RequestStarted(started), self.now);
        self.inside.push((request, self.fetched));
    }

    /// Requests that met modules of another generation than the newest.
    fn met_others(&self) -> Vec<HttpRequest> {
        let others = self.inside.iter().filter(|(_, fetched)| *fetched != self.newest);
        others.map(|(request, _)| *request).collect()
    }
}

proptest! {
    #[test]
    fn who_entered_before_the_entry_of_the_newest_generation_was_fetched_is_never_counted_as_new(
        steps in prop::collection::vec(moved(), 0..60),
    ) {
        let mut guarded = Guarded::new();
        for step in &steps {
            guarded.take(step);
            let mut doomed = guarded.session.doomed();
            doomed.extend(&guarded.retried);
            let missed: Vec<_> = guarded.met_others().into_iter().filter(|id| !doomed.contains(id)).collect();
            prop_assert_eq!(missed, Vec::<HttpRequest>::new());
        }
    }

    #[test]
    fn nobody_is_let_in_while_the_runner_imports(steps in prop::collection::vec(moved(), 0..60)) {
        let mut guarded = Guarded::new();
        for step in &steps {
            guarded.take(step);
            let is_stable = guarded.session.stability(&[], guarded.now) == Stability::Stable;
            prop_assert!(!is_stable || !guarded.is_importing);
        }
    }
}

proptest! {
    #[test]
    fn what_is_late_where_runs_add_is_as_if_it_had_not_been(
        steps in prop::collection::vec(prop_oneof![moved().prop_map(Ok), late().prop_map(Err)], 0..60),
    ) {
        let (mut guarded, mut unaware) = (Guarded::adding(), Guarded::new());
        for step in &steps {
            match step {
                Ok(moved) => [&mut guarded, &mut unaware].into_iter().for_each(|one| one.take(moved)),
                Err(late) => guarded.take_late(late),
            }
            prop_assert_eq!(guarded.seen(), unaware.seen());
        }
    }

    #[test]
    fn a_run_that_falls_back_is_as_if_none_had_ever_added(
        before in prop::collection::vec(late(), 0..9),
        until_committed in prop::collection::vec(prop_oneof![moved().prop_map(Ok), late().prop_map(Err)], 0..30),
        behind in prop::collection::vec(moved(), 0..30),
    ) {
        let (mut guarded, mut stock) = (Guarded::adding(), Guarded::new());
        for late in &before {
            [&mut guarded, &mut stock].into_iter().for_each(|one| one.take_late(late));
        }
        guarded.session.apply(fell_back("worker"), guarded.now);
        let is_no_commit = |step: &&Result<Moved, Late>| !matches!(step, Ok(Moved::Commit) | Err(Late::Added));
        for step in until_committed.iter().filter(is_no_commit) {
            for one in [&mut guarded, &mut stock] {
                match step {
                    Ok(moved) => one.take(moved),
                    Err(late) => one.take_late(late),
                }
            }
            prop_assert_eq!(guarded.seen(), stock.seen());
        }
        // A crawl that is not over when the run is committed would go on to hold up the stock side alone.
        let crawled = Moved::Wait { milliseconds: 5_000 };
        for moved in [&crawled, &Moved::Commit].into_iter().chain(&behind) {
            [&mut guarded, &mut stock].into_iter().for_each(|one| one.take(moved));
            prop_assert_eq!(guarded.seen(), stock.seen());
        }
    }
}
