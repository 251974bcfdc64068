//! The time of day, as Vite's own lines have it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::protocol::StatusReport;

/// When a sidecar's clock began, by the clock on the wall.
#[derive(Debug, Clone)]
pub struct Clock {
    began: Timestamp,
    zone: TimeZone,
}

impl Clock {
    /// By a status that has just come.
    pub fn of(status: &StatusReport) -> Self {
        let uptime = SignedDuration::from_millis(i64::try_from(status.uptime_ms).unwrap_or(i64::MAX));
        let now = Timestamp::now();
        Clock { began: now.checked_sub(uptime).unwrap_or(now), zone: TimeZone::system() }
    }

    /// `10:42:07`
    pub fn time(&self, milliseconds: u64) -> String {
        self.at(milliseconds, "%H:%M:%S")
    }

    /// `10:42:07.123`
    pub fn moment(&self, milliseconds: u64) -> String {
        self.at(milliseconds, "%H:%M:%S%.3f")
    }

    fn at(&self, milliseconds: u64, format: &str) -> String {
        let since = SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        let at = self.began.checked_add(since).unwrap_or(self.began);
        at.to_zoned_datetime(self.zone.clone()).strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_wall() {
        let began = "2026-01-02T03:04:05.006Z".parse().expect("a time");
        let clock = Clock { began, zone: TimeZone::fixed(jiff::tz::offset(1)) };
        assert_eq!(clock.time(0), "04:04:05");
        assert_eq!(clock.moment(61_000), "04:05:06.006");
    }
}
