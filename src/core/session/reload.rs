//! What the reloads of a turn take along.

use serde::{Deserialize, Serialize};

use super::{Effect, Session};
use crate::core::event::{ReloadRequested, ReloadTurn};
use crate::core::request::{Inside, Request};
use crate::core::verdict::{Failure, RequestVerdict};
use crate::core::{HttpRequest, Time};

/// What goes along with the reloads of a turn: the answer to `onFullReload`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReloadPlan {
    /// The other environments to reload in lockstep, each exactly once. Vite has not invalidated their module graphs: that
    /// comes first. Reloads sent because of this plan are not to be reported again.
    pub reload: Vec<String>,
    /// What the runners of the turn's environments are going to fetch.
    pub warm: Vec<WarmUp>,
    /// Requests inside that saw modules of another generation, and what is to become of each. One that is to pass is judged again
    /// by its status (`classifyError`), whatever that is.
    pub verdicts: Vec<RequestVerdict>,
}

/// Vite's environment of the pages in browsers. Another one for clients has a channel of its own, which no page listens to.
const PAGES: &str = "client";

/// Modules that a runner is going to fetch one after the other. Transforming them at once, side by side, shortens that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct WarmUp {
    pub environment: String,
    /// As URLs.
    pub modules: Vec<String>,
}

impl Session {
    /// `full-reload`s are about to be sent: what else has to reload, and what becomes of the requests that they find inside.
    pub fn reload(&mut self, turn: &ReloadTurn, now: Time) -> (Vec<Effect>, ReloadPlan) {
        let mut effects = self.pass(now);
        let mut reload = Vec::new();
        for requested in &turn.reloads {
            self.begin_reload(requested, now);
            self.reload_borrowers(requested, turn, &mut reload, now);
        }
        self.crawl(None, now, &mut effects);
        self.note_disturbance(now);
        let doomed = self.doomed();
        let warm = self.warm_ups(turn, &doomed);
        let verdicts = self.judge_doomed(turn, doomed, now);
        (effects, ReloadPlan { reload, warm, verdicts })
    }

    fn begin_reload(&mut self, requested: &ReloadRequested, now: Time) {
        let policy = self.policy;
        let Some(environment) = self.environment_mut(&requested.environment) else { return };
        let is_followed = environment.begin_reload(requested.triggered_by.as_deref(), &policy, now);
        let is_guarded = environment.is_guarded();
        if requested.environment == PAGES {
            self.pages.reload(now);
        }
        if is_followed && is_guarded {
            let inside = self.requests.values_mut().filter_map(Request::inside_mut);
            inside.for_each(Inside::doubt_reload);
        }
    }

    /// Begins the reload of everything that borrows from an environment, in the same generation. What Vite does not reload itself
    /// is added to `others`, each once.
    fn reload_borrowers(
        &mut self,
        requested: &ReloadRequested,
        turn: &ReloadTurn,
        others: &mut Vec<String>,
        now: Time,
    ) {
        let Some(lender) = self.environment(&requested.environment) else { return };
        let generation = lender.is_reloading_generation().then_some(lender.generation);
        for borrower in self.borrowers_of(&requested.environment) {
            let is_reloaded = turn.reloads.iter().any(|other| other.environment == borrower);
            let is_new = !is_reloaded && !others.contains(&borrower);
            if let Some(environment) = self.environment_mut(&borrower) {
                environment.reload_with(generation, is_new, now);
            }
            if is_new {
                others.push(borrower);
            }
        }
    }

    /// Everything that borrows from an environment, directly or through others.
    fn borrowers_of(&self, environment: &str) -> Vec<String> {
        let mut reached = vec![environment.to_owned()];
        let mut next = 0;
        while next < reached.len() {
            if let Some(environment) = self.environment(&reached[next]) {
                for borrower in &environment.borrowers {
                    if self.environment(borrower).is_some() && !reached.contains(borrower) {
                        reached.push(borrower.clone());
                    }
                }
            }
            next += 1;
        }
        reached.split_off(1)
    }

    /// What requests that will be sent again fetched, by the environments that begin a generation.
    fn warm_ups(&mut self, turn: &ReloadTurn, doomed: &[HttpRequest]) -> Vec<WarmUp> {
        let inside = doomed.iter().filter_map(|id| self.requests.get(id)?.inside());
        let since = inside.map(|inside| inside.since).min();
        let mut warm_ups = Vec::new();
        for ReloadRequested { environment, .. } in &turn.reloads {
            let reloading = self.environment_mut(environment).filter(|found| found.is_reloading_generation());
            let modules = reloading.map(|found| found.take_fetched(since)).unwrap_or_default();
            if !modules.is_empty() {
                warm_ups.push(WarmUp { environment: environment.clone(), modules });
            }
        }
        warm_ups
    }

    fn judge_doomed(
        &mut self,
        turn: &ReloadTurn,
        doomed: Vec<HttpRequest>,
        now: Time,
    ) -> Vec<RequestVerdict> {
        let mut verdicts = Vec::new();
        for request in doomed {
            let failure = Failure { request, sent: turn.sent.contains(&request), status: None, error: None };
            let verdict = self.classify(&failure, now);
            verdicts.push(RequestVerdict { request, verdict });
        }
        verdicts
    }
}
