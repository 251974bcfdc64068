//! The sidecar's side of the readers' socket: a thread of its own, so that no reader is ever in the way of stdio.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use jsonrpsee::core::SubscriptionResult;
use jsonrpsee::server::{
    HttpRequest, PendingSubscriptionSink, PingConfig, RpcModule, Server, ServerConfig, StopHandle,
    SubscriptionMessage, SubscriptionSink, TowerServiceBuilder, stop_channel,
};
use jsonrpsee::types::{ErrorCode, ErrorObjectOwned};
use jsonrpsee::{Extensions, Methods};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio_util::sync::CancellationToken;
use tower::util::service_fn;
use tower_service::Service;

use super::connection::Cuttable;
use super::methods::{EVENTS, JOURNAL, RESTART, STATUS, STATUS_CHANGES, Subscription};
use super::place::Socket;
use super::publisher::{LINES, Publisher};
use crate::runtime;

/// Messages that may wait for a reader, beside the one that is being sent.
const UNREAD: u32 = 1;
/// A reader that takes no message for so long is dropped.
const SLOW: Duration = Duration::from_secs(5);
/// Lines are sent together that happen within this time.
const GATHER: Duration = Duration::from_millis(100);
/// With so many lines waiting, they are sent at once.
const ENOUGH: usize = LINES / 4;
/// More than this is not sent together, in bytes.
const MOST_GATHERED: usize = 256 * 1024;
/// A reader that does not even answer a ping.
const SILENT: Duration = Duration::from_secs(30);
/// Of a journal, whose modules may be a million.
const LARGEST: u32 = 1024 * 1024 * 1024;

/// What readers need of the sidecar, beside what is published.
pub trait Host: Send + Sync + 'static {
    fn publisher(&self) -> &Arc<Publisher>;
    /// Asks the plugin to restart the dev server.
    fn restart(&self);
}

/// Opens the socket. That it cannot be opened is no reason not to serve stdio. The thread ends with the process.
pub fn open(host: Arc<impl Host>) {
    let opening = std::thread::Builder::new().name("attach".into()).spawn(move || {
        if let Err(error) = serve_readers(host) {
            tracing::warn!(%error, "editors and the command line cannot attach");
        }
    });
    if let Err(error) = opening {
        tracing::warn!(%error, "editors and the command line cannot attach");
    }
}

fn serve_readers(host: Arc<impl Host>) -> Result<(), Problem> {
    runtime::give_way();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { listen(Socket::own()?.listen()?, methods(host)?).await })
}

