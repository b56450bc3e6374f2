use std::collections::HashMap;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta, Weekday};

use super::*;

const SHIPPED: &str = include_str!("../../config/maillage.toml");
const EXAMPLE: &str = include_str!("../../.env.example");

fn key() -> String {
    base64::engine::general_purpose::STANDARD.encode([7_u8; 32])
}

fn load_in(dir: &Path, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let env = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Settings::load(&env, dir).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// Loads with a token and a settings file.
fn load_file(toml: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    std::fs::write(dir.path().join(DEFAULT_FILE), toml).unwrap();
    let mut all = vec![("DISCORD_TOKEN", "abc.def.ghi")];
    all.extend_from_slice(variables);
    load_in(dir.path(), &all)
}

fn faults(toml: &str) -> Vec<String> {
    load_file(toml, &[]).unwrap_err()
}

#[test]
fn a_token_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    let settings = load_in(dir.path(), &[("DISCORD_TOKEN", " abc.def.ghi\n")]).unwrap();
    assert_eq!(settings.token.as_ref().unwrap().expose(), "abc.def.ghi");
    assert_eq!(settings.tunables, Tunables::default());
    assert_eq!(settings.database, dir.path().join("maillage.db"));
    assert_eq!(settings.backups_dir(), dir.path().join("sauvegardes"));
    assert_eq!(
        (settings.api, settings.guild, settings.metrics, settings.file),
        (None, None, None, None)
    );
}

#[test]
fn the_shipped_file_is_the_defaults() {
    let settings = load_file(SHIPPED, &[]).unwrap();
    assert_eq!(settings.tunables, Tunables::default());
    assert!(settings.file.is_some());
}

#[test]
fn the_shipped_file_shows_and_explains_every_setting() {
    let source = Source {
        path: "",
        text: "",
        table: toml::de::DeTable::new(),
    };
    let env = |_: &str| None;
    let mut reader = Reader::new(&env, &source, Vec::new());
    let _ = Tunables::read(&mut reader);
    assert!(reader.known.len() > 60);
    for (section, key) in &reader.known {
        let after = SHIPPED
            .split_once(&format!("\n[{section}]\n"))
            .unwrap_or_else(|| panic!("[{section}] is not shipped"))
            .1;
        let body = after.split("\n[").next().unwrap();
        let is_shown = body
            .lines()
            .any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        assert!(
            is_shown || SHIPPED.contains(&format!("\n[{section}.{key}]\n")),
            "{section}.{key} is not shipped"
        );
        assert!(
            body.trim_start().starts_with('#'),
            "[{section}] does not explain its first setting"
        );
    }
}

#[test]
fn the_settings_shown_as_notes_can_be_taken_as_they_are() {
    let uncommented: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = 1000000000") => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let settings = load_file(&uncommented, &[]).unwrap();
    assert_eq!(settings.channels.national, Some(100_000_000_000_000_001));
    assert_eq!(settings.channels.reminders, Some(100_000_000_000_000_006));
    assert_eq!(settings.channels.feeds["76"], 100_000_000_000_000_007);
}

