//! What prevents a start is one clear line and a code other than 0 (product.md §17), by the real binary.

use std::os::unix::fs::PermissionsExt as _;

use maillage::loopback::{Action, Builder, Fault, Loopback, intents};

use crate::support::{Program, server, until};

/// The program fails with one line that holds each of these words, and nothing of what must stay secret.
async fn fails(program: &Program, arguments: &[&str], words: &[&str]) -> String {
    let ended = program.run(arguments).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = ended.line().to_owned();
    for word in words {
        assert!(line.contains(word), "no «{word}» in: {line}");
    }
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_starts() {
    let program = Program::new().with("DISCORD_TOKEN", "");
    fails(&program, &[], &["DISCORD_TOKEN", "absent"]).await;
    fails(&program, &["run"], &["DISCORD_TOKEN", "absent"]).await;
    fails(&program, &["check"], &["DISCORD_TOKEN", "absent"]).await;
    assert!(!program.folder().join("maillage.db").exists(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_discord_does_not_know_stops_at_once() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord).with("DISCORD_TOKEN", "un-autre-jeton");
    let line = fails(&program, &[], &["DISCORD_TOKEN", "refuse"]).await;
    assert!(!line.contains("un-autre-jeton"), "a token is never shown");
    assert_eq!(discord.gateway().connections(), 0, "no IDENTIFY is spent on it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_env_file_of_the_folder_is_read() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord).with("DISCORD_TOKEN", "");
    program.write(".env", "DISCORD_TOKEN=un-autre-jeton\n");
    fails(&program, &[], &["DISCORD_TOKEN", "refuse"]).await;
    program.write(".env", "MAILLAGE_CONFIG=\nceci n’est pas une affectation\n");
    fails(&program, &[], &[".env", "MAILLAGE_CONFIG"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_the_settings_are_told_together() {
    let program = Program::new()
        .with("DISCORD_GUILD_ID", "mon serveur")
        .with("METRICS_ADDR", "ici");
    program.write("config/maillage.toml", "[echelle]\nacp = \"dix\"\nechele = 3\n");
    let ended = program.run(&[]).await;
    assert_eq!(ended.code, Some(1));
    let lines: Vec<&str> = ended.err.lines().collect();
    for word in ["DISCORD_GUILD_ID", "METRICS_ADDR", "ligne 2", "ligne 3"] {
        assert_eq!(
            lines.iter().filter(|line| line.contains(word)).count(),
            1,
            "{word}: {lines:#?}"
        );
    }
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let absent = Program::new().with("MAILLAGE_CONFIG", "ailleurs.toml");
    fails(&absent, &[], &["MAILLAGE_CONFIG", "ailleurs.toml", "n’existe pas"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_the_host_that_cannot_be_used_is_told_with_its_line() {
    let program = Program::new();
    program.write("config/textes/sms.md", "Bonjour {{personne_inconnue}}");
    let ended = program.run(&[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("config/textes/sms.md"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_key_is_told() {
    let discord = Loopback::start(Builder::new().other_guild("Ailleurs")).await.unwrap();
    let program = Program::for_discord(&discord);
    // Makes the database and its key; several servers then stop it.
    fails(&program, &[], &["DISCORD_GUILD_ID", "2 serveurs"]).await;
    let key = program.folder().join("maillage.key");
    for name in ["maillage.db", "maillage.key"] {
        let mode = std::fs::metadata(program.folder().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    fails(&program, &[], &["maillage.key", "manque"]).await;
    assert!(!key.exists(), "no other key is made for a database that has one");
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    fails(&program, &[], &["maillage.key", "n’est pas celle de la base"]).await;
    fails(&program, &["check"], &["maillage.key", "n’est pas celle de la base"]).await;
    std::fs::write(&key, "trop courte\n").unwrap();
    fails(&program, &[], &["maillage.key", "32 octets"]).await;
    std::fs::write(&key, kept).unwrap();
    fails(&program, &[], &["2 serveurs"]).await;
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let line = fails(&program.with("MAILLAGE_KEY", other), &[], &["MAILLAGE_KEY"]).await;
    assert!(!line.contains(other), "a key is never shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_of_ours_is_left_alone() {
    let program = Program::new();
    program.write(
        "maillage.db",
        "Ceci est un texte, pas une base de données SQLite. Il ne doit pas changer d’un octet.",
    );
    let before = std::fs::read(program.folder().join("maillage.db")).unwrap();
    fails(&program, &[], &["maillage.db", "n’est pas une base de maillage"]).await;
    fails(&program, &["check"], &["maillage.db", "n’est pas une base de maillage"]).await;
    fails(&program, &["backup", "copie.db"], &["n’est pas une base de maillage"]).await;
    assert_eq!(std::fs::read(program.folder().join("maillage.db")).unwrap(), before);
    let program = Program::new().with("DATABASE_URL", "sqlite://absent/maillage.db");
    fails(&program, &[], &["absent/maillage.db", "n’existe pas"]).await;
    let program = Program::new().with("DATABASE_URL", "postgres://quelqu-un:secret@ailleurs/base");
    let line = fails(&program, &[], &["DATABASE_URL", "sqlite://"]).await;
    assert!(!line.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_api_stops_and_never_falls_back() {
    for address in ["pas une adresse", "ftp://127.0.0.1", "http://nom:secret@127.0.0.1:1"] {
        let line = fails(
            &Program::new().with("DISCORD_API_URL", address),
            &[],
            &["DISCORD_API_URL"],
        )
        .await;
        assert!(!line.contains("secret"));
    }
    let discord = Loopback::start(server()).await.unwrap();
    for status in [401, 403] {
        discord
            .faults()
            .add(Fault::on("GET", "/gateway", Action::Fail(status, 0, "refused")));
        fails(
            &Program::for_discord(&discord),
            &[],
            &["DISCORD_API_URL", &status.to_string()],
        )
        .await;
    }
    discord
        .faults()
        .add(Fault::on("GET", "/gateway", Action::Fail(404, 0, "not here")));
    fails(&Program::for_discord(&discord), &[], &["DISCORD_API_URL"]).await;
    discord.faults().add(Fault::on(
        "GET",
        "/gateway",
        Action::Redirect("https://example.org/".to_owned()),
    ));
    fails(&Program::for_discord(&discord), &[], &["DISCORD_API_URL"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_away_is_waited_for() {
    let discord = Loopback::start(server()).await.unwrap();
    discord
        .faults()
        .add(Fault::on("GET", "/gateway", Action::Fail(503, 0, "away")).times(2));
    discord
        .faults()
        .add(Fault::on("GET", "/users/@me", Action::Reset).times(1));
    let program = Program::for_discord(&discord).with("MAILLAGE_REPRISES_PREMIER_DELAI_SECONDES", "1");
    let process = program.spawn(&[]);
    discord.wait_connected().await;
    process.terminate();
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.err, "", "a clean end says nothing");
    assert!(!ended.out.contains(&discord.token()), "no token in the logs");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_chosen_once() {
    let discord = Loopback::start(Builder::new().other_guild("Ailleurs")).await.unwrap();
    let other = discord.read(|world| *world.guilds.keys().find(|id| **id != world.main_guild).unwrap());
    let nowhere = Program::for_discord(&discord).with("DISCORD_GUILD_ID", "123456789012345678");
    fails(&nowhere, &[], &["123456789012345678", "DISCORD_GUILD_ID"]).await;
    let program = Program::for_discord(&discord).with("DISCORD_GUILD_ID", &discord.guild_id().to_string());
    let process = program.spawn(&[]);
    discord.wait_connected().await;
    until("the first binding", || async {
        discord.read(|world| !world.calls().is_empty())
    })
    .await;
    process.terminate();
    assert_eq!(process.ended().await.code, Some(0));
    let program = program.with("DISCORD_GUILD_ID", &other.to_string());
    fails(&program, &[], &["liée", &other.to_string()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_is_not_ticked_is_told() {
    let discord = Loopback::start(server().privileged_intents(0)).await.unwrap();
    assert_ne!(intents::PRIVILEGED, 0);
    fails(&Program::for_discord(&discord), &[], &["Server Members Intent"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_per_database() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord);
    let process = program.spawn(&[]);
    discord.wait_connected().await;
    fails(&program, &[], &["maillage.db", "déjà utilisée"]).await;
    fails(&program, &["restore", "absente.db"], &["maillage.db", "déjà utilisée"]).await;
    // Those that only read run beside it.
    let checked = program.run(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.out.contains("permissions=2269778815347793"), "{checked:?}");
    let copied = program.run(&["backup", "copie.db"]).await;
    assert_eq!(copied.code, Some(0), "{copied:?}");
    let mode = std::fs::metadata(program.folder().join("copie.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    fails(&program, &["backup", "copie.db"], &["copie.db", "existe déjà"]).await;
    process.terminate();
    assert_eq!(process.ended().await.code, Some(0));
    let restored = program.run(&["restore", "copie.db"]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let kept = std::fs::read_dir(program.folder())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("avant-"))
        .count();
    assert_eq!(kept, 1, "the old database is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_what_the_portal_allows() {
    let discord = Loopback::start(server().public(true).privileged_intents(0))
        .await
        .unwrap();
    let ended = Program::for_discord(&discord).run(&["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for word in ["application est publique", "Server Members Intent", "client_id="] {
        assert!(ended.out.contains(word), "no «{word}» in {}", ended.out);
    }
    // Discord away: what is local is checked all the same.
    let alone = Program::new()
        .with("DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.abc.def")
        .with("DISCORD_API_URL", "http://127.0.0.1:9");
    let ended = alone.run(&["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("client_id=123456789012345678"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_all_that_is_wrong_on_this_machine_together() {
    let program = Program::new()
        .with("MAILLAGE_VOTES_QUORUM_POURCENT", "beaucoup")
        .with("DISCORD_GUILD_ID", "mon serveur");
    program.write(
        "config/maillage.toml",
        "[echelle]\nacp = 3\n\n[roles]\nnationale = \"MCP\"\n",
    );
    program.write(
        "config/textes/sms.md",
        "---\nversion: 1\ntitre: SMS\n---\n## Un {#contact}\n{{prenon}}\n",
    );
    let too_long = "Une phrase de trop. ".repeat(200);
    program.write(
        "config/textes/charte-relai.md",
        &format!("---\nversion: 1\ntitre: Charte\n---\n{too_long}\n"),
    );
    program.write("config/territoires/regions.csv", "rien\n");
    let ended = program.run(&["check"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    let lines: Vec<&str> = ended.err.lines().collect();
    for words in [
        &["environnement", "MAILLAGE_VOTES_QUORUM_POURCENT", "beaucoup", "Attendu"][..],
        &["environnement", "DISCORD_GUILD_ID", "mon serveur", "Attendu"],
        &["config/maillage.toml, ligne 2", "echelle.acp", "Attendu"],
        &["config/maillage.toml, ligne 5", "roles.nationale", "roles.national"],
        &["config/textes/sms.md, ligne 6", "prenon"],
        &["config/textes/charte-relai.md", "caractères"],
        &["regions.csv"],
    ] {
        let found = lines.iter().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line with {words:?} in {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_takes_the_place_of_a_wrong_line_and_is_blamed_for_its_own() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord).with("MAILLAGE_ECHELLE_ACP", "12");
    program.write("config/maillage.toml", "[echelle]\nacp = \"dix\"\n");
    let ended = program.run(&["check"]).await;
    assert_eq!(ended.code, Some(0), "the line is not read: {ended:?}");
    let program = program.with("MAILLAGE_ECHELLE_ACP", "5");
    fails(
        &program,
        &["check"],
        &["environnement", "MAILLAGE_ECHELLE_ACP", "«\u{a0}5\u{a0}»", "Attendu"],
    )
    .await;
    // The database and its key are looked at with the rest, before Discord is.
    program.write("maillage.db", "Ceci n’est pas une base.");
    program.write("config/textes/sms.md", "rien");
    let program = program.with("MAILLAGE_ECHELLE_ACP", "12");
    let before = discord.last_call();
    let ended = program.run(&["check"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in ["maillage.db", "config/textes/sms.md"] {
        assert!(ended.err.contains(word), "no «{word}» in {ended:?}");
    }
    assert_eq!(discord.last_call(), before, "Discord is asked once all is well here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_command_is_told_in_one_line() {
    let ended = Program::new().run(&["sauvegarde"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.line().contains("maillage --help"));
    let ended = Program::new().run(&["--help"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn measures_are_served_when_asked_for() {
    let discord = Loopback::start(server()).await.unwrap();
    let address = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let program = Program::for_discord(&discord).with("METRICS_ADDR", &address);
    let process = program.spawn(&[]);
    discord.wait_connected().await;
    let page = |path: &str| {
        let url = format!("http://{address}{path}");
        async move {
            let answer = reqwest::get(url).await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    assert_eq!(page("/healthz").await, (200, "ok\n".to_owned()));
    let (status, text) = page("/metrics").await;
    assert_eq!(status, 200);
    for measure in [
        "maillage_outbox_waiting 0",
        "maillage_database_bytes",
        "maillage_loop_failures_total",
    ] {
        assert!(text.contains(measure), "no {measure} in {text}");
    }
    assert_eq!(page("/autre").await.0, 404);
    let second = Program::for_discord(&discord).with("METRICS_ADDR", &address);
    fails(&second, &[], &["METRICS_ADDR", "déjà"]).await;
    process.terminate();
    assert_eq!(process.ended().await.code, Some(0));
}
