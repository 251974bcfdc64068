//! The loop between the frames and the service.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::BytesMut;
use futures::FutureExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::JoinSet;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

use super::backend::fact;
use super::frame::{Decoder, Frame};
use super::outbox::Outbox;
use super::sidecar::Sidecar;
use crate::core::Event;

const READ_AHEAD: usize = 64 * 1024;

/// What every message has; the rest is read by whoever it is for.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
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
    stage: Stage,
}

/// Serves until `exit` or the end of the input. Messages are taken in order, each polled once before the next:
/// what it changes is changed by then, and what has to wait goes on beside the loop.
pub async fn serve<S>(
    mut input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    service: S,
    sidecar: Arc<Sidecar>,
    outbox: Outbox,
) -> ExitCode
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    let mut writer = tokio::spawn(outbox.clone().write_to(output));
    let mut conversation = Conversation {
        service,
        sidecar,
        outbox,
        waiting: JoinSet::new(),
        stage: Stage::Uninitialized,
    };
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::with_capacity(READ_AHEAD));
    loop {
        while let Some(frame) = decoder.decode(&mut buffer) {
            if conversation.take(frame).await == Next::Exit {
                conversation.outbox.close();
                // The writer ends once all is written, or the client has stopped reading.
                let _ = (&mut writer).await;
                return conversation.exit_code();
            }
        }
        while conversation.waiting.try_join_next().is_some() {}
        buffer.reserve(READ_AHEAD / 4);
        tokio::select! {
            read = input.read_buf(&mut buffer), if conversation.outbox.has_room() => {
                if !matches!(read, Ok(1..)) {
                    return conversation.exit_code();
                }
            }
            () = conversation.outbox.emptied(), if !conversation.outbox.has_room() => {}
            _ = &mut writer => return conversation.exit_code(),
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
    S::Future: Send + 'static,
    S::Error: 'static,
{
    fn exit_code(&self) -> ExitCode {
        if self.stage == Stage::ShutDown {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    async fn take(&mut self, frame: Frame) -> Next {
        let body = match frame {
            Frame::Body(body) => body,
            Frame::Bad(reason) => {
                self.refuse(
                    Id::Null,
                    Error {
                        message: reason.into(),
                        ..Error::parse_error()
                    },
                );
                return Next::Message;
            }
        };
        let envelope: Envelope = match serde_json::from_slice(&body) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.refuse(Id::Null, malformed(&body, &error));
                return Next::Message;
            }
        };
        let Ok(id) = envelope
            .id
            .map(|id| serde_json::from_str::<Id>(id.get()))
            .transpose()
        else {
            self.refuse(Id::Null, invalid("an id is an integer or a string"));
            return Next::Message;
        };
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            self.refuse(id.unwrap_or_default(), invalid("jsonrpc must be \"2.0\""));
            return Next::Message;
        }
        match (envelope.method.as_deref(), id) {
            (Some("exit"), None) => return Next::Exit,
            (Some(method), id) => match fact(method, envelope.params) {
                Some(event) => self.apply(method, id, event),
                None => self.call(&body, method, id).await,
            },
            // The sidecar asks its client nothing, so that a response answers nothing.
            (None, Some(_)) => {}
            (None, None) => self.refuse(Id::Null, invalid("a message has a method or an id")),
        }
        Next::Message
    }

    fn apply(&mut self, method: &str, id: Option<Id>, event: serde_json::Result<Event>) {
        if let Some(id) = id {
            return self.refuse(
                id,
                invalid(&format!("{method} is a notification: send it without an id")),
            );
        }
        if self.stage != Stage::Running {
            return tracing::warn!(method, "dropped: the session is not initialized");
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

    async fn call(&mut self, body: &[u8], method: &str, id: Option<Id>) {
        let request = match serde_json::from_slice::<Request>(body) {
            Ok(request) => request,
            Err(error) => return self.refuse(id.unwrap_or_default(), malformed(body, &error)),
        };
        let mut call = AssertUnwindSafe(self.service.call(request))
            .catch_unwind()
            .boxed();
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(call.poll_unpin(cx))).await;
        match first {
            std::task::Poll::Ready(answer) => {
                let ok = answer_to(&self.outbox, id, answer.map_err(|_| ()));
                self.advance(method, ok);
            }
            std::task::Poll::Pending => {
                let outbox = self.outbox.clone();
                self.waiting.spawn(async move {
                    let answer = call.await;
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

/// Sends the answer, if there is one to send, and says whether it is a result.
fn answer_to<E>(outbox: &Outbox, id: Option<Id>, answer: Result<Result<Option<Response>, E>, ()>) -> bool {
    let response = match (answer, id) {
        (Ok(Ok(response)), _) => response,
        // The service has exited; whoever still waits is gone with it.
        (Ok(Err(_)), _) => None,
        (Err(()), None) => None,
        (Err(()), Some(id)) => {
            let message = "the handler panicked; the sidecar goes on, its stderr says more".into();
            Some(Response::from_error(
                id,
                Error {
                    message,
                    ..Error::internal_error()
                },
            ))
        }
    };
    let Some(response) = response else { return false };
    outbox.send(&response);
    response.is_ok()
}

fn invalid(reason: &str) -> Error {
    Error {
        message: reason.to_owned().into(),
        ..Error::invalid_request()
    }
}

/// Bytes that are no JSON are a parse error; JSON of another shape, a batch for one, is an invalid request.
fn malformed(body: &[u8], error: &serde_json::Error) -> Error {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return invalid(&format!(
            "not a JSON-RPC message (batches are not taken): {error}"
        ));
    }
    Error {
        message: format!("not JSON: {error}").into(),
        ..Error::parse_error()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::AsyncWriteExt;

    use super::*;

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
        assert_eq!(
            found,
            [(Some(1), Some(-32603)), (Some(2), Some(-32603)), (Some(3), None)]
        );
        drop((answers, questions));
        served.await.expect("the loop ends with its input");
    }
}
