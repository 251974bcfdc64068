//! What becomes of a request that a re-optimization touched.

use super::Session;
use crate::core::event::ImportSite;
use crate::core::reoptimization::Reoptimization;
use crate::core::request::{Inside, Request, RetryCause};
use crate::core::verdict::{Action, ErrorKind, Failure, Verdict, kind_of};
use crate::core::{HttpRequest, Time};

impl Session {
    /// The environment whose generation changed under the request, if one did, by its name.
    fn doomed_by(&self, inside: &Inside) -> Option<&str> {
        inside.generations.iter().find_map(|(index, generation)| {
            let (name, found) = self.environments.get_index(*index)?;
            (found.generation() != *generation).then_some(&**name)
        })
    }

    /// Requests in flight that saw modules of another generation.
    pub fn doomed(&self) -> Vec<HttpRequest> {
        let is_doomed =
            |request: &Request| request.inside().is_some_and(|inside| self.doomed_by(inside).is_some());
        let doomed = self.requests.iter().filter(|(_, request)| is_doomed(request));
        let mut doomed: Vec<_> = doomed.map(|(id, _)| *id).collect();
        doomed.sort_unstable();
        doomed
    }

    /// Judges how a request fares, and counts a re-issue when it orders one.
    pub fn classify(&mut self, failure: &Failure, now: Time) -> Verdict {
        let found = self.requests.get(&failure.request);
        let Some((request, inside)) = found.and_then(|request| Some((request, request.inside()?))) else {
            return Verdict::pass(ErrorKind::Unrelated, "the request is not inside a guarded environment");
        };
        let doomed_by = self.doomed_by(inside).map(str::to_owned);
        let Some((kind, cause)) = self.cause_of(failure, request, inside, doomed_by.is_some(), now) else {
            return Verdict::pass(ErrorKind::Unrelated, "no re-optimization touched the request");
        };
        let of_a_run = kind != ErrorKind::Reloaded;
        let record = self.history.latest(doomed_by.as_deref()).filter(|_| of_a_run);
        let verdict = explain(Verdict::pass(kind, ""), record);
        if !self.policy.recover {
            return Verdict { reason: "recovery is turned off".into(), ..verdict };
        }
        if kind == ErrorKind::OptimizerFailed && doomed_by.is_none() {
            return Verdict { reason: "the optimizer run failed; Vite's log says why".into(), ..verdict };
        }
        if failure.sent {
            let reload_browser = self.disturbance.take_browser_reload();
            let reason = "the response was on its way when the environment changed".into();
            return Verdict { action: Action::Reload, reload_browser, reason, ..verdict };
        }
        if !request.is_safe() && !failure.has_failed() {
            let reason = format!("{} has not failed and may have changed something", request.method);
            return Verdict { reason, ..verdict };
        }
        let (navigation, lost, key) = (request.is_navigation(), now - inside.since, request.key());
        let Some(attempt) = self.budget.spend(request, cause, &self.policy, now) else {
            self.counts.gave_up += 1;
            let reason = format!(
                "re-issued {} times within {} ms without success",
                self.policy.retry_budget, self.policy.retry_window_ms
            );
            return Verdict { reason, ..verdict };
        };
        self.handed_on.hand_on(request, &self.policy, now);
        self.counts.recovered += 1;
        if of_a_run && let Some(record) = self.history.latest_mut(doomed_by.as_deref()) {
            record.recover(lost);
            record.affect(&key);
        }
        let reason = match kind {
            ErrorKind::EnteredUnstable => "the request entered before its environment was stable",
            ErrorKind::Reloaded => "a save reloaded the modules under the request",
            _ => "a re-optimization changed the modules under the request",
        };
        Verdict {
            action: Action::Retry,
            reason: reason.into(),
            // What a save changes in pages is Vite's to tell them.
            reload_browser: of_a_run && !navigation && self.disturbance.take_browser_reload(),
            attempt: Some(attempt),
            ..verdict
        }
    }

    /// What a failure comes from, and what a re-issue because of it is counted under; nothing, if it is the app's own.
    fn cause_of(
        &self,
        failure: &Failure,
        request: &Request,
        inside: &Inside,
        is_doomed: bool,
        now: Time,
    ) -> Option<(ErrorKind, RetryCause)> {
        let said = failure.error.as_ref().map(kind_of).filter(|said| *said != ErrorKind::Unrelated);
        if is_doomed {
            return Some((said.unwrap_or(ErrorKind::Doomed), RetryCause::Epoch(self.disturbance.epoch)));
        }
        let said = said.filter(|_| self.recently_disturbed(now));
        let doubted = || {
            inside.doubt_of_failure(request.is_safe()).filter(|_| failure.has_failed()).map(ErrorKind::from)
        };
        said.or_else(doubted).map(|kind| (kind, RetryCause::Single(failure.request)))
    }

    /// An error's text counts only in the neighbourhood of a re-optimization: anyone may throw the same words.
    fn recently_disturbed(&self, now: Time) -> bool {
        self.is_disturbed() || self.history.has_disturbed(now.saturating_sub(self.policy.retry_window()))
    }
}

/// Adds to a verdict what is known of the re-optimization behind it.
fn explain(verdict: Verdict, record: Option<&Reoptimization>) -> Verdict {
    let Some(record) = record else { return verdict };
    let late = record.dependencies.first();
    let importer: Option<ImportSite> = late.and_then(|dep| dep.importer.clone());
    Verdict {
        environment: Some(record.environment.clone()),
        dependency: late.map(|dep| dep.id.clone()),
        importer,
        advice: record.advice(),
        ..verdict
    }
}
