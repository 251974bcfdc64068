//! What a client may do to the loop, and it goes on.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWriteExt;

use super::*;
use crate::server::frame;
use crate::server::outbox::FULL;

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
        frame::encode(body.as_bytes(), &mut bytes);
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
        frame::encode(body.as_bytes(), &mut bytes);
    }
    questions.write_all(&bytes).await.expect("the sidecar reads");
    // Nothing here waits for time: when nobody has anything to do any more, the queue is as long as it gets.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let unread = outbox.unread();
    assert!(unread > LARGE, "the sidecar has answered");
    assert!(unread < FULL + 2 * LARGE, "{unread} bytes wait for a client that does not read");
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
