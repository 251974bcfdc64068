//! What a session's effects tell the client.

use super::outbox::Outbox;
use crate::core::{Bundling, Cost, Effect, HandledBy, Outcome, Reoptimization, brief, causes, millis};
use crate::protocol::{
    Learned, LogLevel, LogMessage, Progress, ProgressValue, ReloadPagesRequest, RunRequest, WarmupRequest,
    title,
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
            Effect::ReloadPages => outbox.notify("browser/reloadRequest", ReloadPagesRequest {}),
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

/// What Vite calls the environment of the browser. There, somebody notices a reload that no request had to wait for.
const BROWSER: &str = "client";

/// One calm line: what, why, cost, how to prevent it.
fn summary(record: &Reoptimization) -> String {
    let took = millis(record.stable_at().unwrap_or(record.discovered_at)) - millis(record.discovered_at);
    let (environment, what) = (&record.environment, brief(&record.dependencies));
    match record.outcome() {
        Some(Outcome::Failed) => return format!("{environment}: the optimizer failed on {what}"),
        Some(Outcome::Extended { .. }) if record.adds() => {
            return format!("{environment}: added {what} in {took} ms, nothing reloaded");
        }
        Some(Outcome::Extended { .. }) => {
            return format!("{environment}: optimized {what} without a reload");
        }
        Some(Outcome::Abandoned) => return format!("{environment}: closed before {what} was optimized"),
        Some(Outcome::Reloaded { .. }) | None => {}
    }
    // A run that this sidecar did not see the beginning of.
    if record.dependencies.is_empty() {
        return format!("{environment}: re-optimized in {took} ms");
    }
    let whom = whom_it_met(record);
    format!(
        "{environment}: re-optimized in {took} ms for {what}{whom}.{}{}",
        fallback(record),
        prevention(record)
    )
}

/// Who had to wait for it, or that nobody had to.
fn whom_it_met(record: &Reoptimization) -> String {
    if record.environment == BROWSER {
        return ", and open pages reloaded".into();
    }
    if record.met == HandledBy::Foreseen {
        return ", before a request needed it".into();
    }
    let requests = |number: u32| if number == 1 { "1 request".into() } else { format!("{number} requests") };
    match (record.cost.held, record.cost.recovered) {
        (0, 0) => String::new(),
        (held, 0) => format!("; {} waited", requests(held)),
        (0, recovered) => format!("; {} answered again", requests(recovered)),
        (held, recovered) => format!("; {} waited, {recovered} answered again", requests(held)),
    }
}

/// Why it was not only added.
fn fallback(record: &Reoptimization) -> String {
    match &record.bundling {
        Bundling::Everything(Some(why)) => format!(" Everything was bundled again: {why}."),
        Bundling::Everything(None) | Bundling::Adds => String::new(),
    }
}

/// The line of config, where requests lost time, and unless it would be no line any more.
fn prevention(record: &Reoptimization) -> String {
    if record.cost == Cost::default() {
        return String::new();
    }
    match (record.advice(), record.dependencies.len()) {
        (None, _) => String::new(),
        (Some(advice), ..=3) => format!(" To prevent it: {advice}"),
        _ => " To prevent it, copy the line of config from /__evenkeel/".into(),
    }
}
