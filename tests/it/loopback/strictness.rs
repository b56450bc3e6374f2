//! What no bot should ever ask is refused, named, and fails the test.

use maillage::loopback::{Builder, Loopback};
use serde_json::{Value, json};

use super::raw::Raw;

async fn start() -> (Loopback, Raw) {
    let discord = Loopback::start(Builder::new()).await.unwrap();
    let raw = Raw::new(&discord);
    (discord, raw)
}

#[tokio::test]
async fn unknown_routes_fields_and_parameters_are_violations() {
    let (discord, raw) = start().await;
    let channel = discord.channel("général");
    assert_eq!(raw.get("/channels/1/threads").await.status, 404);
    assert_eq!(
        raw.post(&format!("/channels/{channel}/messages"), json!({"contenu": "a"}))
            .await
            .refusal(),
        (400, 50035)
    );
    let nested = json!({"embeds": [{"title": "a", "couleur": 1}]});
    assert_eq!(
        raw.post(&format!("/channels/{channel}/messages"), nested)
            .await
            .faults_at("embeds/0/couleur"),
        ["UNKNOWN_FIELD"]
    );
    assert_eq!(
        raw.get(&format!("/channels/{channel}/messages?page=2")).await.status,
        400
    );
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/1"), json!({"a": 1}))
            .await
            .status,
        400
    );
    let bare = reqwest::Client::new()
        .get(format!("{}/api/v10/gateway", discord.base_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status().as_u16(), 403, "a client that does not name itself");
    let old = reqwest::Client::new()
        .get(format!("{}/api/v9/gateway", discord.base_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(old.status().as_u16(), 404);
    let named: Vec<String> = discord.take_violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        [
            "GET /channels/1/threads: unknown route",
            "POST /channels/{channel}/messages: unknown field «contenu»",
            "POST /channels/{channel}/messages: unknown field «embeds.0.couleur»",
            "GET /channels/{channel}/messages: unknown query parameter «page»",
            "PUT /channels/{channel}/pins/{message}: a body where none belongs",
            "GET /gateway: no User-Agent",
            "GET /api/v9/gateway: unknown route",
        ]
    );
}

#[tokio::test]
#[should_panic(expected = "unknown route")]
async fn a_violation_fails_the_test_at_its_end() {
    let (_discord, raw) = start().await;
    raw.get("/nulle/part").await;
}

#[tokio::test]
async fn a_lenient_world_and_a_finished_one_do_not_panic() {
    let discord = Loopback::start(Builder::new().lenient()).await.unwrap();
    Raw::new(&discord).get("/nulle/part").await;
    drop(discord);
    let (discord, raw) = start().await;
    raw.get("/nulle/part").await;
    assert_eq!(discord.finish().len(), 1);
}

#[tokio::test]
async fn messages_keep_their_limits() {
    let (discord, raw) = start().await;
    let path = format!("/channels/{}/messages", discord.channel("général"));
    let button = |id: &str| json!({"type": 2, "style": 1, "label": "a", "custom_id": id});
    let row = |parts: Value| json!({"type": 1, "components": parts});
    let select = |options: Value, max: u64| json!({"type": 3, "custom_id": "s", "options": options, "max_values": max});
    let option = |value: &str| json!({"label": value, "value": value});
    let fields: Vec<Value> = (0..26).map(|_| json!({"name": "a", "value": "b"})).collect();
    let full = json!({"description": "d".repeat(4096)});
    let options: Vec<Value> = (0..26).map(|n| option(&n.to_string())).collect();
    for (body, at) in [
        (json!({"content": "x".repeat(2001)}), "content"),
        (json!({"content": "a", "nonce": "n".repeat(26)}), "nonce"),
        (json!({"content": "a", "enforce_nonce": true}), "nonce"),
        (json!({"content": "a", "flags": 64}), "flags"),
        (json!({"content": "a", "flags": 1 << 15}), "flags"),
        (json!({"embeds": [{"title": "t".repeat(257)}]}), "embeds/0/title"),
        (json!({"embeds": [{"fields": fields}]}), "embeds/0/fields"),
        (
            json!({"embeds": [{"fields": [{"name": "a", "value": ""}]}]}),
            "embeds/0/fields/0/value",
        ),
        (
            json!({"embeds": [{"footer": {"text": "t".repeat(2049)}}]}),
            "embeds/0/footer/text",
        ),
        (json!({"embeds": [{"title": "a", "url": "ftp://x"}]}), "embeds/0/url"),
        (
            json!({"embeds": [{"image": {"url": "attachment://a.png"}}]}),
            "embeds/0/image/url",
        ),
        (json!({"embeds": [full, full]}), "embeds"),
        (json!({"embeds": vec![json!({"title": "a"}); 11]}), "embeds"),
        (json!({"components": vec![row(json!([button("a")])); 6]}), "components"),
        (
            json!({"components": [row(json!((0..6).map(|n| button(&n.to_string())).collect::<Vec<_>>()))]}),
            "components/0/components",
        ),
        (
            json!({"components": [row(json!([button("a"), button("a")]))]}),
            "components/0/components/1/custom_id",
        ),
        (
            json!({"components": [row(json!([button(&"a".repeat(101))]))]}),
            "components/0/components/0/custom_id",
        ),
        (
            json!({"components": [row(json!([{"type": 2, "style": 1, "label": "l".repeat(81), "custom_id": "a"}]))]}),
            "components/0/components/0/label",
        ),
        (
            json!({"components": [row(json!([{"type": 2, "style": 5, "label": "l"}]))]}),
            "components/0/components/0/url",
        ),
        (
            json!({"components": [row(json!([button("a"), select(json!([option("1")]), 1)]))]}),
            "components/0/components",
        ),
        (
            json!({"components": [row(json!([select(json!(options), 1)]))]}),
            "components/0/components/0/options",
        ),
        (
            json!({"components": [row(json!([select(json!([]), 1)]))]}),
            "components/0/components/0/options",
        ),
        (
            json!({"components": [row(json!([select(json!([option("1"), option("1")]), 1)]))]}),
            "components/0/components/0/options/1/value",
        ),
        (
            json!({"components": [row(json!([select(json!([option("1")]), 2)]))]}),
            "components/0/components/0/max_values",
        ),
    ] {
        let reply = raw.post(&path, body.clone()).await;
        assert_eq!(reply.refusal(), (400, 50035), "{at}");
        assert!(!reply.faults_at(at).is_empty(), "{at}: {:?}", reply.body);
    }
    for empty in [json!({}), json!({"content": "  "}), json!({"embeds": [{"color": 1}]})] {
        assert_eq!(raw.post(&path, empty).await.refusal(), (400, 50006));
    }
    // At the limit, everything passes.
    let components = json!([
        row(json!([button("a"), button("b")])),
        row(json!([select(json!(options[..25]), 25)]))
    ]);
    let body = json!({"content": "é".repeat(2000), "embeds": [{"title": "t".repeat(256), "fields": fields[..25]}], "components": components});
    raw.post(&path, body).await.id();
}

#[tokio::test]
async fn places_keep_their_limits_and_text_channels_their_spelling() {
    let (discord, raw) = start().await;
    let path = format!("/guilds/{}/channels", discord.guild_id());
    for (body, at) in [
        (json!({}), "name"),
        (json!({"name": "n".repeat(101)}), "name"),
        (json!({"name": "a", "topic": "t".repeat(1025)}), "topic"),
        (json!({"name": "a", "type": 15}), "type"),
        (json!({"name": "a", "parent_id": "5"}), "parent_id"),
        (
            json!({"name": "a", "parent_id": discord.channel("général").to_string()}),
            "parent_id",
        ),
    ] {
        let reply = raw.post(&path, body).await;
        assert!(!reply.faults_at(at).is_empty(), "{at}: {:?}", reply.body);
    }
    let name = |id| discord.read(|w| w.channels[&id].name.clone());
    let text = raw.post(&path, json!({"name": "Réunions du Lundi"})).await.id();
    let category = raw
        .post(&path, json!({"name": "🌱 Groupe Lunel", "type": 4}))
        .await
        .id();
    assert_eq!(
        (name(text).as_str(), name(category).as_str()),
        ("réunions-du-lundi", "🌱 Groupe Lunel")
    );
    let roles = format!("/guilds/{}/roles", discord.guild_id());
    assert!(
        !raw.post(&roles, json!({"name": "r".repeat(101)}))
            .await
            .faults_at("name")
            .is_empty()
    );
    let request = raw
        .request("DELETE", &format!("/channels/{text}"))
        .header("X-Audit-Log-Reason", "r".repeat(513));
    assert_eq!(Raw::send(request).await.status, 400);
    assert_eq!(discord.take_violations().len(), 1);
}

#[tokio::test]
async fn commands_keep_their_limits() {
    let (discord, raw) = start().await;
    let path = format!(
        "/applications/{}/guilds/{}/commands",
        discord.bot_id(),
        discord.guild_id()
    );
    let option =
        |name: &str, required: bool| json!({"type": 3, "name": name, "description": "d", "required": required});
    let with = |options: Value| json!({"name": "a", "description": "d", "options": options});
    for (body, at) in [
        (json!({"name": "Majuscule", "description": "d"}), "name"),
        (json!({"name": "deux mots", "description": "d"}), "name"),
        (json!({"name": "n".repeat(33), "description": "d"}), "name"),
        (json!({"name": "a", "description": ""}), "description"),
        (
            with(json!([option("a", false), option("b", true)])),
            "options/1/required",
        ),
        (with(json!([option("a", false), option("a", false)])), "options/1/name"),
        (
            with(json!(
                (0..26).map(|n| option(&format!("o{n}"), false)).collect::<Vec<_>>()
            )),
            "options",
        ),
        (
            with(json!([{"type": 5, "name": "a", "description": "d", "autocomplete": true}])),
            "options/0/autocomplete",
        ),
        (
            with(json!([{"type": 4, "name": "a", "description": "d", "choices": [{"name": "x", "value": "y"}]}])),
            "options/0/choices/0/value",
        ),
    ] {
        let reply = raw.post(&path, body).await;
        assert!(!reply.faults_at(at).is_empty(), "{at}: {:?}", reply.body);
    }
    for name in ["mon-groupe", "rapport-region", "prénom"] {
        assert_eq!(
            raw.post(&path, json!({"name": name, "description": "d"})).await.status,
            201,
            "{name}"
        );
    }
    // A change keeps the identifier and gives a new version; no change gives neither.
    let read = |body: &Value| (body["id"].clone(), body["version"].clone());
    let first = read(&raw.post(&path, json!({"name": "a", "description": "d"})).await.body);
    let same = read(&raw.post(&path, json!({"name": "a", "description": "d"})).await.body);
    let other = read(&raw.post(&path, json!({"name": "a", "description": "autre"})).await.body);
    assert_eq!(first, same);
    assert_eq!(first.0, other.0);
    assert_ne!(first.1, other.1);
}

#[tokio::test]
async fn files_keep_their_limits() {
    use reqwest::multipart::{Form, Part};
    let (discord, raw) = start().await;
    let path = format!("/channels/{}/messages", discord.channel("général"));
    let send = |form: Form| Raw::send(raw.request("POST", &path).multipart(form));
    let part = |size: usize| Part::bytes(vec![b'a'; size]).file_name("à lire.csv");
    let ok = send(Form::new().part("files[0]", part(1000)).text(
        "payload_json",
        json!({"attachments": [{"id": 0, "description": "d"}]}).to_string(),
    ))
    .await;
    assert_eq!(ok.body["attachments"][0]["filename"], "__lire.csv");
    let url = ok.body["attachments"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(reqwest::get(&url).await.unwrap().bytes().await.unwrap().len(), 1000);
    assert_eq!(
        send(Form::new().part("files[0]", part(10 * 1024 * 1024 + 1)))
            .await
            .refusal(),
        (413, 40005)
    );
    let stray = send(
        Form::new()
            .part("files[0]", part(1))
            .text("payload_json", json!({"attachments": [{"id": 1}]}).to_string()),
    )
    .await;
    assert_eq!(stray.faults_at("attachments/0/id"), ["ATTACHMENT_NOT_FOUND"]);
    let many = (0..11).fold(Form::new(), |form, n| form.part(format!("files[{n}]"), part(1)));
    assert_eq!(send(many).await.refusal(), (400, 50035));
    // An edit that names attachments keeps those alone.
    let message = ok.id();
    let edit = raw
        .patch(
            &format!("{path}/{message}"),
            json!({"content": "sans", "attachments": []}),
        )
        .await;
    assert_eq!(edit.body["attachments"], json!([]));
}

#[tokio::test]
async fn calls_are_kept_for_counting() {
    let (discord, raw) = start().await;
    let guild = discord.guild_id();
    let category = raw
        .post(&format!("/guilds/{guild}/channels"), json!({"name": "c", "type": 4}))
        .await
        .id();
    let before = discord.last_call();
    let channel = raw
        .post(
            &format!("/guilds/{guild}/channels"),
            json!({"name": "a", "parent_id": category.to_string()}),
        )
        .await
        .id();
    raw.post(&format!("/channels/{channel}/messages"), json!({"content": "a"}))
        .await
        .id();
    raw.post(
        &format!("/channels/{}/messages", discord.channel("général")),
        json!({"content": "a"}),
    )
    .await
    .id();
    raw.get(&format!("/channels/{channel}/messages")).await;
    raw.post(&format!("/channels/{channel}/messages"), json!({})).await;
    assert_eq!(discord.calls().mutating_in_space(&[category, channel]).count(), 4);
    assert_eq!(
        discord
            .calls()
            .mutating_in_space(&[category, channel])
            .after(before)
            .done()
            .count(),
        2
    );
    assert_eq!(discord.calls().failed().0[0].code, Some(50006));
    assert_eq!(discord.calls().route("POST", "/guilds/{guild}/channels").count(), 2);
}
