//! The buttons of the welcome: after a restart, pressed twice, out of the server.

use chrono::TimeDelta;
use maillage::domain::notice::{Class, Notice};
use maillage::loopback::text_of;
use maillage::store::{meeting_subscribers, opt_outs, people};
use maillage::usecases::authority::Actor;
use maillage::usecases::{invitations, notify};

use super::Gate;
use crate::support::until;
use crate::world::raw;

impl Gate {
    /// Puts a message of this class into the outbox, unlike any before.
    async fn tell(&self, who: &str, class: Class, fact: &str) {
        let app = self.house.app();
        let mut tx = app.store.write().await.unwrap();
        notify::user(&mut tx, self.user(who), class, fact, &Notice::Welcome, self.house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn code(&self, person: maillage::domain::ids::PersonId) -> String {
        let camille = Actor {
            user: self.user("camille"),
            manages_server: false,
        };
        invitations::invite(&self.house.app(), camille, &person.to_string(), self.house.now())
            .await
            .unwrap()
            .code
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let pool = raw(&self.house.database()).await;
        sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_button_answers_after_a_restart_and_when_pressed_twice() {
    let mut gate = Gate::open().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let leo = gate.house.person("leo");
    for _ in 0..2 {
        gate.house.resurrect().await;
        for (label, words) in [
            ("Me le rappeler", "C’est noté"),
            ("Mes données", "Ce que ce programme garde"),
            ("Ne plus recevoir de messages", "ne recevrez plus"),
        ] {
            let answer = leo.press(&welcome, label).await.unwrap();
            assert!(answer.ephemeral() && answer.text().contains(words), "{}", answer.text());
        }
        let form = leo.press(&welcome, "J’ai un code").await.unwrap();
        let fields: Vec<&str> = form
            .modal()
            .fields
            .iter()
            .map(|field| field.custom_id.as_str())
            .collect();
        assert_eq!(fields, ["code"]);
        let answer = leo.submit_modal(&form, &[("code", "ABCD2345")]).await.unwrap();
        assert!(answer.text().contains("ne fonctionne pas"), "{}", answer.text());
    }
    let user = gate.user("leo");
    let app = gate.house.app();
    let mut tx = app.store.read().await.unwrap();
    assert!(meeting_subscribers::since(&mut tx, user).await.unwrap().is_some());
    assert!(opt_outs::since(&mut tx, user).await.unwrap().is_some());
    drop(tx);
    assert_eq!(gate.welcomes("leo"), 1, "the welcome is still there");
    // Arrivals are not journaled; the wish is, once.
    assert_eq!(gate.number("SELECT count(*) FROM journal").await, 1);
    let line = "SELECT count(*) FROM journal WHERE event = 'messages.wanted' AND before = 'on' AND after = 'off'";
    assert_eq!(gate.number(line).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_can_change_ones_mind() {
    let gate = Gate::open().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let leo = gate.house.person("leo");
    let stopped = leo.press(&welcome, "Ne plus recevoir de messages").await.unwrap();
    assert_eq!(stopped.buttons(), ["Recevoir à nouveau les messages"]);
    let warned = leo.press(&welcome, "Me le rappeler").await.unwrap();
    assert!(warned.text().contains("rien ne partira"), "{}", warned.text());
    let resumed = leo.press(&stopped, "Recevoir à nouveau les messages").await.unwrap();
    assert!(resumed.text().contains("Les messages reprennent"), "{}", resumed.text());
    // Pressed on the warning too: it is so already.
    leo.press(&warned, "Recevoir à nouveau les messages").await.unwrap();
    let reminded = leo.press(&welcome, "Me le rappeler").await.unwrap();
    let forgotten = leo.press(&reminded, "Ne plus me le rappeler").await.unwrap();
    assert!(forgotten.text().contains("s’arrêtent"), "{}", forgotten.text());
    let app = gate.house.app();
    let mut tx = app.store.read().await.unwrap();
    assert_eq!(meeting_subscribers::all(&mut tx).await.unwrap(), []);
    assert_eq!(opt_outs::since(&mut tx, gate.user("leo")).await.unwrap(), None);
    drop(tx);
    assert_eq!(gate.number("SELECT count(*) FROM journal").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_no_messages_gets_answers_and_access_only() {
    let gate = Gate::open().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let leo = gate.house.person("leo");
    leo.press(&welcome, "Ne plus recevoir de messages").await.unwrap();
    for (class, sent) in [
        (Class::Welcome, false),
        (Class::Digest, false),
        (Class::Reminder, false),
        (Class::Operation, true),
        (Class::Access, true),
    ] {
        let before = gate.welcomes("leo");
        gate.tell("leo", class, &format!("stopped-{}", class as i64)).await;
        gate.quiet().await;
        assert_eq!(gate.welcomes("leo") - before, usize::from(sent), "{class:?}");
    }
    // What was held back is not sent later; what comes now is.
    leo.press(&welcome, "Mes données").await.unwrap();
    let data = leo.press(&welcome, "Mes données").await.unwrap();
    leo.press(&data, "Recevoir à nouveau les messages").await.unwrap();
    let before = gate.welcomes("leo");
    gate.tell("leo", Class::Reminder, "resumed").await;
    gate.quiet().await;
    assert_eq!(gate.welcomes("leo") - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_in_the_conversation_even_out_of_the_server() {
    let gate = Gate::open().await;
    let group = gate.lunel().await;
    let person = gate.person(1, group, true).await;
    let code = gate.code(person).await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let leo = gate.house.person("leo");
    leo.leave();
    gate.settled("tom").await;
    let form = leo.press(&welcome, "J’ai un code").await.unwrap();
    let answer = leo
        .submit_modal(&form, &[("code", &code.to_lowercase())])
        .await
        .unwrap();
    assert!(answer.text().contains("groupe Lunel"), "{}", answer.text());
    assert!(
        answer.text().contains("https://discord.gg/zMJyGwN"),
        "the way back: {}",
        answer.text()
    );
    let app = gate.house.app();
    let mut tx = app.store.read().await.unwrap();
    let linked = people::of_account(&mut tx, gate.user("leo")).await.unwrap().unwrap();
    assert_eq!(linked.id, person);
    drop(tx);
    let data = leo.press(&welcome, "Mes données").await.unwrap();
    for part in [
        "membre validé du groupe Lunel",
        "que vous avez quitté",
        "liée à ce compte",
    ] {
        assert!(data.text().contains(part), "«{part}» in {}", data.text());
    }
    for secret in ["Petit", "06 39 98 50 01", "+33639985001", "n1@example.org"] {
        assert!(!data.text().contains(secret), "«{secret}» in {}", data.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_code_within_the_hour_is_refused_in_the_conversation_too() {
    let mut gate = Gate::open().await;
    let group = gate.lunel().await;
    let person = gate.person(1, group, true).await;
    let code = gate.code(person).await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    let leo = gate.house.person("leo");
    for n in 1..=5 {
        let form = leo.press(&welcome, "J’ai un code").await.unwrap();
        let answer = leo.submit_modal(&form, &[("code", "ABCDEFGH")]).await.unwrap();
        assert!(answer.text().contains("ne fonctionne pas"), "{n}: {}", answer.text());
    }
    gate.house.resurrect().await;
    let form = leo.press(&welcome, "J’ai un code").await.unwrap();
    let answer = leo.submit_modal(&form, &[("code", &code)]).await.unwrap();
    assert!(answer.text().contains("Trop d’essais"), "{}", answer.text());
    gate.house.advance(TimeDelta::hours(1));
    let answer = leo.submit_modal(&form, &[("code", &code)]).await.unwrap();
    assert!(
        answer.text().contains("Bienvenue dans le groupe Lunel"),
        "{}",
        answer.text()
    );
    // A linked account keeps the next code for somebody else.
    let other = gate.person(2, group, true).await;
    let kept = gate.code(other).await;
    let answer = leo.submit_modal(&form, &[("code", &kept)]).await.unwrap();
    assert!(answer.text().contains("déjà lié"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_names_functions_and_wishes() {
    let gate = Gate::open().await;
    gate.lunel().await;
    gate.house.person("leo").join();
    let welcome = gate.welcomed("leo").await;
    until("the relay's message", || async { gate.gauge().await.waiting == 0 }).await;
    let leo = gate.house.person("leo");
    let named = [
        ("groupe", "Lunel".into()),
        ("membre", maillage::loopback::Value::User(leo.id())),
    ];
    gate.house.person("nadia").slash("relai nommer", &named).await.unwrap();
    leo.press(&welcome, "Me le rappeler").await.unwrap();
    let data = leo.press(&welcome, "Mes données").await.unwrap();
    for part in [
        "relai local (Lunel)",
        "rappel de la réunion",
        "accueillie par un message",
        "CNIL",
    ] {
        assert!(data.text().contains(part), "«{part}» in {}", data.text());
    }
    assert_eq!(data.buttons(), ["Ne plus recevoir de messages"]);
    // The whole conversation is the bot's two messages: answers are for the reader alone.
    until("both messages", || async { leo.dms().len() == 2 }).await;
    assert!(leo.dms().iter().all(|message| !text_of(message).contains("CNIL")));
}
