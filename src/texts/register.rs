//! The words of the pinned register (voice.md, «Pinned register»; product.md §8).

use chrono::{DateTime, Utc};

use super::dates;
use super::markdown::{count, escape_line, fit};
use crate::domain::calendar::paris_date;
use crate::domain::ladder::{Stage, Step, Thresholds};
use crate::domain::snapshot::{GroupFacts, HolderFacts, MemberFacts};

/// The button under the register.
pub const COORDINATES: &str = "Coordonnées du groupe";

/// Room for the names of relays and referents in the header: a few people, however long their names.
const PEOPLE_MAX: usize = 700;

/// Room for a pseudo: Discord's own are shorter, but anyone may have typed this one.
const PSEUDO_MAX: usize = 80;

/// The head of the first page: title, stage and count, relays and referents.
#[must_use]
pub fn header(group: &GroupFacts, thresholds: &Thresholds) -> String {
    if let Some(merged) = &group.merged {
        let into = escape_line(&merged.into);
        return format!(
            "{}\nCe groupe a rejoint le groupe {into}\u{a0}: ses membres sont au registre de ce groupe. Cet espace se lit, sans \
             plus changer.",
            title(group)
        );
    }
    format!(
        "{}\n{}\n{}",
        title(group),
        stage_line(group, thresholds),
        fit(&people(group), PEOPLE_MAX)
    )
}

/// The head of the next pages.
#[must_use]
pub fn next_header(group: &GroupFacts) -> String {
    format!("{} (suite)", title(group))
}

fn title(group: &GroupFacts) -> String {
    format!("**Registre des membres — groupe {}**", escape_line(&group.name))
}

/// «🌱 Groupe en formation · **7 / 10** : encore 3 membres pour devenir une ACP».
#[must_use]
pub fn stage_line(group: &GroupFacts, thresholds: &Thresholds) -> String {
    let stage = match group.stage() {
        Stage::Possible => "Groupe possible",
        Stage::Forming => "🌱 Groupe en formation",
        Stage::Assembly => "🏛️ ACP",
    };
    if group.archived {
        return format!("{stage} · groupe archivé\u{a0}: cet espace se lit, sans plus changer");
    }
    let members = group.members.len() as u64;
    match thresholds.next(&group.reached()) {
        Some((step, threshold)) => {
            let missing = u64::from(threshold).saturating_sub(members);
            let missing = count(missing, "membre", "membres");
            format!(
                "{stage} · **{members} / {threshold}**\u{a0}: encore {missing} {}",
                gain(step)
            )
        }
        None => format!("{stage} · **{}**", count(members, "membre", "membres")),
    }
}

/// What the next step gives, after «encore n membres».
fn gain(step: Step) -> &'static str {
    match step {
        Step::Possible => "pour être déclaré groupe possible",
        Step::Forming => "pour passer en formation",
        Step::Assembly => "pour devenir une ACP",
        Step::PublishRic => "pour publier une procédure de RIC constituant",
        Step::PublishWorks => "pour publier des travaux sur les deux autres questions",
    }
}

/// «Relais : Camille Dupré, Noé Le Goff · Référent régional : Awa Martin».
fn people(group: &GroupFacts) -> String {
    let relays = match group.relays.as_slice() {
        [] => "Relai\u{a0}: à trouver".to_owned(),
        [one] => format!("Relai\u{a0}: {}", holder(one)),
        several => format!("Relais\u{a0}: {}", names(several)),
    };
    let referents = match group.referents.as_slice() {
        [] => "Référent régional\u{a0}: à nommer".to_owned(),
        [one] => format!("Référent régional\u{a0}: {}", holder(one)),
        several => format!("Référents régionaux\u{a0}: {}", names(several)),
    };
    format!("{relays} · {referents}")
}

fn names(holders: &[HolderFacts]) -> String {
    holders.iter().map(holder).collect::<Vec<_>>().join(", ")
}

/// The name of who holds a post; without any on file, the account, that Discord names itself.
fn holder(holder: &HolderFacts) -> String {
    holder
        .display
        .as_ref()
        .map_or_else(|| format!("<@{}>", holder.user), |name| escape_line(name))
}

/// «`1` **Camille DUPRÉ** — @camille · 34400 · depuis le 3 mars 2027».
#[must_use]
pub fn line(member: &MemberFacts) -> String {
    let mut facts: Vec<String> = Vec::new();
    match (member.user, &member.pseudo) {
        (Some(user), _) => facts.push(format!("<@{user}>")),
        (None, Some(pseudo)) => facts.push(fit(&escape_line(pseudo), PSEUDO_MAX)),
        (None, None) => {}
    }
    if !member.postal_code.is_empty() {
        facts.push(escape_line(&member.postal_code));
    }
    facts.push(format!("depuis le {}", dates::day(paris_date(member.since))));
    facts.extend(member.phone.as_deref().map(escape_line));
    facts.extend(member.mail.as_deref().map(escape_line));
    format!(
        "`{}` **{}** — {}",
        member.number,
        escape_line(&member.name),
        facts.join(" · ")
    )
}

/// What stands for the lines when every member has left.
#[must_use]
pub fn nobody() -> &'static str {
    "Aucun membre pour le moment."
}

/// The small last line: «Mis à jour le 14 mars 2027 à 21 h 05 · Page 1 / 1 · réf. registre 12.1».
#[must_use]
pub fn footer(updated: DateTime<Utc>, page: u32, pages: u32, marker: &str) -> String {
    format!(
        "-# Mis à jour le {} · Page {page} / {pages} · {marker}",
        dates::moment(updated)
    )
}
