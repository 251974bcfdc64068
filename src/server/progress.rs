//! What a session's effects tell the client.

use super::outbox::Outbox;
use crate::core::{Bundling, Effect, HandledBy, Outcome, Reoptimization, causes, millis, names};
use crate::protocol::{
    Learned, LogLevel, LogMessage, Progress, ProgressValue, RunRequest, WarmupRequest, title,
};

pub fn notify(outbox: &Outbox, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Began(record) => {
                let title = title(&record.environment, record.adds());
                let value = ProgressValue::Begin { title, message: causes(&record.dependencies) };
                outbox.notify("$/progress", Progress { token: token(&record), value });
            }
            Effect::Crawl { environment, modules } => {
                outbox.notify("environment/warmupRequest", WarmupRequest { environment, modules });
            }
            Effect::Optimize { environment } => {
                outbox.notify("optimizer/runRequest", RunRequest { environment });
            }
            Effect::Learned { environment, dependencies } => {
                outbox.notify("optimizer/didLearn", Learned { environment, dependencies });
            }
            Effect::Ended(record) => {
                let value = ProgressValue::End { message: summary(&record) };
                outbox.notify("$/progress", Progress { token: token(&record), value });
                if let Some(level) = log_level(&record) {
                    log(outbox, level, summary(&record));
                }
            }
        }
    }
}

pub fn log(outbox: &Outbox, level: LogLevel, message: String) {
    outbox.notify("window/logMessage", LogMessage { level: level as u8, message });
}

fn token(record: &Reoptimization) -> String {
    format!("reoptimization/{}", record.id)
}

fn log_level(record: &Reoptimization) -> Option<LogLevel> {
    match record.outcome()? {
        Outcome::Reloaded { .. } => Some(LogLevel::Info),
        Outcome::Extended { .. } if record.adds() => Some(LogLevel::Info),
        Outcome::Failed => Some(LogLevel::Warning),
        Outcome::Extended { .. } | Outcome::Abandoned => None,
    }
}

/// One calm line: what, why, cost, how to prevent it.
fn summary(record: &Reoptimization) -> String {
    let took = millis(record.stable_at().unwrap_or(record.discovered_at)) - millis(record.discovered_at);
    let (environment, cause) = (&record.environment, causes(&record.dependencies));
    match record.outcome() {
        Some(Outcome::Failed) => return format!("{environment}: the optimizer failed on {cause}"),
        Some(Outcome::Extended { .. }) if record.adds() => {
            return format!(
                "{environment}: added {} in {took} ms, nothing reloaded",
                names(&record.dependencies)
            );
        }
        Some(Outcome::Extended { .. }) => {
            return format!("{environment}: optimized {cause} without a reload");
        }
        Some(Outcome::Abandoned) => return format!("{environment}: closed before {cause} was optimized"),
        Some(Outcome::Reloaded { .. }) | None => {}
    }
    // A run that this sidecar did not see the beginning of.
    if record.dependencies.is_empty() {
        return format!("{environment}: re-optimized in {took} ms");
    }
    let how = match record.met {
        HandledBy::Foreseen => format!(", ahead of requests, for {cause}."),
        _ => format!(" for {cause}; {} held, {} re-issued.", record.cost.held, record.cost.recovered),
    };
    format!("{environment}: re-optimized in {took} ms{how}{}{}", fallback(record), prevention(record))
}

/// Why it was not only added.
fn fallback(record: &Reoptimization) -> String {
    match &record.bundling {
        Bundling::Everything(Some(why)) => format!(" Everything was bundled again: {why}."),
        Bundling::Everything(None) | Bundling::Adds => String::new(),
    }
}

/// The line of config, unless it would be no line any more.
fn prevention(record: &Reoptimization) -> String {
    match (record.advice(), record.dependencies.len()) {
        (None, _) => String::new(),
        (Some(advice), ..=3) => format!(" To prevent it: {advice}"),
        _ => " To prevent it, copy the line of config from /__evenkeel/".into(),
    }
}
