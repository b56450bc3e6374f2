//! The world's clock and the identifiers that carry its time.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

/// A Discord identifier. Its upper 42 bits are the milliseconds since 2015 at which the object was made.
pub type Id = u64;

/// 2015-01-01T00:00:00Z in milliseconds since the Unix epoch (Discord documentation, «Snowflakes»).
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

/// The time of the loopback: real time plus an offset that only grows.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorldClock {
    offset: TimeDelta,
}

impl WorldClock {
    /// The present instant of this world.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::<Utc>::from(SystemTime::now()) + self.offset
    }

    /// How far this world's present is from real time.
    pub(super) fn offset(&self) -> TimeDelta {
        self.offset
    }

    /// A clock that shows `at` now, before anything has happened in its world.
    pub(super) fn showing(at: DateTime<Utc>) -> Self {
        Self {
            offset: at - DateTime::<Utc>::from(SystemTime::now()),
        }
    }

    /// Moves the present forward by `by`.
    pub(super) fn advance(&mut self, by: Duration) {
        self.offset += TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    }

    /// Makes the present be `at`; time does not run backwards, an earlier instant is ignored.
    pub(super) fn jump_to(&mut self, at: DateTime<Utc>) {
        let ahead = at - self.now();
        if ahead > TimeDelta::zero() {
            self.offset += ahead;
        }
    }
}

/// Hands out identifiers that never repeat and never go backwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Snowflakes {
    last: Id,
}

impl Snowflakes {
    pub(super) fn next(&mut self, now: DateTime<Utc>) -> Id {
        let id = at_time(now).max(self.last + 1);
        self.last = id;
        id
    }
}

/// The lowest identifier an object made at `time` could have.
#[must_use]
pub fn at_time(time: DateTime<Utc>) -> Id {
    let ms = (time.timestamp_millis() - DISCORD_EPOCH_MS).max(0);
    u64::try_from(ms).unwrap_or(0) << 22
}

/// The instant at which the object named by `id` was made, to the millisecond.
#[must_use]
pub fn time_of(id: Id) -> DateTime<Utc> {
    let ms = i64::try_from(id >> 22).unwrap_or(0) + DISCORD_EPOCH_MS;
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// The form in which Discord writes instants.
pub(super) fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_grow_even_within_one_millisecond_and_carry_their_time() {
        let now = DateTime::from_timestamp_millis(1_800_000_000_123).unwrap();
        let mut ids = Snowflakes::default();
        let (a, b) = (ids.next(now), ids.next(now));
        assert!(b > a);
        assert_eq!(time_of(a), now);
        assert_eq!(time_of(b), now);
    }

    #[test]
    fn a_world_may_begin_in_the_past() {
        let at = DateTime::from_timestamp_millis(1_600_000_000_000).unwrap();
        let now = WorldClock::showing(at).now();
        assert!(now >= at && now - at < TimeDelta::minutes(1));
    }

    #[test]
    fn the_clock_jumps_forward_only() {
        let mut clock = WorldClock::default();
        let start = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() - start >= TimeDelta::hours(1));
        let later = clock.now();
        clock.jump_to(start);
        assert!(clock.now() >= later);
    }
}
