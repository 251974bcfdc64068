//! What a reload takes along.

use super::{ReloadPlan, Session};
use crate::core::Time;
use crate::core::event::ReloadRequested;

impl Session {
    /// A `full-reload` is about to be sent: what else has to reload, and which requests it finds inside.
    pub fn plan_reload(&mut self, reload: &ReloadRequested, now: Time) -> ReloadPlan {
        let reload_too = self.reload_bridged(reload, now);
        let doomed = self.doomed();
        let inside = doomed.iter().filter_map(|id| self.requests.get(id)?.inside());
        let since = inside.map(|inside| inside.since).min();
        let warm = match self.environment_mut(&reload.environment) {
            Some(environment) if environment.is_reloading_generation() => environment.take_fetched(since),
            _ => Vec::new(),
        };
        ReloadPlan { reload: reload_too, doomed, warm }
    }

    /// Begins the reload of everything that borrows from an environment, in the same generation, each once.
    fn reload_bridged(&mut self, reload: &ReloadRequested, now: Time) -> Vec<String> {
        let Some(from) = self.environment(&reload.environment) else { return Vec::new() };
        let generation = from.is_reloading_generation().then_some(from.generation);
        let mut targets = self.bridged_from(&reload.environment);
        for target in &targets {
            let sent = !reload.alongside.contains(target);
            if let Some(environment) = self.environment_mut(target) {
                environment.reload_with(generation, sent, now);
            }
        }
        let index = |name: &str| self.environments.get_index_of(name);
        let earlier = reload.alongside.iter().filter(|other| index(other) < index(&reload.environment));
        let theirs: Vec<String> = earlier.flat_map(|other| self.bridged_from(other)).collect();
        targets.retain(|target| !reload.alongside.contains(target) && !theirs.contains(target));
        targets
    }

    /// Everything that borrows from an environment, directly or through others.
    fn bridged_from(&self, environment: &str) -> Vec<String> {
        let mut reached = vec![environment.to_owned()];
        let mut next = 0;
        while next < reached.len() {
            if let Some(environment) = self.environment(&reached[next]) {
                for bridge in &environment.bridges {
                    if self.environment(&bridge.to).is_some() && !reached.contains(&bridge.to) {
                        reached.push(bridge.to.clone());
                    }
                }
            }
            next += 1;
        }
        reached.split_off(1)
    }
}
