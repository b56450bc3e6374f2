//! The duplicate rules, and what an import can never do.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

fn identity(first: &str, last: &str, phone: &str, mail: &str) -> Identity {
    Identity {
        first: FirstName::parse(first).unwrap(),
        last: LastName::parse(last).unwrap(),
        phone: (!phone.is_empty()).then(|| Phone::parse(phone).unwrap()),
        mail: (!mail.is_empty()).then(|| Mail::parse(mail).unwrap()),
    }
}

fn known(id: i64, identity: Identity) -> Known {
    Known {
        id: PersonId(id),
        identity,
        postal_code: "34400".into(),
        commune: None,
        discord: None,
        signed_up_at: None,
        do_not_call: false,
        confirmed: false,
        seen_in_this_file: false,
    }
}

fn incoming(identity: &Identity) -> Incoming<'_> {
    Incoming {
        identity,
        postal_code: "34400",
        commune: None,
        discord: None,
        signed_up_at: None,
        file_has_dates: false,
    }
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().unwrap())
}

fn plan(row: &Incoming<'_>, candidates: &[Known]) -> RowPlan {
    plan_row(row, candidates, Erasures::default(), None)
}

const PHONE: &str = "0639981234";
const OTHER_PHONE: &str = "0639984321";
const MAIL: &str = "camille@example.org";

#[test]
fn the_four_rules() {
    let camille = identity("Camille", "Dupré", PHONE, MAIL);
    let relate = |other: &Identity, postal_code| relation(&camille, "34400", other, postal_code);
    for (other, postal_code, expected) in [
        (
            identity("C.", "Autre", "", "CAMILLE@Example.org"),
            "75001",
            Relation::Same(Sameness::Mail),
        ),
        (
            identity("camille", "DUPRE", PHONE, ""),
            "75001",
            Relation::Same(Sameness::PhoneAndName),
        ),
        (
            identity("Camille", "Dupré", PHONE, "b@example.org"),
            "34400",
            Relation::Same(Sameness::PhoneAndName),
        ),
        (
            identity("Noé", "Dupré", PHONE, ""),
            "34400",
            Relation::Doubtful(Doubt::Phone),
        ),
        (
            identity("Camille", "Dupré", OTHER_PHONE, ""),
            "34400",
            Relation::Doubtful(Doubt::NameAndPostalCode),
        ),
        (
            identity("Camille", "Dupré", OTHER_PHONE, ""),
            "34160",
            Relation::Different,
        ),
        (
            identity("Noé", "Le Goff", OTHER_PHONE, ""),
            "34400",
            Relation::Different,
        ),
    ] {
        assert_eq!(relate(&other, postal_code), expected);
    }
    let bare = identity("Noé", "Ba", "", "n@example.org");
    assert_eq!(
        relation(&bare, "34400", &identity("Awa", "Ba", "", "a@example.org"), "34400"),
        Relation::Different
    );
}

#[test]
fn a_line_is_new_known_or_to_be_looked_at() {
    let camille = identity("Camille", "Dupré", PHONE, MAIL);
    let row = incoming(&camille);
    assert_eq!(plan(&row, &[]), RowPlan::New);
    assert_eq!(
        plan(&row, &[known(1, camille.clone())]),
        RowPlan::Unchanged {
            id: PersonId(1),
            review: vec![]
        }
    );
    let brother = known(2, identity("Noé", "Dupré", PHONE, ""));
    let namesake = known(3, identity("Camille", "Dupré", OTHER_PHONE, ""));
    assert_eq!(
        plan(&row, &[namesake.clone(), brother.clone()]),
        RowPlan::ToReview {
            with: vec![(PersonId(2), Doubt::Phone), (PersonId(3), Doubt::NameAndPostalCode)]
        }
    );
    assert_eq!(
        plan(&row, &[brother, known(1, camille.clone()), namesake]),
        RowPlan::Unchanged {
            id: PersonId(1),
            review: vec![(PersonId(2), Doubt::Phone), (PersonId(3), Doubt::NameAndPostalCode)]
        }
    );
}

#[test]
fn two_records_of_one_person_are_told() {
    let row_identity = identity("Camille", "Dupré", PHONE, MAIL);
    let by_phone = known(1, identity("Camille", "Dupré", PHONE, "old@example.org"));
    let by_mail = known(2, identity("Camille", "Dupré", "", MAIL));
    // Nothing is written on either before someone has looked.
    assert_eq!(
        plan(&incoming(&row_identity), &[by_phone, by_mail]),
        RowPlan::Unchanged {
            id: PersonId(2),
            review: vec![(PersonId(1), Doubt::SamePersonTwice)]
        }
    );
}

