//! The words of `/diagnostic` (product.md §17): what is well in one line, what is not with what to do.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};

use super::dates::{Style as When, hour, timestamp};
use super::faults::Fault;
use super::installation::{checks, limits, reason, unfit, unreachable};
use super::markdown::{count, escape_line, fit, fit_lines, number};
use crate::domain::action::Action;
use crate::domain::bindings::SetbackKind;
use crate::domain::installation::{Checkup, Unfit};
use crate::domain::view::{Button, Embed, Message, Style, Tone};

/// The longest value of a field of an embed (Discord documentation, «Embed Limits»).
const FIELD_MAX: usize = 1024;
/// The most characters for permissions, hierarchy and limits together: one description, with room for the fields.
const SERVER_MAX: usize = 2200;
/// The most characters of a list of faults.
const FAULTS_MAX: usize = 1700;

/// The last copy of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backup {
    /// None is to be made.
    Off,
    /// None was made yet.
    NotYet,
    /// When.
    At(DateTime<Utc>),
}

/// The messages to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// How many wait.
    pub waiting: u32,
    /// How many of them have failed.
    pub failing: u32,
    /// When the oldest of those was written.
    pub oldest: Option<DateTime<Utc>>,
    /// Discord's code for it.
    pub code: Option<i64>,
}

/// What waits for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The reason.
    pub kind: SetbackKind,
    /// How many things.
    pub count: usize,
    /// Since when the oldest.
    pub since: DateTime<Utc>,
    /// Discord's code for it.
    pub code: Option<i64>,
}

/// How long personal data are kept, in months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// People who were never validated.
    pub signups: u32,
    /// People who refused.
    pub refusals: u32,
    /// People who left.
    pub leavers: u32,
    /// When the night's erasures are made, in Paris.
    pub nightly: NaiveTime,
}

/// A loop of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    /// Its name in the code.
    pub name: String,
    /// When it failed, if it has not recovered since.
    pub ails: Option<DateTime<Utc>>,
}

/// Everything that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The version of the program.
    pub version: &'static str,
    /// When it started.
    pub started: DateTime<Utc>,
    /// Heartbeat to acknowledgement.
    pub latency: Option<Duration>,
    /// Expected events that could not be read.
    pub unreadable: u64,
    /// The size of the database in bytes.
    pub database: u64,
    /// Its last copy.
    pub backup: Backup,
    /// The messages to deliver.
    pub queue: Queue,
    /// Whether `/installer` was ever asked for.
    pub installed: bool,
    /// The checks of the server; `None` when Discord did not answer.
    pub checkup: Option<Checkup>,
    /// The channels chosen by hand that do not do, by what they are called.
    pub unfit: Vec<(String, Unfit)>,
    /// The groups for whose space there is no room.
    pub waiting_groups: usize,
    /// What waits, by reason.
    pub held: Vec<Held>,
    /// How long personal data are kept.
    pub retention: Retention,
    /// The loops.
    pub loops: Vec<Loop>,
    /// The names of the settings that differ from the shipped ones.
    pub overrides: Vec<String>,
    /// When it was written.
    pub now: DateTime<Utc>,
}

impl Report {
    /// Whether nothing has to be looked after.
    fn is_well(&self) -> bool {
        self.checkup.as_ref().is_some_and(Checkup::is_well)
            && self.installed
            && self.held.is_empty()
            && self.waiting_groups == 0
            && self.queue.failing == 0
            && self.unreadable == 0
            && self.loops.iter().all(|one| one.ails.is_none())
    }
}

/// The report, with «Actualiser» and «Recharger les textes».
#[must_use]
pub fn show(report: &Report) -> Message {
    let (tone, title) = if report.is_well() {
        (Tone::Done, "✅ Diagnostic\u{a0}: tout va bien")
    } else {
        (Tone::Check, "⚠️ Diagnostic\u{a0}: à vérifier")
    };
    let mut embed = Embed::new(tone, title, fit(&server(report), SERVER_MAX));
    let fields = [
        ("Programme", program(report)),
        ("Base de données", database(report)),
        ("Messages à envoyer", queue(report.queue)),
        ("En attente sur Discord", waiting(report)),
        ("Tâches du programme", loops(&report.loops)),
        ("Données personnelles", retention(report.retention)),
        (
            "Réglages changés par rapport à ceux d’usage",
            overrides(&report.overrides),
        ),
    ];
    embed.fields = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), fit(&value, FIELD_MAX)))
        .collect();
    embed.footer = "«\u{a0}Recharger les textes\u{a0}» relit config/textes sans redémarrer.".to_owned();
    Message::default().with_embed(embed).with_buttons(vec![
        Button::new("Actualiser", Style::Primary, Action::Diagnostic),
        Button::new("Recharger les textes", Style::Secondary, Action::ReloadTexts),
    ])
}

