//! Persons do what a Discord client lets them do, and nothing else.

use maillage::loopback::permissions as perm;
use maillage::loopback::{Builder, Loopback, Overwrite, Refusal, Value};
use serde_json::json;

use super::bot;
use super::raw::Raw;

fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, why: &str) {
    match result {
        Err(Refusal::NotOffered(text)) => assert!(text.contains(why), "{text}"),
        other => panic!("{other:?} instead of a refusal about «{why}»"),
    }
}

#[tokio::test]
async fn the_client_refuses_what_the_bot_did_not_offer() {
    let discord = Loopback::start(
        Builder::new()
            .member("camille", "Camille", &[])
            .role("national", perm::MANAGE_GUILD),
    )
    .await
    .unwrap();
    let _bot = bot::start(&discord).await;
    let camille = discord.person("camille");
    refused(camille.slash("inconnue", &[]).await, "n’existe pas");
    refused(
        camille.slash("salut", &[("quoi", "x".into())]).await,
        "n’a pas d’option",
    );
    refused(camille.slash("salut", &[("qui", true.into())]).await, "d’un autre type");
    refused(
        camille
            .slash("salut", &[("qui", "a".into()), ("qui", "b".into())])
            .await,
        "deux fois",
    );
    refused(camille.slash("fichier", &[]).await, "manque");
    refused(camille.slash("relai nommer", &[]).await, "n’est pas proposée");
    discord.admin().give_role(camille.id(), discord.role("national"));
    refused(camille.slash("relai", &[]).await, "sous-commande");
    refused(camille.slash("relai retirer", &[]).await, "pas de sous-commande");
    refused(
        camille.slash("relai nommer", &[("groupe", "Lunel".into())]).await,
        "manque",
    );
    let given = [("groupe", "Lunel".into()), ("membre", Value::User(camille.id()))];
    assert_eq!(
        camille.slash("relai nommer", &given).await.unwrap().content(),
        "camille relaie Lunel true"
    );
    refused(
        camille.autocomplete("relai nommer", "groupe", "l").await,
        "ne propose rien",
    );
    assert!(matches!(camille.choose("salut", "qui", "camille").await.unwrap(), Value::Text(t) if t == "Camille"));
    refused(camille.choose("salut", "qui", "zzz").await, "rien n’est proposé");
}

#[tokio::test]
async fn the_client_checks_menus_and_forms() {
    let discord = Loopback::start(Builder::new().member("camille", "Camille", &[]))
        .await
        .unwrap();
    let _bot = bot::start(&discord).await;
    let camille = discord.person("camille");
    let hello = camille.slash("salut", &[]).await.unwrap();
    refused(
        camille.select(&hello, "Quel groupe ?", &["Paris"]).await,
        "n’est pas proposé",
    );
    refused(
        camille.select(&hello, "Quel groupe ?", &["Lunel", "Nîmes"]).await,
        "de 1 à 1",
    );
    refused(camille.select(&hello, "Autre", &["Lunel"]).await, "pas de menu");
    assert_eq!(
        camille.select(&hello, "0", &["lunel"]).await.unwrap().content(),
        "lunel"
    );
    refused(camille.press(&hello, "Non").await, "pas de bouton");
    let form = camille.slash("formulaire", &[]).await.unwrap();
    refused(camille.submit_modal(&form, &[("prenom", " ")]).await, "obligatoire");
    refused(
        camille.submit_modal(&form, &[("prenom", &"x".repeat(4001))]).await,
        "caractères",
    );
    refused(camille.submit_modal(&form, &[("prenom", "a\nb")]).await, "une ligne");
    refused(camille.submit_modal(&form, &[("age", "12")]).await, "n’a pas de champ");
    let sent = camille
        .submit_modal(&form, &[("Prénom", "Camille"), ("nom", "Le Goff")])
        .await
        .unwrap();
    assert_eq!(sent.content(), "formulaire:7 Camille Le Goff");
    assert_eq!(camille.responses().len(), 4);
}

#[tokio::test]
async fn the_bot_that_does_not_answer_is_reported_after_three_seconds() {
    let discord = Loopback::start(Builder::new().member("camille", "Camille", &[]))
        .await
        .unwrap();
    let _bot = bot::start(&discord).await;
    let before = std::time::Instant::now();
    let answer = discord.person("camille").slash("muet", &[]).await;
    assert_eq!(answer.unwrap_err(), Refusal::NoAnswer);
    assert!(before.elapsed() >= std::time::Duration::from_secs(3));
}

