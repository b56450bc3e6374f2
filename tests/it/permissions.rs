//! Every command × every role (product.md §19): who is refused for lack of the function, and who is not.
//!
//! The table must name every registered command, so that a new one cannot be forgotten. «Refused» is «Cette action est
//! réservée à …»; anything else (a form, a list, «introuvable») means that the function sufficed.

use maillage::commands::registration;
use maillage::domain::ids::{RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::loopback::{AnswerKind, Value};
use maillage::store::memberships::NewMembership;
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{memberships, people, posts, territories};
use maillage::usecases::ladder;

use super::support::House;

/// The roles of the table, in the order of its columns, and who plays each.
const ROLES: [(&str, &str); 5] = [
    ("national", "nadia"),
    ("referent", "awa"),
    ("relay", "camille"),
    ("member", "m1"),
    ("anyone", "lea"),
];

/// A command, its options with their values, and who may.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Command, options, and who may: one letter for each role of [`ROLES`], a dot where the function lacks.
const TABLE: &[Row] = &[
    ("valider", &[], "..r.."),
    ("contacts", &[], "..r.."),
    ("appel", &[("inscrit", "999"), ("issue", "pas_de_reponse")], "..r.."),
    ("invitation", &[("personne", "999")], "..r.."),
    ("rejoindre", &[("code", "ABCDEFGH")], "nrRma"),
    ("retirer", &[("personne", "999"), ("motif", "depart")], "nrR.."),
    ("mon-groupe", &[], "nrRma"),
    ("aide", &[], "nrRma"),
    ("registre voir", &[], "..Rm."),
    ("registre exporter", &[], "..R.."),
    ("relai nommer", &[("groupe", "999"), ("membre", "@lea")], "nr..."),
    ("relai retirer", &[("groupe", "999"), ("membre", "@lea")], "nr..."),
    ("relai liste", &[], "nr..."),
    ("referent nommer", &[("region", "zz"), ("membre", "@lea")], "n...."),
    ("referent retirer", &[("region", "zz"), ("membre", "@lea")], "n...."),
    ("referent liste", &[], "n...."),
    ("groupe declarer", &[("bassin", "nulle part")], "n...."),
    ("groupe liste", &[], "nr..."),
    ("groupe fiche", &[("groupe", "999")], "nr..."),
    ("groupe renommer", &[("groupe", "999"), ("nom", "Ailleurs")], "n...."),
    ("groupe fusionner", &[("groupe", "999"), ("vers", "998")], "n...."),
    ("groupe scinder", &[("groupe", "999"), ("nom", "Ailleurs")], "n...."),
    ("journal", &[], "nr..."),
    ("groupe archiver", &[("groupe", "999")], "n...."),
    ("importer", &[("fichier", "!")], "n...."),
    ("exporter", &[("quoi", "groupes")], "n...."),
    ("inscrits a-placer", &[], "n...."),
    ("inscrits a-verifier", &[], "n...."),
    ("reunion prochaine", &[], "nrRma"),
    ("reunion annuler", &[("date", "jamais")], "n...."),
    (
        "reunion deplacer",
        &[("date", "jamais"), ("nouvelle", "jamais")],
        "n....",
    ),
    // Managing the server is no role of the table: `installation` has someone who may.
    ("installer", &[], "....."),
    ("diagnostic", &[], "n...."),
    ("inscrits fusionner", &[("personne", "999"), ("avec", "998")], "n...."),
    ("rapport-region", &[], "nr..."),
    ("rapport-national", &[], "n...."),
    ("couverture", &[], "nrRma"),
];

/// The lines that a person can type, from what is registered.
fn registered() -> Vec<String> {
    let definitions = registration::definitions();
    let mut lines = Vec::new();
    for command in definitions.as_array().unwrap() {
        let name = command["name"].as_str().unwrap();
        let subcommands: Vec<&str> = command["options"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|option| option["type"] == 1)
            .map(|option| option["name"].as_str().unwrap())
            .collect();
        if subcommands.is_empty() {
            lines.push(name.to_owned());
        }
        lines.extend(subcommands.iter().map(|subcommand| format!("{name} {subcommand}")));
    }
    lines.sort();
    lines
}

#[test]
fn the_table_names_every_command() {
    let mut named: Vec<&str> = TABLE.iter().map(|(line, ..)| *line).collect();
    named.sort_unstable();
    assert_eq!(named, registered());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_is_open_to_its_roles_and_to_no_other() {
    let house = House::open().await;
    furnish(&house).await;
    let mut faults = Vec::new();
    for (line, options, who) in TABLE {
        for ((role, name), may) in ROLES.iter().zip(who.chars()) {
            let person = house.person(name);
            let given: Vec<(&str, Value)> = options
                .iter()
                .map(|(option, value)| {
                    let value = match value.split_at(1) {
                        ("@", name) => Value::User(house.person(name).id()),
                        ("!", _) => Value::File {
                            name: "inscrits.csv".to_owned(),
                            content_type: "text/csv".to_owned(),
                            bytes: b"rien".to_vec(),
                        },
                        _ => Value::from(*value),
                    };
                    (*option, value)
                })
                .collect();
            let answer = person.slash(line, &given).await.unwrap();
            let refused = if answer.kind == AnswerKind::Modal {
                false
            } else {
                let shown = answer
                    .wait_until("an answer", |message| !maillage::loopback::text_of(message).is_empty())
                    .await;
                maillage::loopback::text_of(&shown).contains("réservée")
            };
            if refused == (may != '.') {
                faults.push(format!(
                    "/{line} as {role}: {}",
                    if refused { "refused" } else { "not refused" }
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A group with its relay, its referent and a member on Discord.
async fn furnish(house: &House) {
    let app = house.app();
    let now = house.now();
    let account = |name: &str| UserId(house.person(name).id());
    let region = RegionCode("76".to_owned());
    let mut tx = app.store.write().await.unwrap();
    let territory = territories::ensure(&mut tx, "243400520", "34", &region, "Lunel")
        .await
        .unwrap();
    let group = ladder::declare(&mut tx, territory, None, None, now)
        .await
        .unwrap()
        .unwrap();
    posts::name_relay(&mut tx, group, account("camille"), now)
        .await
        .unwrap();
    posts::name_referent(&mut tx, &region, account("awa"), now)
        .await
        .unwrap();
    let identity = Identity::parse("Jo", "Blanc", "06 39 98 00 01", "jo@example.org", "34400").unwrap();
    let place = Place {
        postal_code: "34400".to_owned(),
        insee: None,
        territory: Some(territory),
        placed: None,
    };
    let new = NewPerson {
        identity: &identity,
        place: &place,
        origin: Origin::Site,
        signed_up_on: None,
    };
    let person = people::insert(&mut tx, &new, now).await.unwrap();
    people::link(&mut tx, person, Some(account("m1")), now).await.unwrap();
    let new = NewMembership {
        person,
        group,
        by: account("camille"),
        consent_version: "1",
    };
    memberships::insert(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
}
