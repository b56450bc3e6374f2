//! Who is offered to whom, and when: cooldown, leases, appointments, and why a list is empty (product.md §5).

use super::CallState;
use crate::domain::calendar::{civil, paris_date};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// The durations of the phone work. Those of product.md §5 are the default; the host may choose others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A person called less than this ago is not offered again: 20 hours.
    pub cooldown: TimeDelta,
    /// Opening a card keeps the person for the relay who opened it during this time: 2 hours.
    pub lease: TimeDelta,
    /// The hour, in Paris, at which call-backs of the day are reminded: 18:00.
    pub reminder: NaiveTime,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            cooldown: TimeDelta::hours(20),
            lease: TimeDelta::hours(2),
            reminder: NaiveTime::from_hms_opt(18, 0, 0).unwrap_or(NaiveTime::MIN),
        }
    }
}

/// «Demain» and «dans 3 jours» of the select under «À rappeler…».
#[must_use]
pub fn in_days(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_add_days(Days::new(days)).unwrap_or(today)
}

/// The instant at which the call-backs of a day are reminded.
#[must_use]
pub fn reminder_instant(on: NaiveDate, pace: &Pace) -> DateTime<Utc> {
    civil(on, pace.reminder)
}

/// Whether the reminder of this call-back is to be sent now: its hour has come, and it has not been sent. After downtime it
/// stays due as long as the person waits for the call: it is useful until then.
#[must_use]
pub fn reminder_due(state: CallState, reminded: bool, pace: &Pace, now: DateTime<Utc>) -> bool {
    !reminded && state.call_back().is_some_and(|on| reminder_instant(on, pace) <= now)
}

/// A person kept for one relay for a while. `R` identifies the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<R> {
    /// Who keeps the person.
    pub holder: R,
    /// Until when, excluded.
    pub until: DateTime<Utc>,
}

impl<R: Copy + Eq> Lease<R> {
    /// Whether this lease still keeps the person from `relay`.
    #[must_use]
    pub fn hinders(&self, relay: R, now: DateTime<Utc>) -> bool {
        self.holder != relay && now < self.until
    }
}

/// Takes the lease for a relay who opens a card; one's own is renewed, an expired one is taken over.
///
/// # Errors
/// The lease of the other relay, to be shown.
pub fn take_lease<R: Copy + Eq>(
    current: Option<Lease<R>>,
    relay: R,
    pace: &Pace,
    now: DateTime<Utc>,
) -> Result<Lease<R>, Lease<R>> {
    match current {
        Some(lease) if lease.hinders(relay, now) => Err(lease),
        _ => Ok(Lease {
            holder: relay,
            until: now + pace.lease,
        }),
    }
}

/// What the rules need to know of a person to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact<R> {
    /// Where the person stands.
    pub state: CallState,
    /// Whether a telephone number is on file.
    pub has_phone: bool,
    /// Whether «ne plus appeler» was asked for this number by somebody (product.md §16).
    pub number_blocked: bool,
    /// The last attempt, by any relay.
    pub last_call: Option<DateTime<Utc>>,
    /// Who keeps the person.
    pub lease: Option<Lease<R>>,
}

/// Why a person is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOffered<R> {
    /// The state asks for no call: refused, wrong number, validated, «ne plus appeler».
    Done(CallState),
    /// The call-back is for a later day.
    Later {
        /// That day.
        on: NaiveDate,
    },
    /// There is no number to call.
    WithoutPhone,
    /// «Ne plus appeler» was asked for this number.
    NumberBlocked,
    /// Called less than [`Pace::cooldown`] ago.
    Cooldown {
        /// The instant from which the person is offered again.
        until: DateTime<Utc>,
    },
    /// Another relay has the card open.
    Leased(Lease<R>),
}

