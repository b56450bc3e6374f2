//! The page's HTTP side, without a browser, under a bot that knows nothing of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Weekday};
use futures_util::{SinkExt, StreamExt};
use maillage::loopback::page::{Character, Jump, Moment, Newcomer, Page, Stage, Stop};
use maillage::loopback::{Builder, Loopback, Overwrite, permissions as perm};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::bot;

/// A page over a world, with what its tests ask of it.
struct Front {
    page: Page,
    client: reqwest::Client,
    /// The instant to which others were told that time was moved, in seconds since 1970.
    moved: Arc<AtomicI64>,
}

fn stage(discord: &Loopback, moved: Arc<AtomicI64>) -> Stage {
    let character = |name: &str, role: &str| Character {
        user: discord.user(name),
        role: role.to_owned(),
        about: String::new(),
    };
    Stage {
        title: "Essai".to_owned(),
        cast: vec![character("camille", "Membre"), character("yanis", "Hors du serveur")],
        newcomers: vec![Newcomer {
            username: "salome".to_owned(),
            display: "Salomé".to_owned(),
            role: "Nouvelle personne".to_owned(),
            about: String::new(),
        }],
        moments: vec![
            Moment {
                label: "Une heure".to_owned(),
                jump: Jump::By(TimeDelta::hours(1)),
            },
            Moment {
                label: "Lundi 20 h".to_owned(),
                jump: Jump::Next(Weekday::Mon, 20),
            },
        ],
        tour: vec![Stop {
            title: "Écrivez".to_owned(),
            text: "Un mot dans **général**.".to_owned(),
            who: None,
            done: Box::new(|world| {
                let channel = world.channel_named("général").unwrap();
                !world.messages_in(channel.id).is_empty()
            }),
        }],
        moved: Box::new(move |at| moved.store(at.timestamp(), Ordering::SeqCst)),
    }
}

impl Front {
    async fn over(discord: &Loopback) -> Self {
        let moved = Arc::new(AtomicI64::new(0));
        let page = Page::serve(discord.handle(), stage(discord, Arc::clone(&moved)), 0)
            .await
            .unwrap();
        Self {
            page,
            client: reqwest::Client::new(),
            moved,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.page.address())
    }

