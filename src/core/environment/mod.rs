//! An environment, closed or open.

mod activity;
mod foresight;
mod open;
mod optimizer;

pub use open::{OpenEnvironment, Phase};
pub use optimizer::{Met, Optimizer, ResolvedId};

use serde::{Deserialize, Serialize};

use super::Time;
use super::event::EnvironmentSnapshot;

/// Modules of two generations must not meet. Each commit that reloads begins one; the numbers are
/// the session's, so that bridged environments share theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Environment {
    /// Kept for its generation alone: a request that is still inside may have met modules of an earlier one.
    Closed {
        generation: u32,
    },
    Open(Box<OpenEnvironment>),
}

impl Environment {
    /// One that nobody has heard of yet.
    pub fn unknown() -> Self {
        Environment::Closed { generation: 0 }
    }

    pub fn generation(&self) -> u32 {
        match self {
            Environment::Closed { generation } => *generation,
            Environment::Open(open) => open.generation,
        }
    }

    pub fn as_open(&self) -> Option<&OpenEnvironment> {
        match self {
            Environment::Closed { .. } => None,
            Environment::Open(open) => Some(open),
        }
    }

    pub fn as_open_mut(&mut self) -> Option<&mut OpenEnvironment> {
        match self {
            Environment::Closed { .. } => None,
            Environment::Open(open) => Some(open),
        }
    }

    /// Takes over a full snapshot, and says whether that began the given generation: with another hash, a
    /// request that saw the modules of before must still be told apart from one that did not.
    pub fn open(&mut self, snapshot: EnvironmentSnapshot, generation: u32, now: Time) -> bool {
        let hash = snapshot.optimizer.as_ref().map(|optimizer| &*optimizer.browser_hash);
        let begins =
            self.as_open().and_then(OpenEnvironment::browser_hash).is_some_and(|old| hash != Some(old));
        let generation = if begins { generation } else { self.generation() };
        *self = match std::mem::replace(self, Environment::unknown()) {
            Environment::Closed { .. } => {
                Environment::Open(Box::new(OpenEnvironment::new(snapshot, generation, now)))
            }
            Environment::Open(open) => {
                Environment::Open(Box::new(open.replaced_by(snapshot, generation, now)))
            }
        };
        begins
    }

    /// Says whether that began the given generation: what it had optimized is gone.
    pub fn close(&mut self, generation: u32) -> bool {
        let begins = self.as_open().is_some_and(OpenEnvironment::has_optimizer);
        let generation = if begins { generation } else { self.generation() };
        *self = Environment::Closed { generation };
        begins
    }
}