impl<R: Copy + Eq> Contact<R> {
    /// Whether the person is offered to this relay now, in the list «à appeler»: those to call, and the call-backs of today
    /// and of the days before, which the evening's reminder sends there. The cooldown spares nobody but a person who asked
    /// to be called this evening: from the reminder on, a call made earlier that day does not hide the appointment.
    ///
    /// # Errors
    /// The first reason that holds: what the state says, then the number, the cooldown, the lease.
    pub fn offered(&self, relay: R, pace: &Pace, now: DateTime<Utc>) -> Result<(), NotOffered<R>> {
        match self.state {
            CallState::ToCall => {}
            CallState::CallBack { on } if on <= paris_date(now) => {}
            CallState::CallBack { on } => return Err(NotOffered::Later { on }),
            state => return Err(NotOffered::Done(state)),
        }
        if !self.has_phone {
            return Err(NotOffered::WithoutPhone);
        }
        if self.number_blocked {
            return Err(NotOffered::NumberBlocked);
        }
        if let Some(last) = self.last_call {
            let mut until = last + pace.cooldown;
            if let Some(appointment) = self
                .state
                .call_back()
                .map(|on| reminder_instant(on, pace))
                .filter(|&at| last < at)
            {
                until = until.min(appointment);
            }
            if now < until {
                return Err(NotOffered::Cooldown { until });
            }
        }
        match self.lease {
            Some(lease) if lease.hinders(relay, now) => Err(NotOffered::Leased(lease)),
            _ => Ok(()),
        }
    }
}

/// The lists of `/contacts` (product.md §5, values of §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Filter {
    /// «À appeler», the list shown by default.
    #[default]
    ToCall,
    /// «À rappeler», whatever the day.
    CallBack,
    /// «Validés».
    Validated,
    /// «Refus», with those who asked never to be called.
    Refused,
    /// Everybody.
    All,
}

impl Filter {
    /// All of them, in the order of the choices.
    pub const ALL: [Self; 5] = [Self::ToCall, Self::CallBack, Self::Validated, Self::Refused, Self::All];

    /// The value of the choice.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ToCall => "a_appeler",
            Self::CallBack => "a_rappeler",
            Self::Validated => "valides",
            Self::Refused => "refus",
            Self::All => "tous",
        }
    }

    /// The list of this value.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.code() == code)
    }

    /// Whether the list shows this person to this relay now. Only «à appeler» hides people who rest or are leased: the other
    /// lists are there to look at.
    #[must_use]
    pub fn shows<R: Copy + Eq>(self, contact: &Contact<R>, relay: R, pace: &Pace, now: DateTime<Utc>) -> bool {
        match self {
            Self::ToCall => contact.offered(relay, pace, now).is_ok(),
            Self::CallBack => matches!(contact.state, CallState::CallBack { .. }),
            Self::Validated => contact.state == CallState::Validated,
            Self::Refused => matches!(contact.state, CallState::Refused | CallState::DoNotCall),
            Self::All => true,
        }
    }
}

impl FromStr for Filter {
    type Err = ();
    fn from_str(code: &str) -> Result<Self, ()> {
        Self::from_code(code).ok_or(())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why the list «à appeler» is empty, counted (product.md §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyList {
    /// Everybody on the relay's list, whatever the state.
    pub total: usize,
    /// Validated, refused, unreachable or never to be called again.
    pub done: usize,
    /// To be called back on a later day.
    pub later: usize,
    /// The first of these days.
    pub next_day: Option<NaiveDate>,
    /// Called too recently.
    pub cooldown: usize,
    /// When the first of them is offered again.
    pub cooldown_ends: Option<DateTime<Utc>>,
    /// Without a number, or with a number nobody may call.
    pub without_phone: usize,
    /// Open at another relay's.
    pub leased: usize,
    /// When the first of these leases ends.
    pub lease_ends: Option<DateTime<Utc>>,
}

/// Counts why nobody is offered to this relay. People who are offered count in the total only.
pub fn why_empty<R: Copy + Eq>(
    contacts: impl IntoIterator<Item = Contact<R>>,
    relay: R,
    pace: &Pace,
    now: DateTime<Utc>,
) -> EmptyList {
    fn earliest<T: Ord>(first: Option<T>, other: T) -> Option<T> {
        Some(match first {
            Some(first) => first.min(other),
            None => other,
        })
    }
    let mut list = EmptyList::default();
    for contact in contacts {
        list.total += 1;
        match contact.offered(relay, pace, now) {
            Ok(()) => {}
            Err(NotOffered::Done(_)) => list.done += 1,
            Err(NotOffered::Later { on }) => {
                list.later += 1;
                list.next_day = earliest(list.next_day, on);
            }
            Err(NotOffered::WithoutPhone | NotOffered::NumberBlocked) => list.without_phone += 1,
            Err(NotOffered::Cooldown { until }) => {
                list.cooldown += 1;
                list.cooldown_ends = earliest(list.cooldown_ends, until);
            }
            Err(NotOffered::Leased(lease)) => {
                list.leased += 1;
                list.lease_ends = earliest(list.lease_ends, lease.until);
            }
        }
    }
    list
}
