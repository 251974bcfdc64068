//! The requests, one type for each. Its trait says whether it may change the session: who only reads is given the
//! session itself, and cannot.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};

use super::sidecar::Sidecar;
use super::status;
use super::waiters::{Until, Waited};
use crate::config_edit::include_all;
use crate::core::{
    Admission, Arrived, Failure, OpenEnvironment, ReloadPlan, ReloadTurn, ResolvedId, Session, Time, Verdict,
    millis,
};
use crate::protocol::{
    AdmitResult, AwaitStableParams, AwaitStableResult, IncludeInConfigParams, IncludeInConfigResult,
    OnHotUpdateParams, OnHotUpdateResult, ResolveOptimizedIdParams, StatusParams, StatusReport,
};

/// A request that only reads. It is answered before the next message is looked at, and cannot be called off.
pub trait ReadHandler {
    type Params: DeserializeOwned;
    type Result: Serialize;

    fn read(session: &Session, now: Time, params: Self::Params) -> Result<Self::Result>;

    /// Whether there is nothing to read yet. The [`WriteHandler`] of the same request waits for it.
    fn has_to_wait(_session: &Session, _params: &Self::Params) -> bool {
        false
    }
}

/// A request that may change the session, or waits. It does all that changes the session before its first `await`: the
/// transport polls it once before it looks at the next message.
pub trait WriteHandler {
    type Params: DeserializeOwned + Send + 'static;
    type Result: Serialize + Send + 'static;

    fn write(sidecar: &Sidecar, params: Self::Params) -> impl Future<Output = Result<Self::Result>> + Send;
}

#[derive(Debug)]
pub struct ResolveOptimizedId;

impl ReadHandler for ResolveOptimizedId {
    type Params = ResolveOptimizedIdParams;
    type Result = ResolvedId;

    fn read(session: &Session, _now: Time, params: Self::Params) -> Result<ResolvedId> {
        Ok(environment(session, &params.environment)?.resolve(&params.id))
    }

    fn has_to_wait(session: &Session, params: &Self::Params) -> bool {
        session.is_pending(&params.environment, &params.id) && params.timeout_ms != Some(0)
    }
}

impl WriteHandler for ResolveOptimizedId {
    type Params = ResolveOptimizedIdParams;
    type Result = ResolvedId;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<ResolvedId> {
        let until = Until::Resolved { environment: params.environment.clone(), id: params.id.clone() };
        let timeout = params.timeout_ms.map(Duration::from_millis);
        if let Some(waiting) = sidecar.wait(until, timeout) {
            end_of(waiting).await?;
        }
        sidecar.read(|session, now| Self::read(session, now, params))
    }
}

#[derive(Debug)]
pub struct Status;

impl ReadHandler for Status {
    type Params = StatusParams;
    type Result = StatusReport;

    fn read(session: &Session, now: Time, _params: Self::Params) -> Result<StatusReport> {
        Ok(status::report(session, now))
    }
}

#[derive(Debug)]
pub struct IncludeInConfig;

impl ReadHandler for IncludeInConfig {
    type Params = IncludeInConfigParams;
    type Result = IncludeInConfigResult;

    fn read(_session: &Session, _now: Time, params: Self::Params) -> Result<IncludeInConfigResult> {
        let late = params.dependencies.iter().map(|id| (&*params.environment, &**id));
        Ok(IncludeInConfigResult { config: include_all(&params.config, late) })
    }
}

#[derive(Debug)]
pub struct OnFullReload;

impl WriteHandler for OnFullReload {
    type Params = ReloadTurn;
    type Result = ReloadPlan;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<ReloadPlan> {
        expect_open(sidecar, params.reloads.iter().map(|reload| &*reload.environment))?;
        Ok(sidecar.reload(params))
    }
}

#[derive(Debug)]
pub struct ClassifyError;

impl WriteHandler for ClassifyError {
    type Params = Failure;
    type Result = Verdict;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<Verdict> {
        Ok(sidecar.classify(&params.bounded()))
    }
}

#[derive(Debug)]
pub struct Admit;

impl WriteHandler for Admit {
    type Params = Arrived;
    type Result = AdmitResult;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<AdmitResult> {
        let Admission { outcome, waited } = end_of(sidecar.admit(params)).await?;
        Ok(AdmitResult { outcome, waited_ms: millis(waited) })
    }
}

#[derive(Debug)]
pub struct AwaitStable;

impl WriteHandler for AwaitStable {
    type Params = AwaitStableParams;
    type Result = AwaitStableResult;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<AwaitStableResult> {
        let AwaitStableParams { environments, timeout_ms } = params;
        expect_open(sidecar, environments.iter().map(String::as_str))?;
        let timeout = timeout_ms.map(Duration::from_millis);
        let Some(waiting) = sidecar.wait(Until::Stable(environments), timeout) else {
            return Ok(AwaitStableResult { stable: true, waited_ms: 0, waiting_for: Vec::new() });
        };
        let Waited { waiting_for, time } = end_of(waiting).await?;
        Ok(AwaitStableResult { stable: waiting_for.is_empty(), waited_ms: millis(time), waiting_for })
    }
}

#[derive(Debug)]
pub struct OnHotUpdate;

impl WriteHandler for OnHotUpdate {
    type Params = OnHotUpdateParams;
    type Result = OnHotUpdateResult;

    async fn write(sidecar: &Sidecar, params: Self::Params) -> Result<OnHotUpdateResult> {
        expect_open(sidecar, [&*params.environment])?;
        let made_at = sidecar.read(|_, now| {
            let age = params.age_ms.map(Duration::from_millis);
            age.map(|age| now.saturating_sub(age))
        });
        if let Some(waiting) = sidecar.wait(Until::Stable(vec![params.environment]), None) {
            end_of(waiting).await?;
        }
        Ok(OnHotUpdateResult { send: sidecar.read(|session, now| session.is_update_wanted(made_at, now)) })
    }
}

fn expect_open<'a>(sidecar: &Sidecar, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    sidecar.read(|session, _| names.into_iter().try_for_each(|name| environment(session, name).map(drop)))
}

fn environment<'a>(session: &'a Session, name: &str) -> Result<&'a OpenEnvironment> {
    session.environment(name).ok_or_else(|| {
        let open: Vec<_> = session.environments().map(|environment| &*environment.name).collect();
        Error::invalid_params(format!(
            "no environment {name:?} is open (open: {}); send environment/didOpen first",
            open.join(", ")
        ))
    })
}

/// A wait ends unanswered only when the session ends, or the HTTP request that waited.
async fn end_of<T>(waiting: oneshot::Receiver<T>) -> Result<T> {
    waiting.await.map_err(|_| Error::request_cancelled())
}