#[test]
fn an_update_overwrites_and_never_blanks() {
    let mut before = known(1, identity("Camille", "Dupré", PHONE, MAIL));
    before.commune = Some("Lunel".into());
    before.discord = Some("camille".into());
    let row_identity = identity("Camille", "Dupré-Martin", "", MAIL);
    let row = Incoming {
        postal_code: "34160",
        commune: Some(" "),
        ..incoming(&row_identity)
    };
    let RowPlan::Update { changes, .. } = plan(&row, std::slice::from_ref(&before)) else {
        panic!("no update")
    };
    assert_eq!(changes.which(), [Changed::LastName, Changed::PostalCode]);
    let after = changes.applied_to(&before);
    assert_eq!(after.identity.phone, before.identity.phone);
    assert_eq!(after.commune.as_deref(), Some("Lunel"));
    assert_eq!(after.identity.full(), "Camille Dupré-Martin");
    assert_eq!(format!("{changes:?}"), "Changes([LastName, PostalCode])");
}

#[test]
fn what_a_human_confirmed_is_only_completed() {
    let mut before = known(1, identity("Camille", "Dupré", PHONE, MAIL));
    before.confirmed = true;
    let row_identity = identity("Cam", "Dupré", OTHER_PHONE, MAIL);
    let row = Incoming {
        postal_code: "75001",
        discord: Some("camille"),
        signed_up_at: at("2027-03-03T10:00:00Z"),
        ..incoming(&row_identity)
    };
    let RowPlan::Update { changes, .. } = plan(&row, &[before]) else {
        panic!("no update")
    };
    assert_eq!(changes.which(), [Changed::Discord, Changed::SignedUpAt]);
}

