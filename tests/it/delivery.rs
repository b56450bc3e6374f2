//! What is told reaches people once: by DM at a pace, in a channel when their DMs are closed, in the answer that waits for the
//! link; over failures, restarts and deaths.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use chrono::TimeDelta;
use maillage::config::Settings;
use maillage::domain::ids::{GroupId, RegionCode, UserId};
use maillage::domain::notice::{Class, Notice};
use maillage::loopback::model::Message;
use maillage::loopback::{Action, Answer, Builder, Fault, labels_of, text_of};
use maillage::store::{answers, authority, outbox, posts, territories};
use maillage::usecases::{ladder, notify};

use crate::support::{House, server, until};
use crate::world::raw;

/// A house with the group Lunel, its relay Camille, and the referent Awa.
struct Town {
    house: House,
    group: GroupId,
}

impl Town {
    async fn new() -> Town {
        Town::with(server(), |_| {}).await
    }

    async fn with(builder: Builder, tune: impl FnOnce(&mut Settings)) -> Town {
        let house = House::open_with(builder, tune).await;
        let app = house.app();
        let now = house.now();
        let atlas = app.atlas();
        let parts = atlas.parts("34400".parse().unwrap());
        let territory = parts.first().unwrap().territory;
        let region = RegionCode(territory.region.clone());
        let (basin, departement) = (&territory.key.basin, &territory.key.departement);
        let mut tx = app.store.write().await.unwrap();
        let id = territories::ensure(&mut tx, basin, departement, &region, &territory.name)
            .await
            .unwrap();
        let group = ladder::declare(&mut tx, id, None, None, now).await.unwrap().unwrap();
        for relay in ["camille", "noe"] {
            let relay = UserId(house.discord.user(relay));
            posts::name_relay(&mut tx, group, relay, now).await.unwrap();
            authority::accept_charter(&mut tx, relay, &app.texts().charter().version, now)
                .await
                .unwrap();
        }
        let awa = UserId(house.discord.user("awa"));
        posts::name_referent(&mut tx, &region, awa, now).await.unwrap();
        tx.commit().await.unwrap();
        Town { house, group }
    }