fn server(report: &Report) -> String {
    let mut lines = Vec::new();
    if !report.installed {
        lines.push(
            "**Le serveur n’est pas encore mis en place**\u{a0}: `/installer` crée les salons et le rôle de l’équipe nationale."
                .to_owned(),
        );
    }
    match &report.checkup {
        Some(checkup) => {
            lines.extend(checks(checkup));
            lines.extend(report.unfit.iter().map(|(name, why)| unfit(name, *why)));
            lines.push(limits(&checkup.limits));
        }
        None => lines.push(unreachable().to_owned()),
    }
    fit_lines(&lines, SERVER_MAX, "")
}

fn program(report: &Report) -> String {
    let latency = match report.latency {
        Some(latency) => format!("{} ms", number(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX))),
        None => "pas encore mesurée".to_owned(),
    };
    let unreadable = match report.unreadable {
        0 => "aucune nouvelle illisible de Discord".to_owned(),
        n => format!(
            "**{}** de Discord\u{a0}: une version plus récente du programme est sans doute nécessaire",
            count(n, "nouvelle illisible", "nouvelles illisibles")
        ),
    };
    format!(
        "Version {} · démarré {} · latence\u{a0}: {latency} · {unreadable}",
        report.version,
        timestamp(report.started, When::Relative),
    )
}

fn database(report: &Report) -> String {
    let backup = match report.backup {
        Backup::Off => "**aucune sauvegarde n’est demandée** (réglage `sauvegardes.nombre`)".to_owned(),
        Backup::NotYet => "aucune sauvegarde encore\u{a0}: la première se fait la nuit prochaine".to_owned(),
        Backup::At(at) => format!("dernière sauvegarde {}", timestamp(at, When::Relative)),
    };
    format!("{} Kio · {backup}", number(report.database.div_ceil(1024)))
}

fn queue(queue: Queue) -> String {
    let waiting = match queue.waiting {
        0 => return "Aucun message n’attend.".to_owned(),
        n => count(n.into(), "message attend", "messages attendent"),
    };
    let failing = match (queue.failing, queue.oldest) {
        (0, _) | (_, None) => "aucun n’a échoué".to_owned(),
        (n, Some(oldest)) => format!(
            "**{}**, le plus ancien {}{}",
            count(n.into(), "a échoué et sera renvoyé", "ont échoué et seront renvoyés"),
            timestamp(oldest, When::Relative),
            code(queue.code),
        ),
    };
    format!("{waiting} · {failing}")
}

fn code(code: Option<i64>) -> String {
    code.map(|code| format!(" (code {code} de Discord)"))
        .unwrap_or_default()
}

fn waiting(report: &Report) -> String {
    let mut lines = Vec::new();
    if report.waiting_groups > 0 {
        lines.push(format!(
            "**{} son espace**\u{a0}: le serveur n’a plus de place. Rien n’est perdu\u{a0}; `/groupe archiver` ou supprimer des salons qui ne \
             servent plus en rend.",
            count(report.waiting_groups as u64, "groupe attend", "groupes attendent")
        ));
    }
    lines.extend(report.held.iter().map(|held| {
        format!(
            "**{}**, le plus ancien {}{}\u{a0}: {}.",
            count(held.count as u64, "changement", "changements"),
            timestamp(held.since, When::Relative),
            code(held.code),
            reason(held.kind)
        )
    }));
    if lines.is_empty() {
        return "Rien n’attend.".to_owned();
    }
    fit_lines(&lines, FIELD_MAX, "")
}

/// What a loop does, in the words of a host.
fn task(name: &str) -> &str {
    match name {
        "registration" => "enregistrement des commandes",
        "reconciler" => "mise à jour du serveur",
        "direct messages" => "messages privés",
        "posts" => "messages des salons",
        "answers" => "réponses en attente",
        "suppressions" => "liste des effacements",
        "rounds" => "rappels et travaux de la nuit",
        other => other,
    }
}

fn loops(loops: &[Loop]) -> String {
    let ailing: Vec<String> = loops
        .iter()
        .filter_map(|one| {
            let since = timestamp(one.ails?, When::Relative);
            Some(format!(
                "**{}**\u{a0}: un échec {since}, un nouvel essai suit.",
                task(&one.name)
            ))
        })
        .collect();
    if ailing.is_empty() {
        let names: Vec<&str> = loops.iter().map(|one| task(&one.name)).collect();
        return format!("Toutes se font\u{a0}: {}.", names.join(", "));
    }
    fit_lines(&ailing, FIELD_MAX, "")
}

fn retention(kept: Retention) -> String {
    let months = |n: u32| count(n.into(), "mois", "mois");
    format!(
        "Effacement automatique à {}\u{a0}: inscrits jamais validés {} après le dernier contact, refus après {}, départs après {}.",
        hour(kept.nightly),
        months(kept.signups),
        months(kept.refusals),
        months(kept.leavers),
    )
}

fn overrides(names: &[String]) -> String {
    if names.is_empty() {
        return "Aucun.".to_owned();
    }
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.replace('`', "")))
        .collect();
    fit(&names.join(", "), FIELD_MAX)
}

