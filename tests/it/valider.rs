//! `/valider` as a relay lives it: commands, forms and buttons against the loopback Discord, with the real bot.

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Placed;
use maillage::loopback::{Answer, Person, Value, fold};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{authority, ladder, people, posts, territories};

use crate::support::{House, until};

/// A house in which Camille and Noé are relays of Lunel, Awa is the referent, and the charter is still to be accepted.
async fn house() -> (House, GroupId) {
    let house = House::open().await;
    let app = house.app();
    let atlas = app.atlas();
    let parts = atlas.parts("34400".parse().unwrap());
    let territory = parts[0].territory;
    let mut tx = app.store.write().await.unwrap();
    let region = RegionCode(territory.region.clone());
    let id = territories::ensure(
        &mut tx,
        &territory.key.basin,
        &territory.key.departement,
        &region,
        &territory.name,
    )
    .await
    .unwrap();
    let group = maillage::usecases::ladder::declare(&mut tx, id, None, None, house.now())
        .await
        .unwrap()
        .unwrap();
    for name in ["camille", "noe"] {
        posts::name_relay(&mut tx, group, user(&house.person(name)), house.now())
            .await
            .unwrap();
    }
    posts::name_referent(&mut tx, &region, user(&house.person("awa")), house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (house, group)
}

fn user(person: &Person) -> UserId {
    UserId(person.id())
}

/// The charter was accepted before.
async fn accept(house: &House, names: &[&str]) {
    let app = house.app();
    let version = app.texts().charter().version;
    let mut tx = app.store.write().await.unwrap();
    for name in names {
        authority::accept_charter(&mut tx, user(&house.person(name)), &version, house.now())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

async fn inscrit(house: &House, first: &str, last: &str, n: u32) -> PersonId {
    let app = house.app();
    let atlas = app.atlas();
    let parts = atlas.parts("34400".parse().unwrap());
    let key = parts[0].key();
    let mut tx = app.store.write().await.unwrap();
    let territory = territories::find(&mut tx, &key.basin, &key.departement).await.unwrap();
    let identity = Identity::parse(first, last, &phone(n), &mail(n), "34400").unwrap();
    let place = Place {
        postal_code: "34400".to_owned(),
        insee: None,
        territory,
        placed: Some(Placed::Code),
    };
    let new = NewPerson {
        identity: &identity,
        place: &place,
        origin: Origin::Site,
        signed_up_on: None,
    };
    let id = people::insert(&mut tx, &new, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn phone(n: u32) -> String {
    format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100)
}

fn mail(n: u32) -> String {
    format!("personne{n}@example.org")
}

/// Fills the form of a local recruit, up to the summary.
async fn summary(relay: &Person, n: u32, membre: Option<&Person>) -> Answer {
    let options: Vec<(&str, Value)> = membre
        .iter()
        .map(|person| ("membre", Value::User(person.id())))
        .collect();
    let form = relay.slash("valider", &options).await.unwrap();
    fill(relay, &form, n).await
}

async fn fill(relay: &Person, form: &Answer, n: u32) -> Answer {
    let (phone, mail) = (phone(n), mail(n));
    let fields = [
        ("prenom", "Léa"),
        ("nom", "Martin"),
        ("telephone", phone.as_str()),
        ("mail", mail.as_str()),
        ("code_postal", "34400"),
    ];
    relay.submit_modal(form, &fields).await.unwrap()
}

async fn validate(relay: &Person, n: u32, membre: Option<&Person>) -> Answer {
    let summary = summary(relay, n, membre).await;
    relay.press(&summary, "Confirmer").await.unwrap()
}

async fn members(house: &House, group: GroupId) -> u32 {
    let app = house.app();
    let mut tx = app.store.read().await.unwrap();
    ladder::counts(&mut tx, group).await.unwrap().members
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_charter_to_the_member() {
    let (house, group) = house().await;
    inscrit(&house, "Zoé", "Lefèvre", 1).await;
    let camille = house.person("camille");
    let zoe = camille.choose("valider", "inscrit", "lefevre").await.unwrap();
    let charter = camille.slash("valider", &[("inscrit", zoe)]).await.unwrap();
    assert!(charter.ephemeral());
    assert_eq!(fold(&charter.buttons()[0]), "J'accepte la charte");
    let form = camille.press(&charter, "J'accepte la charte").await.unwrap();
    assert_eq!(form.modal().title, "Valider une participation");

    // Prefilled; one field spoilt, then corrected from what was kept.
    let faults = camille
        .submit_modal(&form, &[("telephone", "06 39 98 12 3")])
        .await
        .unwrap();
    assert!(
        faults.text().contains("téléphone") && faults.ephemeral(),
        "{}",
        faults.text()
    );
    let form = camille.press(&faults, "Corriger").await.unwrap();
    let summary = camille.submit_modal(&form, &[("telephone", &phone(1))]).await.unwrap();
    assert!(
        summary.text().contains("Zoé Lefèvre") && summary.ephemeral(),
        "{}",
        summary.text()
    );
    assert_eq!(summary.buttons(), ["Confirmer", "Corriger", "Annuler"]);
    let done = camille.press(&summary, "Confirmer").await.unwrap();
    assert!(
        done.text().contains("Zoé L. est membre du groupe Lunel") && done.text().contains("1 / 5"),
        "{}",
        done.text()
    );
    assert_eq!(done.buttons(), ["Annuler la validation"]);
    assert_eq!(members(&house, group).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_left_open_survives_restarts_and_deaths() {
    let (mut house, group) = house().await;
    accept(&house, &["camille"]).await;
    let camille = house.person("camille");
    let form = camille.slash("valider", &[]).await.unwrap();
    house.restart().await;
    let summary = fill(&camille, &form, 1).await;
    house.resurrect().await;
    let done = camille.press(&summary, "Confirmer").await.unwrap();
    assert!(done.text().contains("1 / 5"), "{}", done.text());
    assert_eq!(members(&house, group).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_twice_and_two_relays_at_once_make_one_member() {
    let (house, group) = house().await;
    accept(&house, &["camille", "noe"]).await;
    let (camille, noe) = (house.person("camille"), house.person("noe"));
    let one = summary(&camille, 1, None).await;
    let (first, second) = tokio::join!(camille.press(&one, "Confirmer"), camille.press(&one, "Confirmer"));
    let texts = [first.unwrap().text(), second.unwrap().text()];
    assert_eq!(members(&house, group).await, 1);
    assert!(texts.iter().any(|text| text.contains("déjà membre")), "{texts:?}");

    let (one, other) = (summary(&camille, 2, None).await, summary(&noe, 2, None).await);
    let (first, second) = tokio::join!(camille.press(&one, "Confirmer"), noe.press(&other, "Confirmer"));
    let texts = [first.unwrap().text(), second.unwrap().text()];
    assert_eq!(members(&house, group).await, 2);
    assert_eq!(
        texts.iter().filter(|text| text.contains("déjà membre")).count(),
        1,
        "{texts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_member_gets_the_group_its_space_and_coordinates_are_behind_their_button() {
    let (house, _) = house().await;
    accept(&house, &["camille"]).await;
    let camille = house.person("camille");
    let linked = house.person("m1");
    for n in 1..=4 {
        validate(&camille, n, None).await;
    }
    let fifth = validate(&camille, 5, Some(&linked)).await;
    let text = fifth.text();
    assert!(text.contains("5 / 5") && text.contains("en formation"), "{text}");
    fifth
        .wait_until("the link to the space", |message| {
            message.content.contains("https://discord.com/channels/")
        })
        .await;
    assert!(fifth.text().contains("5 / 5"), "{}", fifth.text());
    until("the register, seen by its member", || async {
        linked
            .visible_channels()
            .iter()
            .any(|channel| channel.name == "registre")
    })
    .await;
    let channel = linked
        .visible_channels()
        .into_iter()
        .find(|channel| channel.name == "registre")
        .unwrap()
        .id;
    until("the register's message", || async {
        !linked.read_channel(channel).is_empty()
    })
    .await;
    let register = linked.read_channel(channel).into_iter().next().unwrap();
    let reader = linked.in_channel(channel);
    let coordinates = reader.press(&register, "Coordonnées du groupe").await.unwrap();
    assert!(
        coordinates.ephemeral() && coordinates.text().contains(&phone(3)),
        "{}",
        coordinates.text()
    );

    let mine = reader.slash("mon-groupe", &[]).await.unwrap();
    assert!(mine.ephemeral() && mine.text().contains("5 / 10"), "{}", mine.text());
    let shown = reader.slash("registre voir", &[]).await.unwrap();
    assert!(
        shown.text().contains("Registre des membres") && !shown.text().contains(&phone(3)),
        "{}",
        shown.text()
    );
    let refused = reader.slash("registre exporter", &[]).await.unwrap();
    assert!(refused.text().contains("réservée"), "{}", refused.text());
    let file = camille.slash("registre exporter", &[]).await.unwrap();
    assert_eq!(file.attachments().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_is_annulled_with_a_reason_and_a_member_leaves_for_one() {
    let (house, group) = house().await;
    accept(&house, &["camille"]).await;
    let camille = house.person("camille");
    let done = validate(&camille, 1, None).await;
    let form = camille.press(&done, "Annuler la validation").await.unwrap();
    let annulled = camille
        .submit_modal(&form, &[("motif", "Erreur de personne")])
        .await
        .unwrap();
    assert!(annulled.text().contains("annulée"), "{}", annulled.text());
    assert_eq!(members(&house, group).await, 0);
    let again = camille.press(&done, "Annuler la validation").await.unwrap();
    assert!(again.text().contains("déjà annulée"), "{}", again.text());

    let done = validate(&camille, 2, None).await;
    house.advance(TimeDelta::hours(25));
    let late = camille.press(&done, "Annuler la validation").await.unwrap();
    assert!(late.text().contains("délai"), "{}", late.text());
    let lea = camille.choose("retirer", "personne", "lea").await.unwrap();
    let excluded = camille
        .slash("retirer", &[("personne", lea.clone()), ("motif", "exclusion".into())])
        .await
        .unwrap();
    assert!(excluded.text().contains("décision"), "{}", excluded.text());
    assert_eq!(members(&house, group).await, 1);
    let gone = camille
        .slash("retirer", &[("personne", lea), ("motif", "depart".into())])
        .await
        .unwrap();
    assert!(gone.text().contains("n’est plus membre"), "{}", gone.text());
    assert_eq!(members(&house, group).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_relay_reads_so_everywhere() {
    let (house, _) = house().await;
    for name in ["lea", "awa", "nadia"] {
        let answer = house.person(name).slash("valider", &[]).await.unwrap();
        assert!(
            answer.ephemeral() && answer.text().contains("réservée aux relais"),
            "{}",
            answer.text()
        );
    }
    let lea = house.person("lea");
    assert!(lea.autocomplete("valider", "inscrit", "z").await.unwrap().is_empty());
    assert!(lea.autocomplete("retirer", "personne", "z").await.unwrap().is_empty());
    let help = lea.slash("aide", &[]).await.unwrap();
    assert!(
        help.ephemeral() && help.text().contains("/mon-groupe"),
        "{}",
        help.text()
    );
    let join = lea.slash("mon-groupe", &[]).await.unwrap();
    assert!(join.text().contains("rejoindre"), "{}", join.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_linked_is_refused_before_the_form() {
    let (house, _) = house().await;
    accept(&house, &["camille"]).await;
    let camille = house.person("camille");
    let bot = Value::User(house.discord.bot_id());
    let refused = camille.slash("valider", &[("membre", bot)]).await.unwrap();
    assert!(refused.text().contains("programme"), "{}", refused.text());
    let m2 = house.person("m2");
    validate(&camille, 1, Some(&m2)).await;
    let refused = camille
        .slash("valider", &[("membre", Value::User(m2.id()))])
        .await
        .unwrap();
    assert!(refused.text().contains("déjà lié"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_by_mistake_says_so_and_loses_access() {
    let (house, group) = house().await;
    accept(&house, &["camille"]).await;
    let (camille, m1) = (house.person("camille"), house.person("m1"));
    validate(&camille, 1, Some(&m1)).await;
    let told = m1
        .wait_dm("the link", |message| message.content.contains("Lunel"))
        .await;
    let answer = m1.press(&told, "Ce n'est pas moi").await.unwrap();
    assert!(answer.text().contains("n’est plus lié"), "{}", answer.text());
    camille
        .wait_dm("what the relay is told", |message| message.content.contains("Léa M."))
        .await;
    assert_eq!(members(&house, group).await, 1, "still a member, without account");
    let mine = m1.slash("mon-groupe", &[]).await.unwrap();
    assert!(mine.text().contains("rejoindre"), "{}", mine.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_another_group_moves_when_everyone_agrees() {
    let (house, lunel) = house().await;
    accept(&house, &["camille", "lea"]).await;
    let (camille, lea) = (house.person("camille"), house.person("lea"));
    // Léa is the relay of Nîmes, where the person is a member.
    let app = house.app();
    let atlas = app.atlas();
    let parts = atlas.parts("30000".parse().unwrap());
    let territory = parts[0].territory;
    let mut tx = app.store.write().await.unwrap();
    let region = RegionCode(territory.region.clone());
    let key = &territory.key;
    let id = territories::ensure(&mut tx, &key.basin, &key.departement, &region, &territory.name)
        .await
        .unwrap();
    let nimes = maillage::usecases::ladder::declare(&mut tx, id, None, None, house.now())
        .await
        .unwrap()
        .unwrap();
    posts::name_relay(&mut tx, nimes, user(&lea), house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    validate(&lea, 1, None).await;

    let refused = validate(&camille, 1, None).await;
    assert!(
        refused.text().contains("déjà membre du groupe Nîmes"),
        "{}",
        refused.text()
    );
    let proposed = camille.press(&refused, "Proposer un transfert").await.unwrap();
    assert!(proposed.text().contains("proposé"), "{}", proposed.text());
    let asked = lea
        .wait_dm("the proposal", |message| {
            message.content.contains("demande de transfert")
        })
        .await;
    lea.press(&asked, "Accepter le transfert").await.unwrap();
    let agreed = camille
        .wait_dm("the agreement", |message| {
            message.content.contains("accepte le transfert")
        })
        .await;
    assert_eq!(members(&house, nimes).await, 1, "the person is asked first");
    let moved = camille.press(&agreed, "Cette personne accepte").await.unwrap();
    assert!(moved.text().contains("est membre du groupe Lunel"), "{}", moved.text());
    assert_eq!((members(&house, nimes).await, members(&house, lunel).await), (0, 1));
}
