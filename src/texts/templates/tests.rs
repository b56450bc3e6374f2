use std::fs;

use chrono::NaiveDate;

use super::*;
use crate::config::Tunables;
use crate::texts::markdown::{MESSAGE_MAX, length, typeset};

fn embedded() -> Texts {
    Texts::load(None).unwrap_or_else(|faults| panic!("{}", crate::texts::faults::lines(&faults)))
}

fn statutes_facts() -> StatutesFacts {
    let date = NaiveDate::from_ymd_opt(2027, 4, 1).unwrap();
    Tunables::default().statutes_facts("Lunel", "Lunel (Hérault)", date)
}

fn summary(texts: &Texts) -> String {
    texts.privacy_summary(&Tunables::default().privacy_facts())
}

fn welcome_facts() -> WelcomeFacts {
    WelcomeFacts {
        name: "Noé".into(),
        meeting: "<t:1806343200:F>".into(),
        signup_link: "https://example.org/#participer".into(),
        discord_link: "https://example.org/discord".into(),
        group: "Lunel".into(),
        space: "<#123456789012345678>".into(),
    }
}

fn sms_facts() -> SmsFacts {
    SmsFacts {
        first_name: "Camille".into(),
        relay: "Noé L.".into(),
        group: "Lunel".into(),
        code: "K7M2P9QX".into(),
        days: "14".into(),
        discord_link: "https://example.org/discord".into(),
    }
}

/// Every text that the embedded files can give, with its name.
fn everything(texts: &Texts) -> Vec<(String, String)> {
    let settings = Tunables::default();
    let mut all = Vec::new();
    let statutes = texts.statutes(&statutes_facts());
    all.push(("preamble".to_owned(), statutes.preamble));
    all.extend(
        statutes
            .articles
            .into_iter()
            .map(|article| (format!("article {}", article.number), article.text)),
    );
    let titled = |passage: Passage| (passage.title, passage.text);
    all.extend(texts.privacy(&settings.privacy_facts()).into_iter().map(titled));
    let consent = texts.consent(&ConsentFacts {
        group: "Lunel".into(),
        privacy: summary(texts),
    });
    all.extend([consent.question, consent.account, consent.information].map(|text| ("consent".to_owned(), text)));
    all.push(("charter".into(), texts.charter().text));
    all.push(("pitch".into(), texts.pitch(&settings.pitch_facts())));
    all.extend(
        texts
            .references(&settings.strategy_facts())
            .into_iter()
            .map(|found| titled(found.passage)),
    );
    for part in [
        HelpPart::Everyone,
        HelpPart::Member,
        HelpPart::Relay,
        HelpPart::Referent,
        HelpPart::National,
        HelpPart::Data,
    ] {
        all.push(titled(texts.help(
            part,
            &HelpFacts {
                privacy: summary(texts),
                meeting: welcome_facts().meeting,
            },
        )));
    }
    for which in [Welcome::Newcomer, Welcome::Member, Welcome::Channel] {
        all.push((format!("{which:?}"), texts.welcome(which, &welcome_facts())));
    }
    for which in [Sms::FirstContact, Sms::AfterCall, Sms::Invitation] {
        all.push((format!("{which:?}"), texts.sms(which, &sms_facts())));
    }
    all
}

#[test]
fn the_embedded_texts_are_right_filled_and_fit_a_message() {
    let all = everything(&embedded());
    assert!(all.len() > 60, "{}", all.len());
    for (name, text) in &all {
        assert!(!name.is_empty() && !text.is_empty(), "{name}");
        assert!(
            !text.contains("{{") && !text.contains("}}") && !text.contains("<!--"),
            "{name}: {text}"
        );
        assert!(length(text) <= MESSAGE_MAX, "{name}: {}", length(text));
        assert_eq!(&typeset(text), text, "{name}");
        assert!(!text.contains("chef d"), "{name}");
    }
}

#[test]
fn the_typography_of_the_shipped_files_is_that_of_the_shown_text() {
    for spec in [
        STATUTES, PRIVACY, CONSENT, CHARTER, PITCH, CORE, STRATEGY, HELP, WELCOME, SMS,
    ] {
        for (line, text) in spec.embedded.lines().enumerate() {
            assert_eq!(typeset(text), text, "{}, line {}", spec.file, line + 1);
            assert!(!text.contains('\''), "{}, line {}", spec.file, line + 1);
        }
    }
}

#[test]
fn statutes_are_made_those_of_the_group() {
    let statutes = embedded().statutes(&statutes_facts());
    assert_eq!(statutes.articles.len(), 16);
    let first = &statutes.articles[0];
    assert_eq!((first.number, first.title.as_str()), (1, "Nom et territoire"));
    assert!(
        first.text.contains("bassin de vie Lunel (Hérault)") && first.text.contains("1er avril 2027"),
        "{}",
        first.text
    );
    let vote = &statutes.articles[8];
    assert!(
        vote.text.contains("ouvert 7 jours") && vote.text.contains("au moins 50\u{a0}%"),
        "{}",
        vote.text
    );
    assert!(statutes.articles.iter().all(|article| length(&article.text) <= 1800));
}

