//! Another zoning (product.md §4): INSEE's workbook from a shell, and who keeps a territory that several groups come to.

use maillage::domain::ids::{GroupId, PersonId, UserId};
use maillage::domain::territory::BasinMapping;
use maillage::store::memberships::{self, NewMembership};
use maillage::store::{StoreError, posts};
use maillage::territories::insee::Imported;
use maillage::usecases::zoning::{self, Changed};

use crate::import::apply;
use crate::support::Program;
use crate::world::World;

/// The official workbook in small: a page of words, the header on the sixth line, names in another sheet.
fn workbook(basins: &[(&str, &str)], names: &[(&str, &str)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let communes = book.add_worksheet();
    communes.set_name("COM").unwrap();
    communes
        .write_string(0, 0, "Table d'appartenance géographique")
        .unwrap();
    for (column, title) in (0_u16..).zip(["CODGEO", "LIBGEO", "DEP", "BV2022"]) {
        communes.write_string(5, column, title).unwrap();
    }
    for (row, (commune, basin)) in (6_u32..).zip(basins) {
        communes.write_string(row, 0, *commune).unwrap();
        communes.write_string(row, 3, *basin).unwrap();
    }
    let zones = book.add_worksheet();
    zones.set_name("Zones_supra_communales").unwrap();
    for (column, title) in (0_u16..).zip(["NIVGEO", "CODGEO", "LIBGEO"]) {
        zones.write_string(5, column, title).unwrap();
    }
    for (row, (code, name)) in (6_u32..).zip(names) {
        zones.write_string(row, 0, "BV2022").unwrap();
        zones.write_string(row, 1, *code).unwrap();
        zones.write_string(row, 2, *name).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn insee_s_workbook_is_put_in_force_from_a_shell() {
    let program = Program::new().with("DISCORD_TOKEN", "");
    let lines: String = (0..5)
        .map(|n| format!("Lou;Roche{n};;lou{n}@example.org;34400;Lunel\n"))
        .chain((0..5).map(|n| format!("Zoé;Petit{n};;zoe{n}@example.org;34400;Saturargues\n")))
        .collect();
    program.write("site.csv", &format!("prenom;nom;telephone;mail;cp;commune\n{lines}"));
    let imported = program.run(&["import", "site.csv"]).await;
    assert!(
        imported.out.contains("Lunel (Hérault) — 10\u{a0}inscrits"),
        "{imported:?}"
    );
    // Saturargues leaves Lunel for a basin that is named in the second sheet.
    let book = workbook(
        &[("34145", "34145"), ("34294", "34294"), ("34172", "34172")],
        &[
            ("34145", "Lunel"),
            ("34294", "Pays de Saturargues"),
            ("34172", "Montpellier"),
        ],
    );
    std::fs::write(program.folder().join("insee.xlsx"), book).unwrap();
    let changed = program.run(&["territoires", "importer", "insee.xlsx"]).await;
    assert_eq!((changed.code, changed.err.as_str()), (Some(0), ""), "{changed:?}");
    for told in [
        "Table lue\u{a0}: 3\u{a0}communes dans 3\u{a0}bassins de vie.",
        "bassins de vie 2022, au lieu des intercommunalités",
        "Personnes qui suivent leur territoire\u{a0}: 5. Personnes qui en changent\u{a0}: 5.",
        "Lunel (Hérault) → Pays de Saturargues (Hérault)\u{a0}: 5",
        "Groupes rattachés\u{a0}: 1.",
        "1\u{a0}groupe est devenu possible.",
    ] {
        assert!(changed.out.contains(told), "«{told}» in {}", changed.out);
    }
    // The zoning outlives the process, and the file changes nothing more.
    let again = program.run(&["import", "site.csv"]).await;
    assert!(
        again.out.contains("Inchangés\u{a0}: 10") && !again.out.contains("Lunel"),
        "{}",
        again.out
    );
}

/// Sète and Lunel come to one basin.
async fn together(world: &World) -> Changed {
    let mut mapping = BasinMapping::new();
    for commune in ["34301", "34145"] {
        mapping.put(commune, "34301");
    }
    let imported = Imported {
        mapping,
        ..Imported::default()
    };
    zoning::adopt(&world.app, &imported, world.now()).await.unwrap()
}

async fn validate(world: &World, person: i64, group: GroupId) -> Result<(), StoreError> {
    let mut tx = world.app.store.write().await?;
    let new = NewMembership {
        person: PersonId(person),
        group,
        by: UserId(5),
        consent_version: "1",
    };
    memberships::insert(&mut tx, &new, world.now()).await?;
    tx.commit().await
}

#[tokio::test]
async fn of_two_groups_that_come_to_one_territory_the_one_with_members_keeps_it() {
    let world = World::new().await;
    let people = |code: &str, from: u32| -> String {
        (from..from + 5)
            .map(|n| format!("Lou;Roche{n};;lou{n}@example.org;{code}\n"))
            .collect()
    };
    let file = format!(
        "prenom;nom;telephone;mail;cp\n{}{}",
        people("34200", 0),
        people("34400", 5)
    );
    apply(&world, file.into_bytes()).await;
    assert_eq!(world.rows("SELECT id || name FROM groups").await, ["1Sète", "2Lunel"]);
    // Lunel was declared last, and has members.
    for person in [6, 7] {
        validate(&world, person, GroupId(2)).await.unwrap();
    }
    let mut tx = world.app.store.write().await.unwrap();
    posts::name_relay(&mut tx, GroupId(2), UserId(5), world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let before = world
        .rows("SELECT json_array(id, person_id, group_id, number, left_at) FROM memberships")
        .await;

    let changed = together(&world).await;
    let [(_, groups)] = changed.differences.shared.as_slice() else {
        panic!("{:?}", changed.differences.shared)
    };
    assert_eq!(groups, &[GroupId(2), GroupId(1)]);
    assert_eq!(world.number("SELECT count(*) FROM group_territories").await, 1);
    assert_eq!(world.number("SELECT group_id FROM group_territories").await, 2);
    assert_eq!(
        world
            .rows("SELECT json_array(id, person_id, group_id, number, left_at) FROM memberships")
            .await,
        before,
        "members stay where they are"
    );
    assert_eq!(
        world.number("SELECT count(DISTINCT territory_id) FROM people").await,
        1,
        "and everybody of the two is in the new territory"
    );
    assert_eq!(changed.declared, 0);
    assert_eq!(world.number("SELECT count(*) FROM groups").await, 2, "no group is lost");
}