#[test]
fn the_example_environment_changes_nothing_once_copied() {
    let dir = tempfile::tempdir().unwrap();
    let read: Vec<(String, String)> = dotenvy::from_read_iter(EXAMPLE.as_bytes())
        .map(Result::unwrap)
        .collect();
    let mut variables: Vec<(&str, &str)> = read
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    for name in [
        "DISCORD_TOKEN",
        "DATABASE_URL",
        "DISCORD_GUILD_ID",
        "DISCORD_API_URL",
        "MAILLAGE_CONFIG",
        "MAILLAGE_KEY",
        "RUST_LOG",
        "METRICS_ADDR",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(load_in(dir.path(), &variables).unwrap_err().len(), 1);
    variables.push(("DISCORD_TOKEN", "abc"));
    let settings = load_in(dir.path(), &variables).unwrap();
    assert_eq!(settings.tunables, Tunables::default());
    assert_eq!(settings.database, dir.path().join("maillage.db"));
}

#[test]
fn the_file_changes_the_defaults_and_the_environment_changes_the_file() {
    let toml = "
        [echelle]
        acp = 8
        [registre]
        colonnes = [\"nom\", \"telephone\"]
        [reunion]
        jour = \"mercredi\"
        heure = \"19 h 30\"
        lieu = \"Salon vocal Agora\"
        rappel_veille = \"\"
        rappel_avant_minutes = 0
        [salons]
        national = \"123\"
        reseaux = [11, \"12\"]
        [espace]
        disposition = \"dense\"
        [reprises]
        delai_max_secondes = 60
    ";
    let variables = [
        ("MAILLAGE_ECHELLE_EN_FORMATION", "3"),
        ("MAILLAGE_ECHELLE_ACP", "7"),
        ("MAILLAGE_REGISTRE_COLONNES", "mail"),
        ("MAILLAGE_LIENS_RAPPEL_MENSUEL", "false"),
        ("MAILLAGE_SALONS_RESEAUX", " 5, 6 "),
        ("MAILLAGE_REUNION_LIEU", ""),
    ];
    let plain = load_file(toml, &[]).unwrap();
    assert_eq!(plain.ladder.assembly, 8);
    assert!(plain.register.shows_phone && !plain.register.shows_mail);
    assert_eq!(plain.meeting.rule.weekday, Weekday::Wed);
    assert_eq!(plain.meeting.rule.time, NaiveTime::from_hms_opt(19, 30, 0).unwrap());
    assert_eq!(
        (
            plain.meeting.rule.reminders.day_before,
            plain.meeting.rule.reminders.before
        ),
        (None, None)
    );
    assert_eq!(plain.meeting.rule.reminders.at_start, Some(TimeDelta::minutes(30)));
    assert_eq!(plain.channels.national, Some(123));
    assert_eq!(plain.channels.social, [11, 12]);
    assert_eq!(plain.space.layout, Layout::Dense);
    assert_eq!(plain.retry.longest, Duration::from_secs(60));

    let changed = load_file(toml, &variables).unwrap();
    assert_eq!((changed.ladder.forming, changed.ladder.assembly), (3, 7));
    assert!(changed.register.shows_mail && !changed.register.shows_phone);
    assert!(!changed.links.monthly);
    assert_eq!(changed.channels.social, [5, 6]);
    assert_eq!(changed.meeting.place.as_deref(), Some("Salon vocal Agora"));
}

#[test]
fn the_fixed_variables_are_understood() {
    let key = key();
    let variables = [
        ("DATABASE_URL", "sqlite:///srv/maillage/maillage.db"),
        ("DISCORD_API_URL", "http://127.0.0.1:4321/"),
        ("DISCORD_GUILD_ID", "123456789012345678"),
        ("MAILLAGE_KEY", &key),
        ("METRICS_ADDR", "127.0.0.1:9100"),
        ("RUST_LOG", "info,maillage=debug"),
    ];
    let settings = load_file("", &variables).unwrap();
    assert_eq!(settings.database, Path::new("/srv/maillage/maillage.db"));
    let api = settings.api.as_ref().unwrap();
    assert_eq!(api.as_str(), "http://127.0.0.1:4321");
    assert!(api.is_origin_of(&Url::parse("http://127.0.0.1:4321/attachments/1/2/a.csv").unwrap()));
    assert!(!api.is_origin_of(&Url::parse("http://127.0.0.1:4322/a.csv").unwrap()));
    assert!(!api.is_origin_of(&Url::parse("https://127.0.0.1:4321/a.csv").unwrap()));
    assert_eq!(settings.guild, Some(123_456_789_012_345_678));
    assert_eq!(settings.key.as_ref().unwrap().expose(), &[7; 32]);
    assert_eq!(settings.metrics, Some("127.0.0.1:9100".parse().unwrap()));
    assert_eq!(settings.log_filter.as_deref(), Some("info,maillage=debug"));
}

#[test]
fn the_database_is_a_file_of_sqlite() {
    for (url, path) in [
        ("sqlite://maillage.db", Some("maillage.db")),
        ("sqlite:maillage.db", Some("maillage.db")),
        ("sqlite:///srv/a.db?mode=rwc", Some("/srv/a.db")),
        (" sqlite://données/a.db ", Some("données/a.db")),
        ("postgres://user:secret@host/base", None),
        ("maillage.db", None),
        ("sqlite://", None),
        ("sqlite::memory:", None),
        ("sqlite://:memory:", None),
        ("sqlite://a.db?mode=memory", None),
        ("sqlite://dossier/", None),
    ] {
        assert_eq!(database_path(url), path.map(PathBuf::from), "{url}");
    }
}

#[test]
fn secrets_never_show() {
    let key = key();
    let settings = load_file("", &[("MAILLAGE_KEY", &key)]).unwrap();
    let shown = format!("{settings:?} {settings:#?}");
    assert!(
        !shown.contains("abc.def.ghi") && !shown.contains(&key) && !shown.contains("7, 7"),
        "{shown}"
    );

    let dir = tempfile::tempdir().unwrap();
    let wrong = [
        ("DISCORD_TOKEN", "deux mots-secrets"),
        ("MAILLAGE_KEY", "secret-trop-court"),
        ("DATABASE_URL", "postgres://user:secret@host/base"),
        ("DISCORD_API_URL", "https://user:secret@host"),
    ];
    let lines = load_in(dir.path(), &wrong).unwrap_err();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("secret")), "{lines:?}");
}

#[test]
fn all_faults_come_together_each_with_its_line() {
    let toml = "[echelle]\nacp = \"dix\"\n\n[reunion]\njour = \"Monday\"\nheure = \"25:00\"\n\n[registre]\ncolonnes = [\"telefone\",\n  \"mail\"]\n";
    let lines = load_file(toml, &[("METRICS_ADDR", "9100"), ("DISCORD_GUILD_ID", "mon-serveur")]).unwrap_err();
    let expected = [
        "environnement ou .env\u{a0}: DISCORD_GUILD_ID vaut «\u{a0}mon-serveur\u{a0}». Attendu\u{a0}: un identifiant Discord",
        "environnement ou .env\u{a0}: METRICS_ADDR vaut «\u{a0}9100\u{a0}». Attendu\u{a0}: une adresse et un port",
        "config/maillage.toml, ligne 2\u{a0}: echelle.acp vaut «\u{a0}dix\u{a0}». Attendu\u{a0}: un nombre entier de 1 à 1\u{a0}000.",
        "config/maillage.toml, ligne 9\u{a0}: registre.colonnes vaut «\u{a0}telefone\u{a0}». Attendu\u{a0}: une liste prise parmi telephone, mail",
        "config/maillage.toml, ligne 5\u{a0}: reunion.jour vaut «\u{a0}Monday\u{a0}». Attendu\u{a0}: \"lundi\", \"mardi\"",
        "config/maillage.toml, ligne 6\u{a0}: reunion.heure vaut «\u{a0}25:00\u{a0}». Attendu\u{a0}: une heure de Paris",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "{line}\n{start}");
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest_one() {
    for (toml, expected) in [
        (
            "[echele]\nacp = 10\n",
            "ligne 1\u{a0}: echele n’est pas un réglage connu. Vouliez-vous dire echelle\u{a0}?",
        ),
        (
            "[registre]\ncolonne = []\n",
            "ligne 2\u{a0}: registre.colonne n’est pas un réglage connu. Vouliez-vous dire registre.colonnes\u{a0}?",
        ),
        (
            "[registre]\nquorum_pourcent = 3\n",
            "ligne 2\u{a0}: registre.quorum_pourcent n’est pas un réglage connu. Vouliez-vous dire votes.quorum_pourcent\u{a0}?",
        ),
        (
            "acp = 10\n",
            "ligne 1\u{a0}: acp n’est pas un réglage connu. Vouliez-vous dire echelle.acp\u{a0}?",
        ),
        (
            "[zzzzzzzzzzzz]\n",
            "ligne 1\u{a0}: zzzzzzzzzzzz n’est pas un réglage connu. Le fichier config/maillage.toml livré donne la liste des réglages.",
        ),
        (
            "[discord]\ntoken = \"secret\"\n",
            "ligne 1\u{a0}: discord n’est pas un réglage connu.",
        ),
    ] {
        let lines = faults(toml);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with(&format!("config/maillage.toml, {expected}")),
            "{}",
            lines[0]
        );
        assert!(!lines[0].contains("secret"));
    }
}

#[test]
fn what_is_not_toml_is_shown_with_its_line() {
    let lines = faults("[echelle]\nacp = 10\nen formation = 5\n");
    assert!(
        lines[0].starts_with("config/maillage.toml, ligne 3\u{a0}: cette ligne ne suit pas l’écriture TOML"),
        "{lines:?}"
    );
    let lines = faults("[echelle]\nacp = 10\nacp = 11\n");
    assert!(lines.len() == 1 && lines[0].contains("ligne 3"), "{lines:?}");
    let lines = faults("echelle = 5\n");
    assert!(
        lines.len() == 1
            && lines[0].contains("ligne 1\u{a0}: echelle vaut «\u{a0}5\u{a0}». Attendu\u{a0}: une section"),
        "{lines:?}"
    );
}

#[test]
fn the_ladder_climbs() {
    for (toml, start) in [
        (
            "[echelle]\nacp = 5\n",
            "config/maillage.toml, ligne 2\u{a0}: echelle.acp vaut «\u{a0}5\u{a0}». Attendu\u{a0}: un nombre plus grand que celui de l’étape précédente (5).",
        ),
        (
            "[echelle]\nric_constituant = 25\n",
            "config/maillage.toml\u{a0}: echelle.autres_questions vaut «\u{a0}20\u{a0}».",
        ),
        (
            "[echelle]\ngroupe_possible = 11\n",
            "config/maillage.toml, ligne 2\u{a0}: echelle.groupe_possible vaut «\u{a0}11\u{a0}».",
        ),
        (
            "[echelle]\nen_formation = 0\n",
            "config/maillage.toml, ligne 2\u{a0}: echelle.en_formation vaut «\u{a0}0\u{a0}». Attendu\u{a0}: un nombre entier de 1 à 1\u{a0}000.",
        ),
    ] {
        let lines = faults(toml);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(start), "{}", lines[0]);
    }
    let lines = load_file("", &[("MAILLAGE_ECHELLE_ACP", "4")]).unwrap_err();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("environnement ou .env\u{a0}: MAILLAGE_ECHELLE_ACP vaut «\u{a0}4\u{a0}»")),
        "{lines:?}"
    );
    let small =
        "[echelle]\ngroupe_possible = 1\nen_formation = 1\nacp = 2\nric_constituant = 3\nautres_questions = 4\n";
    assert_eq!(load_file(small, &[]).unwrap().ladder.other_subjects, 4);
    let lines = faults("[reprises]\npremier_delai_secondes = 120\ndelai_max_secondes = 60\n");
    assert!(lines.len() == 1 && lines[0].contains("ligne 3"), "{lines:?}");
}

