//! The words of `/journal` (product.md §2, §19): one line for each act, by whom, on whom.
//!
//! «participation validée : Camille D.» and never «de Camille D.»: no elision to get wrong (voice.md).

use chrono::{DateTime, Utc};

use super::dates::{Style as At, timestamp};
use super::ladder;
use super::markdown::{count, enumeration, escape_line, fit, number, typeset};
use super::retirer::REASONS;
use crate::domain::action::{Action, JournalAt};
use crate::domain::contact::CallState;
use crate::domain::ids::{JournalId, PersonId, UserId};
use crate::domain::ladder::Step;
use crate::domain::view::{BUTTONS_MAX, Button, Embed, Message, Style, Tone};

/// The most characters of a line: with eight of them a page stays within an embed.
const LINE: usize = 420;

/// Someone of whom a line tells.
#[derive(Clone, PartialEq, Eq)]
pub struct Whom {
    /// Who.
    pub id: PersonId,
    /// «Camille D.», when still on file and within the reader's scope.
    pub name: Option<String>,
}

impl std::fmt::Debug for Whom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whom").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where the undo of a line stands, for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// Nothing to undo, or not by this reader.
    Never,
    /// It can be undone until then.
    Until(DateTime<Utc>),
    /// It was, at that instant.
    Done(DateTime<Utc>),
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its line.
    pub id: JournalId,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; `None`: by the program itself.
    pub actor: Option<UserId>,
    /// The stable key of what was done.
    pub event: String,
    /// The name of the group.
    pub group: Option<String>,
    /// The first people of whom it tells.
    pub people: Vec<Whom>,
    /// How many lines it stands for.
    pub count: usize,
    /// The name of the région.
    pub region: Option<String>,
    /// The state before; a group by its name.
    pub before: Option<String>,
    /// The state after; a group by its name.
    pub after: Option<String>,
    /// Whether it can be undone.
    pub undo: Undo,
}

/// A page of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Latest first.
    pub lines: Vec<Shown>,
    /// Where «Plus récent» leads.
    pub newer: Option<JournalAt>,
    /// Where «Plus ancien» leads.
    pub older: Option<JournalAt>,
    /// The name of the group whose lines are shown.
    pub group: Option<String>,
    /// The person whose lines are shown.
    pub person: Option<Whom>,
}

/// What an event is, in words; and what stands after it.
struct Phrase {
    what: String,
    /// Whether the people follow.
    people: bool,
    /// Whether the group follows.
    group: bool,
}

fn of_person(what: impl Into<String>) -> Phrase {
    Phrase {
        what: what.into(),
        people: true,
        group: true,
    }
}

fn of_group(what: impl Into<String>) -> Phrase {
    Phrase {
        what: what.into(),
        people: false,
        group: true,
    }
}

fn alone(what: impl Into<String>) -> Phrase {
    Phrase {
        what: what.into(),
        people: false,
        group: false,
    }
}

/// The events that have words of their own: a line of another program version reads «autre changement».
#[must_use]
pub fn is_known(event: &str) -> bool {
    let line = Shown {
        id: JournalId(0),
        at: DateTime::UNIX_EPOCH,
        actor: None,
        event: event.to_owned(),
        group: None,
        people: Vec::new(),
        count: 1,
        region: None,
        before: None,
        after: None,
        undo: Undo::Never,
    };
    phrase(&line).what != OTHER
}

const OTHER: &str = "autre changement";

