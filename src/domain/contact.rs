//! The relay's phone work: what a call does to a person's state, and who is offered to whom, when (product.md §5).

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use std::fmt;

/// A person called less than this ago is not offered again (product.md §5).
pub const COOLDOWN: TimeDelta = TimeDelta::hours(20);

/// Opening a card keeps the person for the relay who opened it during this time (product.md §5).
pub const LEASE: TimeDelta = TimeDelta::hours(2);

/// The hour, in Paris, at which call-backs of the day are reminded (product.md §5).
pub const REMINDER_HOUR: u32 = 18;

/// How far ahead a call-back may be set, in months. Not in product.md: it only stops a mistyped year.
pub const CALL_BACK_MONTHS: u32 = 12;

/// Where a person stands in the relay's phone work (product.md §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallState {
    /// «À appeler»: nobody has reached this person yet.
    ToCall,
    /// «À rappeler», on a day of the Paris calendar.
    CallBack {
        /// The day.
        on: NaiveDate,
    },
    /// «Injoignable»: the number is wrong.
    Unreachable,
    /// «Refus».
    Refused,
    /// «Ne plus appeler»: final and global.
    DoNotCall,
    /// «Validé»: a relay has confirmed the participation.
    Validated,
}

impl CallState {
    /// The name under which the state is stored. The day of a call-back is stored beside it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ToCall => "a_appeler",
            Self::CallBack { .. } => "a_rappeler",
            Self::Unreachable => "injoignable",
            Self::Refused => "refus",
            Self::DoNotCall => "ne_plus_appeler",
            Self::Validated => "valide",
        }
    }

    /// Reads a stored state back; none when the name is unknown, or when a call-back has no day.
    #[must_use]
    pub fn from_code(code: &str, call_back: Option<NaiveDate>) -> Option<Self> {
        Some(match code {
            "a_appeler" => Self::ToCall,
            "a_rappeler" => Self::CallBack { on: call_back? },
            "injoignable" => Self::Unreachable,
            "refus" => Self::Refused,
            "ne_plus_appeler" => Self::DoNotCall,
            "valide" => Self::Validated,
            _ => return None,
        })
    }

    /// The day of the call-back, when there is one.
    #[must_use]
    pub const fn call_back(self) -> Option<NaiveDate> {
        match self {
            Self::CallBack { on } => Some(on),
            _ => None,
        }
    }

    /// Whether the person counts among the inscrits of the territory (product.md §3: whatever the call state, but «ne plus
    /// appeler» and those who refused; erased people are no longer here).
    #[must_use]
    pub const fn counts_as_inscrit(self) -> bool {
        !matches!(self, Self::Refused | Self::DoNotCall)
    }

    /// The state after a validation. «Ne plus appeler» is final: someone who joins afterwards is a member, still not called.
    #[must_use]
    pub const fn validated(self) -> Self {
        match self {
            Self::DoNotCall => Self::DoNotCall,
            _ => Self::Validated,
        }
    }

    /// The state when the telephone number has been corrected: a wrong number is no longer one.
    #[must_use]
    pub const fn phone_corrected(self) -> Self {
        match self {
            Self::Unreachable => Self::ToCall,
            other => other,
        }
    }
}

/// The kinds of outcome of a call, which are the choices of the option `issue` (product.md §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// «Pas de réponse».
    NoAnswer,
    /// «Message laissé».
    MessageLeft,
    /// «À rappeler…», which needs a day.
    CallBack,
    /// «Faux numéro».
    WrongNumber,
    /// «Refus».
    Refusal,
    /// «Ne plus appeler».
    DoNotCall,
    /// «SMS envoyé».
    TextSent,
}

impl OutcomeKind {
    /// All of them, in the order of the choices.
    pub const ALL: [Self; 7] = [
        Self::NoAnswer,
        Self::MessageLeft,
        Self::CallBack,
        Self::WrongNumber,
        Self::Refusal,
        Self::DoNotCall,
        Self::TextSent,
    ];

