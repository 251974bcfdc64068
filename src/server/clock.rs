//! The session's time.

use tokio::time::Instant;

use crate::core::Time;

#[derive(Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Clock { started: Instant::now() }
    }

    /// No finer than the journal writes it.
    pub fn now(&self) -> Time {
        let elapsed = self.started.elapsed();
        Time::new(elapsed.as_secs(), elapsed.subsec_micros() * 1000)
    }

    /// Waits until a moment, for ever without one.
    pub async fn sleep_until(&self, at: Option<Time>) {
        match at {
            Some(at) => tokio::time::sleep_until(self.started + at).await,
            None => std::future::pending().await,
        }
    }
}
