//! The vocabulary of failures and verdicts, and what is known of Vite's errors by their code or text.

use serde::{Deserialize, Serialize};

use super::HttpRequest;
use super::event::ImportSite;
use super::request::Doubt;

/// An error as the client saw it. Errors that cross from a worker have lost their `code`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ErrorInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<ErrorInfo>>,
}

/// How a request fares: what is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Failure {
    pub request: HttpRequest,
    /// Whether a byte of the response has been sent.
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub sent: bool,
    /// The status that the response is about to have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The error that reached the middleware.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ErrorInfo>,
}

/// Errors that wrap one another more often are made by a machine; and a journal could not be read again in which
/// one value holds the next without end.
const MAX_CAUSES: usize = 8;

impl Failure {
    /// The failure without the causes of causes that nobody would look at.
    pub fn bounded(mut self) -> Self {
        let mut last = self.error.as_mut();
        for _ in 0..MAX_CAUSES {
            last = last.and_then(|error| error.cause.as_deref_mut());
        }
        if let Some(error) = last {
            error.cause = None;
        }
        self
    }

    /// A method that changes things is re-issued only after one of these.
    pub fn has_failed(&self) -> bool {
        self.error.is_some() || self.status.is_some_and(|status| status >= 500)
    }
}

/// What a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum ErrorKind {
    /// Re-optimization has nothing to do with it.
    Unrelated,
    /// The request saw two generations of an environment.
    Doomed,
    /// The request entered, at its deadline for one, while an environment was not stable.
    EnteredUnstable,
    /// The environment reloaded under the request, but not because of a re-optimization.
    Reloaded,
    /// A pre-bundle was asked for by a hash that is no longer current.
    OutdatedDependency,
    /// A pre-bundled file is gone.
    MissingDependencyFile,
    /// The optimizer run that the dependency waited for failed.
    OptimizerFailed,
    /// The server was restarting, or its runner or its channel was closed.
    ServerRestarting,
    /// A module was invalidated while it was being fetched.
    Invalidated,
}

impl ErrorKind {
    /// Whether a run of the optimizer is to blame; a save is Vite's own business.
    pub fn is_of_a_run(self) -> bool {
        self != ErrorKind::Reloaded
    }
}

impl From<Doubt> for ErrorKind {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::EnteredUnstable => ErrorKind::EnteredUnstable,
            Doubt::Reloaded => ErrorKind::Reloaded,
        }
    }
}

/// What the client is to do with the request. With another run it has left, and nothing more is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub enum Action {
    /// Leave the response as it is.
    Pass,
    /// Keep the response back, wait until stable, then answer `307` to the same URL.
    Redirect,
    /// Keep the response back, wait until stable, then handle the request once more from the beginning.
    Rerun,
    /// Leave the response as it is, since there is no other any more. Pages are told to reload (`browser/reloadRequest`).
    Reload,
}

impl Action {
    /// Whether the request is answered by another run than the one that it was judged by.
    pub fn is_retry(self) -> bool {
        matches!(self, Action::Redirect | Action::Rerun)
    }
}

/// What is to become of a request: the answer to `classifyError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Verdict {
    pub action: Action,
    pub kind: ErrorKind,
    /// Why, in a sentence.
    pub reason: String,
    /// A line for the log, where the client sees a failure that a re-optimization may have caused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<String>,
    /// Which re-issue of this method and URL it is, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<u32>,
    /// How long the response may be kept back at most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dependency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub importer: Option<ImportSite>,
    /// The line of Vite config that prevents it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advice: Option<String>,
}

impl Verdict {
    pub fn pass(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Verdict {
            action: Action::Pass,
            kind,
            reason: reason.into(),
            explanation: None,
            attempt: None,
            timeout_ms: None,
            environment: None,
            dependency: None,
            importer: None,
            advice: None,
        }
    }

