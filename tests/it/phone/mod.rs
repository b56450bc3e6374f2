//! The relays' phone work, on a real database with a clock that only the test moves: lists, cards, calls, reminders, and the
//! one-time codes.

pub(crate) mod acts;
mod calls;
mod invitations;
mod lists;
mod migration;
mod reminders;

use chrono::NaiveDate;
use maillage::domain::action::ListAt;
use maillage::domain::contact::{Filter, OutcomeKind};
use maillage::domain::ids::{GroupId, MembershipId, PersonId, UserId};
use maillage::error::Outcome;
use maillage::store::memberships::{self, NewMembership};
use maillage::texts::contacts::{Card, Page};
use maillage::usecases::calls::{self as use_cases, Recorded, Said};
use maillage::usecases::contacts::{self as cards, Gated};
use maillage::usecases::validation::Typed;

use crate::ground::{CAMILLE, Ground, actor, typed};

/// The first page of a list.
fn first(filter: Filter) -> ListAt {
    ListAt::first(filter)
}

/// The same form, changed.
fn with(mut form: Typed, change: impl FnOnce(&mut Typed)) -> Typed {
    change(&mut form);
    form
}

/// What is open, once the charter is accepted.
#[track_caller]
fn open<T>(gated: Gated<T>) -> T {
    match gated {
        Gated::Open(value) => value,
        Gated::Charter(_) => panic!("the charter comes first"),
    }
}

impl Ground {
    async fn list(&self, user: UserId, filter: Filter) -> Page {
        self.page(user, first(filter)).await
    }

    async fn page(&self, user: UserId, at: ListAt) -> Page {
        open(cards::list(&self.app, actor(user), at, self.now()).await.unwrap())
    }

    /// The ids of the first page of a list.
    async fn ids(&self, user: UserId, filter: Filter) -> Vec<PersonId> {
        self.list(user, filter).await.lines.iter().map(|line| line.id).collect()
    }

    async fn card(&self, user: UserId, person: PersonId) -> Outcome<Card> {
        cards::open(&self.app, actor(user), person, first(Filter::ToCall), self.now())
            .await
            .map(open)
    }

    async fn call(&self, user: UserId, person: PersonId, kind: OutcomeKind) -> Outcome<Recorded> {
        self.said(user, person, kind, Said::default()).await
    }

    async fn call_back(&self, user: UserId, person: PersonId, on: NaiveDate) -> Outcome<Recorded> {
        self.said(
            user,
            person,
            OutcomeKind::CallBack,
            Said {
                day: Some(on),
                note: None,
            },
        )
        .await
    }

    async fn said(&self, user: UserId, person: PersonId, kind: OutcomeKind, said: Said) -> Outcome<Recorded> {
        use_cases::record(
            &self.app,
            actor(user),
            person,
            kind,
            said,
            first(Filter::ToCall),
            self.now(),
        )
        .await
        .map(open)
    }

    /// Someone of Lunel who signed up.
    async fn contact(&self, n: u32) -> PersonId {
        self.inscrit(&typed("Lou", &format!("Roche{n}"), n)).await
    }

    async fn validate(&self, person: PersonId, group: GroupId) -> MembershipId {
        let mut tx = self.app.store.write().await.unwrap();
        let new = NewMembership {
            person,
            group,
            by: CAMILLE,
            consent_version: "1",
        };
        let membership = memberships::insert(&mut tx, &new, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        membership.id
    }

    /// The database as an outsider reads it.
    async fn raw(&self) -> sqlx::SqlitePool {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.app.store.path());
        sqlx::SqlitePool::connect_with(options).await.unwrap()
    }

    /// How many lines of the journal tell this of a person.
    async fn journaled(&self, event: &str, person: PersonId) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM journal WHERE event = ? AND person_id = ?")
            .bind(event)
            .bind(person.0)
            .fetch_one(&self.raw().await)
            .await
            .unwrap()
    }

    /// Whether the files of the database hold these bytes.
    fn leaks(&self, secret: &str) -> bool {
        let folder = self.app.store.path().parent().unwrap();
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        })
    }
}
