//! The wire: JSON-RPC 2.0 in LSP's framing.
//!
//! [`method_table`] is the one list of methods; dispatch, JSON Schema, the method reference and the TypeScript
//! types are all made from it.

#[cfg(feature = "codegen")]
pub mod codegen;
mod committed;
mod methods;
mod reoptimization;
mod status;
mod types;

pub use committed::{CommitOutcome, Committed};
pub use methods::{Kind, Method, Ordering, Sender, methods};
pub use reoptimization::{Reoptimization, ReoptimizationOutcome};
pub use status::{
    ActivityPhase, EnvironmentStatus, Health, ServerActivity, ServerStatus, StatusReport, title,
};
pub use types::{
    AdmitResult, AwaitStableParams, AwaitStableResult, DidCloseEnvironment, IncludeInConfigParams,
    IncludeInConfigResult, InitializationOptions, Learned, LogLevel, LogMessage, OnHotUpdateParams,
    OnHotUpdateResult, Progress, ProgressValue, ReloadPagesRequest, ResolveOptimizedIdParams, RestartRequest,
    RunRequest, StatusParams, WarmupRequest,
};

pub(crate) use methods::method_table;

/// Raised with every change that an older client or sidecar would misunderstand. Both sides compare it.
pub const PROTOCOL_VERSION: u32 = 2;
