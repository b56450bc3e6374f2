//! The rules of interactions, told by a bot that breaks them.

use std::time::Duration;

use maillage::loopback::{Answer, AnswerKind, Builder, Handle, Loopback, Refusal, Value as Arg};
use poise::serenity_prelude as serenity;
use serde_json::{Value, json};

use super::bot::Silent;
use super::raw::{Raw, Reply};

async fn start(builder: Builder, commands: Value) -> (Loopback, Raw, Silent) {
    let discord = Loopback::start(builder.member("camille", "Camille", &[]).member("awa", "Awa", &[]))
        .await
        .unwrap();
    let raw = Raw::new(&discord);
    let path = format!(
        "/applications/{}/guilds/{}/commands",
        discord.bot_id(),
        discord.guild_id()
    );
    assert_eq!(raw.put(&path, commands).await.status, 200);
    let bot = Silent::start(&discord).await;
    (discord, raw, bot)
}

fn hello() -> Value {
    json!([{"name": "salut", "description": "d"}])
}

/// Camille types /salut, in the background.
fn types(discord: &Handle) -> tokio::task::JoinHandle<Result<Answer, Refusal>> {
    let camille = discord.person("camille");
    tokio::spawn(async move { camille.slash("salut", &[]).await })
}

async fn answer(raw: &Raw, (id, token): &(u64, String), body: Value) -> Reply {
    raw.post(&format!("/interactions/{id}/{token}/callback"), body).await
}

fn original(discord: &Handle, token: &str) -> String {
    format!("/webhooks/{}/{token}/messages/@original", discord.bot_id())
}

fn buttons() -> Value {
    json!([{"type": 1, "components": [{"type": 2, "style": 1, "label": "Oui", "custom_id": "oui"}]}])
}

#[tokio::test]
async fn an_interaction_is_answered_once_and_in_time() {
    let (discord, raw, mut bot) = start(Builder::new().answer_limit(Duration::from_millis(1500)), hello()).await;
    let typed = types(&discord);
    let first = bot.next().await;
    let message = json!({"type": 4, "data": {"content": "bonjour", "flags": 64}});
    assert_eq!(answer(&raw, &first, message.clone()).await.status, 204);
    assert_eq!(answer(&raw, &first, message.clone()).await.refusal(), (400, 40060));
    assert!(typed.await.unwrap().unwrap().ephemeral());

    let typed = types(&discord);
    let late = bot.next().await;
    assert_eq!(typed.await.unwrap().unwrap_err(), Refusal::NoAnswer);
    assert_eq!(Refusal::NoAnswer.to_string(), "L’application ne répond pas");
    assert_eq!(answer(&raw, &late, message.clone()).await.refusal(), (404, 10062));
    let forged = (first.0, "forged".to_owned());
    assert_eq!(answer(&raw, &forged, message).await.refusal(), (404, 10062));
}

#[tokio::test]
async fn a_token_lives_fifteen_minutes_and_only_after_the_first_answer() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let typed = types(&discord);
    let act = bot.next().await;
    let path = original(&discord, &act.1);
    let edit = json!({"content": "édité"});
    assert_eq!(raw.patch(&path, edit.clone()).await.refusal(), (404, 10015));
    answer(&raw, &act, json!({"type": 4, "data": {"content": "bonjour"}})).await;
    assert_eq!(raw.patch(&path, edit.clone()).await.status, 200);
    let shown = typed.await.unwrap().unwrap();
    assert_eq!(shown.content(), "édité");
    discord.advance_clock(Duration::from_secs(14 * 60));
    assert_eq!(raw.patch(&path, json!({"content": "plus tard"})).await.status, 200);
    discord.advance_clock(Duration::from_secs(2 * 60));
    assert_eq!(raw.patch(&path, edit).await.refusal(), (401, 50027));
    let followup = format!("/webhooks/{}/{}", discord.bot_id(), act.1);
    assert_eq!(
        raw.post(&followup, json!({"content": "trop tard"})).await.refusal(),
        (401, 50027)
    );
    assert_eq!(
        raw.get(&format!("/webhooks/{}/inconnu/messages/@original", discord.bot_id()))
            .await
            .refusal(),
        (404, 10015)
    );
}