    /// What happened to a request, why, and what prevents it, for the log.
    pub fn explain(&self, method: &str, url: &str) -> String {
        let mut text = format!("{method} {url}: {}.", self.reason);
        if let (Some(environment), Some(dependency)) = (&self.environment, &self.dependency) {
            let importer = self.importer.as_ref().map(|importer| match importer.line {
                Some(line) => format!(", imported by {}:{line}", importer.file),
                None => format!(", imported by {}", importer.file),
            });
            let importer = importer.unwrap_or_default();
            text += &format!(" What changed: {environment} re-optimized for {dependency}{importer}.");
        }
        if let Some(advice) = &self.advice {
            text += &format!(" To prevent it, add to the Vite config: {advice}");
        }
        text
    }
}

/// A request that a reload finds inside, and what is to become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct RequestVerdict {
    pub request: HttpRequest,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Vite's and the module runner's own errors: by code where it survives, else by the words that stay the same
/// from Vite 6 to 8.
const KNOWN: &[(ErrorKind, &str, &str)] = &[
    (
        ErrorKind::OutdatedDependency,
        "ERR_OUTDATED_OPTIMIZED_DEP",
        "There is a new version of the pre-bundle for ",
    ),
    (
        ErrorKind::OptimizerFailed,
        "ERR_OPTIMIZE_DEPS_PROCESSING_ERROR",
        "Something unexpected happened while optimizing ",
    ),
    (
        ErrorKind::MissingDependencyFile,
        "ERR_FILE_NOT_FOUND_IN_OPTIMIZED_DEP_DIR",
        "which is in the optimize deps directory",
    ),
    (
        ErrorKind::ServerRestarting,
        "ERR_CLOSED_SERVER",
        "The server is being restarted or closed. Request is outdated",
    ),
    (ErrorKind::ServerRestarting, "", "Vite module runner has been closed."),
    (ErrorKind::ServerRestarting, "", "transport was disconnected, cannot call "),
    (ErrorKind::Invalidated, "", "was mistakenly invalidated during fetch phase."),
];

/// What an error, or one of its causes, says of itself.
pub fn kind_of(error: &ErrorInfo) -> ErrorKind {
    let says = |(_, code, text): &&(ErrorKind, &str, &str)| {
        (!code.is_empty() && error.code.as_deref() == Some(*code)) || error.message.contains(text)
    };
    match (KNOWN.iter().find(says), &error.cause) {
        (Some((kind, ..)), _) => *kind,
        (None, Some(cause)) => kind_of(cause),
        (None, None) => ErrorKind::Unrelated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> ErrorInfo {
        ErrorInfo { code: Some(code.into()), message: message.into(), ..ErrorInfo::default() }
    }

    #[test]
    fn errors_are_known_by_code_text_or_cause() {
        let outdated = "There is a new version of the pre-bundle for \"/x.js?v=1\", a page reload is going to ask for it.";
        let table = [
            (error("ERR_OUTDATED_OPTIMIZED_DEP", "any words"), ErrorKind::OutdatedDependency),
            (error("", outdated), ErrorKind::OutdatedDependency),
            (error("ERR_OPTIMIZE_DEPS_PROCESSING_ERROR", ""), ErrorKind::OptimizerFailed),
            (
                error("", "The file does not exist at \"/x.js\" which is in the optimize deps directory."),
                ErrorKind::MissingDependencyFile,
            ),
            (error("ERR_CLOSED_SERVER", ""), ErrorKind::ServerRestarting),
            (error("", "Vite module runner has been closed."), ErrorKind::ServerRestarting),
            (
                error("", "Module \"/a.ts\" was mistakenly invalidated during fetch phase."),
                ErrorKind::Invalidated,
            ),
            (error("", "user error: boom"), ErrorKind::Unrelated),
            (error("ENOENT", "no such file"), ErrorKind::Unrelated),
        ];
        for (input, expected) in table {
            assert_eq!(kind_of(&input), expected, "{input:?}");
            let wrapped = ErrorInfo {
                message: "wrapped".into(),
                cause: Some(Box::new(input.clone())),
                ..ErrorInfo::default()
            };
            assert_eq!(kind_of(&wrapped), expected, "as a cause: {input:?}");
        }
    }
}