#[test]
fn a_named_file_must_exist_and_the_default_one_need_not() {
    let dir = tempfile::tempdir().unwrap();
    let lines = load_in(
        dir.path(),
        &[("DISCORD_TOKEN", "abc"), ("MAILLAGE_CONFIG", "ailleurs.toml")],
    )
    .unwrap_err();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0]
            .starts_with("environnement ou .env\u{a0}: MAILLAGE_CONFIG\u{a0}: le fichier ailleurs.toml n’existe pas."),
        "{}",
        lines[0]
    );
    std::fs::write(dir.path().join("ailleurs.toml"), "[echelle]\nacp = 9\n").unwrap();
    let settings = load_in(
        dir.path(),
        &[("DISCORD_TOKEN", "abc"), ("MAILLAGE_CONFIG", "ailleurs.toml")],
    )
    .unwrap();
    assert_eq!(settings.ladder.assembly, 9);
    std::fs::write(dir.path().join("ailleurs.toml"), b"# \xe9t\xe9\n").unwrap();
    let lines = load_in(
        dir.path(),
        &[("DISCORD_TOKEN", "abc"), ("MAILLAGE_CONFIG", "ailleurs.toml")],
    )
    .unwrap_err();
    assert!(lines[0].contains("n’est pas un texte UTF-8"), "{}", lines[0]);
}

