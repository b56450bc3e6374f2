//! What the national team and the référents are told in their channels (product.md §3, §12): posts that grow, buttons that
//! answer, and direct messages when a channel is lost.

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, RegionCode, UserId};
use maillage::loopback::model::Message;
use maillage::loopback::{Action, Answer, Fault, Id, labels_of, text_of};
use maillage::store::{authority, outbox, posts, territories};
use maillage::usecases::ladder;

use crate::support::{House, server, until};

/// A house with the groups Lunel (Occitanie, relay Camille) and Rennes (Bretagne, relay Noé), Awa referent of both régions,
/// Léa of another, and a channel for each feed and for the national team.
struct Country {
    house: House,
    lunel: GroupId,
}

const OCCITANIE: &str = "76";
const BRETAGNE: &str = "53";
const CORSE: &str = "94";

impl Country {
    async fn new() -> Country {
        let builder = server()
            .channel("occitanie")
            .channel("bretagne")
            .channel("corse")
            .channel("equipe");
        let mut house = House::closed_with(builder, |_| {}).await;
        let channels = &mut house.settings.tunables.channels;
        channels.national = Some(house.discord.channel("equipe"));
        for (region, name) in [(OCCITANIE, "occitanie"), (BRETAGNE, "bretagne"), (CORSE, "corse")] {
            channels.feeds.insert(region.to_owned(), house.discord.channel(name));
        }
        house.start().await;
        let mut country = Country {
            lunel: GroupId(0),
            house,
        };
        country.lunel = country.group("34400", OCCITANIE, "camille").await;
        country.group("35000", BRETAGNE, "noe").await;
        for (region, whom) in [(OCCITANIE, "awa"), (BRETAGNE, "awa"), (CORSE, "lea")] {
            country.referent(region, whom).await;
        }
        country
    }