#[test]
fn an_older_sign_up_only_completes() {
    let mut before = known(1, identity("Camille", "Dupré", PHONE, MAIL));
    before.signed_up_at = at("2027-03-03T10:00:00Z");
    let row_identity = identity("Camille", "Dupré", OTHER_PHONE, MAIL);
    let plan_at = |signed_up_at| {
        let row = Incoming {
            signed_up_at,
            ..incoming(&row_identity)
        };
        match plan(&row, std::slice::from_ref(&before)) {
            RowPlan::Update { changes, .. } => changes.which(),
            RowPlan::Unchanged { .. } => Vec::new(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(plan_at(at("2027-03-02T10:00:00Z")), []);
    assert_eq!(plan_at(at("2027-03-03T10:00:00Z")), [Changed::Phone]);
    assert_eq!(plan_at(None), [Changed::Phone]);
    assert_eq!(
        plan_at(at("2027-03-04T10:00:00Z")),
        [Changed::Phone, Changed::SignedUpAt]
    );
}

#[test]
fn capitals_do_not_replace_a_name_and_accents_do() {
    let update = |first: &str, last: &str, before: &Known| {
        let row_identity = identity(first, last, PHONE, MAIL);
        match plan(&incoming(&row_identity), std::slice::from_ref(before)) {
            RowPlan::Update { changes, .. } => changes.which(),
            _ => Vec::new(),
        }
    };
    let before = known(1, identity("Camille", "Dupré", PHONE, MAIL));
    assert_eq!(update("CAMILLE", "DUPRE", &before), []);
    let plain = known(1, identity("Camille", "Dupre", PHONE, MAIL));
    assert_eq!(update("Camille", "Dupré", &plain), [Changed::LastName]);
}

#[test]
fn never_call_again_is_left_alone() {
    let mut asked = known(1, identity("Camille", "Dupré", PHONE, MAIL));
    asked.do_not_call = true;
    let row_identity = identity("Camille", "Dupré", OTHER_PHONE, MAIL);
    let row = Incoming {
        signed_up_at: at("2030-01-01T00:00:00Z"),
        ..incoming(&row_identity)
    };
    assert_eq!(plan(&row, &[asked]), RowPlan::Blocked(Blocked::DoNotCall(PersonId(1))));
}

#[test]
fn an_erasure_blocks_until_a_later_sign_up() {
    let with_mail = identity("Camille", "Dupré", PHONE, MAIL);
    let without = identity("Camille", "Dupré", PHONE, "");
    let erased = at("2027-03-03T10:00:00Z");
    let by_mail = Erasures {
        by_mail: erased,
        by_phone: None,
    };
    let by_phone = Erasures {
        by_mail: None,
        by_phone: erased,
    };
    let blocked = |erasures: Erasures, identity: &Identity, signed_up_at| {
        let row = Incoming {
            signed_up_at,
            ..incoming(identity)
        };
        plan_row(&row, &[], erasures, None) == RowPlan::Blocked(Blocked::Erased)
    };
    assert!(blocked(by_mail, &with_mail, None));
    assert!(blocked(by_mail, &with_mail, erased));
    assert!(!blocked(by_mail, &with_mail, at("2027-03-03T10:00:01Z")));
    assert!(!blocked(by_phone, &with_mail, None));
    assert!(blocked(by_phone, &without, None));
    assert!(!blocked(by_phone, &without, at("2027-03-04T00:00:00Z")));
}

#[test]
fn doubts_read_back() {
    for doubt in [Doubt::Phone, Doubt::NameAndPostalCode, Doubt::SamePersonTwice] {
        assert_eq!(Doubt::from_code(doubt.code()), Some(doubt));
    }
    assert_eq!(Doubt::from_code("mail"), None);
}

/// A line of a small village, where names, numbers and addresses meet often.
#[derive(Clone)]
struct Line {
    identity: Identity,
    postal_code: &'static str,
    discord: Option<&'static str>,
    signed_up_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Identity { phone, mail, .. } = &self.identity;
        let (phone, mail) = (phone.as_ref().map(Phone::e164), mail.as_ref().map(Mail::as_str));
        let Self {
            postal_code,
            discord,
            signed_up_at,
            ..
        } = self;
        write!(
            f,
            "{} {phone:?} {mail:?} {postal_code} {discord:?} {signed_up_at:?}",
            self.identity.full()
        )
    }
}

impl Line {
    fn incoming(&self) -> Incoming<'_> {
        Incoming {
            identity: &self.identity,
            postal_code: self.postal_code,
            commune: None,
            discord: self.discord,
            signed_up_at: self.signed_up_at,
            file_has_dates: true,
        }
    }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (
        prop::sample::select(vec!["Camille", "CAMILLE", "Noé", "Noe"]),
        prop::sample::select(vec!["Dupré", "Ba"]),
        prop::sample::select(vec!["", PHONE, OTHER_PHONE]),
        prop::sample::select(vec!["", MAIL, "noe@example.org", "Noe@example.org"]),
        prop::sample::select(vec!["34400", "34160"]),
        prop::sample::select(vec![None, Some("camille"), Some("noe")]),
        prop::option::of(0i64..3),
    )
        .prop_filter("a line has a telephone or a mail", |line| {
            !line.2.is_empty() || !line.3.is_empty()
        })
        .prop_map(|(first, last, phone, mail, postal_code, discord, day)| Line {
            identity: identity(first, last, phone, mail),
            postal_code,
            discord,
            signed_up_at: day.and_then(|day| DateTime::from_timestamp(1_800_000_000 + day * 86_400, 0)),
        });
    prop::collection::vec(line, 1..8)
}

/// People on file, and the lines that became them.
#[derive(Default)]
struct File {
    people: Vec<Known>,
    memory: HashMap<String, PersonId>,
    remembers: bool,
}

impl File {
    fn remembering() -> Self {
        Self {
            remembers: true,
            ..Self::default()
        }
    }

    /// Imports the lines as a caller does; the number of lines that wrote something.
    fn import(&mut self, lines: &[Line]) -> usize {
        for person in &mut self.people {
            person.seen_in_this_file = false;
        }
        lines.iter().filter(|line| self.import_line(line)).count()
    }

    fn import_line(&mut self, line: &Line) -> bool {
        let row = line.incoming();
        let remembered = self.memory.get(&row.canonical()).copied();
        let (id, changes) = match plan_row(&row, &self.people, Erasures::default(), remembered) {
            RowPlan::New | RowPlan::ToReview { .. } => {
                let id = PersonId(self.people.len() as i64 + 1);
                self.people.push(Known {
                    postal_code: line.postal_code.into(),
                    discord: line.discord.map(str::to_owned),
                    signed_up_at: line.signed_up_at,
                    seen_in_this_file: true,
                    ..known(id.0, line.identity.clone())
                });
                self.remember(&row, id);
                return true;
            }
            RowPlan::Update { id, changes, .. } => (id, changes),
            RowPlan::Unchanged { id, .. } => (id, Changes::default()),
            RowPlan::Blocked(_) => return false,
        };
        self.remember(&row, id);
        let person = self.people.iter_mut().find(|person| person.id == id).unwrap();
        *person = changes.applied_to(person);
        !changes.is_empty()
    }

    fn remember(&mut self, row: &Incoming<'_>, id: PersonId) {
        if self.remembers {
            self.memory.insert(row.canonical(), id);
        }
    }
}

proptest! {
    #[test]
    fn comparing_does_not_depend_on_the_order(lines in lines()) {
        for one in &lines {
            for other in &lines {
                prop_assert_eq!(
                    relation(&one.identity, one.postal_code, &other.identity, other.postal_code),
                    relation(&other.identity, other.postal_code, &one.identity, one.postal_code)
                );
            }
        }
    }

    #[test]
    fn no_import_blanks_a_value_or_touches_what_was_confirmed(lines in lines(), more in lines()) {
        let mut file = File::default();
        file.import(&lines);
        for (position, person) in file.people.iter_mut().enumerate() {
            person.confirmed = position % 2 == 0;
            person.do_not_call = position % 3 == 2;
        }
        let before = file.people.clone();
        file.import(&more);
        for (before, after) in before.iter().zip(&file.people) {
            prop_assert!(before.identity.phone.is_none() || after.identity.phone.is_some());
            prop_assert!(before.identity.mail.is_none() || after.identity.mail.is_some());
            prop_assert!(before.discord.is_none() || after.discord.is_some());
            prop_assert!(before.signed_up_at.is_none() || after.signed_up_at.is_some());
            prop_assert!(!after.postal_code.is_empty());
            if before.confirmed {
                prop_assert_eq!(before.identity.full(), after.identity.full());
                prop_assert_eq!(&before.postal_code, &after.postal_code);
                prop_assert!(before.identity.phone.is_none() || before.identity.phone == after.identity.phone);
            }
            if before.do_not_call {
                prop_assert_eq!(&before.identity, &after.identity);
                prop_assert!(after.do_not_call);
            }
        }
    }

    #[test]
    fn importing_any_file_again_writes_nothing_with_a_memory(lines in lines(), more in lines()) {
        let mut file = File::remembering();
        file.import(&lines);
        prop_assert_eq!(file.import(&lines), 0);
        file.import(&more);
        prop_assert_eq!(file.import(&lines), 0);
        prop_assert_eq!(file.import(&more), 0);
    }

    #[test]
    fn importing_again_writes_nothing_when_people_keep_to_their_details(lines in lines(), again in 0usize..8) {
        // One line for each person, and one of them twice.
        let mut kept: Vec<Line> = Vec::new();
        for line in lines {
            let same = |other: &Line| {
                matches!(
                    relation(&line.identity, line.postal_code, &other.identity, other.postal_code),
                    Relation::Same(_)
                )
            };
            if !kept.iter().any(same) {
                kept.push(line);
            }
        }
        kept.push(kept[again % kept.len()].clone());
        let mut file = File::default();
        prop_assert_eq!(file.import(&kept), kept.len() - 1);
        prop_assert_eq!(file.import(&kept), 0);
    }

    #[test]
    fn a_person_who_signs_up_again_and_again_is_one(
        first in lines(),
        changes in prop::collection::vec((prop::sample::select(vec![PHONE, OTHER_PHONE, ""]), prop::option::of(0i64..3)), 1..6),
    ) {
        // The same mail and name each time; the number changes, the dates come in any order.
        let base = Line { identity: identity("Camille", "Dupré", "", MAIL), ..first[0].clone() };
        let lines: Vec<Line> = changes
            .into_iter()
            .map(|(phone, day)| Line {
                identity: identity("Camille", "Dupré", phone, MAIL),
                signed_up_at: day.and_then(|day| DateTime::from_timestamp(1_800_000_000 + day * 86_400, 0)),
                ..base.clone()
            })
            .collect();
        let mut file = File::default();
        file.import(&lines);
        prop_assert_eq!(file.people.len(), 1);
        let before = file.people[0].identity.phone.clone();
        prop_assert_eq!(file.import(&lines), 0, "{:?}", file.people[0].signed_up_at);
        prop_assert_eq!(&before, &file.people[0].identity.phone);
    }
}
