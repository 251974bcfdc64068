//! A JSON-RPC message, as far as it is read before it is known whom it is for.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tower_lsp::jsonrpc::{Error, Id, Request};

use super::errors::{invalid, unreadable};

/// The params of a message, as they came.
pub type Params<'a> = Option<&'a RawValue>;

/// The parts of a message that are looked at by themselves.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Params<'a>,
}

/// An id that is `null` is not the same as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// A message that asks or tells something.
#[derive(Debug)]
pub struct Message<'a> {
    pub method: Cow<'a, str>,
    pub id: Option<Id>,
    pub params: Params<'a>,
}

/// What a client is answered whose message cannot be taken.
#[derive(Debug)]
pub struct Refusal {
    pub id: Id,
    pub error: Error,
}

/// Reads a message; `None` for a response. The sidecar asks its client nothing, so that it answers nothing.
pub fn read(body: &[u8]) -> Result<Option<Message<'_>>, Refusal> {
    let refuse = |error| Refusal { id: Id::Null, error };
    let envelope = read_envelope(body).map_err(refuse)?;
    let Some(method) = envelope.method else {
        return match envelope.id {
            Some(_) => Ok(None),
            None => Err(refuse(invalid("a message has a method or an id"))),
        };
    };
    let id = envelope.id.map(read_id).transpose();
    let id = id.map_err(|()| refuse(invalid("an id is an integer or a string")))?;
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return Err(Refusal { id: id.unwrap_or_default(), error: invalid("jsonrpc must be \"2.0\"") });
    }
    Ok(Some(Message { method, id, params: envelope.params }))
}

/// Bytes that are no JSON are a parse error; JSON of another shape, a batch for one, is an invalid request.
fn read_envelope(body: &[u8]) -> Result<Envelope<'_>, Error> {
    let not_json = |error: &dyn std::fmt::Display| unreadable(format!("not JSON: {error}"));
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => invalid(&format!("not a JSON-RPC message (batches are not taken): {error}")),
        Err(_) => not_json(&error),
    })
}

fn read_id(id: &RawValue) -> Result<Id, ()> {
    match serde_json::from_str(id.get()) {
        Ok(Id::Null) | Err(_) => Err(()),
        Ok(id) => Ok(id),
    }
}

/// The message as the service takes it.
pub fn read_request(method: &str, id: Option<Id>, params: Params) -> serde_json::Result<Request> {
    let mut request = Request::build(method.to_owned());
    if let Some(id) = id {
        request = request.id(id);
    }
    if let Some(params) = params {
        request = request.params(serde_json::from_str::<serde_json::Value>(params.get())?);
    }
    Ok(request.finish())
}