    /// The value of the choice, also stored with each attempt.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoAnswer => "pas_de_reponse",
            Self::MessageLeft => "message_laisse",
            Self::CallBack => "a_rappeler",
            Self::WrongNumber => "faux_numero",
            Self::Refusal => "refus",
            Self::DoNotCall => "ne_plus_appeler",
            Self::TextSent => "sms_envoye",
        }
    }

    /// The outcome of this value.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The outcome, with the day that «à rappeler» needs; a day given with another outcome is not used.
    ///
    /// # Errors
    /// [`OutcomeRefusal::DayMissing`] for a call-back without a day.
    pub fn on(self, day: Option<NaiveDate>) -> Result<Outcome, OutcomeRefusal> {
        Ok(match self {
            Self::NoAnswer => Outcome::NoAnswer,
            Self::MessageLeft => Outcome::MessageLeft,
            Self::CallBack => Outcome::CallBack {
                on: day.ok_or(OutcomeRefusal::DayMissing)?,
            },
            Self::WrongNumber => Outcome::WrongNumber,
            Self::Refusal => Outcome::Refusal,
            Self::DoNotCall => Outcome::DoNotCall,
            Self::TextSent => Outcome::TextSent,
        })
    }
}

/// What came of a call or a text message. Each is an attempt: the seed counts a text message as a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nobody answered.
    NoAnswer,
    /// A message was left.
    MessageLeft,
    /// The person asked to be called again that day.
    CallBack {
        /// The day, in Paris.
        on: NaiveDate,
    },
    /// The number is someone else's, or nobody's.
    WrongNumber,
    /// The person does not wish to join.
    Refusal,
    /// The person does not wish to be called, by anyone, ever.
    DoNotCall,
    /// A text message was sent.
    TextSent,
}

impl Outcome {
    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::NoAnswer => OutcomeKind::NoAnswer,
            Self::MessageLeft => OutcomeKind::MessageLeft,
            Self::CallBack { .. } => OutcomeKind::CallBack,
            Self::WrongNumber => OutcomeKind::WrongNumber,
            Self::Refusal => OutcomeKind::Refusal,
            Self::DoNotCall => OutcomeKind::DoNotCall,
            Self::TextSent => OutcomeKind::TextSent,
        }
    }
}

/// Why an outcome is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeRefusal {
    /// «Ne plus appeler» is final (product.md §5).
    #[error("«ne plus appeler» is final")]
    DoNotCallIsFinal,
    /// The person is a member: leaving goes by `/retirer`, not by a call.
    #[error("the person is a member")]
    AlreadyMember,
    /// A call-back needs a day.
    #[error("the day of the call-back is missing")]
    DayMissing,
    /// The day of the call-back is over.
    #[error("the day of the call-back is past")]
    DayPast {
        /// The day asked for.
        on: NaiveDate,
    },
    /// The day of the call-back is more than [`CALL_BACK_MONTHS`] ahead.
    #[error("the day of the call-back is too far")]
    DayTooFar {
        /// The day asked for.
        on: NaiveDate,
        /// The last day that is accepted.
        latest: NaiveDate,
    },
}

/// The state after an outcome; `today` is the day in Paris.
///
/// An attempt that reached nobody (no answer, message, text) changes nothing, but for a call-back whose day has come: the
/// appointment is used up and the person is «à appeler» again. A refusal can be followed by anything, which is also how a
/// button pressed by mistake is mended. «Ne plus appeler» can be asked by anyone at any time, a member included.
///
/// # Errors
/// Nothing follows «ne plus appeler»; a member's state changes by `/retirer`; a call-back needs a day from today on.
pub fn after(state: CallState, outcome: Outcome, today: NaiveDate) -> Result<CallState, OutcomeRefusal> {
    match (state, outcome) {
        (CallState::DoNotCall, _) => Err(OutcomeRefusal::DoNotCallIsFinal),
        (_, Outcome::DoNotCall) => Ok(CallState::DoNotCall),
        (CallState::Validated, _) => Err(OutcomeRefusal::AlreadyMember),
        (_, Outcome::Refusal) => Ok(CallState::Refused),
        (_, Outcome::WrongNumber) => Ok(CallState::Unreachable),
        (_, Outcome::CallBack { on }) => {
            let latest = today.checked_add_months(Months::new(CALL_BACK_MONTHS)).unwrap_or(today);
            if on < today {
                Err(OutcomeRefusal::DayPast { on })
            } else if on > latest {
                Err(OutcomeRefusal::DayTooFar { on, latest })
            } else {
                Ok(CallState::CallBack { on })
            }
        }
        (CallState::CallBack { on }, Outcome::NoAnswer | Outcome::MessageLeft | Outcome::TextSent) if on <= today => {
            Ok(CallState::ToCall)
        }
        (state, Outcome::NoAnswer | Outcome::MessageLeft | Outcome::TextSent) => Ok(state),
    }
}

