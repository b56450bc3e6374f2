//! The relay's phone work: what a call does to a person's state, and who is offered to whom, when (product.md §5).

mod offer;

use chrono::{Months, NaiveDate};

pub use offer::{
    Contact, EmptyList, Filter, Lease, NotOffered, Pace, in_days, reminder_due, reminder_instant, take_lease, why_empty,
};

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

#[cfg(test)]
mod tests;
