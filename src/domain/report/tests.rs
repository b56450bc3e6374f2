use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    // A Wednesday.
    at("2027-03-17T12:00:00Z")
}

fn region(code: &str) -> RegionCode {
    RegionCode(code.to_owned())
}

fn goals() -> Goals {
    Goals {
        thresholds: Thresholds::default(),
        near: 2,
        inactive: TimeDelta::days(14),
    }
}

fn group(id: i64, departement: &str, members: u32, steps: &[Step], relays: &[(u64, &str)]) -> GroupFacts {
    GroupFacts {
        id: GroupId(id),
        name: format!("G{id}"),
        departement: departement.to_owned(),
        region: region("76"),
        stage: Stage::of(steps),
        steps: steps.to_vec(),
        members,
        relays: relays.iter().map(|(user, since)| (UserId(*user), at(since))).collect(),
    }
}

fn participation(person: i64, from: &str, until: Option<&str>) -> (RegionCode, Participation) {
    (
        region("76"),
        Participation {
            person: PersonId(person),
            group: GroupId(1),
            from: at(from),
            until: until.map(at),
            undone: false,
            moved: false,
        },
    )
}

fn people(departement: Option<&str>, group: Option<i64>, now: u32) -> SignedUp {
    SignedUp {
        region: departement.map(|_| region("76")),
        departement: departement.map(str::to_owned),
        group: group.map(GroupId),
        signed_up: Trend { now, week: 1, month: 2 },
        contacted: Trend::default(),
    }
}

fn facts() -> Facts {
    Facts {
        departements: vec![
            ("34".to_owned(), region("76")),
            ("48".to_owned(), region("76")),
            ("75".to_owned(), region("11")),
        ],
        ..Facts::default()
    }
}

fn herault() -> Scope {
    Scope::Region(region("76"))
}

#[test]
fn groups_near_a_threshold_are_those_that_lack_one_or_two_members() {
    let mut facts = facts();
    facts.groups = vec![
        group(1, "34", 3, &Step::ALL[..1], &[]),
        group(2, "34", 2, &Step::ALL[..1], &[]),
        group(3, "34", 9, &Step::ALL[..2], &[]),
        // Under a step that it keeps: far from the next one.
        group(4, "34", 4, &Step::ALL[..2], &[]),
        group(5, "34", 25, &Step::ALL, &[]),
        // A number lowered in the settings and not settled yet: nothing lacks.
        group(6, "34", 12, &Step::ALL[..2], &[]),
    ];
    let report = compile(&facts, herault(), &goals(), now());
    let near: Vec<_> = report
        .near
        .iter()
        .map(|near| (near.name.as_str(), near.step, near.missing))
        .collect();
    assert_eq!(near, [("G3", Step::Assembly, 1), ("G1", Step::Forming, 2)]);
    assert_eq!(
        (report.stages.possible, report.stages.forming, report.stages.assembly),
        (2, 3, 1)
    );
    assert_eq!(report.steps.map(|(_, n)| n), [2, 3, 0, 0, 1]);
    assert_eq!((report.bare, report.departements), (vec!["48".to_owned()], 2));
}

#[test]
fn a_relay_is_silent_after_the_delay_and_never_before_having_had_it() {
    let mut facts = facts();
    let old = "2027-01-01T00:00:00Z";
    facts.groups = vec![
        group(1, "34", 0, &[], &[(1, old), (2, old)]),
        // Named last week for a second group: his older naming does not count against him.
        group(2, "34", 0, &[], &[(3, "2027-03-10T00:00:00Z")]),
        group(3, "34", 0, &[], &[(3, old), (4, old)]),
        group(4, "34", 0, &[], &[(4, old)]),
    ];
    facts.activity.insert(UserId(1), now() - TimeDelta::days(14));
    facts
        .activity
        .insert(UserId(2), now() - TimeDelta::days(14) + TimeDelta::seconds(1));
    let report = compile(&facts, herault(), &goals(), now());
    let silent: Vec<_> = report
        .silent
        .iter()
        .map(|relay| (relay.user.0, relay.groups.join(" ")))
        .collect();
    assert_eq!(silent, [(4, "G3 G4".to_owned()), (1, "G1".to_owned())]);
    assert!(report.vacant.is_empty());
}

