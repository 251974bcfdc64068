//! The method table.

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Client,
    Sidecar,
}

/// Whether a message is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Request,
    Notification,
}

/// How a message relates to those before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// Changes the state before the next message is looked at.
    Applies,
    /// Answers from the state that all earlier messages have left.
    Reads,
    /// Looks at that state first, then may wait; later messages are not held up.
    Waits,
    /// Answers like a read where it can at once, and else waits.
    ReadsOrWaits,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    pub name: &'static str,
    pub sender: Sender,
    pub kind: Kind,
    pub ordering: Ordering,
    pub params: &'static str,
    pub result: Option<&'static str>,
    pub doc: &'static str,
}

/// Hands the table to a macro. Rows are `notification` (of the client, becomes an event), `request` (of the
/// client, with the type that handles it) or `server_notification`. LSP's own lifecycle methods stand in
/// [`methods`], since LSP defines their shapes.
macro_rules! method_table {
    ($with:ident) => {
        $with! {
            notification "environment/didOpen" (EnvironmentSnapshot) EnvironmentOpened,
            "An environment exists: its name, consumer, root, base and the full optimizer metadata. Sent again whenever the metadata is replaced as a whole, after a respawn of the sidecar and after a Vite restart; the snapshot replaces what was known.";
            notification "environment/didClose" (DidCloseEnvironment) EnvironmentClosed,
            "An environment is gone. Requests are no longer kept from it.";
            notification "optimizer/didDiscover" (Discovered) Discovered,
            "A dependency was met that the optimizer did not know, with the import that made it known.";
            notification "optimizer/didFallBack" (FellBack) FellBack,
            "Where runs add, one bundles everything again all the same, and Vite is going to reload the environment. Sent before its commit.";
            notification "optimizer/didCommit" (Committed) Committed,
            "An optimizer run ended: what changed, whether Vite reloads the environment because of it and, where runs add, what was bundled.";
            notification "devServer/didSave" (Saved) Saved,
            "A file was saved, created or deleted; sent before anything is done because of it.";
            notification "environment/didChange" (Changed) Changed,
            "Modules are to be looked at: the entries at the start, or what Vite has invalidated after a save.";
            notification "onTransform" (Transformed) Transformed,
            "Activity of an environment, batched: module fetches and transforms, their begin and end, and what the modules import.";
            notification "request/didStart" (RequestStarted) RequestStarted,
            "An HTTP request is inside without an `admit`: holding is turned off, or another sidecar has admitted it.";
            notification "devServer/didListen" (Listening) Listening,
            "The dev server listens: where a browser finds it.";
            notification "request/didFinish" (RequestFinished) RequestFinished,
            "An HTTP request left its environment, or its client went away while it was held.";

            request "onFullReload" (ReloadTurn) -> ReloadPlan, OnFullReload, Applies,
            "Vite is sending `full-reload`s, all those of one turn. The answer says which other environments to invalidate and reload in lockstep, and what becomes of the requests inside that saw modules of before.";
            request "onHotUpdate" (OnHotUpdateParams) -> OnHotUpdateResult, OnHotUpdate, Waits,
            "A hot update is about to be sent to pages: are they to get it? Answers when nothing late is to come that would reload them.";
            request "resolveOptimizedId" (ResolveOptimizedIdParams) -> ResolvedId, ResolveOptimizedId, ReadsOrWaits,
            "Where a bare id is, from the optimizer's live metadata: never a stale hash. Answers when it waits for no run any more, or with `pending` at its deadline.";
            request "admit" (Arrived) -> AdmitResult, Admit, Waits,
            "An HTTP request has come: may it enter now? Answers when it may, or at its deadline. From then on it is inside.";
            request "classifyError" (Failure) -> Verdict, ClassifyError, Applies,
            "Judges how a request fares by its error, its status or the mere fact that it is doomed. A verdict of another run counts against the retry budget.";
            request "awaitStable" (AwaitStableParams) -> AwaitStableResult, AwaitStable, Waits,
            "Answers when the environments are stable, or at its deadline, saying which.";
            request "status" (StatusParams) -> StatusReport, Status, Reads,
            "The whole picture: environments with phase and generation, records of re-optimizations, counts.";
            request "includeInConfig" (IncludeInConfigParams) -> IncludeInConfigResult, IncludeInConfig, Reads,
            "The text of a Vite config with late dependencies in `optimizeDeps.include`, as an editor's quick fix writes it. Nothing is read or written.";

            server_notification "environment/warmupRequest" (WarmupRequest),
            "Modules to transform before a request asks for them, as Vite's `warmupRequest` does. Each is reported back by `onTransform`.";
            server_notification "optimizer/runRequest" (RunRequest),
            "All late dependencies that are to come have been met: the optimizer need not wait for more, as Vite's does for 100 ms after each.";
            server_notification "optimizer/didLearn" (Learned),
            "Late dependencies that an optimizer run has taken up, for `optimizeDeps.include` at the next start.";
            server_notification "browser/reloadRequest" (ReloadPagesRequest),
            "Pages are to reload: one of them has an answer that a re-optimization has spoilt, everything is stable, and Vite has not told them. Not to be reported as `onFullReload`.";
            server_notification "devServer/restartRequest" (RestartRequest),
            "Somebody wants the dev server to be restarted, from an editor or the command line.";
            server_notification "experimental/serverStatus" (ServerStatus),
            "Health, quiescence, what is going on, and all that in a short message; sent when one of them changes.";
            server_notification "$/progress" (Progress),
            "One `begin` and one `end` for each re-optimization.";
            server_notification "window/logMessage" (LogMessage),
            "A line for the log.";
        }
    };
}
pub(crate) use method_table;

