//! The second half of an import: what each line does, given who is on file. No query here: [`super::run`] loads a batch's
//! candidates before, and writes what was decided after.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::read::Line;
use crate::domain::duplicates::{self, Blocked, Changed, Changes, Erasures, Incoming, Known, Review, RowPlan};
use crate::domain::ids::PersonId;
use crate::domain::territory::Origin as PlaceOrigin;
use crate::store::imports::{CallWord, Candidate};
use crate::store::people::{Indexes, Origin};
use crate::store::suppressions::{Found, Kind};
use crate::store::vault::BlindIndex;

/// Who is on file, as far as the lines at hand may be them: what the database holds, and over it what this run has decided.
#[derive(Default)]
pub(super) struct Book {
    people: HashMap<PersonId, Candidate>,
    by_index: HashMap<BlindIndex, Vec<PersonId>>,
    memory: HashMap<BlindIndex, PersonId>,
    pairs: HashSet<(PersonId, PersonId)>,
    /// People whom an earlier line of this file is.
    seen: HashSet<PersonId>,
    /// People whom this run wrote, and whom the database does not know so when the run is dry.
    written: HashSet<PersonId>,
}

/// What a line does.
pub(super) enum Decision {
    /// Nothing: this person was erased, and has not signed up since.
    Erased,
    /// Nothing: this person is on file as the line says.
    Unchanged {
        /// Who.
        id: PersonId,
        /// Others who may be the same.
        review: Vec<Review>,
    },
    /// A new person.
    New {
        /// Others who may be the same.
        review: Vec<Review>,
        /// Whether this number is not to be called, whoever answers it.
        number_blocked: bool,
    },
    /// Someone on file changes.
    Update(Box<Update>),
}

/// What a line changes of someone.
pub(super) struct Update {
    /// This person after the change, but for the territory when [`Update::moves`].
    pub(super) after: Candidate,
    /// Whether this person takes the place that the line gives.
    pub(super) moves: bool,
    /// Whether someone who was unreachable has a new number.
    pub(super) reopens: bool,
    /// Which fields change.
    pub(super) which: Vec<&'static str>,
    /// Others who may be the same.
    pub(super) review: Vec<Review>,
}

impl Book {
    /// Takes in who is on file; whom this run wrote is known better here.
    pub(super) fn load(&mut self, candidates: Vec<Candidate>) {
        for candidate in candidates {
            if !self.written.contains(&candidate.id) {
                self.put(candidate);
            }
        }
    }

    /// Takes in which lines were imported before; what this run remembers goes first.
    pub(super) fn load_memory(&mut self, memory: HashMap<BlindIndex, PersonId>) {
        for (line, person) in memory {
            self.memory.entry(line).or_insert(person);
        }
    }

    /// Takes in the pairs that are known.
    pub(super) fn load_pairs(&mut self, pairs: Vec<(PersonId, PersonId)>) {
        self.pairs.extend(pairs);
    }

    /// Everyone at hand.
    pub(super) fn ids(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.people.keys().copied()
    }

    /// Someone as this run has decided.
    pub(super) fn write(&mut self, person: Candidate) {
        self.written.insert(person.id);
        self.put(person);
    }

    /// Remembers whom a line is.
    pub(super) fn remember(&mut self, line: BlindIndex, person: PersonId) {
        self.seen.insert(person);
        self.memory.insert(line, person);
    }

    /// Whether a pair is new; it is known afterwards.
    pub(super) fn add_pair(&mut self, a: PersonId, b: PersonId) -> bool {
        self.pairs.insert((a, b))
    }

    /// Someone at hand.
    pub(super) fn get(&self, id: PersonId) -> Option<&Candidate> {
        self.people.get(&id)
    }

    /// Whether this line is remembered.
    pub(super) fn remembers(&self, line: &BlindIndex) -> bool {
        self.memory.contains_key(line)
    }

    /// Forgets what the database now holds.
    pub(super) fn forget_all(&mut self) {
        self.people.clear();
        self.by_index.clear();
        self.memory.clear();
        self.pairs.clear();
        self.written.clear();
    }

    /// Forgets whom this run has not written, so that a dry run over a large database stays small.
    pub(super) fn forget_unwritten(&mut self) {
        let written = &self.written;
        self.people.retain(|id, _| written.contains(id));
        self.by_index.retain(|_, ids| {
            ids.retain(|id| written.contains(id));
            !ids.is_empty()
        });
    }

    fn put(&mut self, person: Candidate) {
        if let Some(before) = self.people.get(&person.id) {
            for index in keys(&before.indexes) {
                if let Some(ids) = self.by_index.get_mut(&index) {
                    ids.retain(|id| *id != person.id);
                }
            }
        }
        for index in keys(&person.indexes) {
            self.by_index.entry(index).or_default().push(person.id);
        }
        self.people.insert(person.id, person);
    }

    /// Whom a line may be, each once, in order of id.
    fn alike(&self, indexes: &Indexes) -> Vec<&Candidate> {
        let mut ids: Vec<PersonId> = keys(indexes)
            .filter_map(|index| self.by_index.get(&index))
            .flatten()
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.iter().filter_map(|id| self.people.get(id)).collect()
    }

