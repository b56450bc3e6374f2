//! When two sign-ups are the same person, and what an import may do to someone already on file (product.md §4, §16).
//!
//! The rules are values only: the caller finds the candidates by blind index (mail, telephone, name + postal code) and
//! applies the plan.
//!
//! Two things product.md leaves open, and how they are read:
//! - *Re-importing the same file changes nothing*, even when the file holds a person twice with different details. A line
//!   may overwrite only what is not newer than itself ([`Known::seen_in_this_file`]), and one that is two people at once
//!   writes nothing. That is enough for files as they are; it cannot be for every file, since a number that a later line
//!   replaced no longer finds its person. A caller that remembers, by keyed hash of [`Incoming::canonical`], which person
//!   each line became, passes it to [`plan_row`], and then the sentence holds for any file whatever.
//! - *An update never undoes a validation*: what a relay has confirmed by telephone, or a person has corrected, is worth
//!   more than what a form says once again. On such a record an import fills blanks and overwrites nothing.

use super::fold::compact;
use super::ids::PersonId;
use super::person::{FirstName, Identity, LastName, Mail, Phone};
use chrono::{DateTime, Utc};
use std::fmt;

/// Why two records are the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sameness {
    /// The same mail.
    Mail,
    /// The same telephone and the same name.
    PhoneAndName,
}

/// Why two records may be the same person: «à vérifier», never merged silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The same telephone alone: households share one.
    Phone,
    /// The same name and the same postal code.
    NameAndPostalCode,
    /// A line is the same person as each of two records: they must be one.
    SamePersonTwice,
}

impl Doubt {
    /// The name under which the reason is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "telephone",
            Self::NameAndPostalCode => "nom_et_code_postal",
            Self::SamePersonTwice => "meme_personne_deux_fois",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Phone, Self::NameAndPostalCode, Self::SamePersonTwice]
            .into_iter()
            .find(|doubt| doubt.code() == code)
    }
}

/// How two records compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The same person.
    Same(Sameness),
    /// To be looked at by someone.
    Doubtful(Doubt),
    /// Nobody in common.
    Different,
}

/// Compares two records by the rules of product.md §4. Postal codes are compared as given: pass them in their one form.
#[must_use]
pub fn relation(one: &Identity, one_postal_code: &str, other: &Identity, other_postal_code: &str) -> Relation {
    let same_mail = match (&one.mail, &other.mail) {
        (Some(one), Some(other)) => one.comparison() == other.comparison(),
        _ => false,
    };
    if same_mail {
        return Relation::Same(Sameness::Mail);
    }
    let same_phone = one.phone.is_some() && one.phone == other.phone;
    let same_name = one.name_key() == other.name_key();
    match (same_phone, same_name) {
        (true, true) => Relation::Same(Sameness::PhoneAndName),
        (true, false) => Relation::Doubtful(Doubt::Phone),
        (false, true) if !one_postal_code.is_empty() && one_postal_code == other_postal_code => {
            Relation::Doubtful(Doubt::NameAndPostalCode)
        }
        _ => Relation::Different,
    }
}

/// What is on file of a person who may be the one of a line. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub id: PersonId,
    /// Names, telephone, mail.
    pub identity: Identity,
    /// The postal code, in its one form.
    pub postal_code: String,
    /// The commune named at sign-up.
    pub commune: Option<String>,
    /// The Discord pseudo that was typed or imported.
    pub discord: Option<String>,
    /// When the person signed up.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// Whether «ne plus appeler» was asked by this person.
    pub do_not_call: bool,
    /// Whether a human has confirmed these details: a relay by `/valider`, the person or the national team by a correction.
    pub confirmed: bool,
    /// Whether an earlier line of the file being imported is this person (created by it, updated by it or left unchanged).
    /// Such a line is overwritten only by a later sign-up. Without it, two lines of one person, with two numbers, would
    /// change the record twice at each import of the same file.
    pub seen_in_this_file: bool,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A line to import, its postal code in its one form.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Names, telephone, mail.
    pub identity: &'a Identity,
    /// The postal code, in its one form.
    pub postal_code: &'a str,
    /// The commune.
    pub commune: Option<&'a str>,
    /// The Discord pseudo.
    pub discord: Option<&'a str>,
    /// When the person signed up.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// Whether the file has a column of dates: a line without one is then older than any line that has one. A file
    /// without the column is as recent as the day it is imported.
    pub file_has_dates: bool,
}

impl Incoming<'_> {
    /// The line in one form, to be hashed with a key and remembered, never kept as it is: equal for lines that say the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Self {
            identity,
            postal_code,
            commune,
            discord,
            signed_up_at,
            file_has_dates: _,
        } = self;
        let date = signed_up_at.map(|at| at.timestamp().to_string());
        // No name, number or address holds the separator.
        [
            identity.first.as_str(),
            identity.last.as_str(),
            identity.phone.as_ref().map_or("", Phone::e164),
            &identity.mail.as_ref().map(Mail::comparison).unwrap_or_default(),
            postal_code,
            commune.unwrap_or_default(),
            discord.unwrap_or_default(),
            date.as_deref().unwrap_or_default(),
        ]
        .join("\u{1f}")
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

