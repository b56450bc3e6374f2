//! serenity and poise, unmodified: every event is understood, every kind of answer arrives.

use maillage::loopback::{AnswerKind, Builder, Loopback, Refusal, Value};

use super::bot;

#[tokio::test]
async fn a_poise_bot_registers_and_answers_a_command() {
    let discord = Loopback::start(Builder::new().member("camille", "Camille", &[]))
        .await
        .unwrap();
    let bot = bot::start(&discord).await;
    let camille = discord.person("camille");

    let answer = camille.slash("salut", &[("qui", "Awa".into())]).await.unwrap();
    assert_eq!(answer.kind, AnswerKind::Message);
    assert!(answer.ephemeral());
    assert_eq!(answer.text(), "Bonjour Awa\nTitre\nchamp\nvaleur\npied");
    assert_eq!(answer.buttons(), ["C'est ça"]);

    for event in ["ready", "guild_create", "interaction_create"] {
        bot.seen.wait(event, 1).await;
        assert_eq!(bot.seen.count(event), 1);
    }
    assert_eq!(discord.gateway().identifies(), 1);
}

#[tokio::test]
async fn autocomplete_buttons_selects_forms_and_files_work_as_in_the_client() {
    let world = Builder::new()
        .member("camille", "Camille", &[])
        .member("awa", "Awa", &[]);
    let discord = Loopback::start(world).await.unwrap();
    let _bot = bot::start(&discord).await;
    let camille = discord.person("camille");
    let awa = discord.person("awa");

    let choices = camille.autocomplete("salut", "qui", "a").await.unwrap();
    assert_eq!(
        choices.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["Camille", "Awa"]
    );

    let hello = camille.slash("salut", &[]).await.unwrap();
    assert!(
        awa.press(&hello, "C'est ça").await.is_err(),
        "an ephemeral message belongs to one person"
    );
    let select = camille.select(&hello, "Quel groupe ?", &["Nîmes"]).await.unwrap();
    assert_eq!(select.text(), "nimes");
    let people = camille.select_users(&hello, "salut:1:qui", &[awa.id()]).await.unwrap();
    assert_eq!(people.text(), "awa");
    let pressed = camille.press(&hello, "C'est ça").await.unwrap();
    assert_eq!(pressed.kind, AnswerKind::Update);
    pressed
        .wait_until("the edit", |m| m.content == "compris, et le lien")
        .await;
    let followup = pressed.followup(0).await;
    assert_eq!(followup.content, "suite");
    assert!(camille.press(&hello, "C'est ça").await.is_err(), "the button is gone");

    let form = camille.slash("formulaire", &[]).await.unwrap();
    assert_eq!(form.modal().title, "Valider une participation");
    assert!(
        matches!(camille.submit_modal(&form, &[]).await, Err(Refusal::NotOffered(_))),
        "prenom is required"
    );
    let sent = camille.submit_modal(&form, &[("prenom", "Camille")]).await.unwrap();
    assert_eq!(sent.text(), "formulaire:7 Camille Dupré");

    let slow = camille.slash("lent", &[]).await.unwrap();
    assert!(slow.deferred && slow.ephemeral());
    assert_eq!(slow.text(), "fini");
    let more = slow.followup(0).await;
    assert_eq!(more.content, "et encore");

    let file = camille
        .slash("fichier", &[("fichier", Value::file("noms.csv", "a;b"))])
        .await
        .unwrap();
    assert_eq!(file.content(), "3 octets");
    assert_eq!(&*file.attachments()[0].bytes, b"A;B");
}
