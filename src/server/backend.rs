//! The methods that are answered, as a tower-lsp service, and the facts that are applied.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{InitializeParams, InitializeResult, ServerCapabilities, ServerInfo};
use tower_lsp::{LanguageServer, LspService};

use super::sidecar::{Sidecar, Waited, millis};
use crate::core::{
    Committed, Discovered, EnvironmentSnapshot, Event, Failure, ReloadPlan, ReloadRequested, RequestFinished,
    RequestStarted, ResolvedId, Transformed, Verdict,
};
use crate::protocol::{
    AdmitOutcome, AdmitParams, AdmitResult, AwaitStableParams, AwaitStableResult, DidCloseEnvironment,
    InitializationOptions, PROTOCOL_VERSION, ResolveOptimizedIdParams, StatusParams, StatusReport,
    method_table,
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
        self.known(&params.environment)?;
        Ok(self.sidecar.plan_reload(params))
    }

    async fn resolve_optimized_id(&self, params: ResolveOptimizedIdParams) -> Result<ResolvedId> {
        let resolved = self.sidecar.resolve(&params.environment, &params.id);
        resolved.ok_or_else(|| self.unknown_environment(&params.environment))
    }

    async fn admit(&self, params: AdmitParams) -> Result<AdmitResult> {
        let timeout = params.timeout_ms.map(std::time::Duration::from_millis);
        let Some(waiting) = self.sidecar.admit(params.request, timeout) else {
            let outcome = if self.sidecar.holds() {
                AdmitOutcome::Stable
            } else {
                AdmitOutcome::NotHeld
            };
            return Ok(AdmitResult {
                outcome,
                waited_ms: 0,
            });
        };
        let waited = end_of(waiting).await?;
        let outcome = if waited.waiting_for.is_empty() {
            AdmitOutcome::Stable
        } else {
            AdmitOutcome::Deadline
        };
        Ok(AdmitResult {
            outcome,
            waited_ms: millis(waited.time),
        })
    }

    async fn classify_error(&self, params: Failure) -> Result<Verdict> {
        Ok(self.sidecar.classify(&params))
    }

    async fn await_stable(&self, params: AwaitStableParams) -> Result<AwaitStableResult> {
        for name in &params.environments {
            self.known(name)?;
        }
        let timeout = params.timeout_ms.map(std::time::Duration::from_millis);
        let Some(waiting) = self.sidecar.await_stable(params.environments, timeout) else {
            return Ok(AwaitStableResult {
                stable: true,
                waited_ms: 0,
                waiting_for: Vec::new(),
            });
        };
        let Waited { waiting_for, time } = end_of(waiting).await?;
        Ok(AwaitStableResult {
            stable: waiting_for.is_empty(),
            waited_ms: millis(time),
            waiting_for,
        })
    }

    async fn status(&self, _params: StatusParams) -> Result<StatusReport> {
        Ok(self.sidecar.report())
    }

    fn known(&self, environment: &str) -> Result<()> {
        let names = self.sidecar.environment_names();
        if names.iter().any(|name| name == environment) {
            return Ok(());
        }
        Err(self.unknown_environment(environment))
    }

    fn unknown_environment(&self, environment: &str) -> Error {
        let open = self.sidecar.environment_names().join(", ");
        Error::invalid_params(format!(
            "no environment {environment:?} is open (open: {open}); send environment/didOpen first"
        ))
    }
}

/// A wait ends unanswered only when the session ends.
async fn end_of(waiting: tokio::sync::oneshot::Receiver<Waited>) -> Result<Waited> {
    waiting.await.map_err(|_| Error::request_cancelled())
}

macro_rules! register {
    (@asks $builder:ident) => {};
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

macro_rules! decode {
    (@facts $method:ident, $params:ident, [$($arms:tt)*]) => {
        match $method { $($arms)* _ => None }
    };
    (@facts $method:ident, $params:ident, [$($arms:tt)*] fact $name:literal ($type:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        decode!(@facts $method, $params, [$($arms)* $name => Some(read::<$type>($params).map(Event::from)),] $($rest)*)
    };
    (@facts $method:ident, $params:ident, [$($arms:tt)*] ask $name:literal ($type:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        decode!(@facts $method, $params, [$($arms)*] $($rest)*)
    };
    (@facts $method:ident, $params:ident, [$($arms:tt)*] tell $name:literal ($type:ident), $doc:literal; $($rest:tt)*) => {
        decode!(@facts $method, $params, [$($arms)*] $($rest)*)
    };
    ($($table:tt)*) => {
        /// Reads a fact from the bytes it came in; `None` when the method is not one. Facts are many and want
        /// no answer, so that they take this short way and not the service's.
        pub fn fact(method: &str, params: Option<&RawValue>) -> Option<serde_json::Result<Event>> {
            decode!(@facts method, params, [] $($table)*)
        }
    };
}
method_table!(decode);

fn read<'a, T: Deserialize<'a>>(params: Option<&'a RawValue>) -> serde_json::Result<T> {
    serde_json::from_str(params.map_or("null", RawValue::get))
}
