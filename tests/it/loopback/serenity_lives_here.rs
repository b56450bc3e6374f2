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

/// An event that misses one field is dropped by serenity without a sound, so each is counted as a typed event.
#[tokio::test]
async fn serenity_understands_every_event() {
    use super::raw::Raw;
    use serde_json::json;

    let world = Builder::new().member("camille", "Camille", &[]).role("relai", 0);
    let discord = Loopback::start(world).await.unwrap();
    let bot = bot::start(&discord).await;
    let (admin, raw, guild) = (discord.admin(), Raw::new(&discord), discord.guild_id());
    let general = discord.channel("général");

    // What the bot does itself comes back to it.
    let category = raw
        .post(
            &format!("/guilds/{guild}/channels"),
            json!({"name": "Groupe", "type": 4, "permission_overwrites": []}),
        )
        .await
        .id();
    let channel = raw
        .post(
            &format!("/guilds/{guild}/channels"),
            json!({"name": "Registre", "type": 0, "parent_id": category.to_string(), "topic": "le registre"}),
        )
        .await
        .id();
    let role = raw
        .post(
            &format!("/guilds/{guild}/roles"),
            json!({"name": "Groupe", "permissions": "0"}),
        )
        .await
        .id();
    raw.patch(
        &format!("/guilds/{guild}/roles/{role}"),
        json!({"name": "Groupe Lunel"}),
    )
    .await;
    let camille = discord.user("camille");
    assert_eq!(
        raw.put(&format!("/guilds/{guild}/members/{camille}/roles/{role}"), json!(null))
            .await
            .status,
        204
    );
    let message = raw
        .post(
            &format!("/channels/{channel}/messages"),
            json!({"content": "texte", "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "a"}]}]}),
        )
        .await
        .id();
    raw.patch(
        &format!("/channels/{channel}/messages/{message}"),
        json!({"content": "autre"}),
    )
    .await;
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{message}"), json!(null))
            .await
            .status,
        204
    );
    assert_eq!(
        raw.post(&format!("/channels/{channel}/invites"), json!({}))
            .await
            .status,
        200
    );
    let start = (discord.now() + chrono::TimeDelta::hours(1)).to_rfc3339();
    let end = (discord.now() + chrono::TimeDelta::hours(2)).to_rfc3339();
    let event = raw
        .post(
            &format!("/guilds/{guild}/scheduled-events"),
            json!({"name": "Lundi", "privacy_level": 2, "scheduled_start_time": start, "scheduled_end_time": end,
                "entity_type": 3, "entity_metadata": {"location": "ici"}}),
        )
        .await
        .id();
    raw.patch(
        &format!("/guilds/{guild}/scheduled-events/{event}"),
        json!({"name": "Mardi"}),
    )
    .await;
    raw.delete(&format!("/guilds/{guild}/scheduled-events/{event}")).await;

    // What others do.
    let newcomer = admin.create_user("nouvelle", "Nouvelle");
    admin.join(newcomer, true);
    admin.edit_member(newcomer, |m| m.pending = false);
    let question = admin.post(general, newcomer, "bonjour");
    admin.delete_message(question);
    admin.kick(newcomer);
    admin.delete_message(message);
    admin.delete_role(role);
    admin.delete_channel(category);
    admin.delete_channel(channel);
    // A direct message back.
    let dm = raw
        .post("/users/@me/channels", json!({"recipient_id": camille.to_string()}))
        .await
        .id();
    raw.post(&format!("/channels/{dm}/messages"), json!({"content": "bonjour"}))
        .await;
    discord.person("camille").send_message(dm, "merci").unwrap();

    for (event, times) in [
        ("ready", 1),
        ("guild_create", 1),
        ("category_create", 1),
        ("channel_create", 1),
        ("guild_role_create", 1),
        ("guild_role_update", 1),
        ("guild_role_delete", 1),
        ("channel_pins_update", 1),
        ("invite_create", 1),
        ("guild_scheduled_event_create", 1),
        ("guild_scheduled_event_update", 1),
        ("guild_scheduled_event_delete", 1),
        ("guild_member_addition", 1),
        ("guild_member_update", 2),
        ("guild_member_removal", 1),
        // Its own, the pin notice, the newcomer's, the two of the direct conversation.
        ("message", 5),
        ("message_update", 2),
        ("message_delete", 2),
        ("category_delete", 1),
        // The orphan loses its category.
        ("channel_update", 1),
        ("channel_delete", 1),
    ] {
        bot.seen.wait(event, times).await;
        assert_eq!(bot.seen.count(event), times, "{event}");
    }
}

#[tokio::test]
async fn serenity_reads_every_object_over_rest() {
    use poise::serenity_prelude as serenity;
    use serenity::{
        CreateAttachment, CreateChannel, CreateInvite, CreateMessage, CreateScheduledEvent, EditChannel, EditRole,
        PermissionOverwrite, PermissionOverwriteType, Permissions, ScheduledEventType,
    };

    let world = Builder::new()
        .member("camille", "Camille", &[])
        .crowd("m", 3)
        .role("relai", 0);
    let discord = Loopback::start(world).await.unwrap();
    let http = bot::http(&discord);
    let guild = serenity::GuildId::new(discord.guild_id());
    let camille = serenity::UserId::new(discord.user("camille"));

    assert!(!http.get_current_application_info().await.unwrap().bot_public);
    assert_eq!(http.get_current_user().await.unwrap().id.get(), discord.bot_id());
    assert_eq!(http.get_guilds(None, None).await.unwrap().len(), 1);
    assert_eq!(guild.to_partial_guild(&http).await.unwrap().id, guild);
    assert_eq!(guild.roles(&http).await.unwrap().len(), 3);
    // @everyone's owner, the bot, Camille and three more, in pages.
    assert_eq!(guild.members(&http, Some(4), None).await.unwrap().len(), 4);
    assert_eq!(
        guild
            .members(
                &http,
                Some(4),
                guild
                    .members(&http, Some(4), None)
                    .await
                    .unwrap()
                    .last()
                    .map(|m| m.user.id)
            )
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(guild.search_members(&http, "cam", None).await.unwrap().len(), 1);
    assert_eq!(guild.member(&http, camille).await.unwrap().display_name(), "Camille");

    let role = guild
        .create_role(
            &http,
            EditRole::new()
                .name("Groupe")
                .permissions(Permissions::empty())
                .colour(3),
        )
        .await
        .unwrap();
    assert_eq!(role.colour.0, 3);
    let hidden = PermissionOverwrite {
        allow: Permissions::empty(),
        deny: Permissions::VIEW_CHANNEL,
        kind: PermissionOverwriteType::Role(guild.everyone_role()),
    };
    let own = PermissionOverwrite {
        allow: Permissions::VIEW_CHANNEL | Permissions::from_bits_retain(1 << 51),
        deny: Permissions::empty(),
        kind: PermissionOverwriteType::Member(discord.bot_id().into()),
    };
    let channel = guild
        .create_channel(
            &http,
            CreateChannel::new("Le Registre")
                .topic("à lire")
                .permissions([hidden, own])
                .audit_log_reason("essai été"),
        )
        .await
        .unwrap();
    assert_eq!(channel.name, "le-registre");
    assert_eq!(discord.calls().0.last().unwrap().reason.as_deref(), Some("essai été"));
    let bits = discord.read(|w| {
        w.channels[&channel.id.get()]
            .overwrites
            .iter()
            .map(|o| o.allow | o.deny)
            .max()
    });
    assert_eq!(
        bits,
        Some(1 << 51 | 1 << 10),
        "the bit that serenity does not know travels unharmed"
    );

    let message = CreateMessage::new()
        .content("un")
        .nonce(serenity::Nonce::String("n1".into()))
        .enforce_nonce(true);
    let first = channel.id.send_message(&http, message.clone()).await.unwrap();
    let second = channel.id.send_message(&http, message).await.unwrap();
    assert_eq!(first.id, second.id, "the same nonce is the same message");
    channel.id.pin(&http, first.id).await.unwrap();
    assert_eq!(channel.id.pins(&http).await.unwrap().len(), 1);
    let file = CreateAttachment::bytes(b"a;b".to_vec(), "liste.csv");
    let with_file = channel
        .id
        .send_files(&http, [file], CreateMessage::new())
        .await
        .unwrap();
    assert_eq!(with_file.attachments[0].download().await.unwrap(), b"a;b");
    assert_eq!(
        channel
            .id
            .messages(&http, serenity::GetMessages::new().limit(10))
            .await
            .unwrap()
            .len(),
        3
    );
    channel.id.edit(&http, EditChannel::new().topic("autre")).await.unwrap();
    channel
        .id
        .create_permission(
            &http,
            PermissionOverwrite {
                kind: PermissionOverwriteType::Role(role.id),
                ..hidden_of()
            },
        )
        .await
        .unwrap();
    assert_eq!(guild.channels(&http).await.unwrap().len(), 2);
    let invite = channel
        .id
        .create_invite(&http, CreateInvite::new().max_uses(1))
        .await
        .unwrap();
    assert_eq!(
        http.get_invite(&invite.code, false, false, None)
            .await
            .unwrap()
            .channel
            .id,
        channel.id
    );
    let start = serenity::Timestamp::from_unix_timestamp(discord.now().timestamp() + 3600).unwrap();
    let end = serenity::Timestamp::from_unix_timestamp(discord.now().timestamp() + 7200).unwrap();
    let event = CreateScheduledEvent::new(ScheduledEventType::External, "Réunion", start)
        .end_time(end)
        .location("ici");
    guild.create_scheduled_event(&http, event).await.unwrap();
    assert_eq!(guild.scheduled_events(&http, false).await.unwrap().len(), 1);

    let dm = camille.create_dm_channel(&http).await.unwrap();
    dm.id.say(&http, "bonjour").await.unwrap();
    assert_eq!(discord.person("camille").dms()[0].content, "bonjour");
    http.add_member_role(guild, camille, role.id, Some("relai"))
        .await
        .unwrap();
    assert_eq!(discord.read(|w| w.holders(role.id.get())), [camille.get()]);
}

fn hidden_of() -> poise::serenity_prelude::PermissionOverwrite {
    use poise::serenity_prelude as serenity;
    serenity::PermissionOverwrite {
        allow: serenity::Permissions::VIEW_CHANNEL,
        deny: serenity::Permissions::SEND_MESSAGES,
        kind: serenity::PermissionOverwriteType::Member(serenity::UserId::new(1)),
    }
}
