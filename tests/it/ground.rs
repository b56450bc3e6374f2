//! Solid ground for tests of use cases: a database in a temporary folder, the shipped texts and territories, a clock that
//! only the test moves, and a few invented people around Lunel.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use maillage::clock::Clock;
use maillage::config::Settings;
use maillage::domain::ids::{GroupId, GuildId, PersonId, RegionCode, TerritoryId, UserId};
use maillage::domain::notice::{Notice, Recipient};
use maillage::domain::person::Identity;
use maillage::domain::territory::{Atlas, Origin as Placed, TerritoryKey};
use maillage::error::{Failure, Refusal};
use maillage::store::identity::DiscordName;
use maillage::store::keyring::KeySource;
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::vault::SecretKey;
use maillage::store::{Store, authority, outbox, people, posts, roster, territories};
use maillage::texts::templates::Texts;
use maillage::usecases::authority::Actor;
use maillage::usecases::validation::{Seen, Typed};
use maillage::usecases::{App, notify};
use tempfile::TempDir;

/// A relay of Lunel.
pub(crate) const CAMILLE: UserId = UserId(1001);
/// The other relay of Lunel.
pub(crate) const NOE: UserId = UserId(1002);
/// A relay of Nîmes.
pub(crate) const INES: UserId = UserId(1003);
/// The referent of Occitanie.
pub(crate) const AWA: UserId = UserId(1004);
/// Of the national team.
pub(crate) const NATIONAL: UserId = UserId(1005);
/// Someone without any function.
pub(crate) const STRANGER: UserId = UserId(1006);

/// The whole country, read once.
fn atlas() -> Atlas {
    static SHIPPED: OnceLock<Atlas> = OnceLock::new();
    SHIPPED
        .get_or_init(|| maillage::territories::load_shipped().unwrap())
        .with_epci()
}

/// A database with two groups: Lunel (Camille and Noé are its relays) and Nîmes (Inès).
pub(crate) struct Ground {
    folder: TempDir,
    pub(crate) app: Arc<App>,
    pub(crate) clock: Clock,
    pub(crate) lunel: GroupId,
    pub(crate) nimes: GroupId,
}

/// Who presses.
pub(crate) fn actor(user: UserId) -> Actor {
    Actor {
        user,
        manages_server: false,
    }
}

/// A form, its phone and mail made from `n`.
pub(crate) fn typed(first: &str, last: &str, n: u32) -> Typed {
    Typed {
        first: first.to_owned(),
        last: last.to_owned(),
        phone: phone(n),
        mail: format!("personne{n}@example.org"),
        postal_code: "34400".to_owned(),
    }
}

pub(crate) fn phone(n: u32) -> String {
    format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100)
}

