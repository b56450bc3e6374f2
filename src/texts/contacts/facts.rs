//! What lists and cards are written with. These hold identities: their `Debug` shows none.

use chrono::{DateTime, NaiveDate, Utc};
use zeroize::Zeroizing;

use super::NAME_IN_LINE;
use crate::domain::action::ListAt;
use crate::domain::contact::{CallState, EmptyList, OutcomeKind};
use crate::domain::ids::{MembershipId, PersonId, UserId};
use crate::texts::markdown::{escape_line, fit};

/// A relay, as shown to another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// The account.
    pub user: UserId,
    /// The linked person's name, or the server's; none when neither is known.
    pub name: Option<String>,
}

impl Colleague {
    /// The name, or a silent mention.
    pub(super) fn shown(&self) -> String {
        match &self.name {
            Some(name) => fit(&escape_line(name), NAME_IN_LINE),
            None => format!("<@{}>", self.user),
        }
    }
}

/// Who has a card open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The reader.
    ByYou {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The other relay.
    By {
        /// Who.
        whom: Colleague,
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// One line of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose card it opens.
    pub id: PersonId,
    /// «Prénom N.».
    pub name: String,
    /// The postal code.
    pub postal_code: String,
    /// Where the person stands.
    pub state: CallState,
    /// The last attempt.
    pub last_call: Option<DateTime<Utc>>,
    /// Since when a member.
    pub member_since: Option<DateTime<Utc>>,
    /// Who has the card open.
    pub held: Option<Held>,
    /// Whether there is no number to call.
    pub without_phone: bool,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which list and page.
    pub at: ListAt,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many people the list holds.
    pub total: usize,
    /// Those of the page, 10 at most.
    pub lines: Vec<Line>,
    /// How many people of the list «à appeler» are left out because another relay has their card open.
    pub elsewhere: usize,
    /// Why the list «à appeler» is empty.
    pub empty: Option<EmptyList>,
}

/// One attempt, or a note without one.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none for the reader.
    pub by: Option<Colleague>,
    /// What came of it.
    pub outcome: Option<OutcomeKind>,
    /// The day of the call-back.
    pub call_back_on: Option<NaiveDate>,
    /// What was noted.
    pub note: Option<Zeroizing<String>>,
}

/// The card of one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// Who.
    pub id: PersonId,
    /// Where it was opened.
    pub at: ListAt,
    /// «Camille Dupré».
    pub name: String,
    /// «Camille D.».
    pub short: String,
    /// The number, national and E.164; none when there is none, or none that may be called.
    pub phone: Option<(String, String)>,
    /// The mail; none when there is none, or when the person must not be contacted.
    pub mail: Option<String>,
    /// The postal code.
    pub postal_code: String,
    /// «Lunel, Hérault».
    pub place: Option<String>,
    /// The group whose relays call this person, or of which this person is a member.
    pub group: String,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
    /// Where the person stands.
    pub state: CallState,
    /// Whether «ne plus appeler» was asked by this person.
    pub never: bool,
    /// Whether «ne plus appeler» was asked for this number by somebody else.
    pub number_blocked: bool,
    /// Since when a member.
    pub member_since: Option<DateTime<Utc>>,
    /// The validation that the relay may still annul.
    pub annullable: Option<MembershipId>,
    /// Until when the card is kept for the reader.
    pub kept_until: Option<DateTime<Utc>>,
    /// The latest attempts and notes, latest first.
    pub attempts: Vec<Attempt>,
    /// How many there are in all.
    pub attempts_total: u32,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
