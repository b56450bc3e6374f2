//! Who is welcomed, and how.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use maillage::discord::client::Clients;
use maillage::discord::events::{self, Event};
use maillage::domain::ids::{GuildId, UserId};
use maillage::domain::observed::{SeenMember, SeenPerson};
use maillage::loopback::{Action, Fault, Loopback, Then, labels_of, text_of};
use maillage::reconciler::Reconciler;
use maillage::store::greetings;
use tokio_util::sync::CancellationToken;

use super::{Gate, WELCOME, town};
use crate::support::{House, until};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_is_welcomed_and_who_was_there_is_not() {
    let gate = Gate::open().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let text = text_of(&welcome);
    assert!(text.starts_with("**Bienvenue, Léo \\*Vidal\\*"), "{text}");
    for part in [
        "https://mouvement-constituant-populaire.fr/#participer",
        "https://discord.gg/zMJyGwN",
        "ne suffit pas encore",
        // Who is responsible, with the first message.
        "**Vos données.** Responsable",
    ] {
        assert!(text.contains(part), "«{part}» in {text}");
    }
    let meeting = gate.house.settings.meeting.rule.next_after(gate.house.now()).starts_at;
    assert!(text.contains(&format!("<t:{}:F>", meeting.timestamp())), "{text}");
    assert_eq!(
        labels_of(&welcome),
        [
            "J'ai un code",
            "Me le rappeler",
            "Mes données",
            "Ne plus recevoir de messages"
        ]
    );
    assert!(welcome.notified.is_empty() || welcome.notified.contains(&gate.user("leo").0));
    gate.house.person("robot").join();
    gate.settled("tom").await;
    for who in ["nadia", "camille", "lea", "m1", "m24", "robot"] {
        assert_eq!(gate.house.person(who).dms().len(), 0, "{who}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_welcomed_before_the_rules_are_accepted() {
    let gate = Gate::open().await;
    let (leo, zoe) = (gate.house.person("leo"), gate.house.person("zoe"));
    leo.join_pending();
    zoe.join_pending();
    gate.settled("tom").await;
    zoe.leave();
    gate.settled("tim").await;
    assert_eq!((gate.welcomes("leo"), gate.welcomes("zoe")), (0, 0));
    leo.accept_rules();
    gate.welcomed("leo").await;
    // Whoever left before the end of the screening has never come.
    zoe.join();
    gate.welcomed("zoe").await;
    gate.settled("tam").await;
    assert_eq!((gate.welcomes("leo"), gate.welcomes("zoe")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_accepted_by_someone_who_was_there_count_as_an_arrival() {
    let builder = town().person("lou", "Lou", |person| person.pending());
    let gate = Gate {
        house: House::open_with(builder, |_| {}).await,
    };
    gate.settled("tom").await;
    assert_eq!(gate.welcomes("lou"), 0);
    gate.house.person("lou").accept_rules();
    gate.welcomed("lou").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_per_person_ever() {
    let mut gate = Gate::open().await;
    let leo = gate.house.person("leo");
    leo.join();
    // Discord repeats itself.
    leo.join();
    gate.welcomed("leo").await;
    leo.join();
    leo.leave();
    gate.settled("tom").await;
    leo.join();
    gate.settled("tim").await;
    gate.house.restart().await;
    gate.house.resurrect().await;
    leo.leave();
    gate.house.advance(TimeDelta::days(400));
    leo.join_pending();
    leo.accept_rules();
    gate.settled("tam").await;
    assert_eq!(gate.welcomes("leo"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_while_we_were_away_is_found() {
    let mut gate = Gate::open().await;
    gate.house.stop().await;
    gate.house.person("leo").join();
    gate.house.person("zoe").join_pending();
    gate.house.person("m1").leave();
    gate.house.start().await;
    gate.welcomed("leo").await;
    // Events lost without a restart: the next READY finds who came, and who has accepted the rules.
    gate.house.discord.gateway().lose_events(true);
    gate.house.person("zoe").accept_rules();
    gate.house.person("max").join();
    gate.house.person("m1").join();
    gate.house.discord.gateway().lose_events(false);
    gate.house.discord.gateway().invalidate(false);
    gate.welcomed("zoe").await;
    gate.welcomed("max").await;
    gate.settled("tom").await;
    for (who, times) in [("leo", 1), ("zoe", 1), ("max", 1), ("m1", 0), ("m2", 0)] {
        assert_eq!(gate.welcomes(who), times, "{who}");
    }
}

/// The gateway and the list of members come by two roads: here each step of both is made by hand.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_before_the_end_of_the_very_first_look_is_not_taken_for_an_old_member() {
    let World {
        app, folder: _folder, ..
    } = World::new().await;
    let app = Arc::new(app);
    let discord = Loopback::start(town()).await.unwrap();
    app.bind(GuildId(discord.guild_id()));
    let http = Clients::new(&discord.token(), Some(&discord.base_url()))
        .unwrap()
        .http();
    let (observer, events) = events::observer();
    let stop = CancellationToken::new();
    let mut reconciler = Reconciler::new(Arc::clone(&app), Arc::new(http), events, stop);
    let guild = GuildId(discord.guild_id());
    let joined = move |user: UserId| {
        let member = SeenMember {
            roles: BTreeSet::new(),
            joined_at: None,
        };
        let person = SeenPerson {
            user,
            bot: false,
            pending: false,
            display: "Nouveau".to_owned(),
            username: "nouveau".to_owned(),
            member,
        };
        Event::Joined(guild, person)
    };
    observer.tell(Event::Ready {
        bot: UserId(discord.bot_id()),
    });
    // Told before the first look, which fails.
    let route = "/guilds/{guild}/members";
    let (leo, zoe) = (UserId(discord.user("leo")), UserId(discord.user("zoe")));
    discord.person("leo").join();
    observer.tell(joined(leo));
    discord
        .faults()
        .add(Fault::on("GET", route, Action::Fail(503, 0, "away")));
    reconciler.step().await.unwrap();
    let known = async |user: UserId| {
        let mut tx = app.store.read().await.unwrap();
        greetings::of(&mut tx, user).await.unwrap().map(|known| known.welcomed)
    };
    assert_eq!(known(leo).await, None, "nobody knows yet who was there");
    // Told while the list of members, which names both, is on its way.
    discord.person("zoe").join();
    let hook = move || {
        observer.tell(joined(zoe));
        Then::Answer
    };
    discord
        .faults()
        .add(Fault::on("GET", route, Action::Hook(Arc::new(hook))));
    assert!(app.clock.advance(TimeDelta::minutes(5)));
    reconciler.step().await.unwrap();
    let lea = UserId(discord.user("lea"));
    for (user, welcomed) in [(leo, true), (zoe, true), (lea, false)] {
        assert_eq!(known(user).await, Some(welcomed), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_before_the_welcome_gets_it_on_coming_back() {
    let gate = Gate::with(|settings| settings.tunables.direct_messages.welcomes_per_day = 1).await;
    gate.house.person("max").join();
    gate.welcomed("max").await;
    let (leo, zoe) = (gate.house.person("leo"), gate.house.person("zoe"));
    leo.join();
    zoe.join();
    until("both welcomes to wait", || async { gate.gauge().await.waiting == 2 }).await;
    leo.leave();
    until("one to be forgotten", || async { gate.gauge().await.waiting == 1 }).await;
    leo.join();
    until("it to wait again", || async { gate.gauge().await.waiting == 2 }).await;
    assert_eq!((gate.welcomes("leo"), gate.welcomes("zoe")), (0, 0));
    for left in [1, 0] {
        gate.house.advance(TimeDelta::days(1));
        until("the welcome of the day", || async {
            gate.gauge().await.waiting == left
        })
        .await;
    }
    assert_eq!((gate.welcomes("leo"), gate.welcomes("zoe")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_shown_the_way_to_the_group() {
    let gate = Gate::open().await;
    let group = gate.lunel().await;
    for n in 1..=4 {
        gate.person(n, group, true).await;
    }
    let person = gate.person(5, group, true).await;
    gate.link(person, "leo").await;
    gate.quiet().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let text = text_of(&welcome);
    assert!(text.contains("Vous êtes membre du groupe Lunel"), "{text}");
    assert!(text.contains("`/mon-groupe`"), "no space yet: {text}");
    assert_eq!(
        labels_of(&welcome),
        ["Me le rappeler", "Mes données", "Ne plus recevoir de messages"]
    );
    // On file, linked, but not validated yet: an ordinary newcomer.
    let waiting = gate.person(6, group, false).await;
    gate.link(waiting, "zoe").await;
    gate.house.person("zoe").join();
    assert!(text_of(&gate.welcomed("zoe").await).contains("ne suffit pas encore"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notice_of_privacy_is_not_told_twice() {
    let gate = Gate::with(|settings| settings.tunables.direct_messages.welcomes_per_day = 1).await;
    gate.house.person("max").join();
    gate.welcomed("max").await;
    gate.house.person("leo").join();
    until("the welcome to wait", || async { gate.gauge().await.waiting == 1 }).await;
    // Another message goes first, and says it.
    let group = gate.lunel().await;
    let nadia = gate.house.person("nadia");
    let named = [
        ("groupe", "Lunel".into()),
        ("membre", maillage::loopback::Value::User(gate.user("leo").0)),
    ];
    nadia.slash("relai nommer", &named).await.unwrap();
    let first = gate
        .house
        .person("leo")
        .wait_dm("the naming", |message| {
            text_of(message).contains("relai local du groupe")
        })
        .await;
    assert!(text_of(&first).contains("**Vos données.**"), "group {group}");
    gate.house.advance(TimeDelta::days(1));
    let welcome = gate.welcomed("leo").await;
    assert!(!text_of(&welcome).contains("**Vos données.**"), "{}", text_of(&welcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_messages_become_one_mention_in_the_welcome_channel() {
    let builder = town().channel("accueil");
    let mut house = House::closed_with(builder, |_| {}).await;
    let channel = house.discord.channel("accueil");
    house.settings.tunables.channels.welcome = Some(channel);
    house.start().await;
    let mut gate = Gate { house };
    let admin = gate.house.discord.admin();
    admin.set_dms_closed(gate.user("leo").0, true);
    let leo = gate.house.person("leo");
    leo.join();
    let mention = format!("<@{}> ", leo.id());
    let posted = gate
        .house
        .discord
        .wait_some("the mention", |world| {
            let all = world.messages_in(channel);
            all.into_iter()
                .find(|message| message.content.starts_with(&mention))
                .cloned()
        })
        .await;
    assert!(leo.notifications().iter().any(|message| message.id == posted.id));
    assert!(!posted.content.contains("Vidal"), "{}", posted.content);
    assert_eq!(labels_of(&posted), ["J'ai un code", "Mes données"]);
    assert!(leo.press(&posted, "Mes données").await.unwrap().ephemeral());
    // Remembered.
    leo.leave();
    gate.settled("tom").await;
    leo.join();
    gate.house.restart().await;
    gate.settled("tim").await;
    let mentions = gate.house.discord.read(|world| world.messages_in(channel).len());
    assert_eq!((mentions, gate.welcomes("leo")), (1, 0));
    assert_eq!(gate.gauge().await.failing, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_welcome_channel_closed_messages_stop_nothing() {
    let gate = Gate::open().await;
    gate.house.discord.admin().set_dms_closed(gate.user("leo").0, true);
    gate.house.person("leo").join();
    gate.settled("tom").await;
    let posts = gate
        .house
        .discord
        .read(|world| world.messages.values().flat_map(|all| all.values()).count());
    assert_eq!(posts, 1, "the welcome of tom");
    assert_eq!(gate.gauge().await.failing, 0);
    assert!(
        gate.house
            .person("leo")
            .dms()
            .iter()
            .all(|message| !text_of(message).contains(WELCOME))
    );
}
