//! Newcomers (product.md §11): who is welcomed, once; what the buttons of the welcome do; what accidents leave.

mod accidents;
mod arrivals;
mod buttons;
mod crowd;

use maillage::config::Settings;
use maillage::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::loopback::model::Message;
use maillage::loopback::{Builder, text_of};
use maillage::store::memberships::NewMembership;
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{memberships, outbox, people, posts, territories};
use maillage::usecases::ladder;

use crate::support::{House, server, until};

/// The first words of a welcome.
const WELCOME: &str = "**Bienvenue, ";

/// The server of [`server`], and people who have an account without being on it: `leo`, `zoe`, `max`, and a program, `robot`.
fn town() -> Builder {
    server()
        .person("leo", "Léo *Vidal*", |person| person.outside())
        .person("zoe", "Zoé", |person| person.outside())
        .person("max", "Max", |person| person.outside())
        .person("robot", "Robot", |person| person.outside().bot())
}

/// A server where newcomers arrive.
struct Gate {
    house: House,
}

impl Gate {
    async fn open() -> Gate {
        Gate::with(|_| {}).await
    }

    async fn with(tune: impl FnOnce(&mut Settings)) -> Gate {
        Gate {
            house: House::open_with(town(), tune).await,
        }
    }

    fn user(&self, who: &str) -> UserId {
        UserId(self.house.discord.user(who))
    }

    /// The welcomes that this person has received.
    fn welcomes(&self, who: &str) -> usize {
        let dms = self.house.person(who).dms();
        dms.iter()
            .filter(|message| text_of(message).starts_with(WELCOME))
            .count()
    }

    /// Waits for the welcome of this person.
    async fn welcomed(&self, who: &str) -> Message {
        self.house
            .person(who)
            .wait_dm("the welcome", |message| text_of(message).starts_with(WELCOME))
            .await
    }

    /// Waits until everything that has happened so far has had its effect: somebody who comes now is welcomed.
    async fn settled(&self, name: &str) {
        let admin = self.house.discord.admin();
        admin.join(admin.create_user(name, name), false);
        self.welcomed(name).await;
        self.quiet().await;
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

    /// The group Lunel, whose relay is Camille.
    async fn lunel(&self) -> GroupId {
        let app = self.house.app();
        let mut tx = app.store.write().await.unwrap();
        let region = RegionCode("76".to_owned());
        let territory = territories::ensure(&mut tx, "243400520", "34", &region, "Lunel")
            .await
            .unwrap();
        let group = ladder::declare(&mut tx, territory, None, None, self.house.now())
            .await
            .unwrap()
            .unwrap();
        posts::name_relay(&mut tx, group, self.user("camille"), self.house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        group
    }

    /// Somebody of Lunel who signed up; a validated member when `member`.
    async fn person(&self, n: u32, group: GroupId, member: bool) -> PersonId {
        let app = self.house.app();
        let mut tx = app.store.write().await.unwrap();
        let (phone, mail) = (format!("06 39 98 50 {n:02}"), format!("n{n}@example.org"));
        let identity = Identity::parse("Lou", "Petit", &phone, &mail, "34400").unwrap();
        let region = RegionCode("76".to_owned());
        let territory = territories::ensure(&mut tx, "243400520", "34", &region, "Lunel")
            .await
            .unwrap();
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
        let person = people::insert(&mut tx, &new, self.house.now()).await.unwrap();
        if member {
            let new = NewMembership {
                person,
                group,
                by: self.user("camille"),
                consent_version: "1",
            };
            memberships::insert(&mut tx, &new, self.house.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        person
    }

    async fn link(&self, person: PersonId, who: &str) {
        let app = self.house.app();
        let mut tx = app.store.write().await.unwrap();
        people::link(&mut tx, person, Some(self.user(who)), self.house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}
