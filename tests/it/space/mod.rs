//! The reserved space of a group, its register and its statutes, by a real bot in a strict Discord: who sees what, what it
//! costs, what is put back, and what a death or a refusal at any call leaves.

mod accidents;
mod capacity;
mod life;
mod vandals;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use maillage::domain::notice::Notice;
use maillage::domain::person::Identity;
use maillage::loopback::model::{Channel, Message};
use maillage::loopback::{Builder, Calls, Id, World};
use maillage::store::groups::NewGroup;
use maillage::store::memberships::{End, NewMembership};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{bindings, groups, memberships, people, posts, setbacks, territories};
use maillage::usecases::{App, ladder};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::support::{House, server, until};

/// A house with one group, «Lunel», its relay Camille and its referent Awa.
struct Village {
    house: House,
    group: GroupId,
    members: u32,
    /// The last row of the outbox that was looked at.
    heard: Cell<i64>,
}

/// What a space looks like while its group is in formation.
const CATEGORY: &str = "🌱 Lunel";

impl Village {
    async fn new() -> Village {
        Village::with(server()).await
    }

    async fn with(builder: Builder) -> Village {
        let house = House::open_with(builder, |_| {}).await;
        let app = house.app();
        let region = RegionCode("76".to_owned());
        let mut tx = app.store.write().await.unwrap();
        let territory = territories::ensure(&mut tx, "243400520", "34", &region, "Lunel")
            .await
            .unwrap();
        let new = NewGroup {
            name: "Lunel",
            departement: "34",
            region: &region,
            territory,
            by: None,
        };
        let group = groups::declare(&mut tx, &new, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let village = Village {
            house,
            group,
            members: 0,
            heard: Cell::new(0),
        };
        village.rest().await;
        village
    }

    fn app(&self) -> Arc<App> {
        self.house.app()
    }

    fn id(&self, name: &str) -> Id {
        self.house.discord.user(name)
    }

    /// Names the relay and the referent; their roles on the server come with it.
    async fn staffed(self) -> Village {
        let (relay, referent) = (UserId(self.id("camille")), UserId(self.id("awa")));
        let app = self.app();
        let mut tx = app.store.write().await.unwrap();
        posts::name_relay(&mut tx, self.group, relay, app.clock.now())
            .await
            .unwrap();
        posts::name_referent(&mut tx, &RegionCode("76".to_owned()), referent, app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.rest().await;
        self
    }

    /// Validates `count` more members without waiting; the first `linked` of them are linked to the accounts `m1`, `m2` …
    async fn validate(&mut self, count: u32, linked: u32) -> Vec<PersonId> {
        let app = self.app();
        let now = app.clock.now();
        let mut tx = app.store.write().await.unwrap();
        let mut validated = Vec::new();
        for n in 1..=count {
            let number = self.members + n;
            let mail = format!("p{number}@example.org");
            let phone = format!("06 39 98 {:02} {:02}", number / 100, number % 100);
            let identity = Identity::parse("Noé", "Le Goff", &phone, &mail, "34400").unwrap();
            let place = Place {
                postal_code: "34400".to_owned(),
                insee: None,
                territory: None,
                placed: None,
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Local,
                signed_up_on: None,
            };
            let person = people::insert(&mut tx, &new, now).await.unwrap();
            if n <= linked {
                let account = UserId(self.house.discord.user(&format!("m{number}")));
                people::link(&mut tx, person, Some(account), now).await.unwrap();
            }
            let new = NewMembership {
                person,
                group: self.group,
                by: UserId(1),
                consent_version: "1",
            };
            memberships::insert(&mut tx, &new, now).await.unwrap();
            validated.push(person);
        }
        ladder::settle(&mut tx, &app.rules(), self.group, None, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.members += count;
        validated
    }

    /// Makes other groups, each with five members without Discord, all at once.
    async fn neighbours(&self, names: &[&str]) {
        let app = self.app();
        let now = app.clock.now();
        let region = RegionCode("76".to_owned());
        let mut tx = app.store.write().await.unwrap();
        for (place, name) in names.iter().enumerate() {
            let territory = territories::ensure(&mut tx, name, "34", &region, name).await.unwrap();
            let new = NewGroup {
                name,
                departement: "34",
                region: &region,
                territory,
                by: None,
            };
            let group = groups::declare(&mut tx, &new, now).await.unwrap();
            for n in 0..5 {
                let phone = format!("01 99 00 {place:02} {n:02}");
                let mail = format!("q{place}.{n}@example.org");
                let identity = Identity::parse("Léa", "Roux", &phone, &mail, "34130").unwrap();
                let place = Place {
                    postal_code: "34130".to_owned(),
                    insee: None,
                    territory: None,
                    placed: None,
                };
                let new = NewPerson {
                    identity: &identity,
                    place: &place,
                    origin: Origin::Local,
                    signed_up_on: None,
                };
                let person = people::insert(&mut tx, &new, now).await.unwrap();
                let new = NewMembership {
                    person,
                    group,
                    by: UserId(1),
                    consent_version: "1",
                };
                memberships::insert(&mut tx, &new, now).await.unwrap();
            }
            ladder::settle(&mut tx, &app.rules(), group, None, now).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Ends a participation without waiting.
    async fn retire(&self, person: PersonId) {
        let app = self.app();
        let mut tx = app.store.write().await.unwrap();
        let membership = memberships::current(&mut tx, person).await.unwrap().unwrap();
        memberships::end(&mut tx, membership.id, End::Departure, None, app.clock.now())
            .await
            .unwrap();
        ladder::settle(&mut tx, &app.rules(), self.group, None, app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until the reconciler has looked twice without changing anything, and no event is on its way.
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
            let world = &self.house.discord;
            // A notice that lies about is still to be swept.
            let clean = world.read(|world| notices(world).is_empty()) || quiet > 0;
            quiet = if world.last_call() == calls && clean {
                quiet + 1
            } else {
                0
            };
        }
    }

    /// Lets enough time pass for every setback to be tried again, several times.
    async fn persist(&self) {
        for _ in 0..4 {
            self.rest().await;
            self.house.advance(LATER);
        }
        self.ready().await;
        self.rest().await;
    }

    /// A space that is ready and at rest.
    async fn formed(linked: u32) -> Village {
        let mut village = Village::new().await.staffed().await;
        village.validate(5, linked).await;
        village.ready().await;
        village.rest().await;
        village
    }

    /// Waits until the space is ready.
    async fn ready(&self) {
        let app = self.app();
        until("the space to be ready", || async {
            let mut tx = app.store.read().await.unwrap();
            bindings::space_ready(&mut tx, self.group).await.unwrap().is_some()
        })
        .await;
    }

    /// The mutating calls that product.md §7 counts: not the direct messages.
    fn mutating(&self, after: usize) -> Calls {
        let direct: Vec<Id> = self.read(|world| {
            let dms = world.channels.values().filter(|channel| channel.guild_id.is_none());
            dms.map(|channel| channel.id).collect()
        });
        let calls = self.house.discord.calls().after(after).mutating();
        calls.only(|call| call.template != "/users/@me/channels" && !call.touches(&direct))
    }

    /// The setbacks that are kept, each as «subject kind».
    async fn setbacks(&self) -> Vec<String> {
        let app = self.app();
        let mut tx = app.store.read().await.unwrap();
        let found = setbacks::load(&mut tx).await.unwrap();
        found
            .iter()
            .map(|(subject, setback)| format!("{subject} {}", setback.kind.key()))
            .collect()
    }

    /// What people have been told since this was last asked, delivered or not.
    async fn told(&self) -> Vec<Notice> {
        let options = SqliteConnectOptions::new()
            .filename(self.house.database())
            .read_only(true);
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        // What is told to the national team is one thing, also once it is told to each of its accounts.
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT id, notice FROM outbox o WHERE id > ? AND (target = 'channel:national' OR NOT EXISTS ( \
                 SELECT 1 FROM outbox n WHERE n.key = substr(o.key, 1, instr(o.key, '>')) || 'channel:national')) \
             ORDER BY id",
        )
        .bind(self.heard.get())
        .fetch_all(&mut database)
        .await
        .unwrap();
        self.heard.set(rows.last().map_or(self.heard.get(), |(id, _)| *id));
        rows.iter()
            .map(|(_, notice)| serde_json::from_str(notice).unwrap())
            .collect()
    }

    fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.house.discord.read(look)
    }

    /// The identifier of a room of the space.
    fn room(&self, name: &str) -> Id {
        self.read(|world| room(world, name).map(|channel| channel.id))
            .expect("the room is there")
    }

    fn role(&self) -> Id {
        self.house.discord.role("Groupe Lunel")
    }

    /// Asserts that there is one space, each object of it once.
    fn assert_one_space(&self) {
        self.read(|world| {
            let roles = world
                .guild()
                .roles
                .values()
                .filter(|role| role.name == "Groupe Lunel")
                .count();
            assert_eq!(roles, 1, "{}", world.dump());
            for (name, count) in [(CATEGORY, 1), ("discussion", 1), ("registre", 1), ("documents", 1)] {
                let found = world.channels.values().filter(|channel| channel.name == name).count();
                assert_eq!(found, count, "channels «{name}»: {}", world.dump());
            }
            let register = room(world, "registre").unwrap().id;
            assert_eq!(world.messages_in(register).len(), 1, "{}", world.dump());
            assert_eq!(world.pins_in(register).len(), 1, "{}", world.dump());
            let discussion = room(world, "discussion").unwrap().id;
            assert_eq!(world.messages_in(discussion).len(), 1, "{}", world.dump());
        });
    }
}

fn room<'a>(world: &'a World, name: &str) -> Option<&'a Channel> {
    world
        .channel_in(CATEGORY, name)
        .or_else(|| world.channel_in("🏛️ ACP Lunel", name))
}

/// The pin notices that lie in the rooms where only the bot writes.
fn notices(world: &World) -> Vec<&Message> {
    ["registre", "documents"]
        .into_iter()
        .filter_map(|name| room(world, name))
        .flat_map(|channel| world.messages_in(channel.id))
        .filter(|message| message.kind.number() == 6)
        .collect()
}

/// The whole text of the pinned register.
fn register(world: &World) -> String {
    let Some(channel) = room(world, "registre") else {
        return String::new();
    };
    world
        .pins_in(channel.id)
        .iter()
        .map(|message| message.content.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// How many mutating calls the making of a space takes besides its grants (product.md §7).
const BASE: usize = 9;
/// Longer than any delay of a setback.
const LATER: TimeDelta = TimeDelta::minutes(20);
/// A delay that a fault imposes.
const SHORT: Duration = Duration::from_millis(50);