    async fn group(&self, postal_code: &str, region: &str, relay: &str) -> GroupId {
        let (app, now) = (self.house.app(), self.house.now());
        let atlas = app.atlas();
        let parts = atlas.parts(postal_code.parse().unwrap());
        let territory = parts.first().unwrap().territory;
        assert_eq!(territory.region, region);
        let code = RegionCode(region.to_owned());
        let (basin, departement) = (&territory.key.basin, &territory.key.departement);
        let mut tx = app.store.write().await.unwrap();
        let id = territories::ensure(&mut tx, basin, departement, &code, &territory.name)
            .await
            .unwrap();
        let group = ladder::declare(&mut tx, id, None, None, now).await.unwrap().unwrap();
        let relay = UserId(self.house.discord.user(relay));
        posts::name_relay(&mut tx, group, relay, now).await.unwrap();
        authority::accept_charter(&mut tx, relay, &app.texts().charter().version, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        group
    }

    async fn referent(&self, region: &str, whom: &str) {
        let app = self.house.app();
        let mut tx = app.store.write().await.unwrap();
        let (region, user) = (RegionCode(region.to_owned()), UserId(self.house.discord.user(whom)));
        posts::name_referent(&mut tx, &region, user, self.house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A relay validates one more person of his postal code, and reads the answer.
    async fn validate(&self, relay: &str, postal_code: &str, n: u32) -> Answer {
        let relay = self.house.person(relay);
        let form = relay.slash("valider", &[]).await.unwrap();
        let fields = [
            ("prenom", first(n)),
            ("nom", "Martin".to_owned()),
            ("telephone", format!("06 39 98 00 {n:02}")),
            ("mail", format!("p{n}@example.org")),
            ("code_postal", postal_code.to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(id, value)| (*id, value.as_str())).collect();
        let summary = relay.submit_modal(&form, &fields).await.unwrap();
        let answer = relay.press(&summary, "Confirmer").await.unwrap();
        assert!(answer.text().contains("est membre du groupe"), "{}", answer.text());
        answer
    }

    fn channel(&self, name: &str) -> Id {
        self.house.discord.channel(name)
    }

    fn messages(&self, channel: &str) -> Vec<Message> {
        let id = self.channel(channel);
        self.house
            .discord
            .read(|world| world.messages_in(id).into_iter().cloned().collect())
    }

    /// Everything that a channel shows.
    fn shown(&self, channel: &str) -> String {
        let texts: Vec<String> = self.messages(channel).iter().map(text_of).collect();
        texts.join("\n")
    }

    /// Waits until a channel shows this, then gives the message that does.
    async fn shows(&self, channel: &str, words: &str) -> Message {
        until(&format!("«{words}» in {channel}"), || async {
            self.shown(channel).contains(words)
        })
        .await;
        let mut messages = self.messages(channel);
        messages.retain(|message| text_of(message).contains(words));
        messages.pop().unwrap()
    }

    async fn waiting(&self) -> u32 {
        let app = self.house.app();
        let mut tx = app.store.read().await.unwrap();
        outbox::gauge(&mut tx).await.unwrap().waiting
    }

    /// Lets time pass until everything is told: the messages of a feed are edited every ten seconds at most.
    async fn quiet(&self) {
        for _ in 0..20 {
            self.house.advance(TimeDelta::seconds(11));
            let start = std::time::Instant::now();
            while start.elapsed() < std::time::Duration::from_secs(2) {
                if self.waiting().await == 0 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
        panic!("something is never told");
    }

    fn posts(&self, channel: &str) -> usize {
        let id = self.channel(channel);
        self.house
            .discord
            .calls()
            .route("POST", "/channels/{channel}/messages")
            .only(|call| call.touches(&[id]))
            .count()
    }

    fn edits(&self, channel: &str) -> usize {
        let id = self.channel(channel);
        self.house
            .discord
            .calls()
            .route("PATCH", "/channels/{channel}/messages/{message}")
            .only(|call| call.touches(&[id]))
            .count()
    }
}

/// A first name of its own for each number.
fn first(n: u32) -> String {
    let letter = |n: u32| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("Lou{}{}", letter(n / 26), letter(n))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_is_told_in_its_feed_and_can_be_annulled_there() {
    let country = Country::new().await;
    country.validate("camille", "34400", 1).await;
    country.validate("noe", "35000", 2).await;
    let told = country.shows("occitanie", "Louab M. est membre").await;
    country.shows("bretagne", "Louac M. est membre").await;
    country.quiet().await;
    let text = text_of(&told);
    assert!(
        text.contains("Remontées\u{a0}: Occitanie") && text.contains("Lunel"),
        "{text}"
    );
    let relay = format!("<@{}>", country.house.discord.user("camille"));
    assert!(text.contains(&relay), "{text}");
    for word in ["Martin", "39 98", "3998", "@example.org", "34400", "Louac", "Rennes"] {
        assert!(!text.contains(word), "«{word}» in {text}");
    }
    let awa = country.house.person("awa");
    assert!(
        !awa.dms().iter().any(|message| text_of(message).contains("valid")),
        "told once"
    );
    assert!(awa.notifications().is_empty(), "a feed disturbs nobody");
    assert!(country.messages("corse").is_empty());

    // The referent of another région finds nothing; the relay may within his hours; Awa does it.
    let membership = "1";
    let lea = country.house.person("lea");
    let refused = lea
        .select(told.id, "Annuler une validation", &[membership])
        .await
        .unwrap();
    assert!(
        refused.ephemeral() && refused.text().contains("introuvable"),
        "{}",
        refused.text()
    );
    let passer = country.house.person("m1");
    let refused = passer
        .select(told.id, "Annuler une validation", &[membership])
        .await
        .unwrap();
    assert!(refused.text().contains("réservée"), "{}", refused.text());
    let form = awa
        .select(told.id, "Annuler une validation", &[membership])
        .await
        .unwrap();
    let done = awa
        .submit_modal(&form, &[("motif", "Erreur de personne")])
        .await
        .unwrap();
    assert!(done.ephemeral() && done.text().contains("annulée"), "{}", done.text());
    country.house.advance(TimeDelta::seconds(11));
    let edited = country.shows("occitanie", "validation annulée par").await;
    assert_eq!(edited.id, told.id);
    let text = text_of(&edited);
    assert!(
        text.contains("~~Louab M. est membre") && text.contains("Erreur de personne"),
        "{text}"
    );
    assert!(edited.components.is_empty(), "nothing is left to annul");
    assert_eq!(country.posts("occitanie"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_validations_are_one_message_and_the_next_comes_after_ten_minutes() {
    let country = Country::new().await;
    for n in 1..=30 {
        country.validate("camille", "34400", n).await;
        country.house.advance(TimeDelta::seconds(15));
    }
    country.quiet().await;
    country
        .shows("occitanie", &format!("{} M. est membre", first(30)))
        .await;
    country.quiet().await;
    let messages = country.messages("occitanie");
    assert_eq!((messages.len(), country.posts("occitanie")), (1, 1));
    assert!(country.edits("occitanie") <= 31, "{} edits", country.edits("occitanie"));
    let text = text_of(&messages[0]);
    for n in 1..=30 {
        assert!(text.contains(&first(n)), "{} in {text}", first(n));
    }
    assert!(
        text.contains("« en formation »") || text.contains("en formation"),
        "{text}"
    );
    // Two selects hold them all; the last one works.
    let form = country
        .house
        .person("awa")
        .select(messages[0].id, "1", &["30"])
        .await
        .unwrap();
    assert!(form.modal().title.contains("Annuler"));

    // Within the window it is added; after it a new message comes.
    country.house.advance(TimeDelta::minutes(3));
    country.validate("camille", "34400", 31).await;
    country.shows("occitanie", &first(31)).await;
    country.quiet().await;
    assert_eq!(country.posts("occitanie"), 2);
    assert!(!country.violations(), "limits of Discord");
}

impl Country {
    fn violations(&self) -> bool {
        !self.house.discord.violations().is_empty()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_costs_one_post_and_few_edits() {
    let country = Country::new().await;
    for n in 1..=12 {
        country.validate("camille", "34400", n).await;
    }
    country.house.advance(TimeDelta::seconds(11));
    country.shows("occitanie", &first(12)).await;
    country.quiet().await;
    assert_eq!(country.posts("occitanie"), 1);
    assert!(country.edits("occitanie") <= 2, "{} edits", country.edits("occitanie"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_between_the_post_and_its_record_leaves_one_message() {
    let mut country = Country::new().await;
    // Discord posts, but its answer is lost, and so is the look that finds what was posted.
    let route = "/channels/{channel}/messages";
    let faults = country.house.discord.faults();
    faults.add(Fault::on("POST", route, Action::FailAfter(502)));
    faults.add(Fault::on("GET", route, Action::Fail(503, 0, "")).times(100));
    country.validate("camille", "34400", 1).await;
    until("the post to be done", || async {
        country.messages("occitanie").len() == 1
    })
    .await;
    country.validate("camille", "34400", 2).await;
    country.house.kill().await;
    country.house.discord.faults().clear();
    country.house.discord.advance_clock(std::time::Duration::from_secs(900));
    assert!(country.house.clock.advance(TimeDelta::minutes(15)));
    country.house.start().await;
    country.quiet().await;
    country.shows("occitanie", &first(2)).await;
    let messages = country.messages("occitanie");
    assert_eq!(messages.len(), 1, "{}", country.shown("occitanie"));
    assert!(text_of(&messages[0]).contains(&first(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_channel_sends_to_direct_messages_and_nothing_is_lost() {
    let country = Country::new().await;
    country.validate("camille", "34400", 1).await;
    country.shows("occitanie", &first(1)).await;
    country.quiet().await;
    let admin = country.house.discord.admin();
    admin.delete_channel(country.channel("occitanie"));
    admin.delete_channel(country.channel("equipe"));
    for n in 2..=5 {
        country.validate("camille", "34400", n).await;
    }
    country.house.advance(TimeDelta::seconds(11));
    let awa = country.house.person("awa");
    for n in 2..=5 {
        awa.wait_dm("the validation", |message| {
            text_of(message).contains(&format!("n°\u{a0}{n} du registre"))
        })
        .await;
    }
    awa.wait_dm("the step", |message| text_of(message).contains("en formation"))
        .await;
    let nadia = country.house.person("nadia");
    nadia
        .wait_dm("the step", |message| text_of(message).contains("en formation"))
        .await;
    country.quiet().await;
    let words = "participation est validée";
    let told = awa
        .dms()
        .iter()
        .filter(|message| text_of(message).contains(words))
        .count();
    assert_eq!(told, 4, "the first one was read in the feed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_deleted_by_hand_is_not_written_again_but_news_are() {
    let country = Country::new().await;
    country.validate("camille", "34400", 1).await;
    let told = country.shows("occitanie", &first(1)).await;
    country.quiet().await;
    country.house.discord.admin().delete_message(told.id);
    country.house.advance(TimeDelta::minutes(1));
    country.validate("camille", "34400", 2).await;
    country.shows("occitanie", &first(2)).await;
    country.quiet().await;
    assert!(
        !country.shown("occitanie").contains(&first(1)),
        "{}",
        country.shown("occitanie")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_national_channel_tells_steps_and_offers_to_name_a_relay() {
    let country = Country::new().await;
    for n in 1..=5 {
        country.validate("camille", "34400", n).await;
    }
    country.shows("equipe", "est en formation").await;
    let nadia = country.house.person("nadia");
    let basin = nadia.choose("groupe declarer", "bassin", "nimes").await.unwrap();
    nadia.slash("groupe declarer", &[("bassin", basin)]).await.unwrap();
    let told = country.shows("equipe", "Groupe possible\u{a0}: Nîmes").await;
    assert_eq!(labels_of(&told), ["Nommer un relai"]);
    let choice = nadia.press(told.id, "Nommer un relai").await.unwrap();
    assert!(choice.ephemeral(), "the announcement stays as it is");
    let named = nadia
        .select_users(&choice, "0", &[country.house.discord.user("m3")])
        .await
        .unwrap();
    assert!(named.text().contains("est relai local"), "{}", named.text());
    country.quiet().await;
    assert!(nadia.dms().is_empty(), "told in the channel, not twice");
    let refused = country
        .house
        .person("m1")
        .press(told.id, "Nommer un relai")
        .await
        .unwrap();
    assert!(refused.text().contains("réservée"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departure_is_told_and_a_group_without_relay_can_get_one_from_the_feed() {
    let country = Country::new().await;
    country.validate("camille", "34400", 1).await;
    country.shows("occitanie", &first(1)).await;
    let camille = country.house.person("camille");
    let person = camille.choose("retirer", "personne", "lou").await.unwrap();
    camille
        .slash("retirer", &[("personne", person), ("motif", "demenagement".into())])
        .await
        .unwrap();
    country.house.advance(TimeDelta::seconds(11));
    let left = country.shows("occitanie", "n’est plus membre (déménagement)").await;
    assert!(left.components.is_empty(), "nothing to annul any longer");
    let nadia = country.house.person("nadia");
    let group = country.lunel.to_string();
    nadia
        .slash(
            "relai retirer",
            &[
                ("groupe", group.as_str().into()),
                ("membre", maillage::loopback::Value::User(camille.id())),
            ],
        )
        .await
        .unwrap();
    country.house.advance(TimeDelta::seconds(11));
    let vacant = country.shows("occitanie", "n’a plus de relai").await;
    let awa = country.house.person("awa");
    let choice = awa.select(vacant.id, "Nommer un relai pour…", &[&group]).await.unwrap();
    assert!(choice.ephemeral(), "{}", choice.text());
    let named = awa
        .select_users(&choice, "0", &[country.house.discord.user("m2")])
        .await
        .unwrap();
    assert!(named.text().contains("est relai local"), "{}", named.text());
    assert_eq!(country.posts("occitanie"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_week_is_told_on_sunday_evening_once() {
    let mut country = Country::new().await;
    for n in 1..=5 {
        country.validate("camille", "34400", n).await;
    }
    country.quiet().await;
    // Sunday, 18:00 in Paris.
    let now = country.house.now();
    let sunday = maillage::domain::calendar::next_weekly(
        now,
        chrono::Weekday::Sun,
        chrono::NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
    );
    country.house.advance(sunday - now - TimeDelta::minutes(5));
    country.quiet().await;
    assert!(!country.shown("occitanie").contains("La semaine"));
    country.house.advance(sunday - country.house.now());
    let week = country
        .shows("occitanie", "La semaine en région\u{a0}: Occitanie")
        .await;
    let text = text_of(&week);
    assert!(
        text.contains("Lunel") && text.contains("5\u{a0}participations validées"),
        "{text}"
    );
    assert!(!text.contains("Lou"), "no member is named: {text}");
    country.shows("bretagne", "le groupe est possible (0 / 5)").await;
    country.house.restart().await;
    country.house.advance(TimeDelta::hours(1));
    country.quiet().await;
    let told = |channel: &str| {
        let messages = country.messages(channel);
        messages
            .iter()
            .filter(|message| text_of(message).contains("La semaine"))
            .count()
    };
    assert_eq!((told("occitanie"), told("bretagne"), told("corse")), (1, 1, 0));
}