/// The texts were read again; `faults` says why they were not put in force.
#[must_use]
pub fn reloaded(faults: &[Fault]) -> Message {
    if faults.is_empty() {
        return Message::text("✅ **Les textes sont rechargés.** Ils servent dès maintenant, sans redémarrage.");
    }
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("- {}", escape_line(&fault.to_string())))
        .collect();
    Message::text(format!(
        "⚠️ **Les textes n’ont pas été rechargés**\u{a0}: {}. Les textes en vigueur restent les mêmes.\n{}",
        count(faults.len() as u64, "point est à corriger", "points sont à corriger"),
        fit_lines(&lines, FAULTS_MAX, "")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::installation::{Limits, NationalRole, Portal};
    use crate::domain::permissions;
    use crate::texts::faults::Place;
    use crate::texts::shown;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn report() -> Report {
        Report {
            version: "0.1.0",
            started: at("2027-03-01T08:00:00Z"),
            latency: Some(Duration::from_millis(42)),
            unreadable: 0,
            database: 1_300_000,
            backup: Backup::At(at("2027-03-04T02:00:00Z")),
            queue: Queue {
                waiting: 0,
                failing: 0,
                oldest: None,
                code: None,
            },
            installed: true,
            checkup: Some(Checkup {
                own_role: Some("maillage".to_owned()),
                missing: 0,
                too_high: Vec::new(),
                national: NationalRole::Here,
                unfit: Vec::new(),
                limits: Limits {
                    channels: 31,
                    roles: 5,
                    fullest: 18,
                    groups: 117,
                },
                portal: Some(Portal {
                    public: false,
                    lists_members: Some(true),
                }),
            }),
            unfit: Vec::new(),
            waiting_groups: 0,
            held: Vec::new(),
            retention: Retention {
                signups: 24,
                refusals: 6,
                leavers: 12,
                nightly: NaiveTime::from_hms_opt(3, 30, 0).unwrap(),
            },
            loops: ["reconciler", "posts"]
                .map(|name| Loop {
                    name: name.to_owned(),
                    ails: None,
                })
                .to_vec(),
            overrides: Vec::new(),
            now: at("2027-03-04T10:00:00Z"),
        }
    }

    /// The message with its fields, which the common showing leaves out.
    fn read(report: &Report) -> String {
        let message = show(report);
        let fields = message.embeds[0]
            .fields
            .iter()
            .map(|(name, value)| format!("{name}\n  {value}"));
        let fields: Vec<String> = fields.collect();
        format!("{}\n{}", shown::message(&message), fields.join("\n"))
    }

    #[test]
    fn a_healthy_report_reads_well() {
        insta::assert_snapshot!(read(&report()));
    }

    #[test]
    fn an_ailing_report_says_what_to_do() {
        let mut report = report();
        report.unreadable = 3;
        report.backup = Backup::Off;
        report.queue = Queue {
            waiting: 12,
            failing: 2,
            oldest: Some(at("2027-03-03T10:00:00Z")),
            code: Some(50_007),
        };
        report.installed = false;
        report.waiting_groups = 1;
        report.held = vec![Held {
            kind: SetbackKind::PinForbidden,
            count: 4,
            since: at("2027-03-03T10:00:00Z"),
            code: Some(50_013),
        }];
        report.loops[0].ails = Some(at("2027-03-04T09:59:00Z"));
        report.overrides = vec!["echelle.acp".to_owned(), "MAILLAGE_VOTES_DUREE_JOURS".to_owned()];
        if let Some(checkup) = &mut report.checkup {
            checkup.missing = permissions::PIN_MESSAGES;
        }
        insta::assert_snapshot!(read(&report));
    }

    #[test]
    fn the_worst_report_fits() {
        let mut report = report();
        report.overrides = vec!["x".repeat(60); 120];
        report.held = SetbackKind::ALL
            .map(|kind| Held {
                kind,
                count: 1_000_000,
                since: report.now,
                code: Some(i64::MAX),
            })
            .to_vec();
        report.loops = vec![
            Loop {
                name: "n".repeat(60),
                ails: Some(report.now),
            };
            30
        ];
        report.unfit = vec![("s".repeat(60), Unfit::Closed); 23];
        if let Some(checkup) = &mut report.checkup {
            checkup.missing = permissions::ASKED;
            checkup.too_high = vec!["r".repeat(100); 200];
        }
        assert_eq!(show(&report).faults(), Vec::<String>::new());
        report.checkup = None;
        assert_eq!(show(&report).faults(), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_with_the_texts_is_told() {
        assert!(reloaded(&[]).content.starts_with('✅'));
        let faults = vec![Fault::free(Place::line("config/textes/sms.md", 3), "{{x}} est inconnu."); 80];
        let message = reloaded(&faults);
        assert!(
            message.content.contains("config/textes/sms.md, ligne 3"),
            "{}",
            message.content
        );
        assert_eq!(message.faults(), Vec::<String>::new());
    }
}
