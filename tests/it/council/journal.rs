//! Who reads what in the journal, page by page, and who is named there.

use chrono::TimeDelta;
use maillage::domain::action::{JournalAt, JournalFrom};
use maillage::domain::ids::RegionCode;
use maillage::error::Refusal;
use maillage::store::journal::{self, Entry};
use maillage::store::{meta, posts};
use maillage::texts::journal::{Page, Undo, is_known};
use maillage::usecases::{group_changes, history, housekeeping};

use super::*;

async fn open(ground: &Ground, user: UserId, group: Option<&str>, person: Option<&str>) -> Outcome<Page> {
    history::open(&ground.app, actor(user), group, person, ground.now()).await
}

/// «event on group of people», latest first.
fn told(page: &Page) -> Vec<String> {
    page.lines
        .iter()
        .map(|line| {
            let people: Vec<String> = line
                .people
                .iter()
                .map(|whom| format!(" {}", whom.name.clone().unwrap_or_else(|| whom.id.to_string())))
                .collect();
            let many = if line.count > 1 {
                format!(" x{}", line.count)
            } else {
                String::new()
            };
            format!("{}{}{many}", line.event, people.concat())
        })
        .collect()
}

/// Writes a line a second after the last one, so that no two are one act.
async fn write(ground: &Ground, event: &str, group: Option<GroupId>, person: Option<PersonId>) -> JournalId {
    ground.advance(TimeDelta::seconds(1));
    let mut tx = ground.app.store.write().await.unwrap();
    let entry = Entry {
        actor: Some(CAMILLE),
        event,
        group,
        person,
        ..Entry::default()
    };
    let line = journal::write(&mut tx, &entry, ground.now()).await.unwrap();
    tx.commit().await.unwrap();
    line
}

