//! What a merge, a split, an archiving and their undo change on Discord: who sees what, what the registers say, and that a
//! converged server costs nothing more; by persons, on a real bot.

use maillage::domain::ids::{GroupId, RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Placed;
use maillage::loopback::permissions::{SEND_MESSAGES, VIEW_CHANNEL};
use maillage::loopback::{Answer, Calls, Id, Value, World};
use maillage::store::memberships::NewMembership;
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{authority, memberships, people, posts, territories};
use maillage::usecases::authority::Actor;
use maillage::usecases::ladder;
use maillage::usecases::regroup::merge as merging;

use crate::support::{House, until};

const LUNEL: &str = "🌱 Lunel";
const SETE: &str = "🌱 Sète";

/// Two groups in formation: Lunel (relay Camille, `m1` to `m5`) and Sète (relay Noé, `m6` to `m10`), referent Awa.
struct Coast {
    house: House,
    lunel: GroupId,
    sete: GroupId,
}

impl Coast {
    async fn new() -> Coast {
        let house = House::open().await;
        let nadia = UserId(house.person("nadia").id());
        let app = house.app();
        until("the mirror of the server", || async {
            let mut tx = app.store.read().await.unwrap();
            authority::functions(&mut tx, nadia).await.unwrap().national
        })
        .await;
        let lunel = settle(&house, "243400520", "Lunel", "camille", 1, "34400", &[(5, "34145")]).await;
        let sete = settle(&house, "200066355", "Sète", "noe", 6, "34200", &[(5, "34301")]).await;
        let coast = Coast { house, lunel, sete };
        coast.rest().await;
        coast
    }

    /// Waits until the reconciler has looked three times without changing anything.
    async fn rest(&self) {
        let looks = || {
            let loops = self.house.running().status().loops();
            loops.get("reconciler").map_or(0, |status| status.steps)
        };
        let mut quiet = 0;
        while quiet < 3 {
            let (before, calls) = (looks(), self.house.discord.last_call());
            self.house.running().wake();
            until("the reconciler to look", || async { looks() > before }).await;
            quiet = if self.house.discord.last_call() == calls {
                quiet + 1
            } else {
                0
            };
        }
    }

    /// Lets the delays of the registers and the renames pass, then waits for rest.
    async fn calm(&self) {
        self.rest().await;
        self.house.advance(chrono::TimeDelta::minutes(6));
        self.rest().await;
    }

    fn mutating(&self, after: usize) -> Calls {
        self.house.discord.calls().after(after).mutating()
    }

    fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.house.discord.read(look)
    }

    fn id(&self, name: &str) -> Id {
        self.house.discord.user(name)
    }

    /// Who of these sees the `discussion` of a category, and who writes there.
    fn access(&self, category: &str, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let ids: Vec<(String, Id)> = names.iter().map(|name| ((*name).to_owned(), self.id(name))).collect();
        self.read(|world| {
            let channel = world.channel_in(category, "discussion").expect("a discussion");
            let can = |bit: u64| {
                ids.iter()
                    .filter(|(_, id)| world.permissions_of(*id, channel) & bit != 0)
                    .map(|(name, _)| name.clone())
                    .collect()
            };
            (can(VIEW_CHANNEL), can(SEND_MESSAGES))
        })
    }

    fn register(&self, category: &str) -> String {
        self.read(|world| {
            let channel = world.channel_in(category, "registre").expect("a register");
            let pins = world.pins_in(channel.id);
            pins.iter()
                .map(|message| message.content.clone())
                .collect::<Vec<_>>()
                .join("\n")
        })
    }

    fn discussion(&self, category: &str) -> Vec<String> {
        self.read(|world| {
            let channel = world.channel_in(category, "discussion").expect("a discussion");
            world
                .messages_in(channel.id)
                .iter()
                .map(|message| message.content.clone())
                .collect()
        })
    }

    async fn merge(&self) -> Answer {
        let nadia = self.house.person("nadia");
        let vers = nadia.choose("groupe fusionner", "vers", "lun").await.unwrap();
        let asked = nadia
            .slash("groupe fusionner", &[("groupe", "Sète".into()), ("vers", vers)])
            .await
            .unwrap();
        assert!(asked.ephemeral());
        assert_eq!(asked.buttons(), ["Confirmer", "Annuler"]);
        let done = nadia.press(&asked, "Confirmer").await.unwrap();
        assert!(done.text().contains("a rejoint le groupe Lunel"), "{}", done.text());
        done
    }

    /// The second run of a converged server calls nothing.
    async fn assert_converged(&self) {
        let before = self.house.discord.last_call();
        self.rest().await;
        let calls = self.mutating(before);
        assert_eq!(calls.count(), 0, "{calls}");
        assert!(self.house.discord.violations().is_empty());
    }
}