#[test]
fn an_evolution_counts_departures() {
    let mut facts = facts();
    facts.participations = vec![
        participation(1, "2027-01-01T00:00:00Z", None),
        participation(2, "2027-01-01T00:00:00Z", Some("2027-03-12T00:00:00Z")),
        participation(3, "2027-02-20T00:00:00Z", Some("2027-03-13T00:00:00Z")),
        participation(4, "2027-03-16T00:00:00Z", None),
    ];
    let report = compile(&facts, herault(), &goals(), now());
    assert_eq!(
        report.validated,
        Trend {
            now: 2,
            week: -1,
            month: 0
        }
    );
    assert_eq!(
        compile(&facts, Scope::Region(region("11")), &goals(), now()).validated,
        Trend::default()
    );
    assert_eq!(compile(&facts, Scope::France, &goals(), now()).validated.now, 2);
}

#[test]
fn weeks_are_those_of_paris_and_mistakes_are_no_validations() {
    let mut facts = facts();
    // Monday the 15th of March at midnight in Paris is the 14th, 23:00, in UTC.
    facts.participations = vec![
        participation(1, "2027-03-14T22:59:59Z", None),
        participation(2, "2027-03-14T23:00:00Z", None),
        participation(3, "2026-12-27T22:59:59Z", None),
        participation(4, "2026-12-27T23:00:00Z", Some("2027-01-05T00:00:00Z")),
    ];
    let mut undone = participation(5, "2027-03-16T00:00:00Z", Some("2027-03-16T01:00:00Z"));
    undone.1.undone = true;
    let mut moved = participation(6, "2027-03-16T00:00:00Z", None);
    moved.1.moved = true;
    facts.participations.extend([undone, moved]);
    let weeks = compile(&facts, herault(), &goals(), now()).weeks;
    assert_eq!(weeks.len(), 12);
    assert_eq!(weeks[0], ("2026-12-28".parse().unwrap(), 1));
    assert_eq!(weeks[10].1, 1);
    assert_eq!(weeks[11], ("2027-03-15".parse().unwrap(), 1));
    assert_eq!(weeks.iter().map(|(_, n)| n).sum::<u32>(), 3);
    assert_eq!(Since::at(now()).chart, at("2026-12-27T23:00:00Z"));
}

#[test]
fn people_without_a_territory_are_the_country_s_and_every_other_is_in_one_line() {
    let mut facts = facts();
    facts.groups = vec![group(1, "34", 0, &[], &[])];
    facts.people = vec![
        people(Some("34"), Some(1), 5),
        people(Some("34"), None, 3),
        // Called by a group of another région.
        people(Some("48"), Some(99), 2),
        people(None, None, 7),
    ];
    let region = compile(&facts, herault(), &goals(), now());
    assert_eq!(
        (region.signed_up.now, region.signed_up.week, region.to_place),
        (10, 3, None)
    );
    let lines: Vec<_> = region
        .rows
        .iter()
        .map(|row| (row.departement.as_str(), row.group.is_some(), row.signed_up))
        .collect();
    assert_eq!(lines, [("34", true, 5), ("34", false, 3), ("48", false, 2)]);
    let france = compile(&facts, Scope::France, &goals(), now());
    assert_eq!((france.signed_up.now, france.to_place), (17, Some(7)));
    assert_eq!(france.regions.len(), 2);
    assert_eq!((france.regions[1].signed_up, france.regions[1].covered), (10, (1, 2)));
    assert_eq!(france.vacant[0].signed_up, 5);
}

#[test]
fn scopes_round_trip() {
    for scope in [Scope::France, Scope::Region(region("76"))] {
        assert_eq!(scope.to_string().parse(), Ok(scope));
    }
    for text in ["", "7", "761", "é1", "Bretagne"] {
        assert_eq!(text.parse::<Scope>(), Err(()), "{text}");
    }
}
