//! The methods that are answered, as a tower-lsp service, and the facts that are applied.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{InitializeParams, InitializeResult, ServerCapabilities, ServerInfo};
use tower_lsp::{LanguageServer, LspService};

use super::sidecar::{Sidecar, Waited};
use crate::attach;
use crate::core::{
    Arrived, Changed, Discovered, EnvironmentSnapshot, Event, Failure, FellBack, Listening, ReloadPlan,
    ReloadRequested, RequestFinished, RequestStarted, ResolvedId, Transformed, Verdict, millis,
};
use crate::protocol::{
    AdmitOutcome, AdmitParams, AdmitResult, AwaitStableParams, AwaitStableResult, Committed,
    DidCloseEnvironment, InitializationOptions, PROTOCOL_VERSION, ResolveOptimizedIdParams, StatusParams,
    StatusReport, method_table,
};

#[derive(Debug)]
pub struct Backend {
    sidecar: Arc<Sidecar>,
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let options = params.initialization_options.unwrap_or_default();
        let options: InitializationOptions = serde_json::from_value(options).map_err(|error| {
            Error::invalid_params(format!(
                "initializationOptions: {error}; protocolVersion is {PROTOCOL_VERSION} here, policy is optional"
            ))
        })?;
        if options.protocol_version != PROTOCOL_VERSION {
            return Err(Error::invalid_params(format!(
                "the client speaks protocol {}, this sidecar ({}) speaks {PROTOCOL_VERSION}: install the same version of both",
                options.protocol_version,
                env!("CARGO_PKG_VERSION")
            )));
        }
        self.sidecar.begin(options.policy);
        attach::open(self.sidecar.clone());
        Ok(InitializeResult {
            capabilities: ServerCapabilities {
                experimental: Some(
                    serde_json::json!({ "evenkeel": { "protocolVersion": PROTOCOL_VERSION } }),
                ),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
            offset_encoding: None,
        })
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// Each handler does all that changes the state before its first `await`: the transport polls it once before it
/// looks at the next message.
impl Backend {
    async fn on_full_reload(&self, params: ReloadRequested) -> Result<ReloadPlan> {
        known(&self.sidecar, &params.environment)?;
        Ok(self.sidecar.plan_reload(params))
    }

    async fn admit(&self, params: AdmitParams) -> Result<AdmitResult> {
        let timeout = params.timeout_ms.map(std::time::Duration::from_millis);
        let AdmitParams { request, method, url, .. } = params;
        let Some(waiting) = self.sidecar.admit(Arrived { request, method, url }, timeout) else {
            let outcome = if self.sidecar.holds() { AdmitOutcome::Stable } else { AdmitOutcome::NotHeld };
            return Ok(AdmitResult { outcome, waited_ms: 0 });
        };
        let waited = end_of(waiting).await?;
        let outcome =
            if waited.waiting_for.is_empty() { AdmitOutcome::Stable } else { AdmitOutcome::Deadline };
        Ok(AdmitResult { outcome, waited_ms: millis(waited.time) })
    }

    async fn classify_error(&self, params: Failure) -> Result<Verdict> {
        Ok(self.sidecar.classify(&params.bounded()))
    }

    async fn await_stable(&self, params: AwaitStableParams) -> Result<AwaitStableResult> {
        for name in &params.environments {
            known(&self.sidecar, name)?;
        }
        let timeout = params.timeout_ms.map(std::time::Duration::from_millis);
        let AwaitStableParams { environments, request, .. } = params;
        let Some(waiting) = self.sidecar.await_stable(environments, request, timeout) else {
            return Ok(AwaitStableResult { stable: true, waited_ms: 0, waiting_for: Vec::new() });
        };
        let Waited { waiting_for, time } = end_of(waiting).await?;
        Ok(AwaitStableResult { stable: waiting_for.is_empty(), waited_ms: millis(time), waiting_for })
    }
}

/// Handlers that only read are plain functions: they neither wait nor can be called off.
fn resolve_optimized_id(sidecar: &Sidecar, params: ResolveOptimizedIdParams) -> Result<ResolvedId> {
    let resolved = sidecar.resolve(&params.environment, &params.id);
    resolved.ok_or_else(|| unknown_environment(sidecar, &params.environment))
}

fn status(sidecar: &Sidecar, _params: StatusParams) -> Result<StatusReport> {
    Ok(sidecar.report())
}

fn known(sidecar: &Sidecar, environment: &str) -> Result<()> {
    let names = sidecar.environment_names();
    if names.iter().any(|name| name == environment) {
        return Ok(());
    }
    Err(unknown_environment(sidecar, environment))
}

fn unknown_environment(sidecar: &Sidecar, environment: &str) -> Error {
    let open = sidecar.environment_names().join(", ");
    Error::invalid_params(format!(
        "no environment {environment:?} is open (open: {open}); send environment/didOpen first"
    ))
}

/// A wait ends unanswered only when the session ends.
async fn end_of(waiting: tokio::sync::oneshot::Receiver<Waited>) -> Result<Waited> {
    waiting.await.map_err(|_| Error::request_cancelled())
}

/// Makes the service of the requests that may change the state or wait; those that only read have [`reader`].
macro_rules! register {
    (@asks $builder:ident) => {};
    (@asks $builder:ident ask $name:literal ($params:ident) -> $result:ident, $handler:ident, Reads, $doc:literal; $($rest:tt)*) => {
        register!(@asks $builder $($rest)*);
    };
    (@asks $builder:ident ask $name:literal ($params:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        let $builder = $builder.custom_method($name, Backend::$handler);
        register!(@asks $builder $($rest)*);
    };
    (@asks $builder:ident fact $name:literal ($params:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        register!(@asks $builder $($rest)*);
    };
    (@asks $builder:ident tell $name:literal ($params:ident), $doc:literal; $($rest:tt)*) => {
        register!(@asks $builder $($rest)*);
    };
    ($($table:tt)*) => {
        pub fn service(sidecar: Arc<Sidecar>) -> LspService<Backend> {
            let builder = LspService::build(|_| Backend { sidecar });
            register!(@asks builder $($table)*);
            let (service, _) = builder.finish();
            service
        }
    };
}
method_table!(register);

/// Facts are many and want no answer, and reads are what a client waits for most: both are taken from the bytes
/// they came in, without the detour through the service's JSON values, futures and list of pending requests.
macro_rules! shortcuts {
    (@rows [$($facts:tt)*] [$($reads:tt)*]) => {
        /// How to read a fact; `None` when the method is not one.
        pub fn fact(method: &str) -> Option<fn(Params) -> serde_json::Result<Event>> {
            match method { $($facts)* _ => None }
        }

        /// How to answer a request that only reads; `None` when the method is not one.
        pub fn reader(method: &str) -> Option<fn(&Sidecar, Params) -> Result<Box<RawValue>>> {
            match method { $($reads)* _ => None }
        }
    };
    (@rows [$($facts:tt)*] [$($reads:tt)*] fact $name:literal ($type:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows
            [$($facts)* $name => Some(|params| decode::<$type>(params).map(Event::from)),]
            [$($reads)*] $($rest)*);
    };
    (@rows [$($facts:tt)*] [$($reads:tt)*] ask $name:literal ($type:ident) -> $result:ident, $handler:ident, Reads, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows
            [$($facts)*]
            [$($reads)* $name => Some(|sidecar, params| answer::<$type, $result>(sidecar, params, $handler)),]
            $($rest)*);
    };
    (@rows [$($facts:tt)*] [$($reads:tt)*] ask $name:literal ($type:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows [$($facts)*] [$($reads)*] $($rest)*);
    };
    (@rows [$($facts:tt)*] [$($reads:tt)*] tell $name:literal ($type:ident), $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows [$($facts)*] [$($reads)*] $($rest)*);
    };
    ($($table:tt)*) => { shortcuts!(@rows [] [] $($table)*); };
}
method_table!(shortcuts);

/// The params of a message, as they came.
pub type Params<'a> = Option<&'a RawValue>;

fn decode<'a, T: Deserialize<'a>>(params: Params<'a>) -> serde_json::Result<T> {
    serde_json::from_str(params.map_or("null", RawValue::get))
}

fn answer<'a, P: Deserialize<'a>, R: Serialize>(
    sidecar: &Sidecar,
    params: Params<'a>,
    handler: fn(&Sidecar, P) -> Result<R>,
) -> Result<Box<RawValue>> {
    let params = decode(params).map_err(|error| Error::invalid_params(error.to_string()))?;
    let result = handler(sidecar, params)?;
    serde_json::value::to_raw_value(&result)
        .map_err(|error| Error { message: error.to_string().into(), ..Error::internal_error() })
}
