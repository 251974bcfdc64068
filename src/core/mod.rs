//! The authoritative state of one dev server, pure and synchronous.
//!
//! Events come in, effects go out, and the time is an argument of both: the same journal of events always
//! gives the same state. There is no lock, no clock and no IO in this folder, and nothing here waits.

mod crawl;
mod environment;
mod event;
mod graph;
#[cfg(test)]
mod growth;
mod pages;
mod policy;
#[cfg(test)]
mod properties;
mod reoptimization;
mod request;
mod runner;
mod session;
#[cfg(test)]
mod stories;
mod verdict;

pub use environment::{OpenEnvironment, Optimizer, Phase, ResolvedId};
pub use event::{
    Activity, ActivityKind, Arrived, BundledRun, ChangeCause, Changed, Commit, Consumer, Discovered,
    DiscoveredDep, EnvironmentSnapshot, Event, Fallback, FallbackReason, FellBack, ImportSite, Moment,
    OptimizedDep, OptimizerSnapshot, Transformed,
};
pub use event::{Listening, ReloadRequested, ReloadTurn, RequestFinished, RequestStarted, Saved};
pub use graph::ModuleGraph;
pub use policy::Policy;
pub use reoptimization::{
    Bundling, Cost, HandledBy, LateDependency, Outcome, Reoptimization, RunEnd, State, advice, brief, causes,
    millis,
};
pub use request::{Admission, AdmitOutcome};
pub use session::{Counts, Effect, ReloadPlan, Session, Stability, WarmUp};
pub use verdict::{Action, ErrorInfo, ErrorKind, Failure, RequestVerdict, Verdict};

use std::time::Duration;

/// Time since the session began. The core never reads a clock.
pub type Time = Duration;

/// The number the client gave to an HTTP request that it reports about.
pub type HttpRequest = u32;
