//! The pages that are open in browsers: when they were told to reload, and whether they are to be.

use serde::{Deserialize, Serialize};

use super::Time;

/// A page that was told to reload is gone by then.
const RELOADING: Time = Time::from_secs(2);

/// See the module's text.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pages {
    /// When they were last told, by Vite or on the session's order.
    reloaded_at: Option<Time>,
    /// When a file was last saved.
    saved_at: Option<Time>,
    /// The disturbance for which they were last to be told.
    owed_in: Option<u64>,
    /// While they are to be told: by then at the latest.
    owed_until: Option<Time>,
}

impl Pages {
    /// A page has an answer, or waits for one, that a disturbance has spoilt. It is told so once for each, however many requests
    /// that met, and not if it has been told to reload since its request came.
    pub fn owe_reload(&mut self, disturbance: u64, came_at: Time, until: Time) {
        let knows = self.reloaded_at.is_some_and(|at| at >= came_at);
        if !knows && self.owed_in.replace(disturbance) != Some(disturbance) {
            self.owed_until = Some(until);
        }
    }

    /// They are being told to reload.
    pub fn reload(&mut self, now: Time) {
        self.reloaded_at = Some(now);
        self.owed_until = None;
    }

    /// A file was saved.
    pub fn save(&mut self, now: Time) {
        self.saved_at = Some(now);
    }

    /// Whether they are on their way to a reload that was ordered after something was made; where nothing tells when, after the
    /// latest save.
    pub fn are_getting(&self, made_at: Option<Time>, now: Time) -> bool {
        let made_at = made_at.or(self.saved_at);
        self.reloaded_at.is_some_and(|at| made_at.is_none_or(|made| at >= made) && now < at + RELOADING)
    }

    /// When they have to be told at the latest, if they do.
    pub fn owed_until(&self) -> Option<Time> {
        self.owed_until
    }
}