#[test]
fn the_token_may_be_absent_only_for_work_on_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = |_: &str| None;
    let faults = Settings::load(&nothing, dir.path()).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0]
            .to_string()
            .starts_with("environnement ou .env\u{a0}: DISCORD_TOKEN est absent. Attendu\u{a0}: le jeton du bot")
    );
    assert_eq!(Settings::load_offline(&nothing, dir.path()).unwrap().token, None);
    for wrong in ["deux mots", "jeton\nsuite", "é"] {
        assert_eq!(Token::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn other_values_are_checked_too() {
    for (toml, part) in [
        (
            "[liens]\ndiscord = \"discord.gg/abc\"\n",
            "liens.discord vaut «\u{a0}discord.gg/abc\u{a0}». Attendu\u{a0}: une adresse complète",
        ),
        (
            "[liens]\nrappel_mensuel = \"oui\"\n",
            "Attendu\u{a0}: true (oui) ou false (non)",
        ),
        (
            "[donnees]\ncontact = \"contact\"\n",
            "Attendu\u{a0}: une adresse de courriel",
        ),
        (
            "[sauvegardes]\nage = \"AGE-SECRET\"\n",
            "Attendu\u{a0}: une clé publique age",
        ),
        ("[salons]\nnational = 0\n", "Attendu\u{a0}: un identifiant Discord"),
        (
            "[salons.remontees]\nOccitanie = 5\n",
            "salons.remontees vaut «\u{a0}Occitanie\u{a0}». Attendu\u{a0}: le code INSEE",
        ),
        (
            "[salons.remontees]\n76 = \"ici\"\n",
            "salons.remontees.76 vaut «\u{a0}ici\u{a0}». Attendu\u{a0}: un identifiant",
        ),
        (
            "[roles]\nnational = \"\"\n",
            "Attendu\u{a0}: un texte non vide de 100 caractères au plus",
        ),
        (
            "[votes]\nmajorite_pourcent = 120\n",
            "Attendu\u{a0}: un nombre entier de 50 à 99",
        ),
        (
            "[espace]\ndisposition = \"large\"\n",
            "Attendu\u{a0}: \"ample\" ou \"dense\"",
        ),
    ] {
        let lines = faults(toml);
        assert!(
            lines.len() == 1 && lines[0].contains(part) && lines[0].contains("ligne 2"),
            "{lines:?}"
        );
    }
}

#[test]
fn what_is_not_served_yet_is_told_at_the_start() {
    let mut settings = Settings::default();
    assert_eq!(settings.unserved(), []);
    settings.tunables.space.layout = Layout::Dense;
    let told = settings.unserved().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].contains("dense"), "{told:?}");
}

#[test]
fn an_age_recipient_is_checked_whole() {
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let read = |value: &str| {
        let value = value.to_owned();
        let env = move |name: &str| match name {
            "DISCORD_TOKEN" => Some("jeton".to_owned()),
            "MAILLAGE_SAUVEGARDES_AGE" => Some(value.clone()),
            _ => None,
        };
        let folder = tempfile::tempdir().unwrap();
        Settings::load(&env, folder.path())
    };
    assert_eq!(read(&recipient).unwrap().backups.age_recipient, Some(recipient.clone()));
    let mistyped = recipient.replacen('q', "p", 1).replacen("age1", "age1p", 1);
    assert!(read(&mistyped).is_err());
}
