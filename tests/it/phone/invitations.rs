use chrono::TimeDelta;
use maillage::domain::ids::{PersonId, UserId};
use maillage::domain::notice::{Notice, Recipient};
use maillage::error::{Outcome, Refusal};
use maillage::store::people;
use maillage::texts::invitations::Welcome;
use maillage::usecases::invitations;

use crate::ground::{CAMILLE, Ground, INES, NOE, STRANGER, actor, refused, typed};

const LEA: UserId = UserId(2001);
const MAX: UserId = UserId(2002);

impl Ground {
    async fn code(&self, person: PersonId) -> String {
        invitations::invite(&self.app, actor(CAMILLE), &person.to_string(), self.now())
            .await
            .unwrap()
            .code
    }

    async fn join(&self, user: UserId, code: &str) -> Outcome<Welcome> {
        invitations::join(&self.app, actor(user), code, self.now()).await
    }

    async fn account(&self, person: PersonId) -> Option<UserId> {
        let mut tx = self.app.store.read().await.unwrap();
        people::get(&mut tx, person).await.unwrap().unwrap().discord
    }
}

#[tokio::test]
async fn a_code_links_its_person_once_and_the_relays_are_told() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.validate(person, ground.lunel).await;
    let given = invitations::invite(&ground.app, actor(CAMILLE), &person.to_string(), ground.now())
        .await
        .unwrap();
    assert_eq!(given.code.len(), 8);
    assert!(
        given.sms.contains(&given.code) && given.sms.contains("14 jours"),
        "{}",
        given.sms
    );
    assert_eq!(given.expires_at, ground.now() + TimeDelta::days(14));
    let mut changes = ground.app.store.changes();
    changes.mark_unchanged();
    let welcome = ground.join(LEA, &given.code.to_lowercase()).await.unwrap();
    assert_eq!(
        (welcome.group.as_deref(), welcome.member, welcome.space),
        (Some("Lunel"), true, None)
    );
    assert!(changes.has_changed().unwrap(), "the reconciler is woken");
    assert_eq!(ground.account(person).await, Some(LEA));
    assert_eq!(ground.journaled("person.linked", person).await, 1);
    let notice = Notice::Joined {
        person,
        group: ground.lunel,
    };
    assert_eq!(
        ground.told().await,
        [CAMILLE, NOE].map(|user| (Recipient::User(user), notice.clone()))
    );
    assert_eq!(refused(ground.join(MAX, &given.code).await).0, Refusal::Invalid, "used");
    let again = invitations::invite(&ground.app, actor(CAMILLE), &person.to_string(), ground.now()).await;
    assert_eq!(refused(again).0, Refusal::Conflict, "linked already");
}

#[tokio::test]
async fn a_contact_who_is_not_yet_a_member_is_linked_too() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let welcome = ground.join(LEA, &ground.code(person).await).await.unwrap();
    assert_eq!((welcome.group.as_deref(), welcome.member), (Some("Lunel"), false));
}

#[tokio::test]
async fn a_code_that_opens_nothing_never_says_why() {
    let ground = Ground::new().await;
    let [one, two] = [ground.contact(1).await, ground.contact(2).await];
    let replaced = ground.code(one).await;
    let good = ground.code(one).await;
    let other = ground.code(two).await;
    let unknown = refused(ground.join(LEA, "22222222").await);
    assert_eq!(unknown, refused(ground.join(LEA, "bonjour").await));
    assert_eq!(
        unknown,
        refused(ground.join(LEA, &replaced).await),
        "a new invitation replaces the former"
    );
    ground.advance(TimeDelta::days(14));
    assert_eq!(unknown, refused(ground.join(LEA, &good).await), "expired");
    let mut tx = ground.app.store.write().await.unwrap();
    people::link(&mut tx, two, Some(MAX), ground.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        unknown,
        refused(ground.join(LEA, &other).await),
        "linked meanwhile by the relay"
    );
    assert_eq!(ground.account(one).await, None);
}

#[tokio::test]
async fn the_last_second_counts() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let code = ground.code(person).await;
    ground.advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    ground.join(LEA, &code).await.unwrap();
}

