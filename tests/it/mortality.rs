//! `kill -9` of the real binary, again and again: no confirmed validation is lost, nothing is doubled on Discord.

use maillage::loopback::{Answer, Loopback, Value};

use crate::support::{Process, Program, server, until};

/// A relay's work with a program that dies after each confirmation.
struct Mortal {
    discord: Loopback,
    program: Program,
    process: Process,
    lives: usize,
}

impl Mortal {
    async fn new() -> Mortal {
        let discord = Loopback::start(server()).await.unwrap();
        let program = Program::for_discord(&discord);
        let mut csv = "prénom,nom,téléphone,mail,code postal\n".to_owned();
        for n in 1..=6 {
            csv.push_str(&format!(
                "Lucie,Martin{},06 39 98 20 {n:02},l{n}@example.org,34400\n",
                "e".repeat(n)
            ));
        }
        program.write("site.csv", &csv);
        let imported = program.run(&["import", "site.csv"]).await;
        assert_eq!(imported.code, Some(0), "{imported:?}");
        let process = program.spawn(&[]);
        let mut mortal = Mortal {
            discord,
            program,
            process,
            lives: 0,
        };
        mortal.risen().await;
        mortal
    }

    /// Waits until the new process listens.
    async fn risen(&mut self) {
        self.lives += 1;
        let lives = self.lives;
        until("the process to listen", || async {
            self.discord.gateway().identifies() == lives && self.discord.gateway().connected() == 1
        })
        .await;
        self.discord.wait_command("valider").await;
    }

    /// Dies without a word and starts again.
    async fn die(&mut self) {
        self.process.kill();
        until("the connection to fall", || async {
            self.discord.gateway().connected() == 0
        })
        .await;
        self.process = self.program.spawn(&[]);
        self.risen().await;
    }

    /// The relay validates one more person, and the process dies as soon as the answer is read.
    async fn validate(&mut self, n: u32) -> Answer {
        let camille = self.discord.person("camille");
        let first = camille.slash("valider", &[]).await.unwrap();
        let form = if n == 1 {
            camille.press(&first, "J’accepte la charte").await.unwrap()
        } else {
            first
        };
        let (phone, mail) = (format!("06 39 98 30 {n:02}"), format!("r{n}@example.org"));
        let last = format!("Robin{}", "e".repeat(n as usize));
        let fields = [
            ("prenom", "Ana"),
            ("nom", &last),
            ("telephone", &phone),
            ("mail", &mail),
            ("code_postal", "34400"),
        ];
        let summary = camille.submit_modal(&form, &fields).await.unwrap();
        let answer = camille.press(&summary, "Confirmer").await.unwrap();
        self.die().await;
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_death_loses_a_confirmed_validation_or_doubles_anything() {
    let mut mortal = Mortal::new().await;
    let nadia = mortal.discord.person("nadia");
    let camille = mortal.discord.user("camille");
    until("the national team to be known", || async {
        let relays = [("groupe", "Lunel".into()), ("membre", Value::User(camille))];
        nadia
            .slash("relai nommer", &relays)
            .await
            .is_ok_and(|answer| answer.text().contains("relai"))
    })
    .await;
    let mut last = None;
    for n in 1..=5 {
        let answer = mortal.validate(n).await;
        assert!(answer.text().contains(&format!("{n} / 5")), "{}", answer.text());
        last = Some(answer);
    }
    let edited = last
        .unwrap()
        .wait_until("the link", |message| {
            message.content.contains("https://discord.com/channels/")
        })
        .await;
    assert!(edited.content.contains("5 / 5"));
    mortal
        .discord
        .wait_for("the announcement", |world| {
            world
                .channel_named("discussion")
                .is_some_and(|channel| !world.messages_in(channel.id).is_empty())
        })
        .await;
    // Messages keep their pace over a death: this one may come seconds after the announcement.
    let announced = || {
        let told = camille_dms(&mortal);
        told.iter().filter(|text| text.contains("est en formation")).count()
    };
    until("the message to the relay", || async { announced() > 0 }).await;
    mortal.die().await;
    let (categories, roles, pins) = mortal.discord.read(|world| {
        let named = |name: &str| world.channels.values().filter(|channel| channel.name == name).count();
        let roles = world
            .guild()
            .roles
            .values()
            .filter(|role| role.name == "Groupe Lunel")
            .count();
        let register = world.channel_named("registre").unwrap().id;
        (named("🌱 Lunel"), roles, world.pins_in(register).len())
    });
    assert_eq!((categories, roles, pins), (1, 1, 1));
    for n in ["discussion", "registre", "documents"] {
        let count = mortal
            .discord
            .read(|world| world.channels.values().filter(|channel| channel.name == n).count());
        assert_eq!(count, 1, "{n}");
    }
    let announced = camille_dms(&mortal)
        .iter()
        .filter(|text| text.contains("est en formation"))
        .count();
    assert_eq!(announced, 1, "{:?}", camille_dms(&mortal));
}

fn camille_dms(mortal: &Mortal) -> Vec<String> {
    mortal
        .discord
        .person("camille")
        .dms()
        .iter()
        .map(|message| message.content.clone())
        .collect()
}
