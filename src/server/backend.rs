//! The methods that are answered, as a tower-lsp service, and the notifications that are applied.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{InitializeParams, InitializeResult, ServerCapabilities, ServerInfo};
use tower_lsp::{LanguageServer, LspService};

use super::envelope::Params;
use super::handlers::{
    Admit, AwaitStable, ClassifyError, IncludeInConfig, OnFullReload, OnHotUpdate, ReadHandler,
    ResolveOptimizedId, Status, WriteHandler,
};
use super::sidecar::Sidecar;
use crate::attach;
use crate::core::{
    Changed, Discovered, EnvironmentSnapshot, Event, FellBack, Listening, RequestFinished, RequestStarted,
    Saved, Transformed,
};
use crate::protocol::{
    Committed, DidCloseEnvironment, InitializationOptions, PROTOCOL_VERSION, method_table,
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
        self.sidecar.initialize(options.policy);
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

impl Backend {
    async fn on_request<H: WriteHandler>(&self, params: H::Params) -> Result<H::Result> {
        H::write(&self.sidecar, params).await
    }
}

/// Makes the service of the requests that may change the state or wait; those that only read have [`read_request`].
macro_rules! register {
    (@requests $builder:ident) => {};
    (@requests $builder:ident request $name:literal ($params:ident) -> $result:ident, $handler:ident, Reads, $doc:literal; $($rest:tt)*) => {
        register!(@requests $builder $($rest)*);
    };
    (@requests $builder:ident request $name:literal ($params:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        let $builder = $builder.custom_method($name, Backend::on_request::<$handler>);
        register!(@requests $builder $($rest)*);
    };
    (@requests $builder:ident notification $name:literal ($params:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        register!(@requests $builder $($rest)*);
    };
    (@requests $builder:ident server_notification $name:literal ($params:ident), $doc:literal; $($rest:tt)*) => {
        register!(@requests $builder $($rest)*);
    };
    ($($table:tt)*) => {
        pub fn service(sidecar: Arc<Sidecar>) -> LspService<Backend> {
            let builder = LspService::build(|_| Backend { sidecar });
            register!(@requests builder $($table)*);
            let (service, _) = builder.finish();
            service
        }
    };
}
method_table!(register);

/// Notifications are many and want no answer, and reads are what a client waits for most: both are taken from the bytes
/// they came in, without the detour through the service's JSON values, futures and list of pending requests.
macro_rules! shortcuts {
    (@rows [$($notifications:tt)*] [$($reads:tt)*]) => {
        /// How to read a client's notification; `None` when the method is not one.
        pub fn notification(method: &str) -> Option<fn(Params) -> serde_json::Result<Event>> {
            match method { $($notifications)* _ => None }
        }

        /// How to answer a request that only reads; `None` when the method is not one.
        pub fn read_request(method: &str) -> Option<Read> {
            match method { $($reads)* _ => None }
        }
    };
    (@rows [$($notifications:tt)*] [$($reads:tt)*] notification $name:literal ($type:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows
            [$($notifications)* $name => Some(|params| decode::<$type>(params).map(Event::from)),]
            [$($reads)*] $($rest)*);
    };
    (@rows [$($notifications:tt)*] [$($reads:tt)*] request $name:literal ($type:ident) -> $result:ident, $handler:ident, Reads, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows
            [$($notifications)*]
            [$($reads)* $name => Some(respond::<$handler>),]
            $($rest)*);
    };
    (@rows [$($notifications:tt)*] [$($reads:tt)*] request $name:literal ($type:ident) -> $result:ident, $handler:ident, ReadsOrWaits, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows [$($notifications)*] [$($reads)*]
            request $name ($type) -> $result, $handler, Reads, $doc; $($rest)*);
    };
    (@rows [$($notifications:tt)*] [$($reads:tt)*] request $name:literal ($type:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows [$($notifications)*] [$($reads)*] $($rest)*);
    };
    (@rows [$($notifications:tt)*] [$($reads:tt)*] server_notification $name:literal ($type:ident), $doc:literal; $($rest:tt)*) => {
        shortcuts!(@rows [$($notifications)*] [$($reads)*] $($rest)*);
    };
    ($($table:tt)*) => { shortcuts!(@rows [] [] $($table)*); };
}
method_table!(shortcuts);

fn decode<'a, T: Deserialize<'a>>(params: Params<'a>) -> serde_json::Result<T> {
    serde_json::from_str(params.map_or("null", RawValue::get))
}

/// Answers a request that only reads, or finds that it has to wait.
pub type Read = fn(&Sidecar, Params) -> Result<Option<Box<RawValue>>>;

fn respond<H: ReadHandler>(sidecar: &Sidecar, params: Params) -> Result<Option<Box<RawValue>>> {
    let params = decode(params).map_err(|error| Error::invalid_params(error.to_string()))?;
    let result = sidecar.read(|session, now| {
        (!H::has_to_wait(session, &params)).then(|| H::read(session, now, params)).transpose()
    })?;
    let result = result.map(|result| serde_json::value::to_raw_value(&result)).transpose();
    result.map_err(|error| Error { message: error.to_string().into(), ..Error::internal_error() })
}
