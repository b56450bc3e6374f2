//! What reaches a relay who has closed his direct messages, and what nobody is told of himself (product.md §5, §6, §8).

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use maillage::domain::calendar::{civil, paris_date};
use maillage::domain::ids::{GroupId, RegionCode, UserId};
use maillage::loopback::model::Message;
use maillage::loopback::{Answer, Builder, Id, Person, Value, text_of};
use maillage::store::{posts, territories};
use maillage::usecases::ladder;

use crate::phone::acts::Lunel;
use crate::support::{House, server};

fn fields(n: u32, code: &str) -> [(&'static str, String); 5] {
    [
        ("prenom", "Léa".to_owned()),
        ("nom", format!("Martin{}", "e".repeat(n as usize))),
        ("telephone", format!("01 99 00 00 {n:02}")),
        ("mail", format!("lea{n}@example.org")),
        ("code_postal", code.to_owned()),
    ]
}

/// `/valider` of a local recruit; the answer to «Confirmer».
async fn validate(relay: &Person, n: u32, code: &str, account: Option<&Person>) -> Answer {
    let given: Vec<(&str, Value)> = account.iter().map(|who| ("membre", Value::User(who.id()))).collect();
    let mut form = relay.slash("valider", &given).await.unwrap();
    if form.buttons().iter().any(|label| label.contains("charte")) {
        form = relay.press(&form, "J'accepte la charte").await.unwrap();
    }
    let typed = fields(n, code);
    let typed: Vec<(&str, &str)> = typed.iter().map(|(id, text)| (*id, text.as_str())).collect();
    let summary = relay.submit_modal(&form, &typed).await.unwrap();
    relay.press(&summary, "Confirmer").await.unwrap()
}

/// A group beside Lunel, with `lea` as its relay.
async fn nimes(house: &House) -> GroupId {
    let (app, now) = (house.app(), house.now());
    let atlas = app.atlas();
    let parts = atlas.parts("30000".parse().unwrap());
    let part = parts[0].territory;
    let region = RegionCode(part.region.clone());
    let mut tx = app.store.write().await.unwrap();
    let id = territories::ensure(&mut tx, &part.key.basin, &part.key.departement, &region, &part.name)
        .await
        .unwrap();
    let group = ladder::declare(&mut tx, id, None, None, now).await.unwrap().unwrap();
    posts::name_relay(&mut tx, group, UserId(house.person("lea").id()), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    group
}

/// The first message of a channel that mentions this person.
async fn mention(house: &House, channel: Id, who: &Person) -> Message {
    let mention = format!("<@{}>", who.id());
    house
        .discord
        .wait_some("the mention", |world| {
            let mut messages = world.messages_in(channel).into_iter();
            messages.find(|message| message.content.contains(&mention)).cloned()
        })
        .await
}

/// A house whose server has a welcome channel that the host chose.
async fn welcoming(server: Builder) -> (House, Id) {
    let mut house = House::closed_with(server.channel("bienvenue"), |_| {}).await;
    let welcome = house
        .discord
        .read(|world| world.channel_named("bienvenue").map(|channel| channel.id))
        .unwrap();
    house.settings.tunables.channels.welcome = Some(welcome);
    house.start().await;
    (house, welcome)
}

fn close_messages(house: &House, who: &str) {
    house.discord.admin().set_dms_closed(house.discord.user(who), true);
}

/// Eighteen o'clock in Paris, so many days from now.
fn evening(now: DateTime<Utc>, days: u64) -> DateTime<Utc> {
    civil(
        paris_date(now) + chrono::Days::new(days),
        NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
    )
}

async fn call_back_tomorrow(lunel: &Lunel, who: &Person, n: usize) {
    let card = lunel.card(who, n).await;
    let ask = who.press(&card, "À rappeler…").await.unwrap();
    who.select(&ask, "0", &["demain"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn call_backs_of_closed_messages_are_a_mention_in_the_discussion() {
    let mut lunel = Lunel::with(3).await;
    let camille = lunel.person("camille");
    for n in 1..=5 {
        validate(&camille, n, "34400", None).await;
    }
    let find = |world: &maillage::loopback::World| world.channel_named("discussion").map(|channel| channel.id);
    let discussion = lunel.house.discord.wait_some("the space", find).await;
    for n in 0..3 {
        call_back_tomorrow(&lunel, &camille, n).await;
    }
    close_messages(&lunel.house, "camille");
    let at = evening(lunel.house.now(), 1);
    lunel.house.advance(at - lunel.house.now());
    let posted = mention(&lunel.house, discussion, &camille).await;
    assert!(
        posted
            .content
            .contains("Vous avez 3\u{a0}rappels ce soir\u{a0}: `/contacts`"),
        "{}",
        posted.content
    );
    assert!(!posted.content.contains("Lou"), "no name: {}", posted.content);
    assert!(camille.notifications().iter().any(|message| message.id == posted.id));
    // Not again: neither after a restart nor the day after.
    lunel.house.restart().await;
    lunel.house.advance(TimeDelta::days(1));
    let app = lunel.house.app();
    crate::support::until("an empty queue", || async {
        let mut tx = app.store.read().await.unwrap();
        maillage::store::outbox::gauge(&mut tx).await.unwrap().waiting == 0
    })
    .await;
    let mentions = lunel.house.discord.read(|world| {
        let messages = world.messages_in(discussion);
        messages
            .iter()
            .filter(|message| message.content.contains("ce soir"))
            .count()
    });
    assert_eq!(mentions, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_space_call_backs_are_a_mention_in_the_welcome_channel() {
    let (house, welcome) = welcoming(server()).await;
    let lunel = Lunel::inside(house, 1).await;
    let camille = lunel.person("camille");
    call_back_tomorrow(&lunel, &camille, 0).await;
    close_messages(&lunel.house, "camille");
    let at = evening(lunel.house.now(), 1);
    lunel.house.advance(at - lunel.house.now());
    let posted = mention(&lunel.house, welcome, &camille).await;
    assert!(
        posted.content.contains("1\u{a0}rappel ce soir\u{a0}: `/contacts`") && !posted.content.contains("Lou"),
        "{}",
        posted.content
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_answered_on_the_server_when_messages_are_closed() {
    let (house, welcome) = welcoming(server()).await;
    let lunel = Lunel::inside(house, 0).await;
    nimes(&lunel.house).await;
    let (camille, lea) = (lunel.person("camille"), lunel.person("lea"));
    validate(&lea, 1, "30000", None).await;
    close_messages(&lunel.house, "lea");
    close_messages(&lunel.house, "camille");
    let refused = validate(&camille, 1, "30000", None).await;
    camille.press(&refused, "Proposer un transfert").await.unwrap();

    let asked = mention(&lunel.house, welcome, &lea).await;
    for word in ["Léa", "Martin", "Nîmes", "Lunel"] {
        assert!(!asked.content.contains(word), "{}", asked.content);
    }
    let noe = lunel.person("noe");
    let waiting = noe.press(&asked, "Voir le transfert").await.unwrap();
    assert!(
        waiting.ephemeral() && waiting.buttons().is_empty(),
        "the group that asks can only wait: {}",
        waiting.text()
    );
    let stranger = lunel.person("m1").press(&asked, "Voir le transfert").await.unwrap();
    assert!(
        stranger.ephemeral() && !stranger.text().contains("Léa"),
        "{}",
        stranger.text()
    );
    let seen = lea.press(&asked, "Voir le transfert").await.unwrap();
    assert!(seen.ephemeral() && seen.text().contains("Léa M."), "{}", seen.text());
    assert_eq!(seen.buttons(), ["Accepter le transfert", "Refuser"]);
    lea.press(&seen, "Accepter le transfert").await.unwrap();

    let accepted = mention(&lunel.house, welcome, &camille).await;
    let seen = camille.press(&accepted, "Voir le transfert").await.unwrap();
    assert_eq!(seen.buttons(), ["Cette personne accepte", "Abandonner"]);
    let moved = camille.press(&seen, "Cette personne accepte").await.unwrap();
    assert!(moved.text().contains("est membre du groupe Lunel"), "{}", moved.text());
    let after = lea.press(&asked, "Voir le transfert").await.unwrap();
    assert!(after.text().contains("a quitté le groupe Nîmes"), "{}", after.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_who_joins_his_own_group_is_not_told_that_he_is_his_relay() {
    let lunel = Lunel::with(0).await;
    let (camille, m1) = (lunel.person("camille"), lunel.person("m1"));
    let linked = |message: &Message| text_of(message).contains("Votre compte Discord est lié");
    validate(&camille, 1, "34400", Some(&camille)).await;
    let told = text_of(&camille.wait_dm("the link", linked).await);
    assert!(
        told.contains("Vous en êtes aussi relai local, avec Noé Le Goff.") && !told.contains("Camille"),
        "{told}"
    );
    validate(&camille, 2, "34400", Some(&m1)).await;
    let told = text_of(&m1.wait_dm("the link", linked).await);
    // A relay is shown by the linked person's name (product.md §2).
    assert!(
        told.contains("Vos relais locaux\u{a0}: Léa Martine et Noé Le Goff."),
        "{told}"
    );
}

/// The register says the pseudo that the website's form asked for, until an account is linked (product.md §8).
#[tokio::test(flavor = "multi_thread")]
async fn the_register_shows_the_typed_pseudo_of_who_has_no_account() {
    let lunel = Lunel::with(0).await;
    let (nadia, camille, m1) = (lunel.person("nadia"), lunel.person("camille"), lunel.person("m1"));
    let file =
        "prenom;nom;telephone;mail;cp;pseudo discord\nAna;Roux;06 39 98 70 70;ana@example.org;34400;ana_*roux*\n";
    let dry = nadia
        .slash("importer", &[("fichier", Value::file("site.csv", file.as_bytes()))])
        .await
        .unwrap();
    dry.wait_until("the dry run", |message| text_of(message).contains("Nouveaux"))
        .await;
    let done = nadia.press(&dry, "Importer").await.unwrap();
    done.wait_until("the end", |message| text_of(message).contains("terminé"))
        .await;
    validate(&camille, 1, "34400", Some(&m1)).await;
    let who = camille.choose("valider", "inscrit", "ana").await.unwrap();
    let form = camille.slash("valider", &[("inscrit", who)]).await.unwrap();
    let summary = camille.submit_modal(&form, &[]).await.unwrap();
    camille.press(&summary, "Confirmer").await.unwrap();
    let shown = m1.slash("registre voir", &[]).await.unwrap();
    assert!(
        shown.text().contains(r"**Ana ROUX** — ana\_\*roux\* · 34400"),
        "{}",
        shown.text()
    );
    let exported = camille.slash("registre exporter", &[]).await.unwrap();
    assert_eq!(exported.attachments().len(), 1);
}