    async fn view(&self, who: u64, channel: u64) -> Value {
        let path = format!("/api/view?as={who}&channel={channel}");
        let request = self.client.get(self.at(&path)).header("x-sandbox-key", self.page.key());
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(self.at(path)).header("x-sandbox-key", self.page.key());
        let response = request.json(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    async fn act(&self, who: u64, deed: Value) -> Value {
        self.post("/api/act", &json!({"as": who.to_string(), "deed": deed}))
            .await
    }
}

fn server() -> Builder {
    Builder::new()
        .member("camille", "Camille", &[])
        .person("yanis", "Yanis", |person| person.outside())
        .category("Équipe")
        .channel_with("secret", |world| {
            vec![Overwrite::role(world.main_guild, 0, perm::VIEW_CHANNEL)]
        })
}

/// The names of all channels in a view.
fn channels(view: &Value) -> Vec<String> {
    let guild = &view["guild"];
    let apart = guild["channels"].as_array().unwrap().iter();
    let under = guild["categories"].as_array().unwrap().iter();
    apart
        .chain(under.flat_map(|category| category["channels"].as_array().unwrap()))
        .map(|channel| channel["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn nobody_comes_in_without_the_key_from_elsewhere_or_under_another_name() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let key = front.page.key().to_owned();
    assert!(front.page.address().ip().is_loopback());
    let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
    let view = front.at("/api/view");
    let get = || front.client.get(&view);
    assert_eq!(status(get()).await, 401);
    assert_eq!(status(get().header("x-sandbox-key", "autre")).await, 401);
    assert_eq!(status(get().header("x-sandbox-key", &key)).await, 200);
    for path in ["/api/act", "/api/clock", "/api/newcomer"] {
        assert_eq!(
            status(front.client.post(front.at(path)).json(&json!({}))).await,
            401,
            "{path}"
        );
    }
    assert_eq!(status(front.client.get(front.at("/api/file/1/a.png"))).await, 401);
    // Another page of this machine, a page of elsewhere, a name that was made to point here.
    let port = front.page.address().port();
    for (name, value) in [
        ("origin", "http://127.0.0.1:1".to_owned()),
        ("origin", "https://example.org".to_owned()),
        ("origin", "null".to_owned()),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
        ("host", format!("example.org:{port}")),
        ("host", "127.0.0.1".to_owned()),
    ] {
        let request = get().header("x-sandbox-key", &key).header(name, &value);
        assert_eq!(status(request).await, 403, "{name}: {value}");
        // Not even its own files are given.
        let page = front.client.get(front.at("/")).header(name, &value);
        assert_eq!(status(page).await, 403, "{name}: {value}");
    }
    let own = get().header("x-sandbox-key", &key);
    let own = own.header("origin", format!("http://127.0.0.1:{port}"));
    assert_eq!(status(own.header("sec-fetch-site", "same-origin")).await, 200);
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let response = front.client.get(front.at("/")).send().await.unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = response.text().await.unwrap();
    assert!(!html.contains("style=") && !html.contains("http"), "{html}");
    // Every file that is named is served, and names no other place; scripts are modules that never write HTML.
    let mut names: Vec<String> = Vec::new();
    let mut texts = vec![html];
    while let Some(text) = texts.pop() {
        for piece in text.split(['"', '(', ')']) {
            let name = piece.strip_prefix("/web/").or(piece.strip_prefix("./"));
            let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) else {
                continue;
            };
            let file = front
                .client
                .get(front.at(&format!("/web/{name}")))
                .send()
                .await
                .unwrap();
            assert_eq!(file.status(), 200, "{name}");
            let body = file.text().await.unwrap();
            for banned in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "//cdn",
            ] {
                assert!(!body.contains(banned), "{name}: {banned}");
            }
            names.push(name.to_owned());
            texts.push(body);
        }
    }
    assert!(names.len() > 15, "{names:?}");
    let absent = front.client.get(front.at("/web/autre.js")).send().await.unwrap();
    assert_eq!(absent.status(), 404);
}

#[tokio::test]
async fn each_sees_what_discord_would_show() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let (camille, yanis) = (discord.user("camille"), discord.user("yanis"));
    let (open, secret) = (discord.channel("général"), discord.channel("secret"));
    let _hidden = discord.admin().post(secret, discord.bot_id(), "rien que pour nous");
    let _said = discord.admin().post(open, discord.bot_id(), "bonjour");

    let seen = front.view(camille, open).await;
    assert_eq!(channels(&seen), ["général"]);
    assert_eq!(seen["channel"]["messages"][0]["content"], "bonjour");
    assert_eq!(seen["guild"]["bot"]["online"], false);
    // A channel that is hidden shows nothing, not even to who asks for it by number.
    assert!(front.view(camille, secret).await["channel"].is_null());
    discord
        .admin()
        .put_overwrite(secret, Overwrite::member(camille, perm::VIEW_CHANNEL, 0));
    let seen = front.view(camille, secret).await;
    assert_eq!(channels(&seen), ["général", "secret"]);
    assert_eq!(seen["channel"]["messages"][0]["content"], "rien que pour nous");
    // A stranger sees nothing of the server.
    let seen = front.view(yanis, open).await;
    assert!(channels(&seen).is_empty() && seen["channel"].is_null() && seen["members"].is_null());
    assert_eq!((&seen["me"]["member"], &seen["commands"]), (&json!(false), &json!([])));
    let refused = front
        .act(
            yanis,
            json!({"kind": "write", "channel": open.to_string(), "text": "et moi ?"}),
        )
        .await;
    assert!(refused["refused"].as_str().unwrap().contains("ne peut pas écrire"));
    // Whoever joins sees.
    front.act(yanis, json!({"kind": "join"})).await;
    assert_eq!(channels(&front.view(yanis, open).await), ["général"]);
    // Somebody who does not exist is nobody.
    assert_eq!(front.view(1, open).await["me"]["name"], "Camille");
}

#[tokio::test]
async fn a_command_goes_round_with_its_suggestions_buttons_selects_forms_and_files() {
    let discord = Loopback::start(server()).await.unwrap();
    let _bot = bot::start(&discord).await;
    let front = Front::over(&discord).await;
    let (camille, channel) = (discord.user("camille"), discord.channel("général"));
    let here = channel.to_string();
    let seen = front.view(camille, channel).await;
    let lines: Vec<&str> = seen["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["line"].as_str().unwrap())
        .collect();
    assert_eq!(lines, ["fichier", "formulaire", "lent", "muet", "salut"]);
    assert_eq!(seen["guild"]["bot"]["online"], true);

    let choices = json!({"kind": "complete", "channel": here, "line": "salut", "option": "qui", "typed": "no"});
    assert_eq!(
        front.act(camille, choices).await["choices"],
        json!([{"name": "Noé", "value": "Noé"}])
    );
    let slash =
        |line: &str, options: Value| json!({"kind": "slash", "channel": here, "line": line, "options": options});
    let answer = front
        .act(
            camille,
            slash("salut", json!([{"name": "qui", "value": {"text": "Noé"}}])),
        )
        .await;
    let message = answer["message"].as_str().unwrap().to_owned();
    let seen = front.view(camille, channel).await;
    let shown = &seen["channel"]["messages"][0];
    assert_eq!(
        (&shown["content"], &shown["ephemeral"]),
        (&json!("Bonjour Noé"), &json!(true))
    );
    assert_eq!(shown["command"]["name"], "salut");
    // Ephemeral: for nobody else.
    discord.person("yanis").join();
    let other = front.view(discord.user("yanis"), channel).await;
    assert_eq!(other["channel"]["messages"], json!([]));

    let chosen = |component: &str, values: Value| json!({"kind": "select", "message": message, "component": component, "values": values});
    let answer = front.act(camille, chosen("salut:1:choix", json!(["nimes"]))).await;
    let text = |view: &Value, id: &Value| {
        let messages = view["channel"]["messages"].as_array().unwrap();
        messages.iter().find(|m| m["id"] == *id).unwrap()["content"].clone()
    };
    assert_eq!(text(&front.view(camille, channel).await, &answer["message"]), "nimes");
    let answer = front
        .act(camille, chosen("salut:1:qui", json!([camille.to_string()])))
        .await;
    assert_eq!(text(&front.view(camille, channel).await, &answer["message"]), "camille");
    let refused = front.act(camille, chosen("salut:1:choix", json!(["paris"]))).await;
    assert!(refused["refused"].as_str().unwrap().contains("n’est pas proposé"));
    let press = json!({"kind": "press", "message": message, "component": "salut:1:oui"});
    assert_eq!(front.act(camille, press.clone()).await["done"], true);
    // Pressed again, the button is gone.
    assert!(
        front.act(camille, press).await["refused"]
            .as_str()
            .unwrap()
            .contains("pas de bouton")
    );

    let form = front.act(camille, slash("formulaire", json!([]))).await["modal"].clone();
    assert_eq!(form["fields"][1]["value"], "Dupré");
    let submit = |fields: Value| json!({"kind": "submit", "interaction": form["interaction"], "fields": fields});
    let refused = front.act(camille, submit(json!([]))).await;
    assert!(refused["refused"].as_str().unwrap().contains("obligatoire"));
    let answer = front
        .act(camille, submit(json!([{"id": "prenom", "text": "Lila"}])))
        .await;
    assert_eq!(
        text(&front.view(camille, channel).await, &answer["message"]),
        "formulaire:7 Lila Dupré"
    );

    let file = json!([{"name": "fichier", "value": {"file": {"name": "a.txt", "bytes": "c2FsdXQ="}}}]);
    let answer = front.act(camille, slash("fichier", file)).await;
    let seen = front.view(camille, channel).await;
    let messages = seen["channel"]["messages"].as_array().unwrap();
    let path = &messages.iter().find(|m| m["id"] == answer["message"]).unwrap()["files"][0]["path"];
    let download = front.client.get(front.at(path.as_str().unwrap()));
    let download = download.header("x-sandbox-key", front.page.key()).send().await.unwrap();
    assert_eq!(download.headers()["content-type"], "application/octet-stream");
    assert_eq!(download.text().await.unwrap(), "SALUT");
}

#[tokio::test]
async fn silence_and_slowness_are_told_as_discord_tells_them() {
    let discord = Loopback::start(server().answer_limit(Duration::from_millis(400)))
        .await
        .unwrap();
    let bot = bot::start(&discord).await;
    let front = Front::over(&discord).await;
    let (camille, channel) = (discord.user("camille"), discord.channel("général"));
    let slash = |line: &str| json!({"kind": "slash", "channel": channel.to_string(), "line": line});
    assert_eq!(front.act(camille, slash("muet")).await, json!({"silence": true}));
    // «réfléchit…» is an answer: the act is over, the rest comes by the view.
    assert_eq!(front.act(camille, slash("lent")).await["thinking"], true);
    discord
        .wait_for("the end of the thought", |world| {
            world.ephemerals.values().any(|message| message.content == "fini")
        })
        .await;
    drop(bot);
    discord.gateway().cut();
    discord
        .wait_for("the bot to be gone", |world| world.connected() == 0)
        .await;
    assert_eq!(front.act(camille, slash("salut")).await, json!({"silence": true}));
    assert_eq!(front.view(camille, channel).await["guild"]["bot"]["online"], false);
}

#[tokio::test]
async fn odd_requests_are_refused_and_break_nothing() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let camille = discord.user("camille");
    let raw = |path: &str, body: Value| {
        let request = front
            .client
            .post(front.at(path))
            .header("x-sandbox-key", front.page.key());
        let request = request.json(&body);
        async { request.send().await.unwrap().status().as_u16() }
    };
    let who = camille.to_string();
    assert_eq!(raw("/api/act", json!({"as": who, "deed": {"kind": "fly"}})).await, 422);
    assert_eq!(
        raw(
            "/api/act",
            json!({"as": who, "deed": {"kind": "erase", "message": "1", "more": 1}})
        )
        .await,
        422
    );
    assert_eq!(raw("/api/act", json!({"as": "7", "deed": {"kind": "join"}})).await, 404);
    assert_eq!(raw("/api/clock", json!({"moment": 9})).await, 404);
    assert_eq!(raw("/api/clock", json!({"moment": -1})).await, 400);
    let refused = front
        .act(camille, json!({"kind": "press", "message": "x", "component": "y"}))
        .await;
    assert!(refused["refused"].is_string());
    let refused = front
        .act(camille, json!({"kind": "submit", "interaction": "12", "fields": []}))
        .await;
    assert!(refused["refused"].as_str().unwrap().contains("n’est plus ouvert"));
    let bad = json!({"kind": "write", "channel": discord.channel("général").to_string(), "text": "",
        "files": [{"name": "a", "bytes": "?"}]});
    assert!(
        front.act(camille, bad).await["refused"]
            .as_str()
            .unwrap()
            .contains("lisible")
    );
    assert_eq!(front.view(camille, 0).await["me"]["name"], "Camille");
}

#[tokio::test]
async fn time_moves_for_everyone_and_newcomers_arrive() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let before = discord.now();
    front.post("/api/clock", &json!({"moment": 0})).await;
    let after = discord.now();
    assert!(after - before >= TimeDelta::hours(1) && after - before < TimeDelta::hours(1) + TimeDelta::minutes(1));
    assert!((front.moved.load(Ordering::SeqCst) - after.timestamp()).abs() <= 1);
    front.post("/api/clock", &json!({"moment": 1})).await;
    let monday = discord.now().with_timezone(&chrono_tz::Europe::Paris);
    assert_eq!(monday.format("%u %H:%M").to_string(), "1 20:00");