async fn settle(
    house: &House,
    basin: &str,
    name: &str,
    relay: &str,
    first: u32,
    postal_code: &str,
    dwellers: &[(u32, &str)],
) -> GroupId {
    let app = house.app();
    let now = app.clock.now();
    let region = RegionCode("76".to_owned());
    let mut tx = app.store.write().await.unwrap();
    let territory = territories::ensure(&mut tx, basin, "34", &region, name).await.unwrap();
    let group = ladder::declare(&mut tx, territory, None, None, now)
        .await
        .unwrap()
        .unwrap();
    posts::name_relay(&mut tx, group, UserId(house.discord.user(relay)), now)
        .await
        .unwrap();
    posts::name_referent(&mut tx, &region, UserId(house.discord.user("awa")), now)
        .await
        .unwrap();
    let mut number = first;
    for (count, insee) in dwellers {
        for _ in 0..*count {
            let (phone, mail) = (format!("06 39 98 00 {number:02}"), format!("p{number}@example.org"));
            let identity = Identity::parse(
                "Jo",
                &format!("Blanc{}", "e".repeat(number as usize)),
                &phone,
                &mail,
                postal_code,
            )
            .unwrap();
            let place = Place {
                postal_code: postal_code.to_owned(),
                insee: Some((*insee).to_owned()),
                territory: Some(territory),
                placed: Some(Placed::Commune),
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Site,
                signed_up_on: None,
            };
            let person = people::insert(&mut tx, &new, now).await.unwrap();
            let account = UserId(house.discord.user(&format!("m{number}")));
            people::link(&mut tx, person, Some(account), now).await.unwrap();
            let new = NewMembership {
                person,
                group,
                by: UserId(1),
                consent_version: "1",
            };
            memberships::insert(&mut tx, &new, now).await.unwrap();
            number += 1;
        }
    }
    ladder::settle(&mut tx, &app.rules(), group, None, now).await.unwrap();
    tx.commit().await.unwrap();
    group
}

