//! The three commands and their buttons, as persons use them.

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::loopback::{Answer, Value, labels_of, text_of};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{people, posts, reports as rows, territories};
use maillage::usecases::ladder;

use crate::support::{House, until};

async fn declare(house: &House, basin: &str, departement: &str, region: &str, name: &str) -> GroupId {
    let mut tx = house.app().store.write().await.unwrap();
    let region = RegionCode(region.to_owned());
    let territory = territories::ensure(&mut tx, basin, departement, &region, name)
        .await
        .unwrap();
    let group = ladder::declare(&mut tx, territory, None, None, house.now())
        .await
        .unwrap()
        .unwrap();
    for n in 0..3 {
        let mail = format!("{}{n}@example.org", basin);
        let identity = Identity::parse("Jo", "Blanc", "06 39 98 00 01", &mail, "34400").unwrap();
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
        people::insert(&mut tx, &new, house.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    group
}

async fn referent(house: &House, name: &str, region: &str) {
    let mut tx = house.app().store.write().await.unwrap();
    let user = UserId(house.person(name).id());
    posts::name_referent(&mut tx, &RegionCode(region.to_owned()), user, house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn relay(house: &House, group: GroupId, name: &str) {
    let mut tx = house.app().store.write().await.unwrap();
    posts::name_relay(&mut tx, group, UserId(house.person(name).id()), house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// An answer once it says this; the last of its files comes with the last edit.
async fn says(answer: &Answer, what: &str, files: usize) -> String {
    let what = what.to_owned();
    let shown = answer
        .wait_until(&what, |message| {
            text_of(message).contains(&what) && message.attachments.len() == files
        })
        .await;
    text_of(&shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referent_reads_his_region_and_acts_from_it() {
    let house = House::open().await;
    let lunel = declare(&house, "243400520", "34", "76", "Lunel").await;
    declare(&house, "200066355", "34", "76", "Sète").await;
    declare(&house, "elsewhere", "75", "11", "Paris").await;
    referent(&house, "awa", "76").await;
    relay(&house, lunel, "camille").await;
    let awa = house.person("awa");
    let answer = awa.slash("rapport-region", &[]).await.unwrap();
    let text = says(&answer, "Rapport\u{a0}: Occitanie", 1).await;
    assert!(answer.ephemeral());
    assert!(text.contains("**6\u{a0}inscrits**"), "{text}");
    assert!(
        text.contains("Groupes sans relai\u{a0}: 1") && text.contains("Sète (34)"),
        "{text}"
    );
    assert!(
        text.contains("Départements sans groupe\u{a0}: 12 sur 13") && text.contains("Lozère"),
        "{text}"
    );
    assert!(
        !text.contains("Paris") && !text.contains("Relais sans activité"),
        "{text}"
    );
    let image = &answer.attachments()[0];
    assert_eq!(image.filename, "rapport-occitanie.png");
    assert!(image.bytes.starts_with(b"\x89PNG"));
    let words = image.description.clone().unwrap();
    assert!(
        words.contains("Validations par semaine") && words.contains("Possible 2"),
        "{words}"
    );
    assert_eq!(answer.buttons(), ["Nommer un relai"]);
    let choice = awa.press(&answer, "Nommer un relai").await.unwrap();
    let named = awa
        .select_users(&choice, "0", &[house.person("noe").id()])
        .await
        .unwrap();
    assert!(
        named.text().contains("est relai local du groupe Sète"),
        "{}",
        named.text()
    );

    // With the file: both on the same message, and every group in it.
    let answer = awa
        .slash(
            "rapport-region",
            &[("region", Value::from("occitanie")), ("fichier", Value::Bool(true))],
        )
        .await
        .unwrap();
    says(&answer, "Rapport\u{a0}: Occitanie", 2).await;
    let files = answer.attachments();
    assert_eq!(
        (files[0].filename.as_str(), files[1].filename.as_str()),
        ("rapport-occitanie.png", "rapport-occitanie.csv")
    );
    assert!(files[0].description.is_some() && files[1].description.is_none());
    let csv = String::from_utf8(files[1].bytes.to_vec()).unwrap();
    assert!(
        csv.contains("Occitanie;34;Hérault;Lunel;") && csv.contains("Occitanie;48;Lozère;(hors groupe);"),
        "{csv}"
    );
    assert!(!csv.contains("Camille") && !csv.contains("Paris"), "{csv}");

    // Another région is not found, no more than one that does not exist.
    for region in ["11", "Bretagne", "Nulle part"] {
        let answer = awa
            .slash("rapport-region", &[("region", Value::from(region))])
            .await
            .unwrap();
        says(&answer, "introuvable", 0).await;
    }
    let offered = awa.autocomplete("rapport-region", "region", "").await.unwrap();
    assert_eq!(offered.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_regions_both_are_offered_and_no_third() {
    let house = House::open().await;
    declare(&house, "b1", "75", "11", "Paris").await;
    referent(&house, "awa", "76").await;
    referent(&house, "awa", "11").await;
    let awa = house.person("awa");
    let offered = awa.autocomplete("rapport-region", "region", "").await.unwrap();
    let mut names: Vec<&str> = offered.iter().map(|choice| choice.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Occitanie", "Île-de-France"]);
    let answer = awa
        .slash("rapport-region", &[("fichier", Value::Bool(true))])
        .await
        .unwrap();
    says(&answer, "Pour quelle région", 0).await;
    assert!(
        awa.select(&answer, "Choisir une région", &["53"]).await.is_err(),
        "a third one is not in the list"
    );
    let report = awa.select(&answer, "Choisir une région", &["11"]).await.unwrap();
    says(&report, "Rapport\u{a0}: Île-de-France", 2).await;
    // The national team may choose among all.
    let nadia = house.person("nadia");
    let answer = nadia.slash("rapport-region", &[]).await.unwrap();
    says(&answer, "Pour quelle région", 0).await;
    let report = nadia.select(&answer, "Choisir une région", &["53"]).await.unwrap();
    says(&report, "Rapport\u{a0}: Bretagne", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_country_is_measured_against_its_goals() {
    let house = House::open().await;
    declare(&house, "b1", "75", "11", "Paris").await;
    declare(&house, "b2", "34", "76", "Lunel").await;
    let nadia = house.person("nadia");
    let answer = nadia
        .slash("rapport-national", &[("fichier", Value::Bool(true))])
        .await
        .unwrap();
    let text = says(&answer, "Rapport\u{a0}: France entière", 2).await;
    assert!(answer.ephemeral());
    assert!(text.contains("6 / 2\u{a0}500 inscrits visés"), "{text}");
    assert!(text.contains("2 / 101 départements"), "{text}");
    assert!(
        text.contains("**Occitanie** — 3\u{a0}inscrits · 0\u{a0}membre · 1\u{a0}groupe · 1 / 13 dép."),
        "{text}"
    );
    let message = answer.message().unwrap();
    assert!(!labels_of(&message).contains(&"Relancer".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_relays_are_prompted_once_a_week() {
    let house = House::open().await;
    let lunel = declare(&house, "243400520", "34", "76", "Lunel").await;
    referent(&house, "awa", "76").await;
    relay(&house, lunel, "camille").await;
    house.advance(TimeDelta::days(15));
    let (awa, camille) = (house.person("awa"), house.person("camille"));
    let answer = awa.slash("rapport-region", &[]).await.unwrap();
    let text = says(&answer, "Relais sans activité depuis 14 jours\u{a0}: 1", 1).await;
    assert!(
        text.contains(&format!("<@{}> — Lunel", camille.id())) && !text.contains("Camille"),
        "{text}"
    );
    assert!(
        answer.message().unwrap().notified.is_empty(),
        "a report notifies nobody"
    );
    let pressed = awa.press(&answer, "Relancer").await.unwrap();
    assert!(
        pressed.ephemeral() && pressed.text().contains("1\u{a0}relai"),
        "{}",
        pressed.text()
    );
    let told = camille
        .wait_dm("the prompt", |message| text_of(message).contains("nouvelles"))
        .await;
    assert!(
        text_of(&told).contains("du groupe Lunel") && text_of(&told).contains("/contacts"),
        "{}",
        text_of(&told)
    );
    // Again, and by someone else: the relay is left alone.
    let again = awa.press(&answer, "Relancer").await.unwrap();
    assert!(again.text().contains("déjà été relancé"), "{}", again.text());
    let national = house.person("nadia").slash("rapport-national", &[]).await.unwrap();
    says(&national, "Relais sans activité", 1).await;
    let again = house.person("nadia").press(&national, "Relancer").await.unwrap();
    assert!(again.text().contains("déjà été relancé"), "{}", again.text());
    house.advance(TimeDelta::days(7));
    let again = awa.press(&answer, "Relancer").await.unwrap();
    assert!(again.text().contains("un message privé part"), "{}", again.text());
    let app = house.app();
    let user = UserId(camille.id());
    let mut tx = app.store.read().await.unwrap();
    assert_eq!(rows::last_prompt(&mut tx, user).await.unwrap(), Some(house.now()));
    drop(tx);
    until("the second prompt", || async {
        camille
            .dms()
            .iter()
            .filter(|message| text_of(message).contains("nouvelles"))
            .count()
            == 2
    })
    .await;
    // Whoever lost the function finds the button closed.
    let mut tx = app.store.write().await.unwrap();
    posts::end_referent(&mut tx, &RegionCode("76".to_owned()), UserId(awa.id()), house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refused = awa.press(&answer, "Relancer").await.unwrap();
    assert!(refused.text().contains("réservée"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_sees_the_map_and_no_figure_but_groups() {
    let house = House::open().await;
    let lea = house.person("lea");
    let empty = lea.slash("couverture", &[]).await.unwrap();
    let text = says(&empty, "0\u{a0}groupe, 0\u{a0}département sur 101", 1).await;
    assert!(
        text.contains("101 départements attendent leur premier groupe"),
        "{text}"
    );
    assert!(!empty.ephemeral());
    declare(&house, "b1", "34", "76", "Lunel").await;
    declare(&house, "b2", "34", "76", "Sète").await;
    let answer = lea.slash("couverture", &[]).await.unwrap();
    let text = says(&answer, "2\u{a0}groupes, 1\u{a0}département sur 101", 1).await;
    assert!(text.contains("Hérault (2)") && !text.contains("inscrit"), "{text}");
    let file = &answer.attachments()[0];
    assert_eq!(file.filename, "couverture.png");
    assert!(file.bytes.starts_with(b"\x89PNG"));
    assert!(
        file.description
            .as_deref()
            .is_some_and(|words| words.contains("2\u{a0}groupes")),
        "{:?}",
        file.description
    );
    assert_ne!(file.bytes, empty.attachments()[0].bytes);
}
