//! The loop between the frames and the service.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use futures::FutureExt;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::JoinSet;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

use super::backend::{notification, read_request};
use super::envelope::{self, Message, Params, Refusal};
use super::errors::{invalid, no_request, not_initialized, panicked, unreadable};
use super::frame::{Decoder, Frame};
use super::outbox::Outbox;
use super::pending::PendingIds;
use super::sidecar::Sidecar;
use crate::core::Event;

const READ_AHEAD: usize = 64 * 1024;
/// How long a client that is leaving may take to read what is left.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
    ids: PendingIds,
    stage: Stage,
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
        ids: PendingIds::default(),
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
                self.refuse(Id::Null, unreadable(reason));
                return Next::Message;
            }
        };
        match envelope::read(&body) {
            Ok(Some(message)) => return self.on_message(message).await,
            Ok(None) => {}
            Err(Refusal { id, error }) => self.refuse(id, error),
        }
        Next::Message
    }

    async fn on_message(&mut self, Message { method, id, params }: Message<'_>) -> Next {
        if let Some(id) = id.as_ref().filter(|id| self.ids.has(id)) {
            // With its own id, it would be taken for the answer to the one that waits.
            self.refuse(Id::Null, invalid(&format!("the id {id} still waits: none is used twice")));
            return Next::Message;
        }
        match (&*method, id) {
            ("exit", None) => return Next::Exit,
            // The service would end the session over either, and say nothing.
            ("exit", Some(id)) => self.refuse(id, no_request(&method)),
            ("shutdown", None) => {}
            (method, id) => self.dispatch(method, id, params).await,
        }
        Next::Message
    }

    async fn dispatch(&mut self, method: &str, id: Option<Id>, params: Params<'_>) {
        if let Some(event) = notification(method) {
            match id {
                Some(id) => self.refuse(id, no_request(method)),
                None => self.on_notification(method, event(params)),
            }
        } else if let Some(read) = read_request(method) {
            // Without an id, nobody wants to know.
            if let Some(id) = id
                && !self.on_read_request(&id, |sidecar| read(sidecar, params))
            {
                self.on_request(method, Some(id), params).await;
            }
        } else {
            self.on_request(method, id, params).await;
        }
    }

    fn on_notification(&mut self, method: &str, event: serde_json::Result<Event>) {
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
                self.sidecar.warn(format!("{method} was dropped: {error}"));
            }
        }
    }

    /// Whether it has been answered; else it has to wait.
    fn on_read_request(
        &self,
        id: &Id,
        read: impl FnOnce(&Sidecar) -> Result<Option<Box<RawValue>>, Error>,
    ) -> bool {
        let error = match self.stage {
            Stage::Uninitialized => not_initialized(),
            Stage::ShutDown => Error::invalid_request(),
            Stage::Running => match std::panic::catch_unwind(AssertUnwindSafe(|| read(&self.sidecar))) {
                Ok(Ok(Some(result))) => {
                    self.outbox.respond(id, &result);
                    return true;
                }
                Ok(Ok(None)) => return false,
                Ok(Err(error)) => error,
                Err(_) => panicked(),
            },
        };
        self.refuse(id.clone(), error);
        true
    }

    async fn on_request(&mut self, method: &str, id: Option<Id>, params: Params<'_>) {
        let request = match envelope::read_request(method, id.clone(), params) {
            Ok(request) => request,
            Err(error) => {
                return self.refuse(id.unwrap_or_default(), Error::invalid_params(error.to_string()));
            }
        };
        let mut call = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        match std::future::poll_fn(|cx| Poll::Ready(call.poll_unpin(cx))).await {
            Poll::Ready(response) => {
                let ok = respond(&self.outbox, id, response.map_err(|_| ()));
                self.advance(method, ok);
            }
            Poll::Pending => {
                let (outbox, ids) = (self.outbox.clone(), self.ids.clone());
                id.iter().for_each(|id| ids.add(id));
                self.waiting.spawn(async move {
                    let response = call.await;
                    id.iter().for_each(|id| ids.remove(id));
                    respond(&outbox, id, response.map_err(|_| ()));
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

/// Sends the response, if there is one to send, and says whether it is a result.
fn respond<E>(outbox: &Outbox, id: Option<Id>, response: Result<Result<Option<Response>, E>, ()>) -> bool {
    let response = match (response, id) {
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

#[cfg(test)]
mod tests;