#[test]
fn what_people_typed_is_escaped_and_what_is_to_copy_is_not() {
    let texts = embedded();
    let facts = ConsentFacts {
        group: "**Lunel** @everyone".into(),
        privacy: "**gras**".into(),
    };
    let consent = texts.consent(&facts);
    assert!(consent.question.contains(r"\*\*Lunel\*\* @"), "{}", consent.question);
    assert!(!consent.question.contains("@everyone"));
    assert_eq!(consent.information, "**gras**");
    let sms = texts.sms(
        Sms::Invitation,
        &SmsFacts {
            group: "Port_Camargue".into(),
            ..sms_facts()
        },
    );
    assert!(sms.contains("Port_Camargue") && sms.contains("K7M2P9QX"), "{sms}");
}

#[test]
fn the_strategy_tells_the_numbers_of_the_settings() {
    let mut settings = Tunables::default();
    settings.ladder.assembly = 12;
    let found = embedded().references(&settings.strategy_facts());
    assert!(
        found
            .iter()
            .any(|reference| reference.document == "strategie-de-maillage"
                && reference.passage.text.contains("À 12 membres"))
    );
    for name in ["socle-commun", "strategie-de-maillage", "argumentaire"] {
        assert!(
            found.iter().filter(|reference| reference.document == name).count() >= 5,
            "{name}"
        );
    }
}

#[test]
fn the_notice_says_who_why_how_long_where_and_which_rights() {
    let texts = embedded();
    let mut settings = Tunables::default();
    let short = texts.privacy_summary(&settings.privacy_facts());
    for part in [
        "Mouvement Constituant Populaire",
        "24\u{a0}mois",
        "12\u{a0}mois",
        "hors de l’Union européenne",
        // Until the command exists, rights are asked of the people who host the data.
        "retirer votre accord à tout moment",
        "effacer",
        "équipe nationale",
    ] {
        assert!(
            short
                .replace("24 mois", "24\u{a0}mois")
                .replace("12 mois", "12\u{a0}mois")
                .contains(part),
            "{part}: {short}"
        );
    }
    assert!(length(&short) <= 700, "{}", length(&short));
    settings.data.contact = Some("donnees@example.org".into());
    assert!(
        texts
            .privacy_summary(&settings.privacy_facts())
            .contains("écrire à donnees@example.org")
    );
    let facts = HelpFacts {
        privacy: short.clone(),
        ..HelpFacts::default()
    };
    let help = texts.help(HelpPart::Data, &facts);
    assert!(help.text.contains(&short));
    let rights = texts.privacy_rights(&settings.privacy_facts());
    assert!(rights.text.contains("donnees@example.org") && rights.text.contains("CNIL"));
}

#[test]
fn rights_are_told_by_the_summary_when_the_host_s_notice_has_no_such_part() {
    let dir = tempfile::tempdir().unwrap();
    let own = "---\nversion: 2\ntitre: Vos données\n---\n## En bref {#resume}\n{{responsable}}, {{contact}}\n";
    fs::write(dir.path().join("confidentialite.md"), own).unwrap();
    let texts = Texts::load(Some(dir.path())).unwrap();
    let facts = Tunables::default().privacy_facts();
    let rights = texts.privacy_rights(&facts);
    assert_eq!(
        (rights.title.as_str(), rights.text),
        ("En bref", texts.privacy_summary(&facts))
    );
}

#[test]
fn a_space_that_is_not_ready_leaves_no_hole() {
    let texts = embedded();
    let facts = WelcomeFacts {
        space: String::new(),
        ..welcome_facts()
    };
    assert!(
        texts
            .welcome(Welcome::Member, &facts)
            .lines()
            .all(|line| line.trim_end() == line)
    );
}

#[test]
fn a_file_of_the_host_takes_the_place_of_the_embedded_one() {
    let dir = tempfile::tempdir().unwrap();
    let own = "---\nversion: 2027-03\ntitre: Charte\n---\n<!-- une note -->\nSoyez l'hôte : merci !\n";
    fs::write(dir.path().join("charte-relai.md"), own).unwrap();
    let texts = Texts::load(Some(dir.path())).unwrap();
    let charter = texts.charter();
    assert_eq!(
        (charter.version.as_str(), charter.text.as_str()),
        ("2027-03", "Soyez l’hôte\u{a0}: merci\u{a0}!")
    );
    assert_eq!(
        texts.statutes(&statutes_facts()),
        embedded().statutes(&statutes_facts())
    );
}