#[tokio::test]
async fn persons_see_and_write_what_permissions_allow() {
    let world = Builder::new()
        .role("membre", 0)
        .channel_with("réservé", |w| {
            let everyone = Overwrite::role(w.main_guild, 0, perm::VIEW_CHANNEL);
            vec![
                everyone,
                Overwrite::role(
                    w.role_named("membre").unwrap().id,
                    perm::VIEW_CHANNEL,
                    perm::SEND_MESSAGES,
                ),
            ]
        })
        .member("camille", "Camille", &["membre"])
        .member("awa", "Awa", &[])
        .person("nouvelle", "Nouvelle", |p| p.pending());
    let discord = Loopback::start(world).await.unwrap();
    let (general, reserved) = (discord.channel("général"), discord.channel("réservé"));
    let names = |who: &str| {
        discord
            .person(who)
            .visible_channels()
            .into_iter()
            .map(|c| c.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("camille"), ["général", "réservé"]);
    assert_eq!(names("awa"), ["général"]);
    refused(
        discord.person("camille").send_message(reserved, "bonjour"),
        "ne peut pas écrire",
    );
    refused(
        discord.person("nouvelle").send_message(general, "bonjour"),
        "ne peut pas écrire",
    );
    let message = discord.person("camille").send_message(general, "bonjour").unwrap();
    assert_eq!(discord.person("awa").read_channel(general).len(), 1);
    assert!(discord.person("awa").read_channel(reserved).is_empty());
    refused(discord.person("awa").delete_message(message), "d’une autre personne");
    discord.person("camille").delete_message(message).unwrap();
    discord.person("nouvelle").accept_rules();
    discord.person("nouvelle").send_message(general, "me voilà").unwrap();
    assert!(discord.person("camille").can(reserved, perm::VIEW_CHANNEL));
    assert!(!discord.person("camille").can(reserved, perm::SEND_MESSAGES));
    discord.person("camille").leave();
    assert!(discord.person("camille").visible_channels().is_empty());
}

#[tokio::test]
async fn those_are_notified_whom_allowed_mentions_lets_through() {
    let world = Builder::new()
        .role("relais", 0)
        .member("camille", "Camille", &["relais"])
        .member("awa", "Awa", &[]);
    let discord = Loopback::start(world).await.unwrap();
    let raw = Raw::new(&discord);
    let (camille, awa, role) = (discord.user("camille"), discord.user("awa"), discord.role("relais"));
    let channel = discord.channel("général");
    let text = format!("<@{awa}> <@&{role}> @everyone <@12>");
    let mut notified = Vec::new();
    for allowed in [
        json!(null),
        json!({"parse": []}),
        json!({"parse": [], "users": [awa.to_string()]}),
        json!({"parse": ["roles"], "users": [], "roles": []}),
    ] {
        let body = json!({"content": text, "allowed_mentions": allowed});
        let id = raw.post(&format!("/channels/{channel}/messages"), body).await.id();
        notified.push(discord.read(|w| w.message(id).unwrap().notified.clone()));
    }
    // The role can not be mentioned by a bot without «Mentionner @everyone».
    assert_eq!(notified, [vec![awa], vec![], vec![awa], vec![]]);
    discord.admin().edit_role(role, |r| r.mentionable = true);
    let id = raw
        .post(&format!("/channels/{channel}/messages"), json!({"content": text}))
        .await
        .id();
    let mut both = vec![camille, awa];
    both.sort_unstable();
    assert_eq!(discord.read(|w| w.message(id).unwrap().notified.clone()), both);
    assert_eq!(discord.person("camille").notifications().len(), 1);
    let wrong = json!({"content": "a", "allowed_mentions": {"parse": ["users"], "users": [awa.to_string()]}});
    let reply = raw.post(&format!("/channels/{channel}/messages"), wrong).await;
    assert_eq!(
        reply.faults_at("allowed_mentions/parse"),
        ["ALLOWED_MENTIONS_PARSE_EXCLUSIVE"]
    );
}
