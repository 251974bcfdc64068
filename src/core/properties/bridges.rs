//! Environments that lend modules to each other reload together.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const NAMES: [&str; 4] = ["worker", "ssr", "aux", "rsc"];

#[derive(Debug, Clone)]
enum Step {
    /// A late dependency is met.
    Discover {
        environment: usize,
        id: usize,
    },
    /// A run is announced to bundle everything again.
    FallBack {
        environment: usize,
    },
    /// An optimizer run is committed; with a reload, Vite sends one in the same turn.
    Commit {
        environment: usize,
        id: usize,
        reload: bool,
    },
    /// Vite reloads environments because of a save.
    Save {
        environments: BTreeSet<usize>,
    },
    /// A runner imports again.
    Reimport {
        environment: usize,
    },
    Wait {
        milliseconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let environment = 0..NAMES.len();
    prop_oneof![
        (environment.clone(), 0..3usize).prop_map(|(environment, id)| Step::Discover { environment, id }),
        environment.clone().prop_map(|environment| Step::FallBack { environment }),
        (environment.clone(), 0..3usize, any::<bool>()).prop_map(|(environment, id, reload)| Step::Commit {
            environment,
            id,
            reload
        }),
        prop::collection::btree_set(environment.clone(), 1..3)
            .prop_map(|environments| Step::Save { environments }),
        environment.prop_map(|environment| Step::Reimport { environment }),
        (0..600u64).prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

/// Which environment's reload reaches which: directions may go round in circles.
fn bridges() -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    prop::collection::btree_set((0..NAMES.len(), 0..NAMES.len()), 0..6)
}

/// The environments in which runs add.
fn adding() -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..NAMES.len(), 0..NAMES.len())
}
struct World {
    session: Session,
    now: Time,
    bridges: BTreeSet<(usize, usize)>,
    /// The newest committed hash of each dependency of each environment.
    committed: BTreeMap<(usize, usize), u32>,
    hash: u32,
}

impl World {
    fn new(bridges: BTreeSet<(usize, usize)>, adding: &BTreeSet<usize>) -> Self {
        let mut session = Session::new(Policy::default());
        for (index, name) in NAMES.iter().enumerate() {
            let borrowers =
                bridges.iter().filter(|(from, _)| *from == index).map(|(_, to)| NAMES[*to].to_owned());
            let snapshot = EnvironmentSnapshot {
                name: (*name).into(),
                consumer: Consumer::Server,
                root: "/app".into(),
                base: "/".into(),
                cache_dir: None,
                optimizer: Some(OptimizerSnapshot {
                    adds: adding.contains(&index),
                    browser_hash: "h".into(),
                    ..OptimizerSnapshot::default()
                }),
                borrowers: borrowers.collect(),
            };
            session.apply(Event::EnvironmentOpened(snapshot), Time::ZERO);
        }
        World { session, now: Time::from_secs(1), bridges, committed: BTreeMap::new(), hash: 0 }
    }

    /// Everything that has to reload with an environment, itself included.
    fn reach(&self, environment: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([environment]);
        loop {
            let further = self.bridges.iter().filter(|(from, _)| reached.contains(from)).map(|(_, to)| *to);
            let all: BTreeSet<usize> = reached.iter().copied().chain(further.collect::<Vec<_>>()).collect();
            if all.len() == reached.len() {
                return all;
            }
            reached = all;
        }
    }

    fn generation(&self, environment: usize) -> u32 {
        self.session.environments().nth(environment).expect("it is open").generation
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Discover { environment, id } => {
                // What is optimized is not met again.
                if !self.committed.contains_key(&(*environment, *id)) {
                    self.session.apply(discovered(NAMES[*environment], *id), self.now);
                }
            }
            Step::FallBack { environment } => {
                self.session.apply(fell_back(NAMES[*environment]), self.now);
            }
            Step::Commit { environment, id, reload } => self.commit(*environment, *id, *reload),
            Step::Save { environments } => self.reload(environments),
            Step::Reimport { environment } => {
                for moment in [Moment::Begin, Moment::End] {
                    self.session.apply(entry_fetched(NAMES[*environment], moment), self.now);
                }
            }
            Step::Wait { milliseconds } => {
                self.now += Time::from_millis(*milliseconds);
                self.session.tick(self.now);
            }
        }
    }

    fn commit(&mut self, environment: usize, id: usize, reload: bool) {
        self.hash += 1;
        self.committed.insert((environment, id), self.hash);
        let name = NAMES[environment];
        let found = self.session.environment(name).and_then(OpenEnvironment::browser_hash);
        let hash = self.hash.to_string();
        let committed = Commit {
            environment: name.into(),
            browser_hash: if reload { hash.clone() } else { found.unwrap_or_default().to_owned() },
            changed: vec![OptimizedDep { id: format!("dep{id}"), file: "/f.js".into(), browser_hash: hash }],
            removed: vec![],
            pending: vec![],
            bundled: None,
        };
        self.session.apply(Event::Committed(committed), self.now);
        if reload {
            self.reload(&BTreeSet::from([environment]));
            let generation = self.generation(environment);
            for reached in self.reach(environment) {
                assert_eq!(self.generation(reached), generation, "{} is left behind", NAMES[reached]);
            }
        }
    }

    /// One turn of Vite's: it reloads some environments itself, and the plans say what else reloads.
    fn reload(&mut self, environments: &BTreeSet<usize>) {
        let mut sent = environments.clone();
        let mut turn = ReloadTurn::default();
        for environment in environments {
            turn.reloads.extend(ReloadTurn::of(NAMES[*environment]).reloads);
        }
        for target in self.session.reload(&turn, self.now).1.reload {
            let target = NAMES.iter().position(|name| *name == target).expect("it is known");
            assert!(sent.insert(target), "{} is reloaded twice for one cause", NAMES[target]);
        }
        let expected: BTreeSet<usize> =
            environments.iter().flat_map(|environment| self.reach(*environment)).collect();
        assert_eq!(sent, expected, "every environment that borrows is reloaded");
    }

    fn check_resolved(&self) {
        for ((environment, id), hash) in &self.committed {
            match self
                .session
                .environment(NAMES[*environment])
                .map(|found| found.resolve(&format!("dep{id}")))
            {
                Some(ResolvedId::Resolved { id, .. }) => assert_eq!(id, format!("/f.js?v={hash}")),
                other => panic!("a committed dependency is {other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn bridged_environments_move_together_and_nothing_resolves_to_an_old_hash(
        bridges in bridges(),
        adding in adding(),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut world = World::new(bridges, &adding);
        for step in &steps {
            world.take(step);
            world.check_resolved();
        }
    }
}
