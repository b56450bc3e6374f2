//! The only place that reads the time of the machine.
//!
//! Everywhere else time is an argument, so that rules are tested on chosen instants. The handle is cheap to clone and
//! all clones share one time: the sandbox and the tests move it, the bot cannot tell the difference.
//! Paris civil time is arithmetic, not a clock: it lives in [`crate::domain::calendar`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the present instant.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The machine's time.
    System,
    /// The machine's time plus a number of microseconds, which may be changed while running.
    Shifted(Arc<AtomicI64>),
    /// An instant that moves only when told, in microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own time, which nothing can move.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `start` now and then runs at the machine's pace. It serves the sandbox (product.md §18), whose
    /// visitors may jump to the next Monday.
    #[must_use]
    pub fn shifted(start: DateTime<Utc>) -> Self {
        let offset = start.timestamp_micros().saturating_sub(system_now().timestamp_micros());
        Self(Source::Shifted(Arc::new(AtomicI64::new(offset))))
    }

    /// A clock that stands at `at` until [`Clock::advance`] or [`Clock::set`] moves it. It serves scenarios and tests.
    #[must_use]
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.timestamp_micros()))))
    }

    /// The present instant, to the microsecond for the clocks that can be moved.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => system_now(),
            Source::Shifted(offset) => instant(
                system_now()
                    .timestamp_micros()
                    .saturating_add(offset.load(Ordering::SeqCst)),
            ),
            Source::Manual(at) => instant(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves the clock forward (or back, when `by` is negative) for all its clones, and says whether it could: the
    /// system clock cannot be moved.
    pub fn advance(&self, by: TimeDelta) -> bool {
        let micros = by.num_microseconds().unwrap_or(i64::MAX);
        match &self.0 {
            Source::System => false,
            Source::Shifted(value) | Source::Manual(value) => {
                value.fetch_add(micros, Ordering::SeqCst);
                true
            }
        }
    }

    /// Makes the clock show `at` for all its clones, and says whether it could: the system clock cannot be moved.
    pub fn set(&self, at: DateTime<Utc>) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Shifted(offset) => {
                let wanted = at.timestamp_micros().saturating_sub(system_now().timestamp_micros());
                offset.store(wanted, Ordering::SeqCst);
                true
            }
            Source::Manual(value) => {
                value.store(at.timestamp_micros(), Ordering::SeqCst);
                true
            }
        }
    }
}

fn system_now() -> DateTime<Utc> {
    Utc::now()
}

/// Instants outside chrono's range (year 262,000) cannot come from a clock: they fall back to the nearest end.
fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(if micros < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn start() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2027, 3, 28, 0, 59, 0).unwrap()
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_for_every_clone() {
        let clock = Clock::manual(start());
        let other = clock.clone();
        assert_eq!(other.now(), start());
        assert!(clock.advance(TimeDelta::hours(2)));
        assert_eq!(other.now(), start() + TimeDelta::hours(2));
        assert!(other.set(start() - TimeDelta::days(1)));
        assert_eq!(clock.now(), start() - TimeDelta::days(1));
    }

    #[test]
    fn a_shifted_clock_starts_where_asked_and_runs() {
        let clock = Clock::shifted(start());
        let first = clock.now();
        assert!(first >= start() && first < start() + TimeDelta::minutes(1));
        assert!(clock.advance(TimeDelta::days(7)));
        assert!(clock.now() >= start() + TimeDelta::days(7));
        assert!(clock.set(start()));
        let again = clock.now();
        assert!(again >= start() && again < start() + TimeDelta::minutes(1));
    }

    #[test]
    fn the_system_clock_cannot_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        assert!(!clock.advance(TimeDelta::days(1)));
        assert!(!clock.set(start()));
        assert!(clock.now() - before < TimeDelta::hours(1));
    }
}
