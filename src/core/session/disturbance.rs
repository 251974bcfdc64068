//! The times in which a guarded environment is unstable, and those between.

use serde::{Deserialize, Serialize};

use crate::core::Time;

/// See the module's text. Everything between two stable states is one disturbance.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Disturbance {
    /// How many there have been.
    pub epoch: u64,
    is_going_on: bool,
    /// When the latest began, or when it ended if it is over.
    since: Time,
}

impl Disturbance {
    pub fn is_going_on(&self) -> bool {
        self.is_going_on
    }

    pub fn since(&self) -> Time {
        self.since
    }

    pub fn note(&mut self, is_unstable: bool, now: Time) {
        if is_unstable == self.is_going_on {
            return;
        }
        self.epoch += u64::from(is_unstable);
        self.is_going_on = is_unstable;
        self.since = now;
    }
}
