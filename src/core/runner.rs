//! The module runner of an environment, as far as it can be seen from outside: which generation's modules it has, and
//! how far it is with the reloads that it was sent.

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use super::{Policy, Time};

/// More entries than this are not told apart from other modules.
const MOST_ENTRIES: usize = 256;

/// What a runner does when it is sent a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Habit {
    /// Nobody was seen fetching: there is none, or nothing has been asked of it.
    Unseen,
    /// It fetches modules. Whether it imports its entries again by itself is not known: some do so for a request only.
    Fetches,
    /// It was seen importing its entries again after a reload, with no request inside that could have made it.
    Reimports,
}

/// The reloads that are not over. A runner takes one after the other, and begins with the next when it has imported
/// its entries for the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Reload {
    /// When the latest was sent.
    since: Time,
    /// Whether an optimizer run caused one of those that the runner has not begun: the modules of before are of another
    /// generation.
    committed: bool,
    /// Whether a commit is to be followed by its reload.
    announced: bool,
    /// How many the runner has not begun.
    queued: u32,
    /// Whether it has fetched an entry since the latest was sent. Then what it has is of now, and if nothing follows, it has
    /// passed over the others: it does so with one because of a file that it has no module of at that moment.
    is_heard_of: bool,
    /// The entries that it has fetched for the one it is at; where it lends, all modules.
    fetched: IndexSet<Box<str>>,
}

impl Reload {
    /// Whether the runner has begun with the latest.
    fn is_begun(&self) -> bool {
        self.queued == 0 && !self.announced
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Runner {
    habit: Habit,
    entries: IndexSet<Box<str>>,
    /// The generation of the modules that it has.
    generation: u32,
    /// The generation of its environment.
    newest: u32,
    reload: Option<Reload>,
}

/// Where a runner is with its reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// None is going on.
    Settled,
    /// The runner has not begun to import again.
    Sent,
    /// It imports again.
    Importing,
}

impl Runner {
    /// A new server has a new runner, which has nothing.
    pub fn new(generation: u32) -> Self {
        let (habit, entries) = (Habit::Unseen, IndexSet::new());
        Runner { habit, entries, generation, newest: generation, reload: None }
    }

    pub fn is_seen(&self) -> bool {
        self.habit != Habit::Unseen
    }

    /// The generation of the modules that a request would meet now.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    pub fn progress(&self) -> Progress {
        match &self.reload {
            None => Progress::Settled,
            Some(reload) if reload.is_begun() => Progress::Importing,
            Some(_) => Progress::Sent,
        }
    }

    /// Whether a reload is on its way that an optimizer run caused.
    pub fn is_reloading_generation(&self) -> bool {
        self.reload.as_ref().is_some_and(|reload| reload.committed && !reload.is_begun())
    }

    fn reload_mut(&mut self, now: Time) -> &mut Reload {
        let reload = self.reload.get_or_insert_with(|| Reload {
            since: now,
            committed: false,
            announced: false,
            queued: 0,
            is_heard_of: false,
            fetched: IndexSet::new(),
        });
        if reload.is_begun() {
            reload.committed = false;
        }
        reload.since = now;
        reload.is_heard_of = false;
        reload
    }

    /// A generation begins; the reload that tells the runner follows at once.
    pub fn announce(&mut self, generation: u32, now: Time) {
        self.newest = generation;
        if self.habit == Habit::Unseen {
            self.generation = generation;
        }
        let reload = self.reload_mut(now);
        reload.committed = true;
        reload.announced = true;
    }

    /// A reload is sent: the one that was announced, or a further one.
    pub fn send_reload(&mut self, now: Time) {
        let reload = self.reload_mut(now);
        reload.announced = false;
        reload.queued += 1;
    }

    /// The runner fetches a module.
    pub fn fetch(&mut self) {
        if self.habit == Habit::Unseen {
            self.habit = Habit::Fetches;
        }
    }

    /// The runner begins to import a module that nothing imports and that it has no copy of. `alone` says that no request
    /// is inside, so that it does so by itself.
    pub fn import_entry(&mut self, url: &str, alone: bool, now: Time) {
        let is_known = self.entries.is_empty() || self.entries.contains(url);
        if self.entries.len() < MOST_ENTRIES {
            self.entries.insert(Box::from(url));
        }
        if is_known {
            self.reimport(url, alone, now);
        }
    }

    /// The same where every module is fetched like an entry, because another environment borrows it.
    pub fn lend(&mut self, url: &str, now: Time) {
        self.reimport(url, false, now);
    }

