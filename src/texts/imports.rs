//! The words of `/importer` and of `maillage import`: what a file would do, what it did, how far it is (product.md §4).

use super::markdown::{MESSAGE_MAX, count, escape_line, fit_lines, number, progress_bar, typeset};
use crate::domain::action::{Action, DraftId};
use crate::domain::import::{Counts, Progress};
use crate::domain::view::{Button, Message, Style};

/// Groups named before «… et 12 autres».
const SHOWN: usize = 15;

/// Signs in the bar of a progress message.
const BAR: usize = 10;

/// The attached table of rejected lines; its name says nothing of anyone.
pub const REJECTED_FILE: &str = "lignes-rejetees.csv";

/// The numbers of an import, one a line. `attached` says whether the rejected lines come with them, and how many of them do not.
fn numbers(counts: &Counts, attached: Option<u64>) -> Vec<String> {
    let Counts {
        new,
        updated,
        unchanged,
        to_review,
        rejected,
        erased,
        to_place,
        unreadable_dates,
    } = *counts;
    let waiting = match to_place {
        0 => String::new(),
        n => format!(", dont {} à placer (code postal sans bassin connu)", number(n)),
    };
    let mut lines = vec![
        format!("Nouveaux : {}{waiting}", number(new)),
        format!("Mis à jour : {}", number(updated)),
        format!("Inchangés : {}", number(unchanged)),
        format!("Doublons à vérifier : {}", number(to_review)),
    ];
    let file = match attached {
        Some(0) => " (fichier joint, avec la raison de chacune)".to_owned(),
        Some(left_out) => format!(
            " (fichier joint, moins {} qui n’y tiennent pas)",
            count(left_out, "ligne", "lignes")
        ),
        None => String::new(),
    };
    lines.push(format!("Lignes rejetées : {}{file}", number(rejected)));
    if erased > 0 {
        lines.push(format!(
            "Laissés de côté, à la suite d’un effacement demandé : {}",
            number(erased)
        ));
    }
    if unreadable_dates > 0 {
        lines.push(format!(
            "Dates d’inscription illisibles, laissées de côté : {}",
            number(unreadable_dates)
        ));
    }
    lines
}

/// Groups under their number, the first ones named.
fn groups(head: &str, names: &[String]) -> Vec<String> {
    let mut lines = vec![format!("{head} : {}", number(names.len() as u64))];
    lines.extend(names.iter().take(SHOWN).map(|name| format!("🌱 {name}")));
    match names.len().saturating_sub(SHOWN) {
        0 => {}
        1 => lines.push("… et 1 autre".to_owned()),
        rest => lines.push(format!("… et {} autres", number(rest as u64))),
    }
    lines
}

fn possible(head: &str, possible: &[(String, u32)]) -> Vec<String> {
    let names: Vec<String> = possible
        .iter()
        .map(|(name, signed_up)| {
            format!(
                "{} — {}",
                escape_line(name),
                count(u64::from(*signed_up), "inscrit", "inscrits")
            )
        })
        .collect();
    groups(head, &names)
}

/// What stands over the groups of a dry run, and over those of an import.
const WOULD_BE: &str = "Groupes qui deviendraient possibles";
const ARE: &str = "Groupes devenus possibles";

fn joined(head: &str, lines: &[String]) -> String {
    typeset(&format!("{head}\n{}", fit_lines(lines, MESSAGE_MAX - 300, "")))
}

/// What a file would do, with the choice to import it or not. `minutes` is how long it is kept.
#[must_use]
pub fn dry_run(
    counts: &Counts,
    would_be: &[(String, u32)],
    rejected: Option<(Vec<u8>, u64)>,
    draft: &DraftId,
    minutes: i64,
) -> Message {
    let mut lines = numbers(counts, rejected.as_ref().map(|(_, left_out)| *left_out));
    lines.extend(possible(WOULD_BE, would_be));
    let head = format!(
        "**Voici ce que ferait l’import.** Rien n’est encore enregistré ; le fichier est gardé chiffré {}.",
        count(minutes.unsigned_abs(), "minute", "minutes")
    );
    let message = Message::text(joined(&head, &lines)).with_buttons(vec![
        Button::new("Importer", Style::Success, Action::ImportConfirm(draft.clone())),
        Button::new("Annuler", Style::Secondary, Action::ImportCancel(draft.clone())),
    ]);
    match rejected {
        Some((csv, _)) => message.with_file(REJECTED_FILE, csv),
        None => message,
    }
}

/// How far an import is.
#[must_use]
pub fn progress(progress: Progress) -> Message {
    let Progress { done, total } = progress;
    Message::text(typeset(&format!(
        "**Import en cours.**\n{} {} / {}",
        progress_bar(done, total.max(1), BAR),
        number(done),
        count(total, "ligne", "lignes"),
    )))
}

/// What an import did.
#[must_use]
pub fn applied(counts: &Counts, declared: &[(String, u32)]) -> Message {
    let mut lines = numbers(counts, None);
    lines.extend(possible(ARE, declared));
    if counts.to_review > 0 {
        lines.push("Les doublons se comparent avec `/inscrits a-verifier`.".to_owned());
    }
    if counts.to_place > 0 {
        lines.push("Les personnes à placer sont dans `/inscrits a-placer`.".to_owned());
    }
    Message::text(joined("✅ **L’import est terminé.**", &lines))
}

