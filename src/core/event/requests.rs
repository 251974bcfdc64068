//! HTTP requests, and where they come in.

use serde::{Deserialize, Serialize};

use crate::core::HttpRequest;

/// An HTTP request comes to the gate. With that it begins: it enters, or it is held and enters later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Arrived {
    #[serde(flatten)]
    pub started: RequestStarted,
    /// How long it may be held; the policy's deadline by default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub timeout_ms: Option<u64>,
}

/// An HTTP request, as its client sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct RequestStarted {
    pub request: HttpRequest,
    pub method: String,
    /// Path and query as the browser sent them, `base` included.
    pub url: String,
    /// The `sec-fetch-mode` header, when a browser sent one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<String>,
    /// Whether its client follows a redirect.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub follows_redirects: bool,
    /// Whether it has a body: nobody has that any more once a handler has read it.
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<_>"))]
    pub has_body: bool,
}

impl RequestStarted {
    /// As a client sends it that is no browser.
    #[cfg(test)]
    pub fn get(request: HttpRequest, url: impl Into<String>) -> Self {
        let (method, url) = ("GET".into(), url.into());
        RequestStarted { request, method, url, mode: None, follows_redirects: true, has_body: false }
    }
}

fn yes() -> bool {
    true
}

/// An HTTP request left its environment: its response is complete, or its client went away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct RequestFinished {
    pub request: HttpRequest,
}

/// The dev server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Listening {
    /// Where a browser finds it, `base` included.
    pub url: String,
}
