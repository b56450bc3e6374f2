use std::sync::OnceLock;

use chrono::{DateTime, Days, Utc};

use super::*;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::ladder::Stage;
use crate::domain::report::{Near, RegionLine, Row, RowGroup, Silent};
use crate::texts::shown;

fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(|| crate::territories::load_shipped().unwrap())
}

fn frame(file: bool) -> Frame<'static> {
    Frame {
        atlas: atlas(),
        goal: 2500,
        inactive: TimeDelta::days(14),
        file,
    }
}

fn now() -> DateTime<Utc> {
    "2027-03-17T12:00:00Z".parse().unwrap()
}

fn region(code: &str) -> RegionCode {
    RegionCode(code.to_owned())
}

/// A report of a région with two groups.
fn small() -> Report {
    let monday: NaiveDate = "2026-12-28".parse().unwrap();
    Report {
        scope: Scope::Region(region("76")),
        at: now(),
        signed_up: Trend {
            now: 1234,
            week: 12,
            month: 40,
        },
        contacted: Trend {
            now: 800,
            week: 0,
            month: 0,
        },
        validated: Trend {
            now: 7,
            week: -1,
            month: 3,
        },
        to_place: None,
        stages: Stages {
            possible: 1,
            forming: 1,
            assembly: 0,
        },
        steps: [
            (Step::Possible, 1),
            (Step::Forming, 1),
            (Step::Assembly, 0),
            (Step::PublishRic, 0),
            (Step::PublishWorks, 0),
        ],
        near: vec![Near {
            name: "Lunel".to_owned(),
            departement: "34".to_owned(),
            step: Step::Assembly,
            missing: 2,
        }],
        vacant: vec![Vacant {
            group: GroupId(2),
            name: "Sète".to_owned(),
            departement: "34".to_owned(),
            signed_up: 12,
        }],
        silent: vec![Silent {
            user: UserId(42),
            groups: vec!["Lunel".to_owned()],
            last: now() - TimeDelta::days(20),
        }],
        bare: vec!["48".to_owned(), "32".to_owned()],
        departements: 13,
        weeks: (0..12)
            .map(|n| (monday + Days::new(7 * n), u32::try_from(n).unwrap()))
            .collect(),
        regions: Vec::new(),
        rows: vec![
            Row {
                region: region("76"),
                departement: "34".to_owned(),
                group: Some(RowGroup {
                    name: "=Lunel".to_owned(),
                    stage: Stage::Forming,
                    members: 8,
                    next: Some((Step::Assembly, 2)),
                    relays: 1,
                    last: Some(now()),
                }),
                signed_up: 23,
                contacted: 20,
            },
            Row {
                region: region("76"),
                departement: "48".to_owned(),
                group: None,
                signed_up: 0,
                contacted: 0,
            },
        ],
    }
}

/// A report of the country with 400 groups of long names, everything to do everywhere.
fn large() -> Report {
    let name = |n: usize| format!("Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson {n}");
    let line = |code: &str| RegionLine {
        region: region(code),
        signed_up: 123_456,
        validated: 12_345,
        stages: Stages {
            possible: 100,
            forming: 100,
            assembly: 200,
        },
        covered: (12, 13),
    };
    Report {
        scope: Scope::France,
        to_place: Some(12_345),
        near: (0..400)
            .map(|n| Near {
                name: name(n),
                departement: "51".to_owned(),
                step: Step::PublishRic,
                missing: 2,
            })
            .collect(),
        vacant: (0..400)
            .map(|n| Vacant {
                group: GroupId(i64::MAX),
                name: name(n),
                departement: "51".to_owned(),
                signed_up: 123_456,
            })
            .collect(),
        silent: (0..400)
            .map(|n| Silent {
                user: UserId(u64::MAX),
                groups: vec![name(n), name(n)],
                last: now(),
            })
            .collect(),
        bare: atlas()
            .departements()
            .iter()
            .map(|departement| departement.code.clone())
            .take(101)
            .collect(),
        departements: 101,
        regions: atlas().regions().iter().map(|region| line(&region.code)).collect(),
        ..small()
    }
}

#[test]
fn a_small_report_reads_well() {
    let message = report(&small(), &frame(false));
    assert_eq!(message.faults(), Vec::<String>::new());
    let fields: Vec<String> = message.embeds[0]
        .fields
        .iter()
        .map(|(name, value)| format!("[{name}]\n{value}"))
        .collect();
    insta::assert_snapshot!(format!("{}\n{}", shown::message(&message), fields.join("\n")));
}

#[test]
fn a_report_of_400_groups_fits_and_says_how_many_are_left() {
    for file in [false, true] {
        let message = report(&large(), &frame(file));
        assert_eq!(message.faults(), Vec::<String>::new());
        let more = if file {
            "autres\u{a0}(fichier joint)"
        } else {
            "autres\u{a0}(avec l’option `fichier`)"
        };
        for (name, value) in &message.embeds[0].fields {
            assert!(value.ends_with(more), "{name}: {value}");
        }
        // Every région is there, whole.
        let regions = &message.embeds[1].description;
        assert_eq!(regions.lines().count(), 18, "{regions}");
        assert!(
            regions.contains("**Provence-Alpes-Côte d’Azur**") && !regions.contains('…'),
            "{regions}"
        );
        let Some(crate::domain::view::Row::Select(select)) = message.rows.first() else {
            panic!("no choice of a group")
        };
        assert!(matches!(&select.of, SelectOf::Choices(choices) if choices.len() == 25));
    }
}

#[test]
fn nothing_to_do_shows_nothing_to_press() {
    let quiet = Report {
        near: Vec::new(),
        vacant: Vec::new(),
        silent: Vec::new(),
        bare: Vec::new(),
        signed_up: Trend::default(),
        contacted: Trend::default(),
        stages: Stages::default(),
        ..small()
    };
    let message = report(&quiet, &frame(false));
    assert!(message.rows.is_empty() && message.embeds[0].fields.is_empty());
    assert!(
        message.embeds[0].description.contains("**0\u{a0}groupe**"),
        "{}",
        message.embeds[0].description
    );
    // What later versions will count is not shown as nought.
    assert!(!message.embeds[0].description.contains("question"));
}

#[test]
fn the_file_has_a_line_for_each_group_and_no_formula() {
    insta::assert_snapshot!(String::from_utf8(file(&small(), &frame(true))).unwrap());
    assert_eq!(file_name(&small(), &frame(true), "csv"), "rapport-occitanie.csv");
    let corsica = Report {
        scope: Scope::Region(region("93")),
        ..small()
    };
    assert_eq!(
        file_name(&corsica, &frame(true), "png"),
        "rapport-provence-alpes-cote-d-azur.png"
    );
}

#[test]
fn the_chart_is_told_in_words() {
    let words = chart_in_words(&small());
    assert!(words.chars().count() < 1024);
    insta::assert_snapshot!(words);
    let chart = chart(&large(), &frame(false));
    assert_eq!(
        (chart.title.as_str(), chart.weeks.len(), chart.weeks[0].0.as_str()),
        ("France entière", 12, "28/12")
    );
}

#[test]
fn prompts_read_well() {
    let said: Vec<String> = [(0, 0), (0, 1), (0, 3), (1, 0), (2, 1), (12, 4)]
        .into_iter()
        .map(|(now, before)| prompted(now, before).content)
        .chain([
            prompt(&["Lunel".to_owned()], 12).content,
            prompt(&["Lunel".to_owned(), "**Sète**".to_owned()], 1).content,
            prompt(&["Lunel".to_owned()], 0).content,
        ])
        .collect();
    insta::assert_snapshot!(said.join("\n---\n"));
}