#[tokio::test]
async fn whether_an_answer_is_ephemeral_is_decided_first_and_a_deferred_one_comes_by_edit_or_followup() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let awa = discord.person("awa");
    for (flags, ephemeral) in [(64, true), (0, false)] {
        let typed = types(&discord);
        let act = bot.next().await;
        assert_eq!(
            answer(&raw, &act, json!({"type": 5, "data": {"flags": flags}}))
                .await
                .status,
            204
        );
        let edited = raw
            .patch(
                &original(&discord, &act.1),
                json!({"content": "fini", "flags": 64 - flags}),
            )
            .await;
        assert_eq!(edited.refusal().0, 200);
        let shown = typed.await.unwrap().unwrap();
        assert_eq!(
            (shown.deferred, shown.ephemeral(), shown.content()),
            (true, ephemeral, "fini".into())
        );
        let seen = awa
            .read_channel(discord.channel("général"))
            .iter()
            .any(|m| m.content == "fini");
        assert_eq!(seen, !ephemeral, "only a public answer is on another's screen");
    }
    // A followup fills a deferred answer, which keeps being ephemeral.
    let typed = types(&discord);
    let act = bot.next().await;
    answer(&raw, &act, json!({"type": 5, "data": {"flags": 64}})).await;
    let path = format!("/webhooks/{}/{}", discord.bot_id(), act.1);
    raw.post(&path, json!({"content": "le résultat"})).await.id();
    let next = raw.post(&path, json!({"content": "la suite", "flags": 64})).await.id();
    let shown = typed.await.unwrap().unwrap();
    assert_eq!((shown.content(), shown.ephemeral()), ("le résultat".into(), true));
    assert_eq!(shown.followups().len(), 1);
    let one = format!("{path}/messages/{next}");
    assert_eq!(raw.patch(&one, json!({"content": "corrigée"})).await.status, 200);
    assert_eq!(shown.followup(0).await.content, "corrigée");
    assert_eq!(raw.delete(&one).await.status, 204);
    assert_eq!(raw.get(&one).await.refusal(), (404, 10008));
    // An ephemeral message does not exist for the ordinary routes.
    let id = shown.message_id.unwrap();
    let path = format!("/channels/{}/messages/{id}", discord.channel("général"));
    assert_eq!(raw.get(&path).await.refusal(), (404, 10008));
    assert_eq!(raw.delete(&original(&discord, &act.1)).await.status, 204);
    assert!(discord.person("camille").ephemeral(id).is_none());
}

#[tokio::test]
async fn a_bot_that_thinks_for_ever_is_noticed() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let typed = types(&discord);
    let act = bot.next().await;
    answer(&raw, &act, json!({"type": 5, "data": {}})).await;
    assert_eq!(raw.delete(&original(&discord, &act.1)).await.status, 204);
    let shown = typed.await.unwrap().unwrap();
    assert!(shown.deferred && shown.message().is_none());
}

#[tokio::test]
async fn forms_come_first_and_never_after_a_form_and_their_limits_hold() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let input = |id: &str| json!({"type": 1, "components": [{"type": 4, "custom_id": id, "label": "Nom", "style": 1}]});
    let modal =
        |title: &str, rows: Value| json!({"type": 9, "data": {"custom_id": "f", "title": title, "components": rows}});
    let typed = types(&discord);
    let act = bot.next().await;
    let long = answer(&raw, &act, modal(&"t".repeat(46), json!([input("a")]))).await;
    assert_eq!(long.faults_at("title"), ["BASE_TYPE_BAD_LENGTH"]);
    let six: Vec<Value> = (0..6).map(|n| input(&n.to_string())).collect();
    assert_eq!(
        answer(&raw, &act, modal("t", json!(six))).await.faults_at("components"),
        ["BASE_TYPE_BAD_LENGTH"]
    );
    let twice = answer(&raw, &act, modal("t", json!([input("a"), input("a")]))).await;
    assert_eq!(
        twice.faults_at("components/1/components/0/custom_id"),
        ["COMPONENT_CUSTOM_ID_DUPLICATED"]
    );
    let label = json!([{"type": 18, "label": "l", "component": {"type": 4, "custom_id": "a", "style": 1}}]);
    assert_eq!(answer(&raw, &act, modal("t", label)).await.status, 400);
    assert_eq!(
        discord.take_violations().len(),
        1,
        "serenity could not read what a Label gives back"
    );
    assert_eq!(answer(&raw, &act, modal("t", json!([input("a")]))).await.status, 204);
    let form = typed.await.unwrap().unwrap();
    assert_eq!(form.kind, AnswerKind::Modal);

    let camille = discord.person("camille");
    let (sender, modal_shown) = (camille.clone(), form.modal().clone());
    let sent = tokio::spawn(async move { sender.submit(&modal_shown, &[("Nom", "Dupré")]).await });
    let act = bot.next().await;
    assert_eq!(
        answer(&raw, &act, modal("t", json!([input("a")])))
            .await
            .faults_at("type"),
        ["INTERACTION_CALLBACK_TYPE_INVALID"]
    );
    // This form came from a command: there is no message to update.
    assert_eq!(
        answer(&raw, &act, json!({"type": 7, "data": {"content": "x"}}))
            .await
            .status,
        400
    );
    assert_eq!(
        answer(&raw, &act, json!({"type": 4, "data": {"content": "reçu"}}))
            .await
            .status,
        204
    );
    assert_eq!(sent.await.unwrap().unwrap().content(), "reçu");
    // A form left open can be sent again, also after a restart of the bot.
    drop(bot);
    discord.gateway().forget_sessions();
    let mut bot = Silent::start(&discord).await;
    let modal_shown = form.modal().clone();
    let sent = tokio::spawn(async move { camille.submit(&modal_shown, &[("a", "Dupré")]).await });
    let act = bot.next().await;
    answer(&raw, &act, json!({"type": 4, "data": {"content": "reçu après"}})).await;
    assert_eq!(sent.await.unwrap().unwrap().content(), "reçu après");
}