/// Takes away the socket; the process is about to end.
pub fn close() {
    if let Ok(socket) = Socket::own() {
        socket.remove();
    }
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

async fn listen(listener: Listener, methods: Methods) -> Result<(), Problem> {
    let config = ServerConfig::builder()
        .ws_only()
        .max_connections(1024)
        .max_response_body_size(LARGEST)
        .set_message_buffer_capacity(UNREAD)
        .enable_ws_ping(PingConfig::new().ping_interval(SILENT / 3).inactive_limit(SILENT))
        .build();
    let builder = Server::builder().set_config(config).to_service_builder();
    // The server is never stopped; it ends with the process.
    let (stop, _handle) = stop_channel();
    loop {
        let stream = listener.accept().await?;
        tokio::spawn(answer(stream, builder.clone(), methods.clone(), stop.clone()));
    }
}

fn answer(
    stream: Stream,
    builder: TowerServiceBuilder<tower::layer::util::Identity, tower::layer::util::Identity>,
    methods: Methods,
    stop: StopHandle,
) -> impl Future<Output = hyper::Result<()>> {
    let cut = CancellationToken::new();
    let stream = Cuttable::new(stream, &cut);
    let service = service_fn(move |mut request: HttpRequest<_>| {
        request.extensions_mut().insert(cut.clone());
        builder.clone().build(methods.clone(), stop.clone()).call(request)
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new());
    connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).with_upgrades()
}

fn methods(host: Arc<impl Host>) -> Result<Methods, Problem> {
    let mut module = RpcModule::from_arc(host);
    module.register_async_method(STATUS, |_, host, _| async move {
        let status = host.publisher().fresh().await;
        status.ok_or_else(|| ErrorObjectOwned::from(ErrorCode::InternalError))
    })?;
    let one_at_a_time = Arc::new(Mutex::new(()));
    module.register_async_method(JOURNAL, move |_, host, _| {
        let one_at_a_time = one_at_a_time.clone();
        async move {
            let _turn = one_at_a_time.lock().await;
            let text = journal(host.publisher()).await;
            text.ok_or_else(|| ErrorObjectOwned::from(ErrorCode::InternalError))
        }
    })?;
    module.register_method(RESTART, |_, host, _| host.restart())?;
    subscription(&mut module, STATUS_CHANGES, send_status)?;
    subscription(&mut module, EVENTS, send_events)?;
    Ok(module.into())
}

/// The journal as JSON, made on a thread that neither the writer nor another reader waits for.
async fn journal(publisher: &Publisher) -> Option<Box<RawValue>> {
    let saved = publisher.journal().await?;
    let text = move || serde_json::value::to_raw_value(&saved.text());
    tokio::task::spawn_blocking(text).await.ok()?.ok()
}

fn subscription<H: Host, F>(
    module: &mut RpcModule<H>,
    names: Subscription,
    run: impl Fn(SubscriptionSink, Arc<Publisher>, CancellationToken) -> F + Send + Sync + Clone + 'static,
) -> Result<(), Problem>
where
    F: Future<Output = ()> + Send + 'static,
{
    let Subscription { subscribe, notification, unsubscribe } = names;
    module.register_subscription(
        subscribe,
        notification,
        unsubscribe,
        move |_, pending: PendingSubscriptionSink, host, extensions: Extensions| {
            let run = run.clone();
            async move {
                let cut = extensions.get::<CancellationToken>().cloned().unwrap_or_default();
                let sink = pending.accept().await?;
                run(sink, host.publisher().clone(), cut).await;
                SubscriptionResult::Ok(())
            }
        },
    )?;
    Ok(())
}

/// The status now, and whenever it has changed: a reader that takes its time is told of fewer changes.
async fn send_status(sink: SubscriptionSink, publisher: Arc<Publisher>, cut: CancellationToken) {
    let mut watcher = publisher.watch();
    let mut status = publisher.fresh().await;
    while let Some(found) = status {
        if !send(&sink, &found, &cut).await {
            return;
        }
        tokio::select! {
            next = watcher.next() => status = next,
            () = sink.closed() => return,
        }
    }
}

/// The lines of the journal from now on, those of a moment together.
async fn send_events(sink: SubscriptionSink, publisher: Arc<Publisher>, cut: CancellationToken) {
    let mut lines = publisher.lines();
    loop {
        let first = tokio::select! {
            line = lines.recv() => line,
            () = sink.closed() => return,
        };
        if lines.len() < ENOUGH {
            tokio::time::sleep(GATHER).await;
        }
        // One that is too far behind is dropped: with lines missing, the rest would tell something else.
        let Some(message) = first.ok().and_then(|first| gather(&first, &mut lines)) else {
            return cut.cancel();
        };
        if !send(&sink, &message, &cut).await {
            return;
        }
    }
}

/// The lines that wait, as one message; `None` when some are missing.
fn gather(first: &str, lines: &mut broadcast::Receiver<Arc<str>>) -> Option<Box<RawValue>> {
    let mut joined = format!("[{first}");
    while joined.len() < MOST_GATHERED {
        match lines.try_recv() {
            Ok(line) => {
                joined.push(',');
                joined.push_str(&line);
            }
            Err(TryRecvError::Lagged(_)) => return None,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    joined.push(']');
    RawValue::from_string(joined).ok()
}

/// Drops a reader that is too slow. Nobody but the reader's own task waits for it.
async fn send(sink: &SubscriptionSink, message: &RawValue, cut: &CancellationToken) -> bool {
    let message = SubscriptionMessage::from(message.to_owned());
    let sent = sink.send_timeout(message, SLOW).await.is_ok();
    if !sent {
        cut.cancel();
    }
    sent
}