macro_rules! describe {
    (@rows [$($rows:expr,)*]) => { vec![$($rows,)*] };
    (@rows [$($rows:expr,)*] notification $name:literal ($params:ident) $event:ident, $doc:literal; $($rest:tt)*) => {
        describe!(@rows [$($rows,)* Method {
            name: $name, sender: Sender::Client, kind: Kind::Notification, ordering: Ordering::Applies,
            params: stringify!($params), result: None, doc: $doc,
        },] $($rest)*)
    };
    (@rows [$($rows:expr,)*] request $name:literal ($params:ident) -> $result:ident, $handler:ident, $ordering:ident, $doc:literal; $($rest:tt)*) => {
        describe!(@rows [$($rows,)* Method {
            name: $name, sender: Sender::Client, kind: Kind::Request, ordering: Ordering::$ordering,
            params: stringify!($params), result: Some(stringify!($result)), doc: $doc,
        },] $($rest)*)
    };
    (@rows [$($rows:expr,)*] server_notification $name:literal ($params:ident), $doc:literal; $($rest:tt)*) => {
        describe!(@rows [$($rows,)* Method {
            name: $name, sender: Sender::Sidecar, kind: Kind::Notification, ordering: Ordering::Applies,
            params: stringify!($params), result: None, doc: $doc,
        },] $($rest)*)
    };
    ($($table:tt)*) => { describe!(@rows [] $($table)*) };
}

/// Every method, LSP's lifecycle first.
pub fn methods() -> Vec<Method> {
    let lifecycle = |name, kind, ordering, params, result, doc| Method {
        name,
        sender: Sender::Client,
        kind,
        ordering,
        params,
        result,
        doc,
    };
    let mut table = vec![
        lifecycle(
            "initialize",
            Kind::Request,
            Ordering::Applies,
            "InitializeParams",
            Some("InitializeResult"),
            "LSP's `initialize`. `initializationOptions` is an `InitializationOptions`; a protocol version other than the sidecar's is refused. Nothing else is answered before this is.",
        ),
        lifecycle(
            "initialized",
            Kind::Notification,
            Ordering::Applies,
            "InitializedParams",
            None,
            "LSP's `initialized`.",
        ),
        lifecycle("shutdown", Kind::Request, Ordering::Applies, "null", Some("null"), "LSP's `shutdown`."),
        lifecycle(
            "exit",
            Kind::Notification,
            Ordering::Applies,
            "null",
            None,
            "LSP's `exit`: the process ends, with code 0 after `shutdown` and 1 without.",
        ),
        lifecycle(
            "$/cancelRequest",
            Kind::Notification,
            Ordering::Applies,
            "CancelParams",
            None,
            "LSP's cancellation: the request is answered with -32800, unless it has been answered.",
        ),
    ];
    table.extend(method_table!(describe));
    table
}
