//! `/installer` and `/diagnostic` (product.md §17) in a strict Discord: what is checked, made, found again, put back, told.

use chrono::TimeDelta;
use maillage::domain::ids::{RegionCode, UserId};
use maillage::loopback::model::{Message, Overwrite};
use maillage::loopback::permissions::{
    ADD_REACTIONS, CREATE_PUBLIC_THREADS, MANAGE_CHANNELS, MANAGE_GUILD, MANAGE_ROLES, PIN_MESSAGES,
    READ_MESSAGE_HISTORY, SEND_MESSAGES, USE_APPLICATION_COMMANDS, VIEW_CHANNEL,
};
use maillage::loopback::{Action, Answer, BOT_PERMISSIONS, Builder, Calls, Fault, Id, World, text_of};
use maillage::store::posts;
use maillage::texts::installation::permission;

use crate::support::{House, until};

/// The channels that `/installer` makes: two categories, five that exist once, a feed for each of the 18 régions.
const CHANNELS: usize = 2 + 5 + 18;

/// A server that nobody has installed: `gil` may manage it, `awa` and `lea` may nothing.
fn bare() -> Builder {
    Builder::new()
        .role(
            "Gérance",
            MANAGE_GUILD | VIEW_CHANNEL | SEND_MESSAGES | USE_APPLICATION_COMMANDS,
        )
        .member("gil", "Gil Faure", &["Gérance"])
        .member("awa", "Awa Martin", &[])
        .member("lea", "Léa Roux", &[])
        .member("camille", "Camille Dupré", &[])
}

/// Types `/installer` and waits for the end of it.
async fn install(house: &House) -> Message {
    let answer = house.person("gil").slash("installer", &[]).await.unwrap();
    assert!(answer.ephemeral());
    done(&answer).await
}

/// What the answer says once all was done that could be.
async fn done(answer: &Answer) -> Message {
    answer
        .wait_until("the end of the installation", |message| {
            text_of(message).contains("Salons et catégories")
        })
        .await
}

/// The channels of the server besides those of the builder.
fn made(world: &World) -> usize {
    let own = world
        .channels
        .values()
        .filter(|channel| channel.guild_id == Some(world.main_guild));
    own.filter(|channel| channel.name != "général" && !channel.name.starts_with("salon-"))
        .count()
}

/// The calls that change roles and channels: direct messages, and the event of the meeting, follow their own rules.
fn mutating(house: &House, after: usize) -> Calls {
    let calls = house.discord.calls().after(after).mutating();
    calls.only(|call| {
        let others = [
            "/users/@me/channels",
            "/channels/{channel}/messages",
            "/guilds/{guild}/scheduled-events",
        ];
        !others.iter().any(|other| call.template.starts_with(other))
    })
}

/// Waits until the reconciler has looked twice more without a call.
async fn rest(house: &House) {
    let looks = || {
        let loops = house.running().status().loops();
        loops.get("reconciler").map_or(0, |status| status.steps)
    };
    let mut quiet = 0;
    while quiet < 2 {
        let (before, calls) = (looks(), house.discord.last_call());
        house.running().wake();
        until("the reconciler to look", || async { looks() > before }).await;
        quiet = if house.discord.last_call() == calls {
            quiet + 1
        } else {
            0
        };
    }
}

fn assert_once(house: &House) {
    house.discord.read(|world| {
        assert_eq!(made(world), CHANNELS, "{}", world.dump());
        let mut names: Vec<&str> = world.channels.values().map(|channel| channel.name.as_str()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "a channel twice: {}", world.dump());
        let roles = world
            .guild()
            .roles
            .values()
            .filter(|role| role.name == "MCP national")
            .count();
        assert_eq!(roles, 1, "{}", world.dump());
    });
}

