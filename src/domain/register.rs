//! From the facts of a group to the pages of its register, within Discord's limits (product.md §8).
//!
//! A page breaks where it is full, and after every `run` numbers: numbers are stable, so a member who leaves, or whose name
//! grows, changes the page that holds the line and the first one, which counts the members, and seldom another.

use chrono::{DateTime, Utc};

use super::action::Action;
use super::bindings::Key;
use super::ids::GroupId;
use super::ladder::Thresholds;
use super::snapshot::{GroupFacts, HashKey};
use super::view::{Button, CONTENT_MAX, Message, Style, count};
use super::words::Words;

/// Room kept for the last line, its line break included: the longest month, and numbers of many digits.
const FOOTER_ROOM: usize = 120;

/// The columns that the host may add to the pinned register (`[registre] colonnes`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns {
    /// Phones.
    pub phone: bool,
    /// Mails.
    pub mail: bool,
}

/// One page: everything but its date.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Page {
    /// The group.
    pub group: GroupId,
    /// Its number, from 1.
    pub number: u32,
    /// How many pages there are.
    pub of: u32,
    /// Head and lines.
    body: String,
    /// Whether members have coordinates to read here: not once the group was merged into another.
    open: bool,
}

impl std::fmt::Debug for Page {
    /// Without the names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page({} {}/{})", self.group, self.number, self.of)
    }
}

impl Page {
    /// The object that this page is.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::Page(self.group, self.number)
    }

    /// What changes when anything but the date changes.
    #[must_use]
    pub fn hash(&self, key: &HashKey) -> String {
        let Page {
            group,
            number,
            of,
            body,
            // A merged group says so in its head.
            open: _,
        } = self;
        key.hash(&format!("{group} {number}/{of}\n{body}"))
    }

    /// The message, as of `updated`. The button is under the first page.
    #[must_use]
    pub fn message(&self, words: &dyn Words, updated: DateTime<Utc>) -> Message {
        let marker = self.key().marker().unwrap_or_default();
        let message = Message::text(format!(
            "{}\n{}",
            self.body,
            words.register_footer(updated, self.number, self.of, &marker)
        ));
        if self.number > 1 || !self.open {
            return message;
        }
        message.with_buttons(vec![Button::new(
            words.coordinates(),
            Style::Primary,
            Action::Coordinates(self.group, 0),
        )])
    }
}

/// How many numbers a page holds at most: what fits of ordinary names.
fn run(columns: Columns) -> u32 {
    if columns.phone || columns.mail { 10 } else { 20 }
}

