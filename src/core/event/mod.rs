//! The facts a client reports. They are plain data: the wire and the journal are made of the same types.

mod environment;
mod modules;
mod optimizer;
mod requests;

pub use environment::{
    Consumer, DiscoveredDep, EnvironmentSnapshot, ImportSite, OptimizedDep, OptimizerSnapshot,
};
pub use modules::{
    Activity, ActivityKind, ChangeCause, Changed, Moment, ReloadRequested, ReloadTurn, Saved, Transformed,
};
pub use optimizer::{BundledRun, Commit, Discovered, Fallback, FallbackReason, FellBack};
pub use requests::{Arrived, Listening, RequestFinished, RequestStarted};

use serde::{Deserialize, Serialize};

/// Everything that can change a session's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    EnvironmentOpened(EnvironmentSnapshot),
    EnvironmentClosed {
        name: String,
    },
    Discovered(Discovered),
    FellBack(FellBack),
    Committed(Commit),
    /// An optimizer run threw; what it had discovered is dropped by Vite.
    OptimizerFailed {
        environment: String,
    },
    Saved(Saved),
    Changed(Changed),
    Transformed(Transformed),
    Arrived(Arrived),
    RequestStarted(RequestStarted),
    RequestFinished(RequestFinished),
    Listening(Listening),
}

macro_rules! events_from_facts {
    ($($fact:ident => $event:ident,)*) => {
        $(impl From<$fact> for Event {
            fn from(fact: $fact) -> Self {
                Event::$event(fact)
            }
        })*
    };
}

events_from_facts! {
    Arrived => Arrived,
    EnvironmentSnapshot => EnvironmentOpened,
    Discovered => Discovered,
    FellBack => FellBack,
    Saved => Saved,
    Changed => Changed,
    Transformed => Transformed,
    RequestStarted => RequestStarted,
    RequestFinished => RequestFinished,
    Listening => Listening,
}
