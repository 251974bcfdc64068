//! What holds for every sequence of commits, reloads and bridges.

mod bridges;
mod guarded;

use proptest::prelude::*;

use super::*;

fn fell_back(environment: &str) -> Event {
    let fallback = Fallback { reason: FallbackReason::FileMissing, detail: String::new() };
    Event::FellBack(FellBack { environment: environment.into(), fallback })
}

fn discovered(environment: &str, id: usize) -> Event {
    let (environment, id) = (environment.into(), format!("dep{id}"));
    Event::Discovered(Discovered { environment, id, learned: false, importer: None })
}

/// The runner begins to import the entry, or has imported it.
fn entry_fetched(environment: &str, moment: Moment) -> Event {
    let activity = Activity {
        kind: ActivityKind::Fetch,
        moment,
        module: "/entry.ts".into(),
        entry: moment == Moment::Begin,
        optimized: false,
        deps: vec![],
        dynamic_deps: vec![],
    };
    Event::Transformed(Transformed { environment: environment.into(), activities: vec![activity] })
}
