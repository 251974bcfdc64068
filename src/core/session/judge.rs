//! What becomes of a request that a re-optimization touched.

use super::Session;
use crate::core::event::ImportSite;
use crate::core::reoptimization::Reoptimization;
use crate::core::request::{Inside, Request, RetryCause};
use crate::core::verdict::{Action, ErrorKind, Failure, Verdict, kind_of};
use crate::core::{HttpRequest, Policy, Time, millis};

/// Why a request is not run once more.
enum Refusal {
    Pass(String),
    /// What its client gets is not right, and its page is to start anew.
    Reload(&'static str),
}

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

    /// Judges how a request fares, and counts it when it orders another run.
    pub fn classify(&mut self, failure: &Failure, now: Time) -> Verdict {
        let found = self.requests.get(&failure.request);
        let Some((request, inside)) = found.and_then(|request| Some((request, request.inside()?))) else {
            return Verdict::pass(ErrorKind::Unrelated, "the request is not inside a guarded environment");
        };
        let doomed_by = self.doomed_by(inside).map(str::to_owned);
        let Some((kind, cause)) = self.cause_of(failure, request, inside, doomed_by.is_some(), now) else {
            return Verdict::pass(ErrorKind::Unrelated, "no re-optimization touched the request");
        };
        let record = self.record_to_blame(kind, inside, doomed_by.as_deref(), now);
        let verdict = with_cause(Verdict::pass(kind, ""), record);
        let record = record.map(|record| record.id);
        let verdict = match self.refusal(failure, request, kind, doomed_by.is_some()) {
            Some(Refusal::Pass(reason)) => Verdict { reason, ..verdict },
            Some(Refusal::Reload(reason)) => {
                self.owe_reload(failure.request, now);
                Verdict { action: Action::Reload, reason: reason.into(), ..verdict }
            }
            None => self.retry(failure.request, verdict, cause, record, now),
        };
        self.explain(failure, verdict)
    }

    /// Why a request is not run once more, although a re-optimization, or a save, may be what is wrong with it.
    fn refusal(
        &self,
        failure: &Failure,
        request: &Request,
        kind: ErrorKind,
        is_doomed: bool,
    ) -> Option<Refusal> {
        if !self.policy.recover {
            return Some(Refusal::Pass("recovery is turned off".into()));
        }
        if kind == ErrorKind::OptimizerFailed && !is_doomed {
            return Some(Refusal::Pass("the optimizer run failed; Vite's log says why".into()));
        }
        // What a save changes in pages is Vite's to tell them.
        let lost =
            |reason| if kind.is_of_a_run() { Refusal::Reload(reason) } else { Refusal::Pass(reason.into()) };
        if failure.sent {
            return Some(lost("the response was on its way when the environment changed"));
        }
        if !request.is_safe() && !failure.has_failed() {
            let reason = format!("{} has not failed and may have changed something", request.method);
            return Some(Refusal::Pass(reason));
        }
        let is_lost = request.retry().is_none();
        is_lost.then(|| lost("its body has been read, and its client follows no redirect"))
    }

    /// Has a request answered by another run, if its budget allows that. With that it has left.
    fn retry(
        &mut self,
        id: HttpRequest,
        verdict: Verdict,
        cause: RetryCause,
        record: Option<u64>,
        now: Time,
    ) -> Verdict {
        let Some(request) = self.requests.get(&id) else { return verdict };
        let Some((action, inside)) = request.retry().zip(request.inside()) else { return verdict };
        let (is_navigation, lost, key) = (request.is_navigation(), now - inside.since, request.key());
        let timeout_ms = Some(millis(request.chain.deadline.saturating_sub(now)));
        let Some(attempt) = self.budget.spend(request, cause, &self.policy, now) else {
            self.give_up(id);
            let Policy { retry_budget, retry_window_ms, .. } = self.policy;
            let reason =
                format!("re-issued {retry_budget} times within {retry_window_ms} ms without success");
            return Verdict { reason, ..verdict };
        };
        self.handed_on.hand_on(request, &self.policy, now);
        self.counts.recovered += 1;
        if verdict.kind.is_of_a_run() {
            if let Some(record) = record.and_then(|record| self.history.get_mut(record)) {
                record.recover(lost);
                record.affect(&key);
            }
            // A navigation is its own reload, and what a save changes in pages is Vite's to tell them.
            if !is_navigation {
                self.owe_reload(id, now);
            }
        }
        let reason = match verdict.kind {
            ErrorKind::EnteredUnstable => "the request entered before its environment was stable",
            ErrorKind::Reloaded => "a save reloaded the modules under the request",
            _ => "a re-optimization changed the modules under the request",
        };
        // What its handler still says interests nobody.
        self.requests.remove(&id);
        Verdict { action, reason: reason.into(), attempt: Some(attempt), timeout_ms, ..verdict }
    }

    /// The page of a request is to reload once everything is stable, unless it is told so anyway.
    fn owe_reload(&mut self, id: HttpRequest, now: Time) {
        let Some(request) = self.requests.get(&id) else { return };
        let Some(inside) = request.inside() else { return };
        // From now on: a stream is older than anybody may be kept waiting.
        let until = now + self.policy.deadline();
        self.pages.owe_reload(self.disturbance.epoch, inside.came_at(), until);
    }

    /// A request has spent its budget. It counts once, however often it is judged.
    fn give_up(&mut self, id: HttpRequest) {
        let inside = self.requests.get_mut(&id).and_then(Request::inside_mut);
        if inside.is_some_and(|inside| !std::mem::replace(&mut inside.has_given_up, true)) {
            self.counts.gave_up += 1;
        }
    }

    /// Adds the line for the log where the client gets the failure, once: an error becomes a status, and is judged as both.
    fn explain(&mut self, failure: &Failure, verdict: Verdict) -> Verdict {
        let is_seen = failure.has_failed() && !verdict.action.is_retry();
        let Some(request) = self.requests.get_mut(&failure.request).filter(|_| is_seen) else {
            return verdict;
        };
        let inside = request.inside_mut();
        if inside.is_none_or(|inside| std::mem::replace(&mut inside.is_explained, true)) {
            return verdict;
        }
        let explanation = Some(verdict.explain(&request.method, &request.url));
        Verdict { explanation, ..verdict }
    }

    /// The record of the re-optimization that a failure comes from.
    fn record_to_blame(
        &self,
        kind: ErrorKind,
        inside: &Inside,
        doomed_by: Option<&str>,
        now: Time,
    ) -> Option<&Reoptimization> {
        let came_at = inside.came_at();
        let since = match kind {
            ErrorKind::Reloaded | ErrorKind::Unrelated => return None,
            ErrorKind::Doomed | ErrorKind::EnteredUnstable => came_at,
            // An error's text tells of what may have been over when its request came.
            _ => came_at.min(now.saturating_sub(self.policy.retry_window())),
        };
        self.history.met_since(since, |name| match doomed_by {
            Some(doomed_by) => name == doomed_by,
            None => self.is_guarded(name),
        })
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

/// Adds to a verdict what is known of the re-optimization that caused it.
fn with_cause(verdict: Verdict, record: Option<&Reoptimization>) -> Verdict {
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