fn phrase(line: &Shown) -> Phrase {
    let name = |state: &Option<String>| state.as_deref().map_or_else(|| "?".to_owned(), escape_line);
    let account = |state: &Option<String>| state.as_deref().map_or_else(|| "?".to_owned(), |id| format!("<@{id}>"));
    let region = || line.region.as_deref().map(escape_line).unwrap_or_default();
    match line.event.as_str() {
        "membership.validated" => of_person("participation validée"),
        "membership.annulled" => of_person("validation annulée"),
        "membership.ended" => of_person(format!("fin de participation{}", reason(line.after.as_deref()))),
        "membership.moved" => Phrase {
            group: false,
            ..of_person(format!(
                "passage du groupe {} au groupe {}",
                name(&line.before),
                name(&line.after)
            ))
        },
        "person.imported" => of_person("fiche importée du site"),
        "person.updated" => of_person(format!("fiche mise à jour{}", fields(line.after.as_deref()))),
        "person.created" => of_person("fiche créée par un relai"),
        "person.placed" => of_person(format!("placement dans un bassin ({})", name(&line.after))),
        "person.linked" => of_person("compte Discord lié"),
        "person.unlinked" => of_person("compte Discord délié"),
        "person.merged" => of_person(format!(
            "deux fiches réunies en une (n° {} et n° {})",
            name(&line.before),
            name(&line.after)
        )),
        "person.unmerged" => of_person("réunion de deux fiches défaite"),
        "person.distinct" => of_person(format!("pas un doublon avec la fiche n° {}", name(&line.after))),
        "call.recorded" => of_person(format!("appel noté{}", state(line.after.as_deref()))),
        "call.noted" => of_person("note écrite"),
        "invitation.given" => of_person("invitation donnée"),
        "access.coordinates" => of_person("coordonnées lues"),
        "access.exported" | "export.made" => alone(format!("export{}", exported(line.after.as_deref()))),
        "keys.renewed" => alone("clés de chiffrement changées"),
        "register.exported" => of_group("registre exporté"),
        "transfer.asked" => of_person("transfert proposé"),
        "transfer.accepted" => of_person("transfert accepté par le groupe"),
        "transfer.refused" => of_person("transfert refusé par le groupe"),
        "transfer.dropped" => of_person("demande de transfert close"),
        "group.declared" => of_group("groupe déclaré"),
        "group.step" => of_group(format!("étape franchie{}", step(line.after.as_deref()))),
        "group.renamed" => alone(format!("groupe {} renommé {}", name(&line.before), name(&line.after))),
        "group.rename_undone" => alone(format!("nom de groupe rendu : {}", name(&line.after))),
        "group.archived" => of_group("groupe archivé"),
        "group.archive_undone" => of_group("groupe rouvert"),
        "group.merged" => alone(format!(
            "le groupe {} a rejoint le groupe {}",
            name(&line.before),
            name(&line.after)
        )),
        "group.merge_undone" => alone(format!(
            "fusion défaite, le groupe {} est de nouveau à part",
            name(&line.after)
        )),
        "group.split" => alone(format!(
            "groupe {} scindé, le groupe {} est créé",
            name(&line.before),
            name(&line.after)
        )),
        "group.split_undone" => alone(format!(
            "scission défaite, le groupe {} a rejoint le groupe {}",
            name(&line.after),
            name(&line.group)
        )),
        "relay.named" => of_group(format!("relai nommé : {}", account(&line.after))),
        "relay.ended" => of_group(format!("fin de fonction de relai : {}", account(&line.before))),
        "referent.named" => alone(format!(
            "référent régional nommé : {} ({})",
            account(&line.after),
            region()
        )),
        "referent.ended" => alone(format!(
            "fin de fonction de référent régional : {} ({})",
            account(&line.before),
            region()
        )),
        "charter.accepted" => alone("charte du relai acceptée"),
        "statutes.version" => of_group(format!("statuts en vigueur, version {}", name(&line.after))),
        "zoning.changed" => alone("nouveau découpage du territoire : bassins de vie"),
        "import.done" => alone(import(line.after.as_deref())),
        "space.put_back" => of_group("espace remis en ordre après un changement fait à la main"),
        "place.put_back" => alone("salon commun remis en ordre après un changement fait à la main"),
        "server.installed" => alone("installation du serveur demandée"),
        "texts.reloaded" => alone("textes relus"),
        "messages.wanted" => of_person("choix de recevoir ou non des messages"),
        "meeting.moved" => alone("réunion des nouveaux arrivants déplacée"),
        "meeting.cancelled" => alone("réunion des nouveaux arrivants annulée"),
        "meeting.kept" => alone("réunion des nouveaux arrivants maintenue"),
        "relay.prompted" => of_group(format!("relai relancé : {}", account(&line.after))),
        _ => alone(OTHER),
    }
}

fn reason(key: Option<&str>) -> String {
    let label = match key {
        Some("annulation") => "validation annulée",
        Some("transfert") => "transfert",
        Some("retrait") => "retrait de l’accord",
        Some("effacement") => "effacement",
        Some(key) => match REASONS.iter().find(|(value, _)| *value == key) {
            Some((_, label)) => return format!(" ({})", label.to_lowercase()),
            None => return String::new(),
        },
        None => return String::new(),
    };
    format!(" ({label})")
}

/// Which fields of an identity have changed; never their values.
fn fields(which: Option<&str>) -> String {
    let Some(which) = which else { return String::new() };
    let known: Vec<&str> = which
        .split(',')
        .filter_map(|field| {
            Some(match field {
                "prenom" | "first_name" => "prénom",
                "nom" | "last_name" => "nom",
                "telephone" | "phone" => "téléphone",
                "mail" => "mail",
                "code_postal" | "postal_code" => "code postal",
                "commune" => "commune",
                "territoire" => "bassin",
                "discord" => "pseudo Discord",
                "signed_up_on" => "date d’inscription",
                "source" => "inscription sur le site",
                _ => return None,
            })
        })
        .collect();
    if known.is_empty() {
        String::new()
    } else {
        format!(" ({})", known.join(", "))
    }
}

