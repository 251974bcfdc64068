//! The readers' socket: editors, the command line and tests join a running sidecar here.
//!
//! It only reads, and asks the plugin for a restart. What changes the state comes over stdio alone, in order.

mod client;
mod connection;
mod place;
mod publisher;
mod server;

pub use client::{AttachError, Attached, find, find_others, join};
pub use publisher::Publisher;
pub use server::{Host, close, open};

/// The methods of this socket.
pub mod methods {
    pub const STATUS: &str = "status";
    pub const JOURNAL: &str = "journal";
    pub const RESTART: &str = "devServer/restart";

    /// How a subscription is made, what it is told by, and how it ends.
    #[derive(Debug, Clone, Copy)]
    pub struct Subscription {
        pub subscribe: &'static str,
        pub notification: &'static str,
        pub unsubscribe: &'static str,
    }

    pub const STATUS_CHANGES: Subscription = Subscription {
        subscribe: "status/subscribe",
        notification: "status/didChange",
        unsubscribe: "status/unsubscribe",
    };
    pub const EVENTS: Subscription = Subscription {
        subscribe: "events/subscribe",
        notification: "events/didHappen",
        unsubscribe: "events/unsubscribe",
    };
}