    /// Tells one account something, in a transaction of its own.
    async fn tell(&self, whom: &str, class: Class, fact: &str, notice: Notice) {
        let app = self.house.app();
        let user = UserId(self.house.discord.user(whom));
        let mut tx = app.store.write().await.unwrap();
        notify::user(&mut tx, user, class, fact, &notice, self.house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn told_relay(&self, whom: &str, fact: &str) {
        self.tell(whom, Class::Access, fact, Notice::RelayNamed { group: self.group })
            .await;
    }

    /// Camille validates one more person, and reads the answer.
    async fn validate(&self, n: u32) -> Answer {
        let camille = self.house.person("camille");
        let form = camille.slash("valider", &[]).await.unwrap();
        let (phone, mail) = (format!("06 39 98 00 {n:02}"), format!("p{n}@example.org"));
        let fields = [
            ("prenom", "Lucie"),
            (
                "nom",
                &format!("Martin{}", ["", "e", "et", "eau", "el", "in", "on"][n as usize % 7]),
            ),
            ("telephone", &phone),
            ("mail", &mail),
            ("code_postal", "34400"),
        ];
        let summary = camille.submit_modal(&form, &fields).await.unwrap();
        let answer = camille.press(&summary, "Confirmer").await.unwrap();
        assert!(
            answer.text().contains("est membre du groupe Lunel"),
            "{}",
            answer.text()
        );
        answer
    }

    async fn gauge(&self) -> outbox::Gauge {
        let app = self.house.app();
        let mut tx = app.store.read().await.unwrap();
        outbox::gauge(&mut tx).await.unwrap()
    }

    /// Waits until the queues are empty.
    async fn quiet(&self) {
        until("the queues to be empty", || async { self.gauge().await.waiting == 0 }).await;
    }

    fn dms(&self, whom: &str) -> Vec<Message> {
        self.house.person(whom).dms()
    }

    fn holding(&self, whom: &str, words: &str) -> usize {
        self.dms(whom)
            .iter()
            .filter(|message| text_of(message).contains(words))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_reaches_the_referent_once_with_its_button_and_no_name() {
    let town = Town::new().await;
    town.validate(1).await;
    let awa = town.house.person("awa");
    let told = awa
        .wait_dm("the validation", |message| {
            text_of(message).contains("participation est validée")
        })
        .await;
    let text = text_of(&told);
    assert_eq!(labels_of(&told), ["Annuler la validation"]);
    for word in ["Lucie", "Martin", "06", "@example.org"] {
        assert!(!message_line(&text).contains(word), "«{word}» in {text}");
    }
    // The first message says who is responsible for the data; the next ones do not repeat it.
    assert!(text.contains("**Vos données.**"), "{text}");
    town.validate(2).await;
    let second = awa
        .wait_dm("the second", |message| text_of(message).contains("2 / 5"))
        .await;
    assert!(!text_of(&second).contains("**Vos données.**"));
    town.quiet().await;
    assert_eq!(town.holding("awa", "participation est validée"), 2);
}

/// The lines of a notice, without what comes with a first message.
fn message_line(text: &str) -> &str {
    text.split("Vos données").next().unwrap_or(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_edited_with_the_link_and_its_token_forgotten() {
    let town = Town::new().await;
    let gate = town.house.discord.faults().pause("POST", "/guilds/{guild}/channels");
    let mut last = None;
    for n in 1..=5 {
        last = Some(town.validate(n).await);
    }
    let answer = last.unwrap();
    assert!(answer.text().contains("en cours de création"), "{}", answer.text());
    gate.reached().await;
    gate.open();
    let edited = answer
        .wait_until("the link", |message| {
            message.content.contains("https://discord.com/channels/")
        })
        .await;
    assert!(edited.content.contains("5 / 5"), "{}", edited.content);
    assert_eq!(
        labels_of(&edited),
        ["Annuler la validation"],
        "the button is still there"
    );
    until("the token to be forgotten", || async { waiting(&town).await == 0 }).await;
    town.quiet().await;
    assert_eq!(town.holding("camille", "est prêt"), 0, "nothing is said twice");
    // Everyone concerned is told of the step, once.
    for whom in ["camille", "noe", "awa", "nadia"] {
        assert_eq!(town.holding(whom, "est en formation"), 1, "{whom}");
    }
}

async fn waiting(town: &Town) -> usize {
    let app = town.house.app();
    let mut tx = app.store.read().await.unwrap();
    answers::waiting(&mut tx).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_edited_after_a_death_too() {
    let mut town = Town::new().await;
    let gate = town.house.discord.faults().pause("POST", "/guilds/{guild}/channels");
    let mut last = None;
    for n in 1..=5 {
        last = Some(town.validate(n).await);
    }
    gate.reached().await;
    town.house.kill().await;
    gate.open();
    town.house.start().await;
    let answer = last.unwrap();
    answer
        .wait_until("the link", |message| {
            message.content.contains("https://discord.com/channels/")
        })
        .await;
    until("the token to be forgotten", || async { waiting(&town).await == 0 }).await;
    let categories = town.house.discord.read(|world| {
        world
            .channels
            .values()
            .filter(|channel| channel.name == "🌱 Lunel")
            .count()
    });
    assert_eq!(categories, 1, "no second space");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_that_comes_late_is_told_by_a_message() {
    let town = Town::new().await;
    let gate = town.house.discord.faults().pause("POST", "/guilds/{guild}/channels");
    for n in 1..=5 {
        town.validate(n).await;
    }
    gate.reached().await;
    town.house.advance(TimeDelta::minutes(15));
    until("the token to be forgotten", || async { waiting(&town).await == 0 }).await;
    assert_eq!(town.holding("camille", "est prêt"), 0, "not before it is so");
    gate.open();
    // Looked at again each minute.
    until("the message", || async {
        town.house.advance(TimeDelta::minutes(1));
        town.holding("camille", "est prêt") > 0
    })
    .await;
    let camille = town.house.person("camille");
    let told = camille
        .wait_dm("the link", |message| message.content.contains("est prêt"))
        .await;
    assert!(
        told.content.contains("https://discord.com/channels/"),
        "{}",
        told.content
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_between_the_call_and_its_record_sends_nothing_twice() {
    let route = "/channels/{channel}/messages";
    // Within the minutes during which Discord knows the nonce, and an hour later, when only a look at the channel tells.
    for pause in [TimeDelta::seconds(1), TimeDelta::hours(1)] {
        let mut town = Town::new().await;
        let gate = maillage::loopback::Gate::new();
        town.house
            .discord
            .faults()
            .add(Fault::on("POST", route, Action::PauseAfter(gate.clone())));
        town.told_relay("camille", "nomme").await;
        gate.reached().await;
        town.house.kill().await;
        gate.open();
        town.house.advance(pause);
        town.house.start().await;
        town.quiet().await;
        assert_eq!(town.holding("camille", "Vous êtes relai local"), 1, "after {pause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_sends_nothing_twice() {
    let town = Town::new().await;
    let route = "/channels/{channel}/messages";
    for action in [Action::ResetAfter, Action::FailAfter(502)] {
        town.house.discord.faults().add(Fault::on("POST", route, action));
    }
    town.told_relay("camille", "nomme").await;
    until("two failures and a success", || async {
        town.house.advance(TimeDelta::seconds(1));
        town.gauge().await.waiting == 0
    })
    .await;
    assert_eq!(town.holding("camille", "Vous êtes relai local"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_discord_is_tried_again_at_a_growing_delay() {
    let town = Town::with(server(), |settings| {
        settings.tunables.retry.first = Duration::from_secs(2)
    })
    .await;
    let route = "/users/@me/channels";
    town.house
        .discord
        .faults()
        .add(Fault::on("POST", route, Action::Fail(503, 0, "away")).times(3));
    town.told_relay("camille", "nomme").await;
    let asked = || town.house.discord.calls().route("POST", route).count();
    until("the first failure", || async { town.gauge().await.failing == 1 }).await;
    assert_eq!((asked(), town.gauge().await.code), (1, Some(503)));
    let pool = raw(&town.house.database()).await;
    let failures = async || -> i64 {
        sqlx::query_scalar("SELECT max(attempts) FROM outbox")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    for (wait, failed) in [(2, 2), (4, 3)] {
        town.house.advance(TimeDelta::seconds(wait - 1));
        town.house.advance(TimeDelta::seconds(1));
        until("that failure", || async { failures().await == failed }).await;
        assert_eq!(asked() as i64, failed);
    }
    town.house.advance(TimeDelta::seconds(7));
    assert_eq!(town.gauge().await.waiting, 1, "eight seconds after the third failure");
    town.house.advance(TimeDelta::seconds(1));
    town.quiet().await;
    assert_eq!(town.holding("camille", "Vous êtes relai local"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_messages_become_a_mention_without_any_name() {
    let town = Town::new().await;
    for n in 1..=5 {
        town.validate(n).await;
    }
    let discussion = town
        .house
        .discord
        .wait_some("the space", |world| world.channel_named("discussion").map(|c| c.id))
        .await;
    town.quiet().await;
    town.house
        .discord
        .admin()
        .set_dms_closed(town.house.discord.user("noe"), true);
    town.told_relay("noe", "nomme").await;
    let noe = town.house.person("noe");
    let mention = format!("<@{}>", noe.id());
    let posted = town
        .house
        .discord
        .wait_some("the mention", |world| {
            world
                .messages_in(discussion)
                .into_iter()
                .find(|message| message.content.contains(&mention))
                .cloned()
        })
        .await;
    assert!(posted.content.contains("/contacts"), "{}", posted.content);
    assert!(
        noe.notifications().iter().any(|message| message.id == posted.id),
        "he is notified"
    );
    for word in ["Lucie", "Martin", "Noé", "Lunel"] {
        assert!(!posted.content.contains(word), "«{word}» in {}", posted.content);
    }
    town.quiet().await;
    // Remembered: the same fact is not tried again.
    town.told_relay("noe", "nomme").await;
    town.quiet().await;
    let again = town.house.discord.read(|world| {
        world
            .messages_in(discussion)
            .into_iter()
            .filter(|message| message.content.contains(&mention))
            .count()
    });
    assert_eq!(again, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_rests_when_discord_says_that_it_is_too_fast() {
    let town = Town::with(server().dm_limit(1, Duration::from_secs(3600)), |_| {}).await;
    town.told_relay("camille", "nomme").await;
    until("the first message", || async {
        town.holding("camille", "relai local") == 1
    })
    .await;
    town.told_relay("noe", "nomme").await;
    let opened = || town.house.discord.calls().route("POST", "/users/@me/channels").count();
    until("the refusal", || async {
        opened() == 2 && town.gauge().await.code == Some(40_003)
    })
    .await;
    town.house.advance(TimeDelta::hours(5));
    town.tell(
        "camille",
        Class::Access,
        "fin",
        Notice::RelayEnded { group: GroupId(99) },
    )
    .await;
    until("a look at the queue", || async { town.gauge().await.waiting >= 1 }).await;
    assert_eq!(opened(), 2, "not a single try while it rests");
    town.house.advance(TimeDelta::hours(2));
    until("the second message", || async {
        town.holding("noe", "relai local") == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_at_their_pace_most_urgent_first() {
    let town = Town::with(server(), |settings| {
        settings.tunables.direct_messages.pace = TimeDelta::seconds(3)
    })
    .await;
    let app = town.house.app();
    let mut tx = app.store.write().await.unwrap();
    let notice = Notice::RelayNamed { group: town.group };
    for (class, fact) in [(Class::Digest, "c"), (Class::Reminder, "b"), (Class::Access, "a")] {
        for whom in ["camille", "noe"] {
            let user = UserId(town.house.discord.user(whom));
            notify::user(&mut tx, user, class, fact, &notice, town.house.now())
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    let sent = || town.dms("camille").len() + town.dms("noe").len();
    for expected in 1..=6 {
        until("one more message", || async {
            town.gauge().await.waiting as usize == 6 - expected
        })
        .await;
        assert_eq!(sent(), expected);
        town.house.advance(TimeDelta::seconds(1));
        town.house.advance(TimeDelta::seconds(1));
        assert_eq!(sent(), expected, "not before three seconds");
        town.house.advance(TimeDelta::seconds(1));
    }
    town.quiet().await;
    let pool = raw(&town.house.database()).await;
    let order: Vec<i64> = sqlx::query_scalar("SELECT class FROM outbox WHERE outcome = 'sent' ORDER BY message")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(order, [0, 0, 1, 1, 3, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn welcomes_have_a_daily_number_and_nothing_else_has() {
    let town = Town::with(server(), |settings| {
        settings.tunables.direct_messages.welcomes_per_day = 1
    })
    .await;
    let notice = || Notice::RelayNamed { group: town.group };
    town.tell("camille", Class::Welcome, "w1", notice()).await;
    until("the first welcome", || async { town.dms("camille").len() == 1 }).await;
    town.tell("camille", Class::Welcome, "w2", notice()).await;
    town.tell("camille", Class::Access, "a", notice()).await;
    until("the access", || async { town.dms("camille").len() == 2 }).await;
    until("the welcome to wait alone", || async {
        town.gauge().await.waiting == 1
    })
    .await;
    assert_eq!(town.dms("camille").len(), 2, "the second welcome waits");
    town.house.advance(TimeDelta::days(1));
    until("the second welcome", || async { town.dms("camille").len() == 3 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_so_is_not_told() {
    let town = Town::new().await;
    let before = town.house.discord.last_call();
    town.told_relay("lea", "nomme").await;
    town.tell("awa", Class::Access, "sans", Notice::WithoutRelay { group: town.group })
        .await;
    town.tell(
        "awa",
        Class::Access,
        "groupe",
        Notice::GroupsPossible {
            groups: vec![town.group],
        },
    )
    .await;
    town.quiet().await;
    assert_eq!(town.dms("lea").len() + town.dms("awa").len(), 0);
    let messages = town
        .house
        .discord
        .calls()
        .after(before)
        .route("POST", "/channels/{channel}/messages")
        .count();
    assert_eq!(messages, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_without_relay_are_told_with_a_button_or_a_choice() {
    let town = Town::new().await;
    let app = town.house.app();
    let atlas = app.atlas();
    let mut groups = Vec::new();
    let mut tx = app.store.write().await.unwrap();
    for territory in atlas
        .territories()
        .iter()
        .filter(|territory| territory.region == "76")
        .take(40)
    {
        let region = RegionCode(territory.region.clone());
        let key = &territory.key;
        let id = territories::ensure(&mut tx, &key.basin, &key.departement, &region, &territory.name)
            .await
            .unwrap();
        if let Ok(Some(group)) = ladder::declare(&mut tx, id, None, None, town.house.now()).await {
            groups.push(group);
        }
    }
    tx.commit().await.unwrap();
    assert!(groups.len() >= 30, "{}", groups.len());
    let awa = town.house.person("awa");
    town.tell(
        "awa",
        Class::Access,
        "un",
        Notice::GroupsPossible {
            groups: groups[..1].to_vec(),
        },
    )
    .await;
    let one = awa
        .wait_dm("one group", |message| text_of(message).contains("Groupe possible"))
        .await;
    assert_eq!(labels_of(&one), ["Nommer un relai"]);
    town.tell(
        "awa",
        Class::Access,
        "tous",
        Notice::GroupsPossible { groups: groups.clone() },
    )
    .await;
    let many = awa
        .wait_dm("all groups", |message| text_of(message).contains("groupes possibles"))
        .await;
    assert!(
        many.content.contains("autres") || many.content.lines().count() > groups.len(),
        "{}",
        many.content
    );
    assert!(many.content.contains("/groupe liste") && many.content.chars().count() <= 2000);
    assert_eq!(many.components.len(), 1, "a choice of 25 at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_each_night_and_the_latest_are_kept() {
    let town = Town::with(server(), |settings| settings.tunables.backups.kept = 2).await;
    let folder = town.house.folder().join("sauvegardes");
    let copies = || {
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(copies().len(), 0, "none at the first start");
    let mut last = Vec::new();
    for night in 1..=3 {
        town.house.advance(TimeDelta::days(1));
        let expected = night.min(2);
        until("the backup of the night", || async {
            copies().len() == expected && copies() != last
        })
        .await;
        last = copies();
    }
    for name in &last {
        let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(
        last.iter().all(|name| name.to_string_lossy().starts_with("maillage-2")),
        "{last:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_can_be_sealed_to_a_recipient() {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let town = Town::with(server(), |settings| {
        settings.tunables.backups.age_recipient = Some(recipient)
    })
    .await;
    town.house.advance(TimeDelta::days(1));
    let folder = town.house.folder().join("sauvegardes");
    let found = || {
        let names = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        names
            .filter(|path| path.extension().is_some_and(|end| end == "age"))
            .collect::<Vec<_>>()
    };
    until("the sealed backup", || async {
        found().iter().any(|path| path.to_string_lossy().ends_with(".db.age"))
    })
    .await;
    let sealed = std::fs::read(&found()[0]).unwrap();
    assert!(!sealed.windows(15).any(|window| window == b"SQLite format 3"));
    let plain = age::decrypt(&identity, &sealed).unwrap();
    assert!(plain.starts_with(b"SQLite format 3"));
    until("the plain copy to be gone", || async {
        std::fs::read_dir(&folder).unwrap().count() == 1
    })
    .await;
}