#[tokio::test]
async fn answers_fit_what_they_answer() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let typed = types(&discord);
    let act = bot.next().await;
    for kind in [1, 6, 7, 8, 10, 12] {
        let refused = answer(
            &raw,
            &act,
            json!({"type": kind, "data": {"choices": [], "content": "x"}}),
        )
        .await;
        assert_eq!(refused.refusal(), (400, 50035), "{kind} answers no command");
    }
    let _ = discord.take_violations();
    assert_eq!(
        answer(&raw, &act, json!({"type": 4, "data": {}})).await.refusal(),
        (400, 50006)
    );
    answer(
        &raw,
        &act,
        json!({"type": 4, "data": {"content": "choisir", "components": buttons()}}),
    )
    .await;
    let shown = typed.await.unwrap().unwrap();

    let camille = discord.person("camille");
    let (person, message) = (camille.clone(), shown.message_id.unwrap());
    let pressed = tokio::spawn(async move { person.press(message, "OUI").await });
    assert!(
        matches!(pressed.await.unwrap(), Err(Refusal::NotOffered(_))),
        "labels keep their case"
    );
    let person = camille.clone();
    let pressed = tokio::spawn(async move { person.press(message, "Oui").await });
    let act = bot.next().await;
    let edit = json!({"type": 7, "data": {"content": "choisi", "components": []}});
    assert_eq!(answer(&raw, &act, edit).await.status, 204);
    let pressed = pressed.await.unwrap().unwrap();
    assert_eq!(
        (pressed.kind.clone(), pressed.content()),
        (AnswerKind::Update, "choisi".into())
    );
    assert_eq!(
        raw.patch(&original(&discord, &act.1), json!({"content": "et fini"}))
            .await
            .status,
        200
    );
    assert_eq!(
        shown.content(),
        "et fini",
        "@original of a press is the message with the button"
    );
    assert!(camille.press(&shown, "Oui").await.is_err(), "no button is left");
}

#[tokio::test]
async fn a_silent_answer_lets_the_message_be_edited_later() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let typed = types(&discord);
    let act = bot.next().await;
    answer(
        &raw,
        &act,
        json!({"type": 4, "data": {"content": "choisir", "components": buttons(), "flags": 64}}),
    )
    .await;
    let shown = typed.await.unwrap().unwrap();
    let (camille, message) = (discord.person("camille"), shown.message_id.unwrap());
    let pressed = tokio::spawn(async move { camille.press(message, "Oui").await });
    let act = bot.next().await;
    assert_eq!(answer(&raw, &act, json!({"type": 6})).await.status, 204);
    let pressed = pressed.await.unwrap().unwrap();
    assert_eq!(pressed.kind, AnswerKind::Silent);
    raw.patch(&original(&discord, &act.1), json!({"content": "voilà"}))
        .await;
    pressed.wait_until("the edit", |m| m.content == "voilà").await;
}