#[tokio::test]
async fn the_national_team_reads_everything_and_a_referent_his_regions() {
    let ground = villages(1, 1).await;
    let dole = ground.declare("39100").await;
    let far = member(&ground, dole, 300, "39100", None).await;
    let near = PersonId(1);
    for (event, group, person) in [
        ("membership.validated", Some(ground.lunel), Some(near)),
        ("membership.validated", Some(dole), Some(far)),
        // Neither names a région: the group's, then the person's place decide.
        ("person.updated", None, Some(near)),
        ("person.updated", None, Some(far)),
        ("zoning.changed", None, None),
    ] {
        write(&ground, event, group, person).await;
    }
    let all = open(&ground, NATIONAL, None, None).await.unwrap();
    assert_eq!(
        told(&all)[..5],
        [
            "zoning.changed",
            "person.updated Léa M.",
            "person.updated Léa M.",
            "membership.validated Léa M.",
            "membership.validated Léa M."
        ]
    );
    let own = open(&ground, AWA, None, None).await.unwrap();
    assert_eq!(
        told(&own)[..2],
        ["person.updated Léa M.", "membership.validated Léa M."]
    );
    assert!(
        own.lines
            .iter()
            .all(|line| line.people.iter().all(|whom| whom.id == near))
    );
    for who in [CAMILLE, STRANGER] {
        assert_eq!(refused(open(&ground, who, None, None).await).0, Refusal::Reserved);
    }
    // Another's group and person are as if they were not there.
    let outside = open(&ground, AWA, Some(&dole.to_string()), None).await;
    assert_eq!(refused(outside).0, Refusal::NotFound);
    let outside = open(&ground, AWA, None, Some("personne300@example.org")).await;
    assert_eq!(refused(outside).0, Refusal::NotFound);
    let forged = JournalAt {
        person: Some(far),
        ..JournalAt::default()
    };
    let turned = history::turn(&ground.app, actor(AWA), forged, ground.now()).await;
    assert_eq!(
        refused(turned).0,
        Refusal::NotFound,
        "a button is checked like the command"
    );
    // A person who has left the région keeps the line, and loses the name.
    let mut tx = ground.app.store.write().await.unwrap();
    posts::name_referent(&mut tx, &RegionCode("27".to_owned()), STRANGER, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    write(&ground, "call.noted", Some(dole), Some(near)).await;
    let other = open(&ground, STRANGER, None, None).await.unwrap();
    assert_eq!(told(&other)[0], "call.noted 1");
}

#[tokio::test]
async fn lines_are_found_by_group_and_by_person() {
    let ground = villages(2, 1).await;
    write(&ground, "call.noted", Some(ground.lunel), Some(PersonId(1))).await;
    write(&ground, "call.recorded", Some(ground.nimes), Some(PersonId(3))).await;
    write(&ground, "access.coordinates", Some(ground.lunel), Some(PersonId(2))).await;
    let lunel = ground.lunel.to_string();
    let page = open(&ground, AWA, Some(&lunel), None).await.unwrap();
    assert_eq!(told(&page)[..2], ["access.coordinates Léa M.", "call.noted Léa M."]);
    assert_eq!(page.group.as_deref(), Some("Lunel"));
    let page = open(&ground, AWA, None, Some("personne2@example.org")).await.unwrap();
    assert_eq!(told(&page), ["access.coordinates Léa M."], "who looked is told");
    let by_phone = open(&ground, NATIONAL, None, Some(&phone(1))).await.unwrap();
    assert_eq!(told(&by_phone), ["call.noted Léa M."]);
    let both = open(&ground, NATIONAL, Some(&lunel), Some("3")).await.unwrap();
    assert_eq!(told(&both), Vec::<String>::new());

    // A merge is found from either group, and the other's past with it.
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    let page = open(&ground, AWA, Some(&lunel), None).await.unwrap();
    let lines = told(&page);
    assert!(lines.contains(&"group.merged".to_owned()), "{lines:?}");
    assert!(lines.contains(&"call.recorded Léa M.".to_owned()), "{lines:?}");
    let line = page.lines.iter().find(|line| line.event == "group.merged").unwrap();
    assert_eq!(
        (line.before.as_deref(), line.after.as_deref(), line.undo),
        (Some("Nîmes"), Some("Lunel"), Undo::Never),
        "a referent undoes nothing"
    );
    let national = open(&ground, NATIONAL, Some(&lunel), None).await.unwrap();
    let line = national.lines.iter().find(|line| line.event == "group.merged").unwrap();
    assert!(matches!(line.undo, Undo::Until(_)));
    undo_line(&ground, merged.line).await.unwrap();
    let page = open(&ground, NATIONAL, Some(&ground.nimes.to_string()), None)
        .await
        .unwrap();
    let lines = told(&page);
    for event in ["group.merge_undone", "group.merged"] {
        assert!(lines.contains(&event.to_owned()), "{lines:?}");
    }
    let line = page.lines.iter().find(|line| line.event == "group.merged").unwrap();
    assert!(matches!(line.undo, Undo::Done(_)));
}

#[tokio::test]
async fn the_option_personne_follows_the_rule_of_names() {
    let ground = villages(2, 1).await;
    let names = async |user: UserId, typed: &str, group: &str| {
        history::suggest(&ground.app, actor(user), typed, group)
            .await
            .unwrap()
            .len()
    };
    let lunel = ground.lunel.to_string();
    assert_eq!(names(AWA, "lea", "").await, 0, "nobody browses a région by name");
    assert_eq!(names(AWA, "lea", &lunel).await, 2);
    assert_eq!(names(AWA, "personne101@example.org", "").await, 1);
    let dole = ground.declare("39100").await;
    member(&ground, dole, 300, "39100", None).await;
    assert_eq!(names(AWA, "personne300@example.org", "").await, 0);
    assert_eq!(names(NATIONAL, "personne300@example.org", "").await, 1);
    assert_eq!(names(AWA, "lea", &dole.to_string()).await, 0);
    let refusal = history::suggest(&ground.app, actor(CAMILLE), "lea", &lunel).await;
    assert_eq!(refused(refusal).0, Refusal::Reserved);
}

#[tokio::test]
async fn pages_turn_both_ways_and_one_act_is_one_line() {
    let ground = villages(3, 0).await;
    for n in 0..12 {
        write(
            &ground,
            if n % 2 == 0 { "call.noted" } else { "invitation.given" },
            Some(ground.lunel),
            Some(PersonId(1)),
        )
        .await;
    }
    // One press on «Coordonnées du groupe» reads everyone's.
    ground.advance(TimeDelta::seconds(1));
    let mut tx = ground.app.store.write().await.unwrap();
    for n in 0..3000 {
        let entry = Entry {
            actor: Some(CAMILLE),
            event: "access.coordinates",
            group: Some(ground.lunel),
            person: Some(PersonId(1 + n % 3)),
            ..Entry::default()
        };
        journal::write(&mut tx, &entry, ground.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    write(&ground, "group.archived", Some(ground.lunel), None).await;
    let first = open(&ground, NATIONAL, None, None).await.unwrap();
    assert_eq!(first.lines.len(), 8);
    assert_eq!(first.newer, None);
    assert_eq!(
        (first.lines[0].event.as_str(), first.lines[1].count),
        ("group.archived", 3000)
    );
    let turn = async |at: Option<JournalAt>| {
        history::turn(&ground.app, actor(NATIONAL), at.unwrap(), ground.now())
            .await
            .unwrap()
    };
    let second = turn(first.older).await;
    assert_eq!(second.lines.len(), 8, "six calls, two groups declared");
    assert_eq!(second.older, None);
    assert_eq!(turn(second.newer).await, first);
    // What is written meanwhile changes no page that is open.
    write(&ground, "call.noted", Some(ground.lunel), Some(PersonId(1))).await;
    assert_eq!(turn(first.older).await, second);
    let latest = turn(Some(JournalAt {
        from: JournalFrom::Latest,
        ..JournalAt::default()
    }))
    .await;
    assert_eq!(latest.lines[0].event, "call.noted");
    assert!(turn(second.newer).await.newer.is_some());
}

#[tokio::test]
async fn every_event_of_the_product_has_its_words() {
    let mut silent = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The loopback Discord knows nothing of the product, and the names of its page's files look like events.
                if path.ends_with("loopback") {
                    continue;
                }
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for literal in code.split('"').skip(1).step_by(2) {
                let event = literal.split_once('.').is_some_and(|(family, what)| {
                    let word =
                        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    let families = [
                        "access",
                        "call",
                        "charter",
                        "export",
                        "group",
                        "import",
                        "invitation",
                        "meeting",
                        "membership",
                        "messages",
                        "person",
                        "place",
                        "referent",
                        "register",
                        "relay",
                        "server",
                        "space",
                        "statutes",
                        "texts",
                        "transfer",
                        "zoning",
                    ];
                    families.contains(&family) && word(what)
                });
                if event && !is_known(literal) {
                    silent.push(literal.to_owned());
                }
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new(), "to be added to texts::journal");
}

#[tokio::test]
async fn each_night_forgets_what_can_no_longer_be_undone() {
    let ground = villages(1, 1).await;
    let nadia = actor(NATIONAL);
    let renamed = group_changes::rename(&ground.app, nadia, &ground.lunel.to_string(), "Vidourle", ground.now())
        .await
        .unwrap();
    let kept = async || raw_rows(&ground, "SELECT count(*) || '' FROM undos").await;
    assert!(
        housekeeping::step(&ground.app, ground.now()).await.unwrap(),
        "the first look"
    );
    assert!(
        !housekeeping::step(&ground.app, ground.now()).await.unwrap(),
        "once a night"
    );
    assert_eq!(kept().await, ["1"]);
    ground.advance(TimeDelta::days(29));
    assert!(housekeeping::step(&ground.app, ground.now()).await.unwrap());
    assert_eq!(kept().await, ["1"]);
    // The night after the thirtieth day.
    ground.advance(TimeDelta::days(2));
    assert!(housekeeping::step(&ground.app, ground.now()).await.unwrap());
    assert_eq!(kept().await, ["0"]);
    let (_, text) = refused(undo_line(&ground, renamed.line.unwrap()).await);
    assert!(text.contains("30\u{a0}jours"), "forgotten, and still said why: {text}");
    let mut tx = ground.app.store.read().await.unwrap();
    let night = meta::get(&mut tx, meta::Fact::Housekeeping).await.unwrap();
    assert_eq!(night.as_deref(), Some("2027-04-01"));
}