    let made = front.post("/api/newcomer", &json!({})).await;
    let salome: u64 = made["id"].as_str().unwrap().parse().unwrap();
    assert!(discord.read(|world| world.member(salome).is_some()));
    let seen = front.view(salome, 0).await;
    assert_eq!(
        (&seen["me"]["name"], &seen["me"]["role"]),
        (&json!("Salomé"), &json!("Nouvelle personne"))
    );
    assert_eq!(seen["cast"].as_array().unwrap().len(), 3);
    // There is always another one.
    assert_eq!(front.post("/api/newcomer", &json!({})).await["name"], "Salomé 2");
}

#[tokio::test]
async fn the_live_view_asks_for_the_key_and_tells_what_changes() {
    let discord = Loopback::start(server()).await.unwrap();
    let front = Front::over(&discord).await;
    let (camille, channel) = (discord.user("camille"), discord.channel("général"));
    let address = format!("ws://{}/api/live", front.page.address());
    let look = json!({"as": camille.to_string(), "channel": channel.to_string()});

    let mut foreign = address.clone().into_client_request().unwrap();
    foreign
        .headers_mut()
        .insert("origin", "https://example.org".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(foreign).await.is_err());

    let (mut wrong, _) = tokio_tungstenite::connect_async(&address).await.unwrap();
    wrong
        .send(Message::text(json!({"key": "autre", "look": look}).to_string()))
        .await
        .unwrap();
    let closed = wrong.next().await.unwrap().unwrap();
    assert!(matches!(closed, Message::Close(Some(frame)) if u16::from(frame.code) == 4401));

    let (mut live, _) = tokio_tungstenite::connect_async(&address).await.unwrap();
    let hello = json!({"key": front.page.key(), "look": look});
    live.send(Message::text(hello.to_string())).await.unwrap();
    let first = next(&mut live).await;
    assert_eq!(first["parts"].as_object().unwrap().len(), 9);
    assert_eq!(first["parts"]["tour"]["stops"][0]["done"], false);
    front
        .act(
            camille,
            json!({"kind": "write", "channel": channel.to_string(), "text": "bonjour à tous"}),
        )
        .await;
    // Only what differs is told; the step of the tour is ticked by the world.
    let told = next(&mut live).await;
    let parts = told["parts"].as_object().unwrap();
    assert_eq!(parts["channel"]["messages"][0]["content"], "bonjour à tous");
    assert_eq!(parts["tour"]["stops"][0]["done"], true);
    assert!(!parts.contains_key("commands") && !parts.contains_key("directory"));
    // Looking elsewhere is answered by that place.
    let elsewhere = json!({"look": {"as": discord.user("yanis").to_string(), "channel": channel.to_string()}});
    live.send(Message::text(elsewhere.to_string())).await.unwrap();
    let told = next(&mut live).await;
    assert!(told["parts"]["channel"].is_null() && told["parts"]["me"]["name"] == "Yanis");
}

type Live = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn next(live: &mut Live) -> Value {
    let frame = tokio::time::timeout(Duration::from_secs(10), live.next()).await;
    let frame = frame.expect("in time").expect("open").unwrap();
    serde_json::from_str(frame.to_text().unwrap()).unwrap()
}
