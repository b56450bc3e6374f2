//! The feeds as a reader sees them.

use chrono::TimeDelta;

use super::digest::{Change, Digest};
use super::*;
use crate::domain::ids::RegionCode;
use crate::domain::ladder::{Stage, Thresholds};
use crate::domain::report::{Facts, Goals, GroupFacts, Scope, compile};
use crate::texts::shown;

fn noon() -> DateTime<Utc> {
    "2027-03-14T12:00:00Z".parse().unwrap()
}

fn validated(n: i64, annulled: Option<Annulled>) -> Line {
    Line {
        at: noon(),
        group: "Lunel".to_owned(),
        what: What::Validated {
            membership: MembershipId(n),
            name: "Camille *D*.".to_owned(),
            number: u32::try_from(n).unwrap(),
            relay: UserId(42),
            until: annulled.is_none().then(|| noon() + TimeDelta::days(14)),
            annulled,
        },
    }
}

fn line(what: What) -> Line {
    Line {
        at: noon(),
        group: "Lunel".to_owned(),
        what,
    }
}

fn possible(n: u32) -> Possible {
    Possible {
        id: GroupId(i64::from(n)),
        name: format!("Groupe{n}"),
        departement: "Hérault".to_owned(),
        signed_up: n,
    }
}

#[test]
fn everything_that_a_feed_tells() {
    let how = |reason: Option<&str>| Annulled {
        by: Some(UserId(7)),
        reason: reason.map(str::to_owned),
    };
    let lines = [
        validated(5, None),
        validated(6, Some(how(Some("mauvaise *personne*")))),
        line(What::Annulled {
            name: "Noé L.".to_owned(),
            number: 2,
            how: how(None),
        }),
        line(What::Departed {
            name: "Léa R.".to_owned(),
            why: "demenagement",
        }),
        line(What::Joined {
            name: "Ana R.".to_owned(),
        }),
        line(What::Step {
            step: Step::Forming,
            members: 5,
        }),
        line(What::WithoutRelay {
            id: GroupId(3),
            to_call: 12,
        }),
        Line {
            group: String::new(),
            ..line(What::Possible {
                groups: vec![possible(6)],
            })
        },
        Line {
            group: String::new(),
            ..line(What::Possible {
                groups: (5..20).map(possible).collect(),
            })
        },
    ];
    insta::assert_snapshot!(shown::message(&message(FeedMessageId(12), "Occitanie", &lines)));
}

#[test]
fn a_message_never_passes_the_limits() {
    let long = "Très-long-nom-de-groupe-qui-ne-finit-pas ".repeat(5);
    let lines: Vec<Option<Line>> = (1..=80)
        .map(|n| {
            Some(Line {
                group: long.clone(),
                ..validated(n, None)
            })
        })
        .collect();
    let held = room(&lines);
    assert!((15..=50).contains(&held), "{held}");
    let some: Vec<Line> = lines.iter().flatten().cloned().collect();
    assert_eq!(
        message(FeedMessageId(1), &long, &some[..held]).faults(),
        Vec::<String>::new()
    );
    // Even were it given more.
    assert_eq!(message(FeedMessageId(1), &long, &some).faults(), Vec::<String>::new());
}

#[test]
fn fifty_validations_are_offered_and_no_more() {
    let lines: Vec<Option<Line>> = (1..=60)
        .map(|n| {
            Some(Line {
                group: "L".to_owned(),
                ..validated(n, None)
            })
        })
        .collect();
    assert!(room(&lines) <= 50);
    assert_eq!(room(&lines[..1]), 1);
    assert_eq!(room(&[None, None]), 2);
}

#[test]
fn a_departure_told_by_message_names_nobody() {
    insta::assert_snapshot!(shown::message(&departed(
        "Lunel",
        4,
        "depart",
        "4 / 5\u{a0}: encore 1\u{a0}membre pour passer «\u{a0}en formation\u{a0}»"
    )));
}

#[test]
fn the_week_of_a_region() {
    let group = |id: i64, name: &str, members: u32, relays: &[u64]| GroupFacts {
        id: GroupId(id),
        name: name.to_owned(),
        departement: "34".to_owned(),
        region: RegionCode("76".to_owned()),
        stage: Stage::Possible,
        steps: vec![Step::Possible],
        members,
        relays: relays
            .iter()
            .map(|user| (UserId(*user), noon() - TimeDelta::days(30)))
            .collect(),
    };
    let report = |groups: Vec<GroupFacts>| {
        let facts = Facts {
            people: Vec::new(),
            participations: Vec::new(),
            activity: Default::default(),
            departements: Vec::new(),
            groups,
        };
        let goals = Goals {
            thresholds: Thresholds::default(),
            near: 2,
            inactive: TimeDelta::days(14),
        };
        compile(&facts, Scope::Region(RegionCode("76".to_owned())), &goals, noon())
    };
    let digest = |groups, changes| Digest {
        region: "Occitanie".to_owned(),
        since: "2027-03-07".parse().unwrap(),
        until: "2027-03-14".parse().unwrap(),
        inactive_days: 14,
        changes,
        report: report(groups),
    };
    let full = digest(
        vec![group(1, "Lunel", 4, &[42]), group(2, "Sète", 0, &[])],
        vec![Change {
            name: "Lunel".to_owned(),
            validated: 3,
            departed: 1,
            step: Some(Step::Possible),
            members: 4,
            next: Some(5),
        }],
    );
    insta::assert_snapshot!(shown::message(&super::digest::message(&full)));
    let calm = shown::message(&super::digest::message(&digest(Vec::new(), Vec::new())));
    assert!(calm.contains("Rien n’a changé"), "{calm}");
}
