//! `/valider`: who may, who is recognised, which account is linked.

use chrono::TimeDelta;
use maillage::domain::ids::{MembershipId, PersonId, UserId};
use maillage::domain::notice::{Notice, Recipient};
use maillage::error::Refusal;
use maillage::store::identity::DiscordName;
use maillage::store::{memberships, people, roster};
use maillage::texts;
use maillage::usecases::validation::confirm::{Confirmation, confirm};
use maillage::usecases::validation::form::{choose_group, submit};
use maillage::usecases::validation::open::{Asked, cancel, correct, start};
use maillage::usecases::validation::{Typed, suggest};

use crate::ground::*;

use super::validation::{done, fill, members, open, summary, validate};

#[tokio::test]
async fn strangers_and_dismissed_relays_change_nothing() {
    let ground = Ground::new().await;
    let (kind, _) = refused(start(&ground.app, actor(STRANGER), Asked::default(), ground.now()).await);
    assert_eq!(kind, Refusal::Reserved);
    // A higher function does not bring the lower ones (product.md §19).
    for user in [AWA, NATIONAL] {
        let (kind, _) = refused(start(&ground.app, actor(user), Asked::default(), ground.now()).await);
        assert_eq!(kind, Refusal::Reserved);
    }

    let form = typed("Léa", "Martin", 1);
    let (draft, _) = fill(&ground, CAMILLE, &form).await;
    ground.dismiss(ground.lunel, CAMILLE).await;
    let at = ground.now();
    let outcomes = [
        refused(confirm(&ground.app, actor(CAMILLE), &draft, None, at).await),
        refused(correct(&ground.app, actor(CAMILLE), &draft, at).await),
        refused(submit(&ground.app, actor(CAMILLE), &draft, form.clone(), at).await),
        refused(choose_group(&ground.app, actor(CAMILLE), &draft, ground.lunel, at).await),
    ];
    assert!(
        outcomes.iter().all(|(kind, _)| *kind == Refusal::Reserved),
        "{outcomes:?}"
    );
    // Relay of another group by now: what was shown was Lunel, so Nîmes gets nobody.
    ground.name_relay(ground.nimes, CAMILLE).await;
    let (kind, _) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, at).await);
    assert_eq!(kind, Refusal::NotFound);
    assert_eq!(
        (
            members(&ground, ground.lunel).await,
            members(&ground, ground.nimes).await
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn a_draft_is_its_owners_and_lives_one_hour() {
    let ground = Ground::new().await;
    let (draft, _) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let (kind, text) = refused(confirm(&ground.app, actor(NOE), &draft, None, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict);
    assert_eq!(
        text,
        texts::refusals::draft_expired(),
        "another's draft does not show that it exists"
    );
    ground.advance(TimeDelta::minutes(61));
    let (kind, _) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict);
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn a_cancelled_draft_is_forgotten() {
    let ground = Ground::new().await;
    let (draft, _) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    cancel(&ground.app, actor(CAMILLE), &draft, ground.now()).await.unwrap();
    let (kind, text) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    assert_eq!((kind, text), (Refusal::Conflict, texts::valider::closed()));
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn a_modal_left_open_across_a_restart_still_works() {
    let ground = Ground::new().await;
    let (draft, _) = open(&ground, CAMILLE, Asked::default()).await;
    let ground = ground.restart().await;
    assert!(
        summary(&ground, CAMILLE, &draft, &typed("Léa", "Martin", 1))
            .await
            .ready
    );
    let ground = ground.restart().await;
    done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn the_same_mail_or_the_same_phone_and_name_is_the_same_person() {
    let ground = Ground::new().await;
    let known = typed("Paul", "Durand", 7);
    let id = ground.inscrit(&known).await;
    // The same mail, written otherwise.
    let form = Typed {
        phone: phone(8),
        mail: "PERSONNE7@example.org".to_owned(),
        ..known.clone()
    };
    let confirmed = validate(&ground, CAMILLE, &form).await;
    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(
        memberships::get(&mut tx, confirmed.membership)
            .await
            .unwrap()
            .unwrap()
            .person,
        id
    );
    drop(tx);
    // The same phone and name, another mail: the member is recognised.
    let again = Typed {
        phone: phone(8),
        mail: "autre@example.org".to_owned(),
        ..typed("PAUL", "durand", 9)
    };
    let (draft, summary) = fill(&ground, NOE, &again).await;
    assert!(summary.already.is_some());
    assert!(texts::valider::summary(&summary).content.contains("déjà membre"));
    let outcome = confirm(&ground.app, actor(NOE), &draft, None, ground.now())
        .await
        .unwrap();
    assert!(matches!(outcome, Confirmation::Already(_)), "{outcome:?}");
    // The same phone alone: a household. Another member, and a pair to check.
    let other = Typed {
        phone: phone(8),
        ..typed("Inès", "Petit", 10)
    };
    assert_eq!(validate(&ground, NOE, &other).await.members, 2);
}

#[tokio::test]
async fn a_member_of_another_group_is_refused_and_named() {
    let ground = Ground::new().await;
    let form = typed("Léa", "Martin", 1);
    validate(&ground, INES, &form).await;
    let (draft, summary) = fill(&ground, CAMILLE, &form).await;
    assert!(
        texts::valider::summary(&summary)
            .content
            .contains("déjà membre du groupe Nîmes")
    );
    let outcome = confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
        .await
        .unwrap();
    let Confirmation::Elsewhere { standing, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        texts::valider::elsewhere(&standing, None)
            .content
            .contains("déjà membre du groupe Nîmes")
    );
    assert_eq!(
        (
            members(&ground, ground.lunel).await,
            members(&ground, ground.nimes).await
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn contacts_of_another_relay_are_not_found() {
    let ground = Ground::new().await;
    let id = ground.inscrit(&typed("Paul", "Durand", 7)).await;
    let missing = PersonId(9999);
    let mut texts = Vec::new();
    for id in [id, missing] {
        let asked = Asked {
            inscrit: Some(id.to_string()),
            account: None,
        };
        let (kind, text) = refused(start(&ground.app, actor(INES), asked, ground.now()).await);
        assert_eq!(kind, Refusal::NotFound);
        texts.push(text);
    }
    assert_eq!(texts[0], texts[1], "out of scope and non-existent are told alike");
}

#[tokio::test]
async fn the_account_is_checked_before_the_form() {
    let ground = Ground::new().await;
    let try_account = async |account| {
        let asked = Asked {
            inscrit: None,
            account: Some(account),
        };
        start(&ground.app, actor(CAMILLE), asked, ground.now()).await
    };
    let bot = maillage::usecases::validation::Seen {
        bot: true,
        ..seen(UserId(50), "Robot")
    };
    assert!(refused(try_account(bot).await).1.contains("programme"));
    let away = maillage::usecases::validation::Seen {
        present: false,
        ..seen(UserId(51), "Loin")
    };
    assert!(refused(try_account(away).await).1.contains("n’est pas sur ce serveur"));

    let asked = Asked {
        inscrit: None,
        account: Some(seen(STRANGER, "Léa")),
    };
    let (draft, _) = open(&ground, CAMILLE, asked).await;
    let form = typed("Léa", "Martin", 1);
    let summary = summary(&ground, CAMILLE, &draft, &form).await;
    assert!(texts::valider::summary(&summary).content.contains("Léa (@léa)"));
    ground.told().await;
    let confirmed = done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
    assert!(confirmed.linked);
    let told = ground.told().await;
    assert!(told.contains(&(
        Recipient::User(STRANGER),
        Notice::Linked {
            membership: confirmed.membership
        }
    )));
    let mut tx = ground.app.store.read().await.unwrap();
    let linked = people::of_account(&mut tx, STRANGER).await.unwrap().unwrap();
    assert_eq!(linked.member_of, Some(ground.lunel));
    drop(tx);
    let (kind, text) = refused(try_account(seen(STRANGER, "Léa")).await);
    assert_eq!(kind, Refusal::Invalid);
    assert!(text.contains("déjà lié"), "{text}");
}

#[tokio::test]
async fn an_account_that_left_meanwhile_is_refused_at_the_press() {
    let ground = Ground::new().await;
    let member = roster::Seen {
        user: STRANGER,
        bot: false,
        pending: false,
        national: false,
        name: DiscordName {
            display: "Léa".to_owned(),
            username: "lea".to_owned(),
        },
    };
    ground.mirror(member).await;
    let asked = Asked {
        inscrit: None,
        account: Some(seen(STRANGER, "Léa")),
    };
    let (draft, _) = open(&ground, CAMILLE, asked).await;
    summary(&ground, CAMILLE, &draft, &typed("Léa", "Martin", 1)).await;
    let mut tx = ground.app.store.write().await.unwrap();
    roster::gone(&mut tx, STRANGER).await.unwrap();
    tx.commit().await.unwrap();
    let (kind, _) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    assert_eq!(kind, Refusal::Invalid);
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn suggestions_are_the_relays_own_contacts() {
    let ground = Ground::new().await;
    let zoe = ground.inscrit(&typed("Zoé", "Lefèvre", 1)).await;
    ground.inscrit(&typed("Paul", "Durand", 2)).await;
    ground
        .inscrit(&Typed {
            postal_code: "30000".to_owned(),
            ..typed("Zoé", "Nîmoise", 3)
        })
        .await;
    let member = typed("Zoé", "Membre", 4);
    ground.inscrit(&member).await;
    validate(&ground, CAMILLE, &member).await;
    for typed in ["zoe", "ZOÉ", "lefev", "zoe lef", "Lefèvre zoé"] {
        let found = suggest::contacts(&ground.app, actor(CAMILLE), typed).await.unwrap();
        assert_eq!(found.len(), 1, "{typed}");
        assert_eq!(found[0].label, "Zoé L. — 34400 — à appeler");
        assert_eq!(found[0].value, zoe.to_string());
    }
    assert_eq!(
        suggest::contacts(&ground.app, actor(CAMILLE), "").await.unwrap().len(),
        2
    );
    assert_eq!(
        suggest::contacts(&ground.app, actor(INES), "zoe").await.unwrap().len(),
        1
    );
    refused(suggest::contacts(&ground.app, actor(STRANGER), "zoe").await);
    for n in 10..50 {
        ground.inscrit(&typed("Marie", "Nombreuse", n)).await;
    }
    assert_eq!(
        suggest::contacts(&ground.app, actor(CAMILLE), "mar")
            .await
            .unwrap()
            .len(),
        25
    );
}

#[tokio::test]
async fn register_numbers_are_never_given_twice() {
    let ground = Ground::new().await;
    let first = validate(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let mut tx = ground.app.store.write().await.unwrap();
    memberships::end(
        &mut tx,
        first.membership,
        memberships::End::Mistake,
        Some(CAMILLE),
        ground.now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let second = validate(&ground, CAMILLE, &typed("Paul", "Durand", 2)).await;
    assert_eq!((second.number, second.members), (2, 1));
    let back = validate(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    assert_eq!(back.number, 3);
    assert_ne!(back.membership, MembershipId(first.membership.0));
}