/// «Annuler» was pressed.
#[must_use]
pub fn cancelled() -> Message {
    Message::text("L’import est annulé. Rien n’a changé, et le fichier est oublié.")
}

/// The same as [`dry_run`], for the shell of the host.
#[must_use]
pub fn host_dry_run(counts: &Counts, would_be: &[(String, u32)]) -> String {
    let mut lines = vec!["Essai : rien n’a été enregistré.".to_owned()];
    lines.extend(numbers(counts, None));
    lines.extend(plain(possible(WOULD_BE, would_be)));
    typeset(&lines.join("\n"))
}

/// The same as [`applied`], for the shell of the host.
#[must_use]
pub fn host_applied(counts: &Counts, declared: &[(String, u32)]) -> String {
    let mut lines = vec!["L’import est terminé.".to_owned()];
    lines.extend(numbers(counts, None));
    lines.extend(plain(possible(ARE, declared)));
    typeset(&lines.join("\n"))
}

/// Lines without what only Discord reads.
fn plain(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines
        .into_iter()
        .map(|line| line.replace("🌱 ", "  ").replace('\\', ""))
}

/// Where the rejected lines were written, for the shell of the host.
#[must_use]
pub fn host_rejected(path: &std::path::Path) -> String {
    typeset(&format!(
        "Les lignes rejetées sont dans {}, chacune avec sa raison.",
        path.display()
    ))
}

/// A file that cannot be read; `reason` says why and what to do.
#[must_use]
pub fn unreadable(reason: &str) -> String {
    typeset(&format!(
        "⚠️ **Ce fichier ne peut pas être importé.** {reason} Rien n’a changé."
    ))
}

/// The staged file was forgotten.
#[must_use]
pub fn expired() -> String {
    typeset(
        "⚠️ Cet aperçu a expiré : par précaution, le fichier n’est gardé qu’une demi-heure. Rien n’a été enregistré ; \
         envoyez-le de nouveau avec `/importer`.",
    )
}

/// A button of a dry run pressed again.
#[must_use]
pub fn already_used() -> String {
    typeset(
        "⚠️ Cet aperçu a déjà servi. Pour importer de nouveau, envoyez le fichier avec `/importer` : ce qui est déjà \
         enregistré ne change pas.",
    )
}

/// An attachment that is not where Discord keeps attachments.
#[must_use]
pub fn foreign_address() -> String {
    typeset("⛔ Ce fichier n’est pas à une adresse de Discord. Joignez-le à la commande elle-même.")
}

/// An attachment that is too large to be fetched. `limit` is in bytes.
#[must_use]
pub fn too_large(limit: u64) -> String {
    typeset(&format!(
        "⚠️ Ce fichier dépasse {}\u{a0}Mo. Compressez-le au format .csv.gz, ou coupez-le en plusieurs fichiers, chacun avec la \
         ligne des titres.",
        number(limit / (1024 * 1024))
    ))
}

/// An attachment that could not be fetched.
#[must_use]
pub fn not_fetched() -> String {
    typeset("⚠️ Discord n’a pas donné ce fichier. Rien n’a changé ; réessayez dans un instant.")
}

/// A refusal of the same rules, for the shell of the host: without what only Discord shows.
#[must_use]
pub fn host_refusal(text: &str) -> String {
    text.replace("**", "")
        .replace("⚠️ ", "")
        .replace("⛔ ", "")
        .replace('\\', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Counts {
        Counts {
            new: 1234,
            updated: 3,
            unchanged: 40,
            to_review: 2,
            rejected: 1,
            erased: 1,
            to_place: 4,
            unreadable_dates: 0,
        }
    }

    fn draft() -> DraftId {
        DraftId("aZ09-_aZ09-_aZ09".to_owned())
    }

    #[test]
    fn a_dry_run_reads_well() {
        let possible = vec![
            ("Lunel (Hérault)".to_owned(), 12),
            ("Les Sables-d’Olonne (Vendée)".to_owned(), 5),
        ];
        let message = dry_run(&counts(), &possible, Some((vec![1], 0)), &draft(), 30);
        assert_eq!(message.faults(), Vec::<String>::new());
        insta::assert_snapshot!(message.content);
    }

    #[test]
    fn the_end_of_an_import_reads_well() {
        insta::assert_snapshot!(applied(&counts(), &[("Lunel (Hérault)".to_owned(), 12)]).content);
        insta::assert_snapshot!(
            progress(Progress {
                done: 3000,
                total: 100_000
            })
            .content
        );
        insta::assert_snapshot!(host_applied(&counts(), &[("Lunel (Hérault)".to_owned(), 12)]));
    }

    #[test]
    fn a_first_import_of_the_whole_country_fits() {
        let possible: Vec<(String, u32)> = (0..1500)
            .map(|n| (format!("Saint-Rémy-en-Bouzemont {n} (Marne)"), 5))
            .collect();
        let message = dry_run(&counts(), &possible, None, &draft(), 30);
        assert_eq!(message.faults(), Vec::<String>::new());
        assert!(
            message.content.contains("… et 1\u{a0}485 autres"),
            "{}",
            message.content
        );
    }
}