fn faults_of(file: &str, text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(file), text).unwrap();
    let faults = Texts::load(Some(dir.path())).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn each_fault_names_its_file_and_line() {
    let head = "---\nversion: 1\ntitre: Statuts\n---\n";
    let words = "{{groupe}} {{quorum}} {{majorite}} {{jours_vote}}";
    let cases = [
        (
            format!("{head}## Article 1 — Un\n{words}\n## Article 3 — Trois\ntexte\n"),
            "ligne 7\u{a0}: l’article 3 arrive à la place de l’article 2.",
        ),
        (
            format!("{head}## Article — Un\n{words}\n"),
            "ligne 5\u{a0}: il manque le numéro de cet article.",
        ),
        (
            format!("{head}## Un\n{words}\n"),
            "ligne 5\u{a0}: ce titre n’est pas celui d’un article.",
        ),
        (
            format!("{head}## Article 1 Un\n{words}\n"),
            "ligne 5\u{a0}: il manque un tiret",
        ),
        (
            format!("{head}## Article 1 — Un\n{words}\n## Article 2 — Deux\n\n"),
            "ligne 7\u{a0}: cette partie est vide.",
        ),
        (
            format!("{head}## Article 1 —\n{words}\n"),
            "ligne 5\u{a0}: cette partie n’a pas de titre.",
        ),
        (
            format!("{head}## Article 1 — Un\n{words}\n{{{{quorun}}}}\n"),
            "ligne 7\u{a0}: {{quorun}} n’est pas un mot connu. Mots possibles\u{a0}: {{groupe}}, {{bassin}}",
        ),
        (
            format!("{head}## Article 1 — Un\n{words}\nsi {{{{quorum\n"),
            "ligne 7\u{a0}: un mot à remplacer s’ouvre par {{ et se ferme par }}",
        ),
        (
            format!("{head}## Article 1 — Un\n{words}\nquorum}}}}\n"),
            "ligne 7\u{a0}: il y a }} sans {{ avant",
        ),
        (
            format!("{head}## Article 1 — Un\n{{{{groupe}}}} {{{{quorum}}}} {{{{majorite}}}}\n"),
            "statuts.md\u{a0}: le mot {{jours_vote}} manque dans ce texte.",
        ),
        (
            format!("{head}## Article 1 — Un\n{words} {}\n", "mot ".repeat(450)),
            "ligne 5\u{a0}: Cet article compte environ 1\u{a0}9",
        ),
        (format!("{head}{words}\n"), "ligne 5\u{a0}: il n’y a aucune partie."),
        (
            format!("{head}<!-- note\n## Article 1 — Un\n{words}\n"),
            "ligne 5\u{a0}: cette note n’est pas refermée",
        ),
        (
            format!("## Article 1 — Un\n{words}\n"),
            "ligne 1\u{a0}: le fichier commence par une ligne ---",
        ),
        (
            format!("---\ntitre: Statuts\n---\n## Article 1 — Un\n{words}\n"),
            "ligne 1\u{a0}: la version est attendue",
        ),
        (
            format!("---\nversion: 1\n---\n## Article 1 — Un\n{words}\n"),
            "ligne 1\u{a0}: le titre est attendu",
        ),
        (
            format!("---\nversion: 1\ntitre: A\nauteur: B\n---\n## Article 1 — Un\n{words}\n"),
            "ligne 4\u{a0}: «\u{a0}auteur\u{a0}» n’est pas attendu ici.",
        ),
        (String::new(), "ligne 1\u{a0}: le fichier commence par une ligne ---"),
    ];
    for (text, part) in cases {
        let lines = faults_of("statuts.md", &text);
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("config/textes/statuts.md") && line.contains(part)),
            "{part}\n{lines:#?}"
        );
    }
    let first = format!("{head}## Article 1er : Un\n{words}\n## Article 2 - Deux\ntexte\n");
    assert_eq!(faults_of("statuts.md", &first), Vec::<String>::new());
}

#[test]
fn parts_with_keys_are_all_there_once() {
    let head = "---\nversion: 1\ntitre: SMS\n---\n";
    let lines = faults_of(
        "sms.md",
        &format!("{head}## A {{#contact}}\n{{{{code}}}}\n## B {{#contact}}\nb\n## C {{#relanse}}\nc\n## D\nd\n"),
    );
    for part in [
        "ligne 7\u{a0}: la partie {#contact} existe déjà plus haut.",
        "ligne 9\u{a0}: ce titre doit finir par l’une de ces marques\u{a0}: {#contact}, {#relance} et {#invitation}.",
        "ligne 11\u{a0}: ce titre doit finir",
        "sms.md\u{a0}: la partie {#relance} manque.",
        "sms.md\u{a0}: la partie {#invitation} manque.",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}\n{lines:#?}");
    }
    let lines = faults_of(
        "charte-relai.md",
        "---\nversion: 1\ntitre: Charte\n---\n## Titre\ntexte {{nom}}\n",
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("ligne 5\u{a0}: ce texte n’a pas de parties")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("Ce texte n’a aucun mot à remplacer.")),
        "{lines:#?}"
    );
}

#[test]
fn faults_of_several_files_come_together_and_a_misspelt_name_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("status.md", "a"), ("sms.md", "b"), ("LISEZMOI.txt", "c")] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::write(dir.path().join("aide.md"), b"\xff\xfe").unwrap();
    let lines: Vec<String> = Texts::load(Some(dir.path()))
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("config/textes/status.md") && line.contains("Vouliez-vous dire statuts.md")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("config/textes/sms.md, ligne 1")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("config/textes/aide.md") && line.contains("UTF-8")),
        "{lines:#?}"
    );
    assert!(!lines.iter().any(|line| line.contains("LISEZMOI")));
}