async fn name_referent(house: &House, name: &str, region: &str) {
    let app = house.app();
    let mut tx = app.store.write().await.unwrap();
    let account = UserId(house.discord.user(name));
    posts::name_referent(&mut tx, &RegionCode(region.to_owned()), account, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_made_once_and_asking_again_costs_nothing() {
    let mut house = House::open_with(bare(), |_| {}).await;
    house
        .discord
        .read(|world| assert_eq!(made(world), 0, "nothing before it is asked"));
    let before = house.discord.last_call();
    let told = text_of(&install(&house).await);
    assert!(
        told.contains("Le serveur est en place.") && told.contains("créé. Donnez-le"),
        "{told}"
    );
    assert!(told.contains("25\u{a0}créés maintenant, sur 25"), "{told}");
    assert_once(&house);
    let calls = mutating(&house, before);
    assert_eq!(
        (calls.count(), calls.clone().failed().count()),
        (CHANNELS + 1, 0),
        "{calls}"
    );
    let before = house.discord.last_call();
    let again = text_of(&install(&house).await);
    assert!(
        again.contains("25 déjà là, sur 25")
            && again.contains("Rôle « MCP national » : en place") | again.contains("en place."),
        "{again}"
    );
    house.restart().await;
    rest(&house).await;
    let calls = mutating(&house, before);
    assert_eq!(calls.count(), 0, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_is_seen_by_those_it_is_for() {
    let house = House::open_with(bare(), |_| {}).await;
    name_referent(&house, "awa", "76").await;
    install(&house).await;
    let (admin, discord) = (house.discord.admin(), &house.discord);
    admin.give_role(discord.user("camille"), discord.role("MCP national"));
    let sees = |name: &str| -> Vec<String> {
        let seen = house.person(name).visible_channels();
        let mut names: Vec<String> = seen.into_iter().map(|channel| channel.name).collect();
        names.retain(|name| name != "général");
        names.sort();
        names
    };
    let public = ["bienvenue", "réunion-des-nouveaux", "travaux-constituants"];
    assert_eq!(sees("lea"), public, "a stranger");
    assert_eq!(
        sees("awa"),
        [&public[..1], &["remontées-occitanie"], &public[1..]].concat(),
        "a référent"
    );
    let national = sees("camille");
    assert_eq!(national.len(), CHANNELS, "the national team sees all: {national:?}");
    let works = discord.channel("travaux-constituants");
    assert!(!house.person("lea").can(works, SEND_MESSAGES) && !house.person("lea").can(works, ADD_REACTIONS));
    assert!(house.person("lea").can(discord.channel("bienvenue"), SEND_MESSAGES));
    // Never public for an instant: the creating call says who sees it.
    let created = discord.calls().route("POST", "/guilds/{guild}/channels");
    for call in &created.0 {
        let name = call.body["name"].as_str().unwrap();
        let everyone = &call.body["permission_overwrites"][0];
        let denied: u64 = everyone["deny"].as_str().unwrap().parse().unwrap();
        assert_eq!(denied & VIEW_CHANNEL == 0, public.contains(&name), "{name}");
    }
    // Named later: one edit, of his feed alone.
    rest(&house).await;
    let before = discord.last_call();
    name_referent(&house, "lea", "84").await;
    let feed = discord.channel("remontées-auvergne-rhône-alpes");
    let lea = discord.user("lea");
    discord
        .wait_for("his feed to open", |world| world.sees(lea, feed))
        .await;
    rest(&house).await;
    let edits = mutating(&house, before).only(|call| call.template == "/channels/{channel}");
    assert_eq!(edits.count(), 1, "{edits}");
    assert!(!sees("lea").contains(&"remontées-occitanie".to_owned()));
    assert!(!sees("awa").contains(&"remontées-auvergne-rhône-alpes".to_owned()));
}

/// What is made without this permission: whether the role is, and how many channels.
fn without(bit: u64) -> (bool, usize) {
    match bit {
        // What is denied or given must be held: «travaux» alone denies to write, and the others only open.
        VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY | MANAGE_CHANNELS => (true, 0),
        ADD_REACTIONS | CREATE_PUBLIC_THREADS => (true, CHANNELS - 1),
        bit if bit == 1 << 36 || bit == 1 << 38 => (true, CHANNELS - 1),
        MANAGE_ROLES => (false, CHANNELS),
        _ => (true, CHANNELS),
    }
}

async fn lacks(bit: u64) {
    let everyone = USE_APPLICATION_COMMANDS;
    let builder = bare().everyone(everyone).bot_permissions(BOT_PERMISSIONS & !bit);
    let house = House::open_with(builder, |_| {}).await;
    let told = text_of(&install(&house).await);
    let name = format!("«\u{a0}{}\u{a0}»", permission(bit));
    assert!(
        told.contains("Il manque une permission au rôle «\u{a0}maillage\u{a0}»") && told.contains(&name),
        "{bit:#x}: {told}"
    );
    assert!(
        told.contains("Paramètres du serveur → Rôles → «\u{a0}maillage\u{a0}»"),
        "{told}"
    );
    let (role, channels) = without(bit);
    house.discord.read(|world| {
        assert_eq!(world.role_named("MCP national").is_some(), role, "{name}");
        assert_eq!(made(world), channels, "{name}: {}", world.dump());
    });
    let whole = role && channels == CHANNELS;
    assert_eq!(!told.contains("pas encore complet"), whole, "{name}: {told}");
    assert_eq!(
        told.contains("En attente") || told.contains("en attente"),
        !whole,
        "{name}: {told}"
    );
    // Ticked, everything follows without being asked again.
    house.discord.admin().set_bot_permissions(BOT_PERMISSIONS);
    until("the rest to be made", || async {
        // Discord tells it by an event; what was refused is tried again.
        house.advance(TimeDelta::minutes(16));
        house
            .discord
            .read(|world| made(world) == CHANNELS && world.role_named("MCP national").is_some())
    })
    .await;
    rest(&house).await;
    assert_once(&house);
    let shown = diagnostic(&house, "gil").await;
    assert!(!text_of(&shown).contains("Il manque"), "{}", text_of(&shown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_lacks_is_named_and_what_can_work_works() {
    for bit in (0..24).map(|n| 1_u64 << n).filter(|bit| BOT_PERMISSIONS & bit != 0) {
        lacks(bit).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_permission_that_lacks_is_named_too() {
    for bit in (24..64).map(|n| 1_u64 << n).filter(|bit| BOT_PERMISSIONS & bit != 0) {
        lacks(bit).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_stands_too_high_is_named() {
    let house = House::open_with(bare(), |_| {}).await;
    name_referent(&house, "awa", "76").await;
    house
        .discord
        .wait_for("the role of référents", |world| {
            world.role_named("Référent régional").is_some()
        })
        .await;
    let role = house.discord.role("Référent régional");
    house.discord.admin().edit_role(role, |role| role.position = 200);
    let told = text_of(&install(&house).await);
    assert!(
        told.contains("est trop bas") && told.contains("«\u{a0}Référent régional\u{a0}»"),
        "{told}"
    );
    assert_once(&house);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_to_manage_the_server_is_needed_and_suffices() {
    let builder = bare()
        .role("MCP national", 0)
        .member("nadia", "Nadia Benali", &["MCP national"]);
    let house = House::open_with(builder, |_| {}).await;
    for name in ["nadia", "lea"] {
        let refused = house.person(name).slash("installer", &[]).await.unwrap();
        assert!(
            refused.ephemeral() && refused.text().contains("réservée aux personnes qui peuvent gérer"),
            "{name}"
        );
    }
    house.discord.read(|world| assert_eq!(made(world), 0));
    let refused = house.person("lea").slash("diagnostic", &[]).await.unwrap();
    assert!(refused.text().contains("réservée à l’équipe nationale"));
    for name in ["nadia", "gil"] {
        assert!(text_of(&diagnostic(&house, name).await).contains("Diagnostic"));
    }
    // The role that people made is used, and left as it is.
    let told = text_of(&install(&house).await);
    assert!(told.contains("«\u{a0}MCP national\u{a0}»\u{a0}: en place."), "{told}");
    assert_once(&house);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_everything_once() {
    let house = House::open_with(bare(), |_| {}).await;
    let (one, other) = (house.person("gil"), house.person("gil"));
    let (first, second) = tokio::join!(one.slash("installer", &[]), other.slash("installer", &[]));
    for answer in [first.unwrap(), second.unwrap()] {
        assert!(text_of(&done(&answer).await).contains("Le serveur est en place."));
    }
    assert_once(&house);
}

/// Kills the bot when its `n`-th call of an installation has been done but not recorded.
async fn dies_after(n: usize) {
    let mut house = House::open_with(bare(), |_| {}).await;
    rest(&house).await;
    let gate = house.discord.faults().pause_after_mutating(n);
    let answer = house.person("gil").slash("installer", &[]).await.unwrap();
    gate.reached().await;
    house.kill().await;
    gate.open();
    house.start().await;
    // The answer outlives the process that promised it.
    assert!(
        text_of(&done(&answer).await).contains("Le serveur est en place."),
        "after call {n}"
    );
    rest(&house).await;
    assert_once(&house);
    let before = house.discord.last_call();
    house.restart().await;
    rest(&house).await;
    assert_eq!(mutating(&house, before).count(), 0, "after call {n}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_in_the_middle_leaves_no_second_object() {
    // Answers to interactions are not counted: the role, the two categories, the first channels, the last one.
    for n in [1, 2, 3, 4, 5, 26] {
        dies_after(n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_leaves_no_second_object() {
    for (route, nth, action) in [
        ("/guilds/{guild}/roles", 1, Action::ResetAfter),
        ("/guilds/{guild}/channels", 1, Action::ResetAfter),
        ("/guilds/{guild}/channels", 3, Action::FailAfter(502)),
        ("/guilds/{guild}/channels", 20, Action::FailAfter(500)),
    ] {
        let house = House::open_with(bare(), |_| {}).await;
        house.discord.faults().add(Fault::on("POST", route, action).nth(nth));
        install(&house).await;
        until("the rest to be made", || async {
            house.advance(TimeDelta::minutes(1));
            house
                .discord
                .read(|world| made(world) == CHANNELS && world.role_named("MCP national").is_some())
        })
        .await;
        rest(&house).await;
        assert_once(&house);
        let shown = text_of(&install(&house).await);
        assert!(shown.contains("Le serveur est en place."), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_chosen_by_hand_is_used_as_it_is() {
    let builder = bare().channel("salon-équipe").channel("salon-accueil");
    let mut house = House::closed_with(builder, |_| {}).await;
    let (team, welcome) = (
        house.discord.channel("salon-équipe"),
        house.discord.channel("salon-accueil"),
    );
    let channels = &mut house.settings.tunables.channels;
    channels.national = Some(team);
    channels.welcome = Some(welcome);
    channels.feeds.insert("76".to_owned(), 123_456);
    house.start().await;
    let before = house.discord.last_call();
    let told = text_of(&install(&house).await);
    assert!(told.contains("3\u{a0}choisis à la main"), "{told}");
    assert!(
        told.contains("Tout le monde voit le salon de l’équipe nationale"),
        "{told}"
    );
    assert!(
        told.contains("remontées Occitanie") && told.contains("n’existe pas sur ce serveur"),
        "{told}"
    );
    assert!(!told.contains("salon de bienvenue"), "it does: {told}");
    house.discord.read(|world| {
        assert_eq!(made(world), CHANNELS - 3, "{}", world.dump());
        assert!(world.channel_named("équipe-nationale").is_none() && world.channel_named("bienvenue").is_none());
    });
    let chosen: [Id; 2] = [team, welcome];
    let touched = mutating(&house, before).only(|call| call.touches(&chosen));
    assert_eq!(touched.count(), 0, "{touched}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_change_by_hand_is_put_back_and_told() {
    let house = House::open_with(bare(), |_| {}).await;
    install(&house).await;
    let discord = &house.discord;
    discord
        .admin()
        .give_role(discord.user("camille"), discord.role("MCP national"));
    rest(&house).await;
    let lea = discord.user("lea");
    let feed = discord.channel("remontées-bretagne");
    discord
        .admin()
        .put_overwrite(feed, Overwrite::member(lea, VIEW_CHANNEL, 0));
    discord
        .wait_for("the feed to be closed", |world| !world.sees(lea, feed))
        .await;
    let national = discord.channel("équipe-nationale");
    discord
        .wait_for("what was put back, told to the national team", |world| {
            world.messages_in(national).iter().any(|message| {
                let text = text_of(message);
                text.contains("remontées Bretagne") && text.contains("permissions ont été changées")
            })
        })
        .await;
    discord.admin().delete_channel(discord.channel("relecture"));
    discord
        .wait_for("the channel to come back", |world| {
            world.channel_named("relecture").is_some()
        })
        .await;
    discord.admin().delete_channel(discord.channel("Remontées des régions"));
    discord
        .wait_for("the category to come back", |world| {
            let category = world.channel_named("Remontées des régions");
            category.is_some_and(|category| world.children(category.id).len() == 18)
        })
        .await;
    rest(&house).await;
    assert_once(&house);
    let before = discord.last_call();
    rest(&house).await;
    assert_eq!(mutating(&house, before).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_national_role_that_was_deleted_is_made_again_when_asked_only() {
    let house = House::open_with(bare(), |_| {}).await;
    install(&house).await;
    let discord = &house.discord;
    let role = discord.role("MCP national");
    discord.admin().delete_role(role);
    // A later role of that name gives nothing.
    let false_one = discord.admin().create_role("MCP national", 0);
    discord.admin().give_role(discord.user("lea"), false_one);
    rest(&house).await;
    assert!(
        house
            .person("lea")
            .slash("diagnostic", &[])
            .await
            .unwrap()
            .text()
            .contains("réservée")
    );
    discord.read(|world| {
        let named = world.guild().roles.values().filter(|role| role.name == "MCP national");
        assert_eq!(named.count(), 1, "not made again by itself");
    });
    let told = text_of(&install(&house).await);
    assert!(
        told.contains("créé. Donnez-le") && told.contains("Un autre rôle porte ce nom"),
        "{told}"
    );
    let national = discord.channel("équipe-nationale");
    assert!(!house.person("lea").can(national, VIEW_CHANNEL));
    discord.read(|world| {
        let named = world.guild().roles.values().filter(|role| role.name == "MCP national");
        assert_eq!(named.count(), 2);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn several_roles_of_that_name_are_left_to_people() {
    let builder = bare().role("MCP national", 0).role("MCP national", 0);
    let house = House::open_with(builder, |_| {}).await;
    let told = text_of(&install(&house).await);
    assert!(
        told.contains("Plusieurs rôles s’appellent «\u{a0}MCP national\u{a0}»"),
        "{told}"
    );
    house.discord.read(|world| assert_eq!(made(world), CHANNELS));
    house.discord.admin().delete_role(house.discord.role("MCP national"));
    let told = text_of(&install(&house).await);
    assert!(told.contains("«\u{a0}MCP national\u{a0}»\u{a0}: en place."), "{told}");
}

/// Types `/diagnostic` and waits for the report.
async fn diagnostic(house: &House, name: &str) -> Message {
    let answer = house.person(name).slash("diagnostic", &[]).await.unwrap();
    assert!(answer.ephemeral());
    answer
        .wait_until("the report", |message| text_of(message).contains("Diagnostic"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnostic_tells_how_everything_is() {
    let builder = bare().bot_permissions(BOT_PERMISSIONS & !PIN_MESSAGES);
    let house = House::open_with(builder, |settings| {
        settings.overrides = vec!["MAILLAGE_ECHELLE_ACP".to_owned()];
    })
    .await;
    let shown = text_of(&diagnostic(&house, "gil").await);
    for words in [
        env!("CARGO_PKG_VERSION"),
        "latence",
        "Kio",
        "sauvegarde",
        "Aucun message n’attend",
        "1 / 500 salons",
        "3 / 250 rôles",
        "/ 50 salons",
        "place pour 124\u{a0}groupes",
        "«\u{a0}Épingler des messages\u{a0}»",
        "`/installer`",
        "24\u{a0}mois",
        "MAILLAGE_ECHELLE_ACP",
    ] {
        assert!(shown.contains(words), "no «{words}» in {shown}");
    }
    let message = diagnostic(&house, "gil").await;
    house.discord.admin().set_bot_permissions(BOT_PERMISSIONS);
    install(&house).await;
    let again = house.person("gil").press(&message, "Actualiser").await.unwrap();
    let fresh = again
        .wait_until("the fresh report", |message| {
            text_of(message).contains("26 / 500 salons")
        })
        .await;
    let fresh = text_of(&fresh);
    assert!(
        !fresh.contains("Épingler") && !fresh.contains("pas encore mis en place"),
        "{fresh}"
    );
    let lea = house.person("lea");
    assert!(lea.slash("diagnostic", &[]).await.unwrap().text().contains("réservée"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnostic_is_given_while_discord_refuses_to_be_looked_at() {
    let house = House::open_with(bare(), |_| {}).await;
    let fault = Fault::on("GET", "/guilds/{guild}/roles", Action::Fail(500, 0, "x"));
    house.discord.faults().add(fault.times(usize::MAX));
    let shown = text_of(&diagnostic(&house, "gil").await);
    assert!(
        shown.contains("n’ont pas pu être vérifiés") && shown.contains("Aucun message n’attend"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_read_again_without_a_restart() {
    let house = House::open_with(bare(), |_| {}).await;
    let message = diagnostic(&house, "gil").await;
    let folder = house.folder().join("config/textes");
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/textes/aide.md")).unwrap();
    let reload = async || {
        house
            .person("gil")
            .press(&message, "Recharger les textes")
            .await
            .unwrap()
    };
    let help = async || house.person("lea").slash("aide", &[]).await.unwrap().text();
    std::fs::write(
        folder.join("aide.md"),
        shipped.replace("Ce bot est un programme.", "{{erreur}}"),
    )
    .unwrap();
    let refused = reload().await;
    assert!(refused.ephemeral());
    let told = refused.text().replace('\\', "");
    assert!(
        told.contains("n’ont pas été rechargés") && told.contains("config/textes/aide.md, ligne"),
        "{told}"
    );
    assert!(told.contains("erreur"), "{told}");
    assert!(
        help().await.contains("Ce bot est un programme."),
        "the old ones are kept"
    );
    let longer = shipped.replace("Ce bot est un programme.", &"Une phrase de trop. ".repeat(100));
    std::fs::write(folder.join("aide.md"), longer).unwrap();
    assert!(reload().await.text().contains("caractères"), "too long for Discord");
    std::fs::write(
        folder.join("aide.md"),
        shipped.replace("Ce bot est un programme.", "Bonjour d’ici."),
    )
    .unwrap();
    assert!(reload().await.text().contains("Les textes sont rechargés"));
    assert!(help().await.contains("Bonjour d’ici."));
    // The button of a report that someone forwarded, or a lost function, gives nothing.
    house
        .discord
        .admin()
        .take_role(house.discord.user("gil"), house.discord.role("Gérance"));
    assert!(reload().await.text().contains("réservée"));
}