/// A value that an update may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Telephone.
    Phone,
    /// Mail.
    Mail,
    /// Postal code.
    PostalCode,
    /// Commune.
    Commune,
    /// Discord pseudo.
    Discord,
    /// Date of sign-up.
    SignedUpAt,
}

/// The values to write, and only those: what is absent stays as it is. There is no way to blank a value. `Debug` shows which
/// values, never what they are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// First name.
    pub first: Option<FirstName>,
    /// Last name.
    pub last: Option<LastName>,
    /// Telephone.
    pub phone: Option<Phone>,
    /// Mail.
    pub mail: Option<Mail>,
    /// Postal code; a manual choice of territory survives it (product.md §4).
    pub postal_code: Option<String>,
    /// Commune.
    pub commune: Option<String>,
    /// Discord pseudo.
    pub discord: Option<String>,
    /// Date of sign-up.
    pub signed_up_at: Option<DateTime<Utc>>,
}

impl Changes {
    /// Which values change: all that the journal may tell (product.md §2).
    #[must_use]
    pub fn which(&self) -> Vec<Changed> {
        let Self {
            first,
            last,
            phone,
            mail,
            postal_code,
            commune,
            discord,
            signed_up_at,
        } = self;
        [
            (first.is_some(), Changed::FirstName),
            (last.is_some(), Changed::LastName),
            (phone.is_some(), Changed::Phone),
            (mail.is_some(), Changed::Mail),
            (postal_code.is_some(), Changed::PostalCode),
            (commune.is_some(), Changed::Commune),
            (discord.is_some(), Changed::Discord),
            (signed_up_at.is_some(), Changed::SignedUpAt),
        ]
        .into_iter()
        .filter_map(|(changes, which)| changes.then_some(which))
        .collect()
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.which().is_empty()
    }

    /// The record with these values. The record counts as seen in the file.
    #[must_use]
    pub fn applied_to(&self, known: &Known) -> Known {
        fn or<T: Clone>(new: &Option<T>, old: &T) -> T {
            new.as_ref().unwrap_or(old).clone()
        }
        Known {
            identity: Identity {
                first: or(&self.first, &known.identity.first),
                last: or(&self.last, &known.identity.last),
                phone: self.phone.clone().or_else(|| known.identity.phone.clone()),
                mail: self.mail.clone().or_else(|| known.identity.mail.clone()),
            },
            postal_code: or(&self.postal_code, &known.postal_code),
            commune: self.commune.clone().or_else(|| known.commune.clone()),
            discord: self.discord.clone().or_else(|| known.discord.clone()),
            signed_up_at: self.signed_up_at.or(known.signed_up_at),
            seen_in_this_file: true,
            ..known.clone()
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Changes").field(&self.which()).finish()
    }
}

/// Someone to look at side by side with the person of the line.
pub type Review = (PersonId, Doubt);

/// What to do with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowPlan {
    /// A new person.
    New,
    /// A new person who may be one of these: written, and put on the list «à vérifier» with each.
    ToReview {
        /// Never empty.
        with: Vec<Review>,
    },
    /// Someone on file, with something to write.
    Update {
        /// Who.
        id: PersonId,
        /// What to write.
        changes: Changes,
        /// Others who may be the same; pairs already settled («Pas un doublon») are the caller's to leave out.
        review: Vec<Review>,
    },
    /// Someone on file, with nothing to write.
    Unchanged {
        /// Who.
        id: PersonId,
        /// Others who may be the same, as above.
        review: Vec<Review>,
    },
    /// Nothing may be written.
    Blocked(Blocked),
}

/// Why nothing may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blocked {
    /// The person was erased, and has not signed up again since.
    Erased,
    /// This person asked never to be called: the record stays as it is.
    DoNotCall(PersonId),
}

/// The erasures that the keyed suppression list knows for a line (product.md §16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasures {
    /// The last erasure of someone with this mail.
    pub by_mail: Option<DateTime<Utc>>,
    /// The last erasure of someone with this telephone.
    pub by_phone: Option<DateTime<Utc>>,
}

impl Erasures {
    /// Whether the line is blocked: on the mail, or on the telephone when the line has no mail; it passes when its date of
    /// sign-up is later than the erasure.
    #[must_use]
    pub fn block(&self, row: &Incoming<'_>) -> bool {
        let erased_at = if row.identity.mail.is_some() {
            self.by_mail
        } else {
            self.by_phone
        };
        erased_at.is_some_and(|erased_at| row.signed_up_at.is_none_or(|signed_up_at| signed_up_at <= erased_at))
    }
}