/// « des personnes (312 lignes)», from «personnes:312».
fn exported(what: Option<&str>) -> String {
    let Some((what, rows)) = what.and_then(|what| what.split_once(':')) else {
        return String::new();
    };
    let what = match what {
        "personnes" => "des personnes",
        "groupes" => "des groupes",
        "validations" => "des validations",
        "journal" => "du journal",
        _ => return String::new(),
    };
    match rows.parse::<u64>() {
        Ok(1) => format!(" {what} (1\u{a0}ligne)"),
        Ok(rows) => format!(" {what} ({rows}\u{a0}lignes)"),
        Err(_) => format!(" {what}"),
    }
}

fn state(code: Option<&str>) -> String {
    let day = DateTime::UNIX_EPOCH.date_naive();
    code.and_then(|code| CallState::from_code(code, Some(day)))
        .map_or_else(String::new, |state| format!(" ({})", super::contact::state(state)))
}

fn step(key: Option<&str>) -> String {
    let label = match key.and_then(Step::from_key) {
        Some(Step::Possible) => "groupe possible",
        Some(Step::Forming) => "en formation",
        Some(Step::Assembly) => "ACP",
        Some(step @ (Step::PublishRic | Step::PublishWorks)) => ladder::becomes(step),
        None => return String::new(),
    };
    format!(" ({label})")
}

/// «import terminé (12 nouveaux, 3 mis à jour)».
fn import(summary: Option<&str>) -> String {
    let of = |key: &str| {
        summary?
            .split(' ')
            .find_map(|part| part.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok())
    };
    match (of("new"), of("updated"), of("rejected")) {
        (Some(new), Some(updated), Some(rejected)) => format!(
            "import terminé ({}, {}, {})",
            count(new, "nouveau", "nouveaux"),
            format_args!("{}\u{a0}mis à jour", number(updated)),
            count(rejected, "rejeté", "rejetés")
        ),
        _ => "import terminé".to_owned(),
    }
}

/// «Camille D. (n° 12)», or «n° 12».
fn whom(whom: &Whom) -> String {
    match &whom.name {
        Some(name) => format!("{} (n° {})", escape_line(&fit(name, 60)), whom.id),
        None => format!("personne n° {}", whom.id),
    }
}

fn people(line: &Shown) -> String {
    let named: Vec<String> = line.people.iter().map(whom).collect();
    if line.count > named.len() && line.count > 1 {
        return count(line.count as u64, "personne", "personnes");
    }
    enumeration(&named)
}

/// One act, on one line.
fn sentence(line: &Shown, numbered: bool) -> String {
    let phrase = phrase(line);
    let who = line
        .actor
        .map_or_else(|| "le programme".to_owned(), |user| format!("<@{user}>"));
    let mut text = format!("{} · {who} · {}", timestamp(line.at, At::ShortDateTime), phrase.what);
    if phrase.people && !line.people.is_empty() {
        text.push_str(&format!(" : {}", people(line)));
    }
    if phrase.group
        && let Some(group) = &line.group
    {
        text.push_str(&format!(" — groupe {}", escape_line(&fit(group, 80))));
    }
    match line.undo {
        Undo::Never => {}
        Undo::Until(_) if numbered => text.push_str(&format!(" · n° {} à défaire", line.id)),
        Undo::Until(until) => text.push_str(&format!(" · se défait jusqu’au {}", timestamp(until, At::LongDate))),
        Undo::Done(at) => text.push_str(&format!(" · défait le {}", timestamp(at, At::ShortDateTime))),
    }
    fit(&typeset(&text), LINE)
}

