//! What the modules of an environment are doing: which are on their way, and which its runner has fetched.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::core::Time;
use crate::core::event::{Activity, Moment};

/// More modules than this are not remembered for a reload.
const MOST_FETCHED: usize = 4096;

/// When a module was first fetched in a generation, and whether that was for a request.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Fetched {
    at: Time,
    for_request: bool,
}

/// The modules that are on their way, and those that the runner has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ModuleActivity {
    /// Modules that are being fetched or transformed.
    in_flight: u32,
    /// The same for files of the optimizer, which wait for the run that writes them.
    optimized_in_flight: u32,
    /// `None` until something was seen.
    last: Option<Time>,
    /// What the module runner has fetched in this generation, in that order.
    fetched: IndexMap<Box<str>, Fetched>,
}

impl ModuleActivity {
    /// After a snapshot of a server that goes on. Nobody tells of the end of what was on its way.
    pub fn resumed(self) -> Self {
        ModuleActivity { in_flight: 0, optimized_in_flight: 0, ..self }
    }

    pub fn note(&mut self, activity: &Activity, now: Time) {
        self.last = Some(now);
        let in_flight = if activity.optimized { &mut self.optimized_in_flight } else { &mut self.in_flight };
        match activity.moment {
            Moment::Begin => *in_flight += 1,
            Moment::End => *in_flight = in_flight.saturating_sub(1),
        }
    }

    pub fn note_fetch(&mut self, module: &str, for_request: bool, now: Time) {
        if self.fetched.len() < MOST_FETCHED {
            self.fetched.entry(Box::from(module)).or_insert(Fetched { at: now, for_request });
        }
    }

    pub fn last(&self) -> Option<Time> {
        self.last
    }

    /// Modules on their way, files of the optimizer included.
    pub fn in_flight(&self) -> u32 {
        self.in_flight + self.optimized_in_flight
    }

    /// Whether a module is on its way that may import something that is not known yet.
    pub fn may_meet_more(&self) -> bool {
        self.in_flight > 0
    }

    /// Whether a module was fetched, or too many to remember it.
    pub fn may_have_fetched(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.fetched.len() >= MOST_FETCHED || self.fetched.keys().any(|url| is_it(url))
    }

    /// Forgets what was fetched. Of it, gives back what was for no request, and what was for those that came at or
    /// after `since`.
    pub fn take_fetched(&mut self, since: Option<Time>) -> impl Iterator<Item = Box<str>> {
        let wanted =
            move |fetched: &Fetched| !fetched.for_request || since.is_some_and(|since| fetched.at >= since);
        let fetched = std::mem::take(&mut self.fetched).into_iter();
        fetched.filter(move |(_, fetched)| wanted(fetched)).map(|(module, _)| module)
    }
}