    /// Decides what a line does.
    pub(super) fn decide(&self, line: &Line, suppressed: &Found, file_has_dates: bool) -> Decision {
        let exact = incoming(line, line.signed_up_at, file_has_dates);
        let erasures = Erasures {
            by_mail: suppressed.at(Kind::ErasedMail, line.hashes.mail),
            by_phone: suppressed.at(Kind::ErasedPhone, line.hashes.phone),
        };
        // The instant decides against an erasure; only the day is kept, so only days are compared with what is on file.
        if erasures.block(&exact) {
            return Decision::Erased;
        }
        let row = incoming(line, line.signed_up_on.map(midnight), file_has_dates);
        let alike = self.alike(&line.indexes);
        let known: Vec<Known> = alike.iter().map(|candidate| self.known(candidate)).collect();
        let number_blocked = suppressed.at(Kind::DoNotCall, line.hashes.phone).is_some();
        let remembered = self.memory.get(&line.memory).copied();
        match duplicates::plan_row(&row, &known, Erasures::default(), remembered) {
            RowPlan::New => Decision::New {
                review: Vec::new(),
                number_blocked,
            },
            RowPlan::ToReview { with } => Decision::New {
                review: with,
                number_blocked,
            },
            RowPlan::Blocked(Blocked::Erased) => Decision::Erased,
            RowPlan::Blocked(Blocked::DoNotCall(id)) => Decision::Unchanged { id, review: Vec::new() },
            RowPlan::Unchanged { id, review } if remembered.is_some() => Decision::Unchanged { id, review },
            RowPlan::Unchanged { id, review } => self.change(line, id, Changes::default(), review),
            RowPlan::Update { id, changes, review } => self.change(line, id, changes, review),
        }
    }

    /// What changes of someone, once the place and the calls are considered too.
    fn change(&self, line: &Line, id: PersonId, mut changes: Changes, review: Vec<Review>) -> Decision {
        let Some(before) = self.people.get(&id) else {
            return Decision::Unchanged { id, review };
        };
        let same_code = changes.postal_code.as_deref().unwrap_or(&before.place.postal_code) == line.postal_code;
        // A manual choice survives any later automatic one; and a commune belongs to its postal code.
        if before.place.placed == Some(PlaceOrigin::Manual) || !same_code {
            changes.commune = None;
        }
        let joins_site = before.origin == Origin::Local;
        if changes.is_empty() && !joins_site {
            return Decision::Unchanged { id, review };
        }
        let moves = (changes.postal_code.is_some() || changes.commune.is_some())
            && before.place.placed != Some(PlaceOrigin::Manual)
            && same_code;
        let reopens = changes.phone.is_some() && before.call == CallWord::Unreachable;
        let after = changes.applied_to(&self.known(before));
        let mut which: Vec<&'static str> = changes.which().into_iter().map(field).collect();
        if joins_site {
            which.push("source");
        }
        let mut place = before.place.clone();
        place.postal_code = after.postal_code;
        let after = Candidate {
            id,
            indexes: before.indexes,
            identity: after.identity,
            place,
            origin: Origin::Site,
            signed_up_on: if changes.signed_up_at.is_some() {
                line.signed_up_on
            } else {
                before.signed_up_on
            },
            pseudo: after.discord,
            call: if reopens { CallWord::Open } else { before.call },
            confirmed: before.confirmed,
        };
        Decision::Update(Box::new(Update {
            after,
            moves,
            reopens,
            which,
            review,
        }))
    }

    fn known(&self, candidate: &Candidate) -> Known {
        Known {
            id: candidate.id,
            identity: candidate.identity.clone(),
            postal_code: candidate.place.postal_code.clone(),
            commune: candidate.place.insee.clone(),
            discord: candidate.pseudo.clone(),
            signed_up_at: candidate.signed_up_on.map(midnight),
            do_not_call: candidate.call == CallWord::DoNotCall,
            confirmed: candidate.confirmed,
            seen_in_this_file: self.seen.contains(&candidate.id),
        }
    }
}

/// A line as the rules compare it: the commune by its code, which is what is kept of it.
fn incoming(line: &Line, signed_up_at: Option<DateTime<Utc>>, file_has_dates: bool) -> Incoming<'_> {
    Incoming {
        identity: &line.identity,
        postal_code: &line.postal_code,
        commune: line.choice.as_ref().and_then(|choice| choice.commune.as_deref()),
        discord: line.pseudo.as_deref(),
        signed_up_at,
        file_has_dates,
    }
}

/// A day as an instant, to be compared with other days only.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn keys(indexes: &Indexes) -> impl Iterator<Item = BlindIndex> + use<> {
    [indexes.mail, indexes.phone, Some(indexes.name)].into_iter().flatten()
}

/// The name of a field in the journal.
fn field(changed: Changed) -> &'static str {
    match changed {
        Changed::FirstName => "first_name",
        Changed::LastName => "last_name",
        Changed::Phone => "phone",
        Changed::Mail => "mail",
        Changed::PostalCode => "postal_code",
        Changed::Commune => "commune",
        Changed::Discord => "discord",
        Changed::SignedUpAt => "signed_up_on",
    }
}