#[tokio::test]
async fn the_event_holds_what_serenity_and_a_bot_need() {
    let commands = json!([{"name": "relai", "description": "d", "options": [
        {"type": 1, "name": "nommer", "description": "d", "options": [
            {"type": 3, "name": "groupe", "description": "d", "required": true, "autocomplete": true},
            {"type": 6, "name": "membre", "description": "d"},
            {"type": 11, "name": "fichier", "description": "d"}]}]}]);
    let (discord, raw, mut bot) = start(Builder::new(), commands).await;
    let (camille, awa) = (discord.person("camille"), discord.user("awa"));
    let typed = {
        let camille = camille.clone();
        tokio::spawn(async move {
            let given = [
                ("membre", Arg::User(awa)),
                ("groupe", "Lunel".into()),
                ("fichier", Arg::file("a.csv", "x")),
            ];
            camille.slash("relai nommer", &given).await
        })
    };
    let serenity::Interaction::Command(command) = bot.next_typed().await else {
        panic!("a command")
    };
    assert_eq!(command.user.id.get(), camille.id());
    assert_eq!(command.guild_id.unwrap().get(), discord.guild_id());
    let member = command.member.as_ref().unwrap();
    assert!(
        member
            .permissions
            .unwrap()
            .contains(serenity::Permissions::USE_APPLICATION_COMMANDS)
    );
    assert!(
        command
            .app_permissions
            .unwrap()
            .contains(serenity::Permissions::MANAGE_CHANNELS)
    );
    let serenity::ResolvedValue::SubCommand(options) = &command.data.options()[0].value else {
        panic!("a subcommand")
    };
    assert_eq!(
        options.iter().map(|o| o.name).collect::<Vec<_>>(),
        ["groupe", "membre", "fichier"],
        "in the order of the definition"
    );
    assert!(matches!(options[1].value, serenity::ResolvedValue::User(user, Some(_)) if user.id.get() == awa));
    let serenity::ResolvedValue::Attachment(file) = options[2].value else {
        panic!("a file")
    };
    assert_eq!(file.download().await.unwrap(), b"x");
    let act = (command.id.get(), command.token.to_string());
    answer(&raw, &act, json!({"type": 4, "data": {"content": "ok"}})).await;
    typed.await.unwrap().unwrap();

    let person = camille.clone();
    let suggested = tokio::spawn(async move { person.autocomplete("relai nommer", "groupe", "lu").await });
    let serenity::Interaction::Autocomplete(typing) = bot.next_typed().await else {
        panic!("an autocompletion")
    };
    assert_eq!(
        typing.data.autocomplete().map(|o| (o.name, o.value)),
        Some(("groupe", "lu"))
    );
    let act = (typing.id.get(), typing.token.to_string());
    let many: Vec<Value> = (0..26)
        .map(|n| json!({"name": n.to_string(), "value": n.to_string()}))
        .collect();
    assert_eq!(
        answer(&raw, &act, json!({"type": 8, "data": {"choices": many}}))
            .await
            .status,
        400
    );
    assert_eq!(
        answer(&raw, &act, json!({"type": 4, "data": {"content": "x"}}))
            .await
            .status,
        400
    );
    answer(
        &raw,
        &act,
        json!({"type": 8, "data": {"choices": [{"name": "Lunel (34)", "value": "g:1"}]}}),
    )
    .await;
    let choices = suggested.await.unwrap().unwrap();
    assert_eq!(
        (choices[0].name.as_str(), &choices[0].value),
        ("Lunel (34)", &json!("g:1"))
    );
}

#[tokio::test]
async fn buttons_and_forms_work_in_direct_messages_and_commands_do_not() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let camille = discord.person("camille");
    let dm = raw
        .post("/users/@me/channels", json!({"recipient_id": camille.id().to_string()}))
        .await
        .id();
    raw.post(
        &format!("/channels/{dm}/messages"),
        json!({"content": "bienvenue", "components": buttons()}),
    )
    .await
    .id();
    let refused = camille.in_channel(dm).slash("salut", &[]).await;
    assert!(matches!(refused, Err(Refusal::NotOffered(_))));
    // They work after leaving the server, too.
    camille.leave();
    let message = camille.dms().pop().unwrap();
    let person = camille.clone();
    let pressed = tokio::spawn(async move { person.press(&message, "Oui").await });
    let serenity::Interaction::Component(press) = bot.next_typed().await else {
        panic!("a press")
    };
    assert_eq!(
        (press.guild_id, press.member.is_none(), press.user.id.get()),
        (None, true, camille.id())
    );
    let act = (press.id.get(), press.token.to_string());
    let row = json!({"type": 1, "components": [{"type": 4, "custom_id": "code", "label": "Code", "style": 1}]});
    answer(
        &raw,
        &act,
        json!({"type": 9, "data": {"custom_id": "f", "title": "Code", "components": [row]}}),
    )
    .await;
    let form = pressed.await.unwrap().unwrap();
    let (person, modal) = (camille.clone(), form.modal().clone());
    let sent = tokio::spawn(async move { person.submit(&modal, &[("code", "ABCD")]).await });
    let serenity::Interaction::Modal(sending) = bot.next_typed().await else {
        panic!("a form")
    };
    assert!(sending.message.is_some() && sending.member.is_none());
    let act = (sending.id.get(), sending.token.to_string());
    answer(
        &raw,
        &act,
        json!({"type": 7, "data": {"content": "merci", "components": []}}),
    )
    .await;
    sent.await.unwrap().unwrap();
    assert_eq!(camille.dms().pop().unwrap().content, "merci");
}

#[tokio::test]
async fn with_response_gives_the_message_back() {
    let (discord, raw, mut bot) = start(Builder::new(), hello()).await;
    let typed = types(&discord);
    let (id, token) = bot.next().await;
    let path = format!("/interactions/{id}/{token}/callback?with_response=true");
    let reply = raw
        .post(&path, json!({"type": 4, "data": {"content": "bonjour"}}))
        .await;
    assert_eq!(
        (reply.status, &reply.body["resource"]["message"]["content"]),
        (200, &json!("bonjour"))
    );
    typed.await.unwrap().unwrap();
}