const ALL: [&str; 7] = ["nadia", "awa", "camille", "noe", "m1", "m6", "lea"];

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_opens_one_space_to_all_and_closes_the_other_to_writing() {
    let coast = Coast::new().await;
    assert_eq!(coast.access(SETE, &ALL).0, ["nadia", "awa", "noe", "m6"]);
    let done = coast.merge().await;
    coast.calm().await;
    // Ten members: the group that was joined is an assembly.
    let acp = "🏛️ ACP Lunel";
    let inside = ["nadia", "awa", "camille", "noe", "m1", "m6"];
    assert_eq!(coast.access(acp, &ALL), (strings(&inside), strings(&inside)));
    // The other is read by those who were in it, and written in by nobody.
    assert_eq!(
        coast.access(SETE, &ALL),
        (strings(&["nadia", "awa", "noe", "m6"]), Vec::new())
    );
    assert!(coast.register(acp).contains("10 / 15"), "{}", coast.register(acp));
    let emptied = coast.register(SETE);
    assert!(
        emptied.contains("a rejoint le groupe Lunel") && !emptied.contains("Jo BLANC"),
        "{emptied}"
    );
    assert!(
        coast
            .discussion(SETE)
            .concat()
            .contains("Votre groupe a rejoint le groupe Lunel")
    );
    assert!(
        coast
            .discussion(acp)
            .concat()
            .contains("Le groupe Sète a rejoint le vôtre")
    );
    let noe = coast.house.person("noe");
    noe.wait_dm("the news", |message| {
        message.content.contains("a rejoint le groupe Lunel")
    })
    .await;
    coast.assert_converged().await;

    // And back: the space is the group's own again, its statutes and steps stay with whoever reached them.
    let nadia = coast.house.person("nadia");
    let asked = nadia.press(&done, "Défaire").await.unwrap();
    assert!(asked.text().contains("5\u{a0}membres"), "{}", asked.text());
    let undone = nadia.press(&asked, "Confirmer").await.unwrap();
    assert!(undone.text().contains("La fusion est défaite"), "{}", undone.text());
    coast.calm().await;
    let inside = ["nadia", "awa", "noe", "m6"];
    assert_eq!(coast.access(SETE, &ALL), (strings(&inside), strings(&inside)));
    let inside = ["nadia", "awa", "camille", "m1"];
    assert_eq!(coast.access(acp, &ALL), (strings(&inside), strings(&inside)));
    assert!(coast.register(SETE).contains("5 / 10"), "{}", coast.register(SETE));
    coast.assert_converged().await;
    let again = nadia.press(&done, "Défaire").await.unwrap();
    assert!(again.text().contains("déjà défait"), "{}", again.text());
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Kills the bot when the `n`-th call after a merge has been done but not recorded.
async fn dies_after(n: usize) {
    let mut coast = Coast::new().await;
    let gate = coast.house.discord.faults().pause_after_mutating(n);
    {
        let app = coast.house.app();
        let nadia = Actor {
            user: UserId(coast.id("nadia")),
            manages_server: false,
        };
        let (from, into) = (coast.sete.to_string(), coast.lunel.to_string());
        let (draft, _) = merging::propose(&app, nadia, &from, &into, app.clock.now())
            .await
            .unwrap();
        merging::confirm(&app, nadia, &draft, app.clock.now()).await.unwrap();
    }
    gate.reached().await;
    coast.house.kill().await;
    gate.open();
    coast.house.start().await;
    coast.calm().await;
    let inside = ["nadia", "awa", "camille", "noe", "m1", "m6"];
    assert_eq!(coast.access("🏛️ ACP Lunel", &ALL).1, strings(&inside), "after call {n}");
    assert_eq!(coast.access(SETE, &ALL).1, Vec::<String>::new(), "after call {n}");
    for category in ["🏛️ ACP Lunel", SETE] {
        let told = coast.discussion(category);
        let news = told.iter().filter(|text| text.contains("a rejoint le")).count();
        assert_eq!(news, 1, "after call {n}: {told:?}");
    }
    coast.assert_converged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_in_the_middle_of_what_follows_a_merge_leaves_nothing_undone_or_double() {
    for n in [1, 4, 9] {
        dies_after(n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_space_is_given_back_from_the_journal() {
    let coast = Coast::new().await;
    let (nadia, awa) = (coast.house.person("nadia"), coast.house.person("awa"));
    nadia
        .slash("groupe archiver", &[("groupe", "Lunel".into())])
        .await
        .unwrap();
    coast.calm().await;
    let inside = strings(&["nadia", "awa", "camille", "m1"]);
    assert_eq!(coast.access(LUNEL, &ALL), (inside.clone(), Vec::new()));
    coast.assert_converged().await;
    let seen = awa.slash("journal", &[("groupe", "Lunel".into())]).await.unwrap();
    assert!(
        seen.ephemeral() && seen.text().contains("groupe archivé"),
        "{}",
        seen.text()
    );
    assert!(!seen.buttons().contains(&"Défaire".to_owned()), "{:?}", seen.buttons());
    let journal = nadia.slash("journal", &[("groupe", "Lunel".into())]).await.unwrap();
    let asked = nadia.press(&journal, "Défaire").await.unwrap();
    let undone = nadia.press(&asked, "Confirmer").await.unwrap();
    assert!(undone.text().contains("n’est plus archivé"), "{}", undone.text());
    coast.calm().await;
    assert_eq!(coast.access(LUNEL, &ALL), (inside.clone(), inside));
    coast.assert_converged().await;
    let journal = nadia.slash("journal", &[("groupe", "Lunel".into())]).await.unwrap();
    assert!(journal.text().contains("défait le"), "{}", journal.text());
    assert!(!journal.buttons().contains(&"Défaire".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_makes_a_space_and_its_undo_closes_it() {
    let coast = Coast::new().await;
    // Five more members live in Marsillargues.
    {
        let app = coast.house.app();
        let now = app.clock.now();
        let mut tx = app.store.write().await.unwrap();
        let region = RegionCode("76".to_owned());
        let territory = territories::ensure(&mut tx, "243400520", "34", &region, "Lunel")
            .await
            .unwrap();
        for number in 11..=15u32 {
            let (phone, mail) = (format!("06 39 98 00 {number:02}"), format!("p{number}@example.org"));
            let identity = Identity::parse(
                "Lou",
                &format!("Roux{}", "e".repeat(number as usize)),
                &phone,
                &mail,
                "34590",
            )
            .unwrap();
            let place = Place {
                postal_code: "34590".to_owned(),
                insee: Some("34151".to_owned()),
                territory: Some(territory),
                placed: Some(Placed::Commune),
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Site,
                signed_up_on: None,
            };
            let person = people::insert(&mut tx, &new, now).await.unwrap();
            let account = UserId(coast.id(&format!("m{number}")));
            people::link(&mut tx, person, Some(account), now).await.unwrap();
            let new = NewMembership {
                person,
                group: coast.lunel,
                by: UserId(1),
                consent_version: "1",
            };
            memberships::insert(&mut tx, &new, now).await.unwrap();
        }
        ladder::settle(&mut tx, &app.rules(), coast.lunel, None, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    coast.calm().await;
    let nadia = coast.house.person("nadia");
    let options = [("groupe", Value::from("Lunel")), ("nom", "Petite Camargue".into())];
    let choosing = nadia.slash("groupe scinder", &options).await.unwrap();
    assert!(choosing.ephemeral());
    assert!(
        choosing.text().contains("Aucune commune choisie"),
        "{}",
        choosing.text()
    );
    let chosen = nadia
        .select(&choosing, "Communes du nouveau groupe", &["1.34151"])
        .await
        .unwrap();
    assert!(chosen.text().contains("1\u{a0}commune choisie"), "{}", chosen.text());
    let asked = nadia.press(&chosen, "Continuer").await.unwrap();
    assert!(
        asked.text().contains("Marsillargues") && asked.text().contains("5\u{a0}membres y passent"),
        "{}",
        asked.text()
    );
    let done = nadia.press(&asked, "Confirmer").await.unwrap();
    assert!(
        done.text().contains("Le groupe Petite Camargue est créé"),
        "{}",
        done.text()
    );
    assert_eq!(done.buttons(), ["Nommer un relai", "Défaire"]);
    coast.calm().await;
    let (part, whole) = ("🌱 Petite Camargue", "🏛️ ACP Lunel");
    let people = ["nadia", "awa", "camille", "m1", "m11", "lea"];
    let inside = strings(&["nadia", "awa", "m11"]);
    assert_eq!(coast.access(part, &people), (inside.clone(), inside));
    let inside = strings(&["nadia", "awa", "camille", "m1"]);
    assert_eq!(coast.access(whole, &people), (inside.clone(), inside));
    assert!(coast.register(part).contains("5 / 10"), "{}", coast.register(part));
    let m11 = coast.house.person("m11");
    m11.wait_dm("the news", |message| message.content.contains("Petite Camargue"))
        .await;
    coast.assert_converged().await;

    let asked = nadia.press(&done, "Défaire").await.unwrap();
    nadia.press(&asked, "Confirmer").await.unwrap();
    coast.calm().await;
    assert_eq!(
        coast.access(part, &people),
        (strings(&["nadia", "awa", "m11"]), Vec::new())
    );
    let inside = strings(&["nadia", "awa", "camille", "m1", "m11"]);
    assert_eq!(coast.access(whole, &people), (inside.clone(), inside));
    coast.assert_converged().await;
    let _ = coast.sete;
}