    fn reimport(&mut self, url: &str, alone: bool, now: Time) {
        // One that it was given up on, and begins after all.
        if self.reload.is_none() && self.habit == Habit::Reimports {
            self.reload_mut(now);
        }
        let Some(reload) = &mut self.reload else {
            self.generation = self.newest;
            return;
        };
        // An entry that it has fetched for the reload it is at is fetched again for the next one.
        let next = reload.fetched.is_empty() || reload.fetched.contains(url);
        if next && reload.queued > 0 {
            reload.queued -= 1;
            reload.fetched.clear();
            if alone {
                self.habit = Habit::Reimports;
            }
        }
        reload.fetched.insert(Box::from(url));
        reload.is_heard_of = true;
        if reload.is_begun() {
            self.generation = self.newest;
        }
    }

    /// How long it has to be quiet, counted from this moment at the earliest, before its reloads count as over. Quiet
    /// alone says nothing of a runner that is known to begin by itself and has not.
    pub fn quiet(&self, policy: &Policy) -> Option<(Time, Time)> {
        let reload = self.reload.as_ref()?;
        let quiet = match self.habit {
            _ if reload.is_begun() => policy.quiet(),
            Habit::Unseen => policy.quiet(),
            Habit::Reimports if reload.committed && !reload.is_heard_of => policy.deadline(),
            Habit::Fetches | Habit::Reimports => policy.debounce(),
        };
        Some((reload.since, quiet))
    }

    /// Forgets reloads that are over, or that the runner is given up on: then one that imports by itself still has the
    /// modules of before, until it fetches an entry.
    pub fn settle(&mut self) {
        let is_heard_of = self.reload.take().is_some_and(|reload| reload.is_heard_of);
        if is_heard_of || self.habit != Habit::Reimports {
            self.generation = self.newest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(entries: &[&str]) -> Runner {
        let mut runner = Runner::new(0);
        runner.fetch();
        for entry in entries {
            runner.entries.insert(Box::from(*entry));
        }
        runner
    }

    #[test]
    fn a_runner_takes_one_reload_after_the_other() {
        let now = Time::ZERO;
        let mut runner = runner(&["/a.ts", "/b.ts"]);
        runner.send_reload(now);
        runner.import_entry("/a.ts", true, Time::ZERO);
        runner.announce(1, now);
        runner.send_reload(now);
        assert_eq!((runner.progress(), runner.generation()), (Progress::Sent, 0));
        runner.import_entry("/b.ts", true, Time::ZERO);
        assert_eq!((runner.progress(), runner.generation()), (Progress::Sent, 0), "still the first one");
        runner.import_entry("/new.ts", true, Time::ZERO);
        assert_eq!((runner.progress(), runner.generation()), (Progress::Sent, 0), "it had no such entry");
        runner.import_entry("/a.ts", true, Time::ZERO);
        assert_eq!((runner.progress(), runner.generation()), (Progress::Importing, 1));
    }

    #[test]
    fn a_reload_because_of_a_file_may_be_passed_over() {
        let policy = Policy::default();
        let mut runner = runner(&["/a.ts"]);
        // A file that is saved twice at once: with the second the runner has nothing of it yet.
        runner.send_reload(Time::ZERO);
        runner.import_entry("/a.ts", true, Time::ZERO);
        runner.send_reload(Time::ZERO);
        runner.announce(1, Time::ZERO);
        runner.send_reload(Time::ZERO);
        assert_eq!(runner.quiet(&policy), Some((Time::ZERO, policy.deadline())));
        runner.import_entry("/a.ts", true, Time::ZERO);
        assert_eq!((runner.progress(), runner.generation()), (Progress::Sent, 0), "it may be at either");
        assert_eq!(runner.quiet(&policy), Some((Time::ZERO, policy.debounce())));
        runner.settle();
        assert_eq!((runner.progress(), runner.generation()), (Progress::Settled, 1));
    }

    #[test]
    fn a_runner_that_is_given_up_on_keeps_its_generation() {
        let mut runner = runner(&["/a.ts"]);
        runner.send_reload(Time::ZERO);
        runner.import_entry("/a.ts", true, Time::ZERO);
        runner.settle();
        runner.announce(1, Time::ZERO);
        runner.send_reload(Time::ZERO);
        runner.settle();
        assert_eq!((runner.progress(), runner.generation()), (Progress::Settled, 0));
        runner.import_entry("/a.ts", true, Time::ZERO);
        assert_eq!(runner.generation(), 1);
    }
}