/// The refusal of a use case; a success or a breakdown fails the test.
#[track_caller]
pub(crate) fn refused<T>(outcome: Result<T, Failure>) -> (Refusal, String) {
    match outcome {
        Err(Failure::User(refusal)) => (refusal.kind, refusal.text),
        Err(Failure::Internal(error)) => panic!("broken: {error:?}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn application(folder: &TempDir, clock: &Clock) -> Arc<App> {
    let key = KeySource::Given(SecretKey::new([7; 32]));
    let store = Store::open(&folder.path().join("maillage.db"), &key).await.unwrap();
    let texts = Texts::load(None).unwrap();
    let app = Arc::new(App::new(store, Settings::default(), clock.clone(), texts, atlas()));
    app.bind(GuildId(1));
    app
}

impl Ground {
    pub(crate) async fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
        let app = application(&folder, &clock).await;
        let mut ground = Ground {
            folder,
            app,
            clock,
            lunel: GroupId(0),
            nimes: GroupId(0),
        };
        ground.lunel = ground.declare("34400").await;
        ground.nimes = ground.declare("30000").await;
        for (group, user) in [(ground.lunel, CAMILLE), (ground.lunel, NOE), (ground.nimes, INES)] {
            ground.name_relay(group, user).await;
        }
        let mut tx = ground.app.store.write().await.unwrap();
        posts::name_referent(&mut tx, &RegionCode("76".to_owned()), AWA, ground.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        ground.meet(NATIONAL, "nationale", true).await;
        ground
    }

    /// The process dies and starts again on the same database.
    pub(crate) async fn restart(self) -> Ground {
        let Ground {
            folder,
            app,
            clock,
            lunel,
            nimes,
        } = self;
        app.store.close().await;
        drop(app);
        let app = application(&folder, &clock).await;
        Ground {
            folder,
            app,
            clock,
            lunel,
            nimes,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        assert!(self.clock.advance(by));
    }

    /// The territory of a postal code that leaves no doubt.
    pub(crate) async fn territory(&self, postal_code: &str) -> TerritoryId {
        let atlas = self.app.atlas();
        let parts = atlas.parts(postal_code.parse().unwrap());
        let [part] = parts.as_slice() else {
            panic!("{postal_code} leaves a doubt")
        };
        self.territory_of(part.key()).await
    }

    pub(crate) async fn territory_of(&self, key: &TerritoryKey) -> TerritoryId {
        let atlas = self.app.atlas();
        let territory = atlas.territory(key).unwrap();
        let mut tx = self.app.store.write().await.unwrap();
        let region = RegionCode(territory.region.clone());
        let id = territories::ensure(&mut tx, &key.basin, &key.departement, &region, &territory.name)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) async fn declare(&self, postal_code: &str) -> GroupId {
        let territory = self.territory(postal_code).await;
        let mut tx = self.app.store.write().await.unwrap();
        let group = maillage::usecases::ladder::declare(&mut tx, territory, None, None, self.now())
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        group
    }

    /// Names a relay who has accepted the charter.
    pub(crate) async fn name_relay(&self, group: GroupId, user: UserId) {
        let version = self.app.texts().charter().version;
        let mut tx = self.app.store.write().await.unwrap();
        posts::name_relay(&mut tx, group, user, self.now()).await.unwrap();
        authority::accept_charter(&mut tx, user, &version, self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn dismiss(&self, group: GroupId, user: UserId) {
        let mut tx = self.app.store.write().await.unwrap();
        assert!(posts::end_relay(&mut tx, group, user, self.now()).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// The server's mirror meets an account.
    pub(crate) async fn meet(&self, user: UserId, name: &str, national: bool) {
        self.mirror(roster::Seen {
            user,
            bot: false,
            pending: false,
            national,
            name: DiscordName {
                display: name.to_owned(),
                username: name.to_lowercase(),
            },
        })
        .await;
    }

    pub(crate) async fn mirror(&self, seen: roster::Seen) {
        let mut tx = self.app.store.write().await.unwrap();
        roster::note(&mut tx, &seen).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Someone signs up on the website, at a postal code that leaves no doubt.
    pub(crate) async fn inscrit(&self, typed: &Typed) -> PersonId {
        let territory = self.territory(&typed.postal_code).await;
        let identity =
            Identity::parse(&typed.first, &typed.last, &typed.phone, &typed.mail, &typed.postal_code).unwrap();
        let place = Place {
            postal_code: typed.postal_code.clone(),
            insee: None,
            territory: Some(territory),
            placed: Some(Placed::Code),
        };
        let new = NewPerson {
            identity: &identity,
            place: &place,
            origin: Origin::Site,
            signed_up_on: "2027-02-01".parse().ok(),
        };
        let mut tx = self.app.store.write().await.unwrap();
        let id = people::insert(&mut tx, &new, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Everything that waits to be told, oldest first: to whom, and what. Takes it out of the queue.
    pub(crate) async fn told(&self) -> Vec<(Recipient, Notice)> {
        notify::spread(&self.app, self.now()).await.unwrap();
        let mut tx = self.app.store.write().await.unwrap();
        let mut told = Vec::new();
        while let Some(row) = outbox::lease_next(
            &mut tx,
            outbox::Lane::Direct { welcomes: true },
            self.now(),
            TimeDelta::hours(1),
        )
        .await
        .unwrap()
        {
            outbox::finish(&mut tx, row.id, outbox::Delivery::Dropped, self.now())
                .await
                .unwrap();
            told.push((row.to, row.notice));
        }
        tx.commit_quietly().await.unwrap();
        told
    }
}

/// An account as an interaction shows it.
pub(crate) fn seen(user: UserId, display: &str) -> Seen {
    Seen {
        user,
        present: true,
        bot: false,
        display: display.to_owned(),
        username: display.to_lowercase(),
    }
}
