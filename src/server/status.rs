//! What readers are told of a session.

use crate::core::{
    OpenEnvironment, Optimizer, Outcome, Reoptimization, Session, Stability, Time, causes, millis, title,
};
use crate::protocol::{EnvironmentStatus, Health, ServerStatus, StatusReport};

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
    StatusReport {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        root: session.environments().next().map(|environment| environment.root.clone()),
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

/// Health, quiescence and a short message.
pub fn status(session: &Session, now: Time) -> ServerStatus {
    let records = || session.records();
    let failed = records().next_back().and_then(Reoptimization::outcome) == Some(&Outcome::Failed);
    match session.stability(&[], now) {
        Stability::Stable if failed => ServerStatus {
            health: Health::Warning,
            quiescent: true,
            message: "the last optimizer run failed".into(),
        },
        Stability::Stable => ServerStatus { health: Health::Ok, quiescent: true, message: "stable".into() },
        Stability::Unstable { waiting_for, .. } => {
            let running = records().rev().find(|record| !record.is_over() && !record.adds());
            let message = match running {
                Some(record) => {
                    format!("{}: {}", title(&record.environment, false), causes(&record.dependencies))
                }
                None => format!("reloading {}", waiting_for.join(", ")),
            };
            ServerStatus { health: Health::Ok, quiescent: false, message }
        }
    }
}