/// Decides what a line does. `candidates` are the people on file whose mail, telephone, or name and postal code are those of
/// the line (others are harmless); people who were erased are not among them, `erasures` speaks for them. `remembered` is the
/// person that the very same line became in an earlier import, if the caller keeps such a memory and the person is still
/// there: that line has nothing more to say.
#[must_use]
pub fn plan_row(row: &Incoming<'_>, candidates: &[Known], erasures: Erasures, remembered: Option<PersonId>) -> RowPlan {
    if erasures.block(row) {
        return RowPlan::Blocked(Blocked::Erased);
    }
    if let Some(id) = remembered {
        let review = Vec::new();
        return RowPlan::Unchanged { id, review };
    }
    let mut related: Vec<(Relation, &Known)> = candidates
        .iter()
        .map(|known| {
            let relation = relation(row.identity, row.postal_code, &known.identity, &known.postal_code);
            (relation, known)
        })
        .filter(|(relation, _)| *relation != Relation::Different)
        .collect();
    // The same person first: by mail, then by telephone and name; among equals the confirmed record, then the oldest.
    related.sort_by_key(|(relation, known)| (*relation, !known.confirmed, known.id));
    related.dedup_by_key(|(_, known)| known.id);

    let same = related
        .first()
        .filter(|(relation, _)| matches!(relation, Relation::Same(_)))
        .map(|(_, known)| *known);
    let review: Vec<Review> = related
        .iter()
        .filter(|(_, known)| same.is_none_or(|same| same.id != known.id))
        .filter_map(|(relation, known)| match relation {
            Relation::Same(_) => Some((known.id, Doubt::SamePersonTwice)),
            Relation::Doubtful(doubt) => Some((known.id, *doubt)),
            Relation::Different => None,
        })
        .collect();
    match same {
        Some(known) if known.do_not_call => RowPlan::Blocked(Blocked::DoNotCall(known.id)),
        Some(known) => {
            let changes = changes(row, known);
            let id = known.id;
            // A line that is two people at once changes neither: which of them it speaks for is what the review decides.
            let torn = review.iter().any(|(_, doubt)| *doubt == Doubt::SamePersonTwice);
            if torn || changes.is_empty() {
                RowPlan::Unchanged { id, review }
            } else {
                RowPlan::Update { id, changes, review }
            }
        }
        None if review.is_empty() => RowPlan::New,
        None => RowPlan::ToReview { with: review },
    }
}

/// Whether the line may overwrite what is on file, or only fill its blanks.
fn may_overwrite(row: &Incoming<'_>, known: &Known) -> bool {
    if known.confirmed {
        return false;
    }
    match (row.signed_up_at, known.signed_up_at) {
        // A later sign-up is a person saying it again.
        (Some(new), Some(old)) if new > old => true,
        (Some(new), Some(old)) if new < old => false,
        (None, Some(_)) if row.file_has_dates => false,
        // Nothing tells which is the later: the file speaks, by its first line on the person.
        _ => !known.seen_in_this_file,
    }
}

/// What the line changes: never to nothing, and only in blanks when it may not overwrite.
fn changes(row: &Incoming<'_>, known: &Known) -> Changes {
    /// The new value, when there is one, it differs, and the old one is blank or may be overwritten.
    fn value<T: Clone>(
        overwrite: bool,
        new: Option<T>,
        old: Option<&T>,
        same: impl FnOnce(&T, &T) -> bool,
    ) -> Option<T> {
        match old {
            Some(old) => new.filter(|new| overwrite && !same(new, old)),
            None => new,
        }
    }
    fn text(overwrite: bool, new: Option<&str>, old: Option<&String>) -> Option<String> {
        let new = new.map(str::trim).filter(|new| !new.is_empty()).map(str::to_owned);
        value(overwrite, new, old.filter(|old| !old.is_empty()), |new, old| new == old)
    }
    let overwrite = may_overwrite(row, known);
    let (new, old) = (row.identity, &known.identity);
    Changes {
        first: value(overwrite, Some(new.first.clone()), Some(&old.first), |new, old| {
            written_alike(new.as_str(), old.as_str())
        }),
        last: value(overwrite, Some(new.last.clone()), Some(&old.last), |new, old| {
            written_alike(new.as_str(), old.as_str())
        }),
        phone: value(overwrite, new.phone.clone(), old.phone.as_ref(), |new, old| new == old),
        mail: value(overwrite, new.mail.clone(), old.mail.as_ref(), |new, old| {
            new.comparison() == old.comparison()
        }),
        postal_code: text(overwrite, Some(row.postal_code), Some(&known.postal_code)),
        commune: text(overwrite, row.commune, known.commune.as_ref()),
        discord: text(overwrite, row.discord, known.discord.as_ref()),
        signed_up_at: value(overwrite, row.signed_up_at, known.signed_up_at.as_ref(), |new, old| {
            new == old
        }),
    }
}

/// Whether two writings of a name say the same, so that neither is worth a change: «CAMILLE» does not replace «Camille», nor
/// «Dupre» «Dupré», but «Dupré» replaces «Dupre».
fn written_alike(new: &str, old: &str) -> bool {
    let accents = |name: &str| name.chars().filter(|c| !c.is_ascii()).count();
    compact(new) == compact(old) && accents(new) <= accents(old)
}

#[cfg(test)]
mod tests;