#[tokio::test]
async fn the_sixth_try_within_the_hour_is_refused_even_with_the_right_code() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let code = ground.code(person).await;
    for _ in 0..5 {
        assert_eq!(refused(ground.join(LEA, "ABCDEFGH").await).0, Refusal::Invalid);
        ground.advance(TimeDelta::minutes(1));
    }
    let (kind, text) = refused(ground.join(LEA, &code).await);
    assert_eq!(kind, Refusal::Later);
    assert!(!text.contains("Lunel"), "{text}");
    ground.advance(TimeDelta::minutes(54));
    assert_eq!(
        refused(ground.join(LEA, &code).await).0,
        Refusal::Later,
        "the fifth minute is not over"
    );
    ground.advance(TimeDelta::minutes(1));
    ground.join(LEA, &code).await.unwrap();
}

#[tokio::test]
async fn a_linked_account_is_refused_and_the_code_is_kept() {
    let ground = Ground::new().await;
    let [one, two] = [ground.contact(1).await, ground.contact(2).await];
    ground.join(LEA, &ground.code(one).await).await.unwrap();
    let code = ground.code(two).await;
    for _ in 0..7 {
        assert_eq!(refused(ground.join(LEA, &code).await).0, Refusal::Conflict);
    }
    ground.join(MAX, &code).await.unwrap();
    assert_eq!(
        (ground.account(one).await, ground.account(two).await),
        (Some(LEA), Some(MAX))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_typed_by_two_at_once_serves_one() {
    let ground = Ground::new().await;
    for n in 0..6 {
        let person = ground.contact(n).await;
        let code = ground.code(person).await;
        let (one, other) = (UserId(3000 + u64::from(n)), UserId(4000 + u64::from(n)));
        let (first, second) = tokio::join!(ground.join(one, &code), ground.join(other, &code));
        assert_ne!(first.is_ok(), second.is_ok());
        assert_eq!(
            ground.account(person).await,
            Some(if first.is_ok() { one } else { other })
        );
    }
}

#[tokio::test]
async fn codes_are_not_in_the_database() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let code = ground.code(person).await;
    ground.app.store.close().await;
    assert!(!ground.leaks(&code));
}

#[tokio::test]
async fn a_relay_invites_his_own_people_only() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let invite =
        async |user, personne: &str| invitations::invite(&ground.app, actor(user), personne, ground.now()).await;
    assert_eq!(refused(invite(INES, &person.to_string()).await).0, Refusal::NotFound);
    assert_eq!(
        refused(invite(STRANGER, &person.to_string()).await).0,
        Refusal::Reserved
    );
    invite(NOE, "LOU ROCHE1").await.unwrap();
}

#[tokio::test]
async fn suggestions_are_the_relay_s_own_without_accents_or_case() {
    let ground = Ground::new().await;
    let member = ground.inscrit(&typed("Élodie", "Dupré", 1)).await;
    let contact = ground.inscrit(&typed("Elo", "Dupres", 2)).await;
    let linked = ground.inscrit(&typed("Élise", "Dupré", 3)).await;
    ground.validate(member, ground.lunel).await;
    ground.join(LEA, &ground.code(linked).await).await.unwrap();
    let suggest = async |user, typed: &str| {
        let found = invitations::suggest(&ground.app, actor(user), typed).await.unwrap();
        found.into_iter().map(|suggestion| suggestion.value).collect::<Vec<_>>()
    };
    assert_eq!(
        suggest(CAMILLE, "DUPRE").await,
        [member.to_string(), contact.to_string()],
        "members first"
    );
    assert_eq!(
        suggest(CAMILLE, "elo dupré 34").await,
        [member.to_string(), contact.to_string()]
    );
    assert_eq!(suggest(CAMILLE, "élodie").await, [member.to_string()]);
    assert!(suggest(INES, "dupre").await.is_empty());
    assert_eq!(
        refused(invitations::suggest(&ground.app, actor(STRANGER), "").await).0,
        Refusal::Reserved
    );
}
