//! The loop between the frames and the service.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use futures::FutureExt;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::JoinSet;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_service::Service;

use super::backend::{Params, fact, reader};
use super::frame::{Decoder, Frame};
use super::outbox::Outbox;
use super::sidecar::Sidecar;
use crate::core::Event;

const READ_AHEAD: usize = 64 * 1024;
/// How long a client that is leaving may take to read what is left.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What every message has; the rest is read by whoever it is for.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// An id that is `null` is not the same as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Where the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Uninitialized,
    Running,
    ShutDown,
}

struct Conversation<S> {
    service: S,
    sidecar: Arc<Sidecar>,
    outbox: Outbox,
    waiting: JoinSet<()>,
    ids: Waiting,
    stage: Stage,
}

/// The ids of the requests that wait for their answers.
#[derive(Debug, Clone, Default)]
struct Waiting(Arc<Mutex<HashSet<Id>>>);

impl Waiting {
    fn has(&self, id: &Id) -> bool {
        self.ids().contains(id)
    }

    fn add(&self, id: &Id) {
        self.ids().insert(id.clone());
    }

    fn remove(&self, id: &Id) {
        self.ids().remove(id);
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `exit` or the end of the input. Messages are taken in order, each polled once before the next:
/// what it changes is changed by then, and what has to wait goes on beside the loop.
pub async fn serve<S>(
    mut input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
    service: S,
    sidecar: Arc<Sidecar>,
    outbox: Outbox,
) -> ExitCode
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    S::Error: 'static,
{
    let mut writer = std::pin::pin!(outbox.clone().write_to(output));
    let mut conversation = Conversation {
        service,
        sidecar,
        outbox,
        waiting: JoinSet::new(),
        ids: Waiting::default(),
        stage: Stage::Uninitialized,
    };
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::with_capacity(READ_AHEAD));
    loop {
        // Small questions may have large answers: those that are read already wait as well.
        while conversation.outbox.has_room()
            && let Some(frame) = decoder.decode(&mut buffer)
        {
            if conversation.take(frame).await == Next::Exit {
                return conversation.leave(writer).await;
            }
        }
        while conversation.waiting.try_join_next().is_some() {}
        buffer.reserve(READ_AHEAD / 4);
        // The writer comes first: an answer goes out before more is read, without the wake-up of another task.
        tokio::select! {
            biased;
            () = &mut writer => return conversation.exit_code(),
            read = input.read_buf(&mut buffer), if conversation.outbox.has_room() => {
                if !matches!(read, Ok(1..)) {
                    return conversation.leave(writer).await;
                }
            }
            () = conversation.outbox.emptied(), if !conversation.outbox.has_room() => {}
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    Message,
    Exit,
}

impl<S> Conversation<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    S::Error: 'static,
{
    /// What was answered is still sent, but nobody who waits is waited for.
    async fn leave(&self, writer: impl Future<Output = ()>) -> ExitCode {
        self.outbox.close();
        // A client that reads no more cannot be told so.
        let _ = tokio::time::timeout(LAST_WORDS, writer).await;
        self.exit_code()
    }

    fn exit_code(&self) -> ExitCode {
        if self.stage == Stage::ShutDown { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    async fn take(&mut self, frame: Frame) -> Next {
        let body = match frame {
            Frame::Body(body) => body,
            Frame::Bad(reason) => {
                self.refuse(Id::Null, Error { message: reason.into(), ..Error::parse_error() });
                return Next::Message;
            }
        };
        let envelope: Envelope = match read_envelope(&body) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.refuse(Id::Null, error);
                return Next::Message;
            }
        };
        let Some(method) = envelope.method.as_deref() else {
            // The sidecar asks its client nothing, so that a response answers nothing.
            if envelope.id.is_none() {
                self.refuse(Id::Null, invalid("a message has a method or an id"));
            }
            return Next::Message;
        };
        let Ok(id) = envelope.id.map(read_id).transpose() else {
            self.refuse(Id::Null, invalid("an id is an integer or a string"));
            return Next::Message;
        };
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            self.refuse(id.unwrap_or_default(), invalid("jsonrpc must be \"2.0\""));
            return Next::Message;
        }
        if let Some(id) = id.as_ref().filter(|id| self.ids.has(id)) {
            // With its own id, it would be taken for the answer to the one that waits.
            self.refuse(Id::Null, invalid(&format!("the id {id} still waits: none is used twice")));
            return Next::Message;
        }
        match (method, id) {
            ("exit", None) => return Next::Exit,
            // The service would end the session over either, and say nothing.
            ("exit", Some(id)) => self.refuse(id, no_request(method)),
            ("shutdown", None) => {}
            (method, id) => self.dispatch(method, id, envelope.params).await,
        }
        Next::Message
    }

    async fn dispatch(&mut self, method: &str, id: Option<Id>, params: Params<'_>) {
        if let Some(fact) = fact(method) {
            match id {
                Some(id) => self.refuse(id, no_request(method)),
                None => self.apply(method, fact(params)),
            }
        } else if let Some(reader) = reader(method) {
            // Without an id, nobody wants to know.
            if let Some(id) = id {
                self.read(id, |sidecar| reader(sidecar, params));
            }
        } else {
            self.call(method, id, params).await;
        }
    }

    fn apply(&mut self, method: &str, event: serde_json::Result<Event>) {
        if self.stage != Stage::Running {
            return tracing::warn!(method, "dropped: no session is going");
        }
        match event {
            Ok(event) => {
                let apply = AssertUnwindSafe(|| self.sidecar.apply(event));
                if std::panic::catch_unwind(apply).is_err() {
                    tracing::error!(method, "applying it panicked; the message was dropped");
                }
            }
            Err(error) => {
                tracing::warn!(method, %error, "dropped: its params are of another shape");
                self.sidecar.complain(format!("{method} was dropped: {error}"));
            }
        }
    }

    fn read(&self, id: Id, reader: impl FnOnce(&Sidecar) -> Result<Box<RawValue>, Error>) {
        match self.stage {
            Stage::Uninitialized => return self.refuse(id, not_initialized()),
            Stage::ShutDown => return self.refuse(id, Error::invalid_request()),
            Stage::Running => {}
        }
        match std::panic::catch_unwind(AssertUnwindSafe(|| reader(&self.sidecar))) {
            Ok(Ok(result)) => self.outbox.answer(&id, &result),
            Ok(Err(error)) => self.refuse(id, error),
            Err(_) => self.refuse(id, panicked()),
        }
    }

    async fn call(&mut self, method: &str, id: Option<Id>, params: Params<'_>) {
        let request = match read_request(method, id.clone(), params) {
            Ok(request) => request,
            Err(error) => {
                return self.refuse(id.unwrap_or_default(), Error::invalid_params(error.to_string()));
            }
        };
        let mut call = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        match std::future::poll_fn(|cx| Poll::Ready(call.poll_unpin(cx))).await {
            Poll::Ready(answer) => {
                let ok = answer_to(&self.outbox, id, answer.map_err(|_| ()));
                self.advance(method, ok);
            }
            Poll::Pending => {
                let (outbox, ids) = (self.outbox.clone(), self.ids.clone());
                id.iter().for_each(|id| ids.add(id));
                self.waiting.spawn(async move {
                    let answer = call.await;
                    id.iter().for_each(|id| ids.remove(id));
                    answer_to(&outbox, id, answer.map_err(|_| ()));
                });
            }
        }
    }

    fn advance(&mut self, method: &str, ok: bool) {
        match method {
            "initialize" if ok && self.stage == Stage::Uninitialized => self.stage = Stage::Running,
            "shutdown" if ok => self.stage = Stage::ShutDown,
            _ => {}
        }
    }

    fn refuse(&self, id: Id, error: Error) {
        self.outbox.send(&Response::from_error(id, error));
    }
}

fn read_id(id: &RawValue) -> Result<Id, ()> {
    match serde_json::from_str(id.get()) {
        Ok(Id::Null) | Err(_) => Err(()),
        Ok(id) => Ok(id),
    }
}

fn read_request(method: &str, id: Option<Id>, params: Params) -> serde_json::Result<Request> {
    let mut request = Request::build(method.to_owned());
    if let Some(id) = id {
        request = request.id(id);
    }
    if let Some(params) = params {
        request = request.params(serde_json::from_str::<serde_json::Value>(params.get())?);
    }
    Ok(request.finish())
}

/// Sends the answer, if there is one to send, and says whether it is a result.
fn answer_to<E>(outbox: &Outbox, id: Option<Id>, answer: Result<Result<Option<Response>, E>, ()>) -> bool {
    let response = match (answer, id) {
        (Ok(Ok(Some(response))), _) => response,
        // A notification is not answered, and after an exit nobody is.
        (Ok(Ok(None)), None) | (Ok(Err(_)), _) | (Err(()), None) => return false,
        // The service passes over whatever begins with `$/`; a request wants its answer all the same.
        (Ok(Ok(None)), Some(id)) => Response::from_error(id, Error::method_not_found()),
        (Err(()), Some(id)) => Response::from_error(id, panicked()),
    };
    outbox.send(&response);
    response.is_ok()
}

fn panicked() -> Error {
    let message = "the handler panicked; the sidecar goes on, its stderr says more".into();
    Error { message, ..Error::internal_error() }
}

/// In the words of the service, which says it of all other requests.
fn not_initialized() -> Error {
    Error { code: ErrorCode::ServerError(-32002), message: "Server not initialized".into(), data: None }
}

fn no_request(method: &str) -> Error {
    invalid(&format!("{method} is a notification: send it without an id"))
}

fn invalid(reason: &str) -> Error {
    Error { message: reason.to_owned().into(), ..Error::invalid_request() }
}

/// Bytes that are no JSON are a parse error; JSON of another shape, a batch for one, is an invalid request.
fn read_envelope(body: &[u8]) -> Result<Envelope<'_>, Error> {
    let unreadable = |error: &dyn std::fmt::Display| Error {
        message: format!("not JSON: {error}").into(),
        ..Error::parse_error()
    };
    let text = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => invalid(&format!("not a JSON-RPC message (batches are not taken): {error}")),
        Err(_) => unreadable(&error),
    })
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::AsyncWriteExt;

    use super::*;

    const LARGE: usize = 1024 * 1024;

    struct Panics;

    impl Service<Request> for Panics {
        type Response = Option<Response>;
        type Error = ();
        type Future = Pin<Box<dyn Future<Output = Result<Option<Response>, ()>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            let (method, id, _) = request.into_parts();
            Box::pin(async move {
                if method == "late" {
                    tokio::task::yield_now().await;
                }
                if method == "large" {
                    return Ok(id.map(|id| Response::from_ok(id, "x".repeat(LARGE).into())));
                }
                assert_eq!(method, "fine", "a handler panics");
                Ok(id.map(|id| Response::from_ok(id, serde_json::json!("fine"))))
            })
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_panic_is_answered_and_survived() {
        let (client, server) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(server);
        let outbox = Outbox::new();
        let sidecar = Sidecar::new(outbox.clone());
        let served = tokio::spawn(serve(input, output, Panics, sidecar, outbox));
        let (mut answers, mut questions) = tokio::io::split(client);
        let mut bytes = Vec::new();
        for (id, method) in [(1, "at once"), (2, "late"), (3, "fine")] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#);
            super::super::frame::encode(body.as_bytes(), &mut bytes);
        }
        questions.write_all(&bytes).await.expect("the sidecar reads");
        let (mut decoder, mut buffer, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
        while found.len() < 3 {
            answers.read_buf(&mut buffer).await.expect("the sidecar writes");
            while let Some(Frame::Body(body)) = decoder.decode(&mut buffer) {
                let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                found.push((answer["id"].as_i64(), answer["error"]["code"].as_i64()));
            }
        }
        found.sort_unstable();
        assert_eq!(found, [(Some(1), Some(-32603)), (Some(2), Some(-32603)), (Some(3), None)]);
        drop((answers, questions));
        served.await.expect("the loop ends with its input");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_a_client_does_not_read_is_bounded_and_nothing_of_it_is_lost() {
        const ASKED: usize = 60;
        let (client, server) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(server);
        let outbox = Outbox::new();
        let sidecar = Sidecar::new(outbox.clone());
        let served = tokio::spawn(serve(input, output, Panics, sidecar, outbox.clone()));
        let (mut answers, mut questions) = tokio::io::split(client);
        let mut bytes = Vec::new();
        for id in 0..ASKED {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"large"}}"#);
            super::super::frame::encode(body.as_bytes(), &mut bytes);
        }
        questions.write_all(&bytes).await.expect("the sidecar reads");
        // Nothing here waits for time: when nobody has anything to do any more, the queue is as long as it gets.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        let unread = outbox.unread();
        assert!(unread > LARGE, "the sidecar has answered");
        assert!(
            unread < super::super::outbox::FULL + 2 * LARGE,
            "{unread} bytes wait for a client that does not read"
        );
        let (mut decoder, mut buffer, mut found) = (Decoder::default(), BytesMut::new(), 0);
        while found < ASKED {
            answers.read_buf(&mut buffer).await.expect("the sidecar writes");
            while let Some(Frame::Body(_)) = decoder.decode(&mut buffer) {
                found += 1;
            }
        }
        drop((answers, questions));
        served.await.expect("the loop ends with its input");
    }
}