/// The pages of a group's register; one at least.
#[must_use]
pub fn pages(group: &GroupFacts, columns: Columns, thresholds: &Thresholds, words: &dyn Words) -> Vec<Page> {
    let room = CONTENT_MAX - FOOTER_ROOM;
    let mut bodies: Vec<String> = vec![words.register_header(group, thresholds)];
    let mut last_run = None;
    for member in &group.members {
        let line = words.register_line(member);
        let this_run = member.number.saturating_sub(1) / run(columns);
        let breaks = last_run.is_some_and(|last| last != this_run);
        let used = bodies.last().map_or(0, |body| count(body));
        if breaks || used + 1 + count(&line) > room {
            bodies.push(words.register_next_header(group));
        }
        last_run = Some(this_run);
        if let Some(body) = bodies.last_mut() {
            body.push('\n');
            body.push_str(&line);
        }
    }
    if group.members.is_empty()
        && group.merged.is_none()
        && let Some(body) = bodies.last_mut()
    {
        body.push('\n');
        body.push_str(&words.register_nobody());
    }
    let of = u32::try_from(bodies.len()).unwrap_or(u32::MAX);
    (1..=of)
        .zip(bodies)
        .map(|(number, body)| Page {
            group: group.id,
            number,
            of,
            body,
            open: group.merged.is_none(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::UserId;
    use crate::domain::ladder::Step;
    use crate::domain::snapshot::{HolderFacts, MemberFacts};
    use crate::texts::register as words;
    use crate::texts::space::FRENCH;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn member(number: u32, name: &str) -> MemberFacts {
        MemberFacts {
            number,
            name: name.to_owned(),
            user: None,
            pseudo: None,
            present: false,
            postal_code: "34160".to_owned(),
            since: at("2027-03-04T10:00:00Z"),
            phone: None,
            mail: None,
        }
    }

    fn group(members: Vec<MemberFacts>) -> GroupFacts {
        let holder = |user, name: &str| HolderFacts {
            user: UserId(user),
            present: true,
            display: Some(name.to_owned()),
        };
        GroupFacts {
            id: GroupId(12),
            name: "Lunel".to_owned(),
            archived: false,
            steps: vec![
                (Step::Possible, at("2027-02-01T10:00:00Z")),
                (Step::Forming, at("2027-03-03T10:00:00Z")),
            ],
            announce: Vec::new(),
            members,
            relays: vec![holder(7, "Camille Dupré"), holder(8, "Noé Le Goff")],
            referents: vec![holder(9, "Awa Martin")],
            statutes: None,
            merged: None,
        }
    }

    fn pages_of(members: Vec<MemberFacts>, columns: Columns) -> Vec<Page> {
        pages(&group(members), columns, &Thresholds::default(), &FRENCH)
    }

    #[test]
    fn the_register_reads_as_the_model_of_the_voice() {
        let mut members = vec![
            member(1, "Camille DUPRÉ"),
            member(2, "Noé LE GOFF"),
            member(4, "*Léa* O_NEIL"),
        ];
        members[0].user = Some(UserId(42));
        members[0].pseudo = Some("camille.d".to_owned());
        members[1].pseudo = Some("noe_le_goff".to_owned());
        let pages = pages_of(members, Columns::default());
        let message = pages[0].message(&FRENCH, at("2027-03-14T20:05:00Z"));
        insta::assert_snapshot!(message.content);
        assert_eq!(message.rows.len(), 1);
        assert!(message.mentions.users.is_empty(), "a register notifies nobody");
    }

    #[test]
    fn the_head_follows_the_ladder() {
        let thresholds = Thresholds::default();
        let mut lines = Vec::new();
        let mut facts = group((1..=9).map(|n| member(n, "Camille DUPRÉ")).collect());
        lines.push(words::stage_line(&facts, &thresholds));
        for step in [Step::Assembly, Step::PublishRic, Step::PublishWorks] {
            facts.steps.push((step, at("2027-04-01T10:00:00Z")));
            facts.members.push(member(10, "Noé LE GOFF"));
            lines.push(words::stage_line(&facts, &thresholds));
        }
        facts.archived = true;
        facts.relays.clear();
        facts.referents.clear();
        lines.push(words::header(&facts, &thresholds));
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn an_empty_group_still_has_a_register() {
        let pages = pages_of(Vec::new(), Columns::default());
        assert_eq!(pages.len(), 1);
        assert!(
            pages[0]
                .message(&FRENCH, at("2027-03-14T20:05:00Z"))
                .content
                .contains(words::nobody())
        );
    }

    #[test]
    fn columns_show_phone_and_mail() {
        let mut with = member(1, "Camille DUPRÉ");
        with.phone = Some("06 39 98 12 34".to_owned());
        with.mail = Some("camille_d@example.org".to_owned());
        let pages = pages_of(
            vec![with],
            Columns {
                phone: true,
                mail: true,
            },
        );
        let content = pages[0].message(&FRENCH, at("2027-03-14T20:05:00Z")).content;
        assert!(
            content.contains("06 39 98 12 34 · camille\\_d@example.org"),
            "{content}"
        );
    }

    #[test]
    fn the_date_is_not_part_of_the_hash() {
        let key = HashKey([7; 32]);
        let pages = pages_of(vec![member(1, "Camille DUPRÉ")], Columns::default());
        let again = pages_of(vec![member(1, "Camille DUPRÉ")], Columns::default());
        assert_eq!(pages[0].hash(&key), again[0].hash(&key));
        assert_ne!(
            pages[0].message(&FRENCH, at("2027-03-14T20:05:00Z")),
            pages[0].message(&FRENCH, at("2027-03-15T20:05:00Z"))
        );
    }

    #[test]
    fn debug_shows_no_name() {
        let pages = pages_of(vec![member(1, "Camille DUPRÉ")], Columns::default());
        assert_eq!(format!("{pages:?}"), "[Page(12 1/1)]");
    }

    /// Names of every length up to the longest, with the characters that are escaped into two.
    fn name() -> impl Strategy<Value = String> {
        prop::string::string_regex("[A-Za-zéèœ*_~|`\\\\<>\\[\\]#@ß’ -]{1,60}").unwrap()
    }

    fn members(most: usize) -> impl Strategy<Value = Vec<MemberFacts>> {
        prop::collection::vec((name(), name(), any::<bool>(), 1u32..4, any::<bool>()), 0..most).prop_map(|rows| {
            let mut number = 0;
            rows.into_iter()
                .map(|(first, last, linked, gap, contact)| {
                    number += gap;
                    MemberFacts {
                        user: linked.then_some(UserId(u64::MAX)),
                        pseudo: contact.then(|| "_".repeat(120)),
                        phone: contact.then(|| "+33 6 39 98 12 34".to_owned()),
                        mail: contact.then(|| format!("{}@example.org", "m".repeat(60))),
                        ..member(number, &format!("{first} {last}"))
                    }
                })
                .collect()
        })
    }

    /// The numbers of a page, in order.
    fn numbers(content: &str) -> Vec<u32> {
        content
            .lines()
            .filter_map(|line| line.strip_prefix('`')?.split_once('`')?.0.parse().ok())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pages_fit_and_hold_each_member_once_in_order(
            members in members(250), phone in any::<bool>(), mail in any::<bool>(),
        ) {
            let expected: Vec<u32> = members.iter().map(|member| member.number).collect();
            let pages = pages_of(members, Columns { phone, mail });
            let mut found = Vec::new();
            for page in &pages {
                let message = page.message(&FRENCH, at("2027-12-14T20:05:00Z"));
                prop_assert_eq!(message.faults(), Vec::<String>::new());
                prop_assert_eq!(Key::of_message(&message.content), Some(page.key()));
                found.extend(numbers(&message.content));
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn one_more_member_changes_few_pages(members in members(120), extra in name()) {
            let before = pages_of(members.clone(), Columns::default());
            let mut more = members;
            let next = more.last().map_or(1, |last| last.number + 1);
            more.push(member(next, &extra));
            let after = pages_of(more, Columns::default());
            if before.len() == after.len() {
                let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
                prop_assert!(changed <= 2, "{changed} pages changed: only the head and the last one may");
            } else {
                prop_assert_eq!(after.len(), before.len() + 1);
            }
        }

        #[test]
        fn a_departure_changes_few_pages_of_ordinary_names(gone in 0usize..100) {
            let all: Vec<MemberFacts> = (1..=100).map(|number| member(number, "Camille DUPRÉ")).collect();
            let before = pages_of(all.clone(), Columns::default());
            let mut left = all;
            left.remove(gone);
            let after = pages_of(left, Columns::default());
            prop_assert_eq!(before.len(), after.len());
            let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
            prop_assert!(changed <= 2, "{changed} pages changed");
        }
    }
}