/// The day of an instant in Paris.
#[must_use]
pub fn paris_day(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&Paris).date_naive()
}

/// «Demain» and «dans 3 jours» of the select under «À rappeler…».
#[must_use]
pub fn in_days(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_add_days(Days::new(days)).unwrap_or(today)
}

/// The instant at which the call-backs of a day are reminded: 18:00 in Paris (product.md §5).
#[must_use]
pub fn reminder_instant(on: NaiveDate) -> DateTime<Utc> {
    let civil = on.and_time(NaiveTime::from_hms_opt(REMINDER_HOUR, 0, 0).unwrap_or(NaiveTime::MIN));
    // The clock never changes at 18:00; the second arm is for the type only.
    Paris
        .from_local_datetime(&civil)
        .earliest()
        .map_or_else(|| civil.and_utc(), |instant| instant.with_timezone(&Utc))
}

/// Whether the reminder of this call-back is to be sent now: its hour has come, and it has not been sent. After downtime it
/// stays due as long as the person waits for the call: it is useful until then.
#[must_use]
pub fn reminder_due(state: CallState, reminded: bool, now: DateTime<Utc>) -> bool {
    !reminded && state.call_back().is_some_and(|on| reminder_instant(on) <= now)
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
    now: DateTime<Utc>,
) -> Result<Lease<R>, Lease<R>> {
    match current {
        Some(lease) if lease.hinders(relay, now) => Err(lease),
        _ => Ok(Lease {
            holder: relay,
            until: now + LEASE,
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
    /// Called less than [`COOLDOWN`] ago.
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
    /// to be called this evening: from 18:00 on, a call made earlier that day does not hide the appointment.
    ///
    /// # Errors
    /// The first reason that holds: what the state says, then the number, the cooldown, the lease.
    pub fn offered(&self, relay: R, now: DateTime<Utc>) -> Result<(), NotOffered<R>> {
        match self.state {
            CallState::ToCall => {}
            CallState::CallBack { on } if on <= paris_day(now) => {}
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
            let mut until = last + COOLDOWN;
            if let Some(appointment) = self.state.call_back().map(reminder_instant).filter(|&at| last < at) {
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
    pub const ALL: [Self; 5] = [
        Self::ToCall,
        Self::CallBack,
        Self::Validated,
        Self::Refused,
        Self::All,
    ];

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
    pub fn shows<R: Copy + Eq>(self, contact: &Contact<R>, relay: R, now: DateTime<Utc>) -> bool {
        match self {
            Self::ToCall => contact.offered(relay, now).is_ok(),
            Self::CallBack => matches!(contact.state, CallState::CallBack { .. }),
            Self::Validated => contact.state == CallState::Validated,
            Self::Refused => matches!(contact.state, CallState::Refused | CallState::DoNotCall),
            Self::All => true,
        }
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
        match contact.offered(relay, now) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn contact(state: CallState) -> Contact<u8> {
        Contact {
            state,
            has_phone: true,
            number_blocked: false,
            last_call: None,
            lease: None,
        }
    }

    const TODAY: &str = "2027-03-14";

    #[test]
    fn each_outcome_leads_where_the_page_says() {
        let today = day(TODAY);
        let tomorrow = in_days(today, 1);
        for (outcome, expected) in [
            (Outcome::NoAnswer, CallState::ToCall),
            (Outcome::MessageLeft, CallState::ToCall),
            (Outcome::TextSent, CallState::ToCall),
            (Outcome::CallBack { on: tomorrow }, CallState::CallBack { on: tomorrow }),
            (Outcome::CallBack { on: today }, CallState::CallBack { on: today }),
            (Outcome::WrongNumber, CallState::Unreachable),
            (Outcome::Refusal, CallState::Refused),
            (Outcome::DoNotCall, CallState::DoNotCall),
        ] {
            assert_eq!(after(CallState::ToCall, outcome, today), Ok(expected), "{outcome:?}");
        }
    }

    #[test]
    fn an_unanswered_call_back_is_used_up_on_its_day_only() {
        let today = day(TODAY);
        let due = CallState::CallBack { on: today };
        let later = CallState::CallBack { on: in_days(today, 3) };
        assert_eq!(after(due, Outcome::NoAnswer, today), Ok(CallState::ToCall));
        assert_eq!(after(later, Outcome::MessageLeft, today), Ok(later));
    }

    #[test]
    fn a_day_in_the_past_or_in_years_is_refused() {
        let today = day(TODAY);
        let ask = |on| after(CallState::ToCall, Outcome::CallBack { on: day(on) }, today);
        assert_eq!(ask("2027-03-13"), Err(OutcomeRefusal::DayPast { on: day("2027-03-13") }));
        assert!(ask("2028-03-14").is_ok());
        assert_eq!(
            ask("2028-03-15"),
            Err(OutcomeRefusal::DayTooFar {
                on: day("2028-03-15"),
                latest: day("2028-03-14")
            })
        );
        assert_eq!(OutcomeKind::CallBack.on(None), Err(OutcomeRefusal::DayMissing));
        assert_eq!(OutcomeKind::Refusal.on(None), Ok(Outcome::Refusal));
    }

    #[test]
    fn a_member_may_ask_not_to_be_called_and_nothing_else() {
        let today = day(TODAY);
        assert_eq!(after(CallState::Validated, Outcome::DoNotCall, today), Ok(CallState::DoNotCall));
        assert_eq!(
            after(CallState::Validated, Outcome::Refusal, today),
            Err(OutcomeRefusal::AlreadyMember)
        );
        assert_eq!(CallState::Refused.validated(), CallState::Validated);
        assert_eq!(CallState::DoNotCall.validated(), CallState::DoNotCall);
        assert_eq!(CallState::Unreachable.phone_corrected(), CallState::ToCall);
        assert_eq!(CallState::DoNotCall.phone_corrected(), CallState::DoNotCall);
    }

    #[test]
    fn codes_read_back() {
        let on = day(TODAY);
        for state in [
            CallState::ToCall,
            CallState::CallBack { on },
            CallState::Unreachable,
            CallState::Refused,
            CallState::DoNotCall,
            CallState::Validated,
        ] {
            assert_eq!(CallState::from_code(state.code(), state.call_back()), Some(state));
        }
        assert_eq!(CallState::from_code("a_rappeler", None), None);
        for kind in OutcomeKind::ALL {
            assert_eq!(OutcomeKind::from_code(kind.code()), Some(kind));
            assert_eq!(kind.on(Some(on)).unwrap().kind(), kind);
        }
        for filter in Filter::ALL {
            assert_eq!(Filter::from_code(filter.code()), Some(filter));
        }
    }

    #[test]
    fn nobody_is_called_twice_within_twenty_hours() {
        let called = Contact {
            last_call: Some(at("2027-03-14T10:00:00Z")),
            ..contact(CallState::ToCall)
        };
        assert_eq!(
            called.offered(1, at("2027-03-15T05:59:59Z")),
            Err(NotOffered::Cooldown {
                until: at("2027-03-15T06:00:00Z")
            })
        );
        assert_eq!(called.offered(1, at("2027-03-15T06:00:00Z")), Ok(()));
    }

    #[test]
    fn an_appointment_of_the_evening_is_offered_at_its_hour() {
        // Called at 10:00 in Paris, asked to be called the same evening.
        let called = Contact {
            last_call: Some(at("2027-03-14T09:00:00Z")),
            ..contact(CallState::CallBack { on: day(TODAY) })
        };
        assert!(called.offered(1, at("2027-03-14T12:00:00Z")).is_err());
        assert_eq!(called.offered(1, at("2027-03-14T17:00:00Z")), Ok(()));
        // Called at 19:00 in Paris with the same day noted: the evening's hour is over.
        let evening = Contact {
            last_call: Some(at("2027-03-14T18:00:00Z")),
            ..called
        };
        assert_eq!(
            evening.offered(1, at("2027-03-14T20:00:00Z")),
            Err(NotOffered::Cooldown {
                until: at("2027-03-15T14:00:00Z")
            })
        );
        let later = contact(CallState::CallBack { on: day("2027-03-16") });
        assert_eq!(
            later.offered(1, at("2027-03-15T22:59:59Z")),
            Err(NotOffered::Later { on: day("2027-03-16") })
        );
        assert_eq!(later.offered(1, at("2027-03-15T23:00:00Z")), Ok(()));
    }

    #[test]
    fn two_relays_never_hold_the_same_person() {
        let now = at("2027-03-14T10:00:00Z");
        let lease = take_lease(None, 1, now).unwrap();
        assert_eq!(lease.until, at("2027-03-14T12:00:00Z"));
        assert_eq!(take_lease(Some(lease), 2, now), Err(lease));
        let open = Contact {
            lease: Some(lease),
            ..contact(CallState::ToCall)
        };
        assert_eq!(open.offered(2, now), Err(NotOffered::Leased(lease)));
        assert_eq!(open.offered(1, now), Ok(()));
        let renewed = take_lease(Some(lease), 1, at("2027-03-14T11:00:00Z")).unwrap();
        assert_eq!(renewed.until, at("2027-03-14T13:00:00Z"));
        assert!(take_lease(Some(renewed), 2, at("2027-03-14T13:00:00Z")).is_ok());
    }

    #[test]
    fn reminders_go_at_eighteen_in_paris_summer_and_winter() {
        assert_eq!(reminder_instant(day("2027-03-27")), at("2027-03-27T17:00:00Z"));
        assert_eq!(reminder_instant(day("2027-03-28")), at("2027-03-28T16:00:00Z"));
        let state = CallState::CallBack { on: day("2027-03-28") };
        assert!(!reminder_due(state, false, at("2027-03-28T15:59:59Z")));
        assert!(reminder_due(state, false, at("2027-03-28T16:00:00Z")));
        assert!(!reminder_due(state, true, at("2027-03-28T16:00:00Z")));
        assert!(!reminder_due(CallState::ToCall, false, at("2027-03-28T16:00:00Z")));
    }

    #[test]
    fn an_empty_list_says_why() {
        let now = at("2027-03-14T10:00:00Z");
        let list = why_empty(
            [
                contact(CallState::Validated),
                contact(CallState::Refused),
                contact(CallState::CallBack { on: day("2027-03-20") }),
                contact(CallState::CallBack { on: day("2027-03-18") }),
                Contact {
                    has_phone: false,
                    ..contact(CallState::ToCall)
                },
                Contact {
                    number_blocked: true,
                    ..contact(CallState::ToCall)
                },
                Contact {
                    last_call: Some(at("2027-03-14T09:00:00Z")),
                    ..contact(CallState::ToCall)
                },
                Contact {
                    lease: Some(Lease {
                        holder: 2,
                        until: at("2027-03-14T11:00:00Z"),
                    }),
                    ..contact(CallState::ToCall)
                },
            ],
            1,
            now,
        );
        assert_eq!(
            list,
            EmptyList {
                total: 8,
                done: 2,
                later: 2,
                next_day: Some(day("2027-03-18")),
                cooldown: 1,
                cooldown_ends: Some(at("2027-03-15T05:00:00Z")),
                without_phone: 2,
                leased: 1,
                lease_ends: Some(at("2027-03-14T11:00:00Z")),
            }
        );
    }

    fn states() -> impl Strategy<Value = CallState> {
        prop_oneof![
            Just(CallState::ToCall),
            (0u64..40).prop_map(|days| CallState::CallBack { on: in_days(day("2027-03-01"), days) }),
            Just(CallState::Unreachable),
            Just(CallState::Refused),
            Just(CallState::DoNotCall),
            Just(CallState::Validated),
        ]
    }

    fn outcomes() -> impl Strategy<Value = Outcome> {
        (0..OutcomeKind::ALL.len(), 0u64..40).prop_map(|(kind, days)| {
            OutcomeKind::ALL[kind]
                .on(Some(in_days(day("2027-03-01"), days)))
                .unwrap()
        })
    }

    fn contacts() -> impl Strategy<Value = Contact<u8>> {
        let lease = (0u8..3, 0i64..300).prop_map(|(holder, minutes)| Lease {
            holder,
            until: at("2027-03-14T10:00:00Z") + TimeDelta::minutes(minutes - 150),
        });
        let called = (0i64..3_000).prop_map(|minutes| at("2027-03-14T10:00:00Z") - TimeDelta::minutes(minutes));
        (
            states(),
            any::<bool>(),
            any::<bool>(),
            proptest::option::of(called),
            proptest::option::of(lease),
        )
            .prop_map(|(state, has_phone, number_blocked, last_call, lease)| Contact {
                state,
                has_phone,
                number_blocked,
                last_call,
                lease,
            })
    }

    proptest! {
        #[test]
        fn never_called_again_once_asked(first in states(), calls in prop::collection::vec(outcomes(), 0..12)) {
            let today = day(TODAY);
            let mut state = first;
            let mut asked = state == CallState::DoNotCall;
            for outcome in calls {
                let next = after(state, outcome, today);
                if asked {
                    prop_assert_eq!(next, Err(OutcomeRefusal::DoNotCallIsFinal));
                }
                if state == CallState::Validated && next.is_ok() {
                    prop_assert_eq!(outcome, Outcome::DoNotCall);
                }
                // A refused outcome leaves the state as it was.
                state = next.unwrap_or(state);
                asked |= state == CallState::DoNotCall;
                prop_assert_eq!(asked, state == CallState::DoNotCall);
            }
        }

        #[test]
        fn no_call_ever_validates(state in states(), outcome in outcomes()) {
            if state != CallState::Validated {
                prop_assert_ne!(after(state, outcome, day(TODAY)), Ok(CallState::Validated));
            }
        }

        #[test]
        fn at_most_one_of_two_relays_is_offered_a_leased_person(contact in contacts()) {
            let now = at("2027-03-14T10:00:00Z");
            if contact.lease.is_some_and(|lease| now < lease.until) {
                prop_assert!(contact.offered(0, now).is_err() || contact.offered(1, now).is_err());
            }
        }

        #[test]
        fn whoever_is_offered_may_be_called(contact in contacts()) {
            let now = at("2027-03-14T10:00:00Z");
            if contact.offered(1, now).is_ok() {
                prop_assert!(contact.has_phone && !contact.number_blocked);
                prop_assert!(matches!(contact.state, CallState::ToCall | CallState::CallBack { .. }));
                if contact.state == CallState::ToCall {
                    prop_assert!(contact.last_call.is_none_or(|last| now - last >= COOLDOWN));
                }
            }
            let list = why_empty([contact], 1, now);
            let reasons = list.done + list.later + list.cooldown + list.without_phone + list.leased;
            prop_assert_eq!(reasons, usize::from(contact.offered(1, now).is_err()));
        }

        #[test]
        fn every_person_is_in_all_and_in_at_most_one_list_of_states(contact in contacts()) {
            let now = at("2027-03-14T10:00:00Z");
            prop_assert!(Filter::All.shows(&contact, 1, now));
            let lists = [Filter::CallBack, Filter::Validated, Filter::Refused]
                .iter()
                .filter(|filter| filter.shows(&contact, 1, now))
                .count();
            prop_assert!(lists <= 1);
        }

        #[test]
        fn a_free_lease_is_always_taken(contact in contacts()) {
            let now = at("2027-03-14T10:00:00Z");
            match take_lease(contact.lease, 1, now) {
                Ok(lease) => prop_assert!(lease.holder == 1 && lease.until == now + LEASE),
                Err(other) => prop_assert!(other.holder != 1 && now < other.until),
            }
        }
    }
}
