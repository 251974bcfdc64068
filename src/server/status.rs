//! What readers are told of a session.

use crate::core::{
    OpenEnvironment, Optimizer, Outcome, Phase, Reoptimization, Session, Stability, Time, millis,
};
use crate::protocol::{ActivityPhase, EnvironmentStatus, Health, ServerActivity, ServerStatus, StatusReport};

/// The whole picture.
pub fn report(session: &Session, now: Time) -> StatusReport {
    let environment = |environment: &OpenEnvironment| EnvironmentStatus {
        name: environment.name.clone(),
        opened_at_ms: millis(environment.opened_at),
        guarded: environment.is_guarded(),
        phase: environment.phase(session.policy(), now),
        generation: environment.generation,
        browser_hash: environment.browser_hash().unwrap_or_default().to_owned(),
        optimized: environment.optimizer().map_or(0, Optimizer::optimized_count),
        pending: environment.pending().map(str::to_owned).collect(),
        adds: environment.optimizer().is_some_and(Optimizer::adds),
        in_flight: environment.in_flight(),
    };
    let first = session.environments().next();
    StatusReport {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        root: first.map(|environment| environment.root.clone()),
        cache_dir: first.and_then(|environment| environment.cache_dir.clone()),
        url: session.url().map(str::to_owned),
        status: status(session, now),
        environments: session.environments().map(environment).collect(),
        records: session.records().map(Into::into).collect(),
        counts: session.counts(),
        fallbacks: session.fallbacks().clone(),
        requests_in_flight: u32::try_from(session.requests_in_flight()).unwrap_or(u32::MAX),
        uptime_ms: millis(now),
    }
}

/// Health, quiescence, and what is going on.
pub fn status(session: &Session, now: Time) -> ServerStatus {
    let since = millis(session.unchanged_since(now));
    match session.stability(&[], now) {
        Stability::Stable => {
            let latest = session.records().next_back().and_then(Reoptimization::outcome);
            let health = if latest == Some(&Outcome::Failed) { Health::Warning } else { Health::Ok };
            ServerStatus::new(health, ServerActivity::stable(since))
        }
        Stability::Unstable { waiting_for, .. } => {
            ServerStatus::new(Health::Ok, activity(session, waiting_for, since, now))
        }
    }
}

/// What keeps environments from being stable: a re-optimization first of all, since it is the cause of the rest.
fn activity(session: &Session, waiting_for: Vec<String>, since: u64, now: Time) -> ServerActivity {
    let is_cause = |record: &&Reoptimization| {
        !record.is_over() && !record.adds() && waiting_for.contains(&record.environment)
    };
    if let Some(record) = session.records().rev().find(is_cause) {
        let (environments, since) = ([record.environment.clone()], millis(record.discovered_at));
        let dependencies = record.dependencies.clone();
        return ServerActivity::of(ActivityPhase::Reoptimizing, &environments, dependencies, since);
    }
    let phase_of = |name: &String| Some(session.environment(name)?.phase(session.policy(), now));
    let is_crawled = waiting_for.iter().all(|name| phase_of(name) == Some(Phase::Discovering));
    let phase = if is_crawled { ActivityPhase::Crawling } else { ActivityPhase::Reloading };
    ServerActivity::of(phase, &waiting_for, Vec::new(), since)
}