/// A page of the journal.
#[must_use]
pub fn page(page: &Page) -> Message {
    let mut title = "Journal".to_owned();
    if let Some(group) = &page.group {
        title.push_str(&format!(" — groupe {group}"));
    }
    if let Some(person) = &page.person {
        title.push_str(&format!(" — {}", plain(person)));
    }
    let open: Vec<JournalId> = page
        .lines
        .iter()
        .filter(|line| matches!(line.undo, Undo::Until(_)))
        .map(|line| line.id)
        .collect();
    let lines: Vec<String> = page.lines.iter().map(|line| sentence(line, open.len() > 1)).collect();
    let text = if lines.is_empty() {
        "Aucune ligne ici.".to_owned()
    } else {
        lines.join("\n")
    };
    let embed = Embed::new(Tone::Neutral, typeset(&fit(&title, 250)), text);
    let mut message = Message::default().with_embed(embed);
    if page.newer.is_some() || page.older.is_some() {
        let button = |label: &str, to: Option<JournalAt>| {
            // A closed button leads nowhere: it bears the first page, so that no two bear the same identifier.
            let at = to.unwrap_or_default();
            Button::new(label, Style::Secondary, Action::Journal(at)).enabled(to.is_some())
        };
        message = message.with_buttons(vec![
            button("Plus récent", page.newer),
            button("Plus ancien", page.older),
        ]);
    }
    let label = |line: &JournalId| match open.as_slice() {
        [_] => "Défaire".to_owned(),
        _ => typeset(&format!("Défaire n° {line}")),
    };
    for row in open.chunks(BUTTONS_MAX) {
        message = message.with_buttons(
            row.iter()
                .map(|line| Button::new(label(line), Style::Secondary, Action::Undo(*line)))
                .collect(),
        );
    }
    message
}

/// Someone in a title, where Markdown is not read.
fn plain(whom: &Whom) -> String {
    match &whom.name {
        Some(name) => format!("{} (n° {})", fit(name, 60), whom.id),
        None => format!("personne n° {}", whom.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64, event: &str) -> Shown {
        Shown {
            id: JournalId(id),
            at: "2027-03-14T20:05:00Z".parse().unwrap(),
            actor: Some(UserId(42)),
            event: event.to_owned(),
            group: Some("Lunel".to_owned()),
            people: vec![Whom {
                id: PersonId(12),
                name: Some("Camille D.".to_owned()),
            }],
            count: 1,
            region: Some("Occitanie".to_owned()),
            before: Some("Sète".to_owned()),
            after: Some("Lunel".to_owned()),
            undo: Undo::Never,
        }
    }

    #[test]
    fn every_event_reads_well() {
        let with = |event: &str, before: &str, after: &str| Shown {
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
            ..line(1, event)
        };
        let lines = [
            with("membership.validated", "a_appeler", "valide"),
            with("membership.ended", "valide", "demenagement"),
            with("membership.moved", "Sète", "Lunel"),
            with("person.updated", "", "telephone,mail"),
            with("person.merged", "13", "12"),
            with("call.recorded", "a_appeler", "a_rappeler"),
            Shown {
                count: 20,
                ..line(2, "access.coordinates")
            },
            Shown {
                people: vec![Whom {
                    id: PersonId(13),
                    name: None,
                }],
                ..line(2, "access.coordinates")
            },
            with("group.step", "", "assembly"),
            Shown {
                undo: Undo::Until("2027-04-13T20:05:00Z".parse().unwrap()),
                ..line(3, "group.merged")
            },
            Shown {
                undo: Undo::Done("2027-03-15T20:05:00Z".parse().unwrap()),
                ..line(4, "group.split")
            },
            with("group.renamed", "Lunel", "*Lunel* et environs"),
            with("relay.named", "", "77"),
            with("referent.ended", "77", ""),
            Shown {
                actor: None,
                ..with(
                    "import.done",
                    "",
                    "new=1200 updated=3 unchanged=0 to_review=0 rejected=1 erased=0 to_place=0 unreadable_dates=0",
                )
            },
            with("un.inconnu", "", ""),
        ];
        let text: Vec<String> = lines.iter().map(|line| sentence(line, false)).collect();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn a_page_of_the_longest_lines_fits_and_each_undo_has_its_button() {
        let lines: Vec<Shown> = (1..=8)
            .map(|id| Shown {
                group: Some("Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson ".repeat(4)),
                before: Some("*".repeat(200)),
                after: Some("_".repeat(200)),
                undo: Undo::Until(DateTime::UNIX_EPOCH),
                ..line(id, "group.merged")
            })
            .collect();
        let at = JournalAt {
            from: crate::domain::action::JournalFrom::Before(JournalId(1)),
            ..JournalAt::default()
        };
        let full = Page {
            lines,
            newer: None,
            older: Some(at),
            group: Some("Lunel".to_owned()),
            person: None,
        };
        let message = page(&full);
        assert_eq!(message.faults(), Vec::<String>::new());
        assert_eq!(message.rows.len(), 3, "turning, then eight undos in two rows");
        let empty = page(&Page {
            lines: Vec::new(),
            newer: None,
            older: None,
            group: None,
            person: None,
        });
        assert_eq!((empty.faults(), empty.rows.len()), (Vec::new(), 0));
    }
}
