//! The words of a group's reserved space: names, topics, announcements (product.md §3, §7 and §10; voice.md).

use chrono::{DateTime, Utc};

use super::markdown::{count, escape_line, fit};
use super::{register, statutes};
use crate::domain::bindings::{Duty, Room};
use crate::domain::ladder::{Stage, Step, Thresholds};
use crate::domain::snapshot::{ArticleFacts, GroupFacts, MemberFacts};
use crate::domain::words::{Occasion, Places, Words};

/// The longest name of a role or a channel (Discord documentation, resources/channel and topics/permissions).
const NAME_MAX: usize = 100;

/// The name of a group's role: «Groupe Lunel».
#[must_use]
pub fn role(group: &str) -> String {
    fit(&format!("Groupe {group}"), NAME_MAX)
}

/// The name of the role of a function.
#[must_use]
pub fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Relay => "Relai local",
        Duty::Referent => "Référent régional",
    }
}

/// The name of a group's category: «🌱 Lunel», then «🏛️ ACP Lunel».
#[must_use]
pub fn category(group: &str, stage: Stage) -> String {
    let name = match stage {
        Stage::Possible | Stage::Forming => format!("🌱 {group}"),
        Stage::Assembly => format!("🏛️ ACP {group}"),
    };
    fit(&name, NAME_MAX)
}

/// What a channel is for; the marker at its end is how the channel is found again (product.md §7).
#[must_use]
pub fn topic(room: Room, marker: &str) -> String {
    let purpose = match room {
        Room::Discussion => "Pour parler entre membres du groupe et s’organiser",
        Room::Register => "Qui est membre du groupe, tenu à jour automatiquement",
        Room::Documents => "Statuts, décisions et comptes-rendus du groupe",
    };
    format!("{purpose} · {marker}")
}

/// The announcement of a step in the space; the marker is its last line.
#[must_use]
pub fn announcement(occasion: &Occasion, places: Places, marker: &str) -> String {
    let name = escape_line(&occasion.group);
    let Places {
        role,
        register,
        documents,
    } = places;
    let body = match occasion.step {
        Step::Possible | Step::Forming => format!(
            "🌱 **Le groupe {name} est en formation.** Bienvenue dans votre espace, <@&{role}>\u{a0}!\n\
             Seuls les membres du groupe, ses relais, le référent régional et l’équipe nationale voient ces salons.\n\
             - Ici, vous parlez et vous vous organisez.\n\
             - <#{register}> dit qui est membre\u{a0}; son bouton donne les coordonnées de chaque personne.\n\
             - <#{documents}> gardera vos statuts, vos décisions et vos comptes-rendus.\n\
             {}\
             Pour que le groupe grandisse, deux liens à diffuser largement\u{a0}: l’inscription <{}> et ce serveur <{}>.",
            next(occasion),
            occasion.links.signup,
            occasion.links.discord,
        ),
        Step::Assembly => format!(
            "🏛️ **Le groupe {name} est une ACP (Assemblée Constituante Populaire).** <@&{role}>, cette étape est la vôtre.\n\
             📜 Vos statuts sont épinglés dans <#{documents}>, article par article. Ce sont des statuts génériques\u{a0}: \
             le groupe peut les modifier pour se les approprier.\n\
             {}",
            next(occasion),
        ),
        Step::PublishRic => format!(
            "📜 **Le groupe {name} peut publier sa procédure de RIC constituant.** <@&{role}>, écrivez-la ensemble ici\u{a0}; \
             votre relai la transmet à l’équipe nationale.\n\
             {}",
            next(occasion),
        ),
        Step::PublishWorks => format!(
            "📜 **Le groupe {name} peut publier ses travaux sur les deux autres questions.** <@&{role}>, le sujet 2 est la \
             procédure qui permet à tous les citoyens d’écrire le RIC constituant\u{a0}; le sujet 3, le travail d’un député sans \
             majorité. Votre relai les transmet à l’équipe nationale.\n",
        ),
    };
    format!("{}\n-# {marker}", body.trim_end())
}

/// «Encore 5 membres et le groupe devient une ACP, avec ses statuts.»
fn next(occasion: &Occasion) -> String {
    let Some((step, threshold)) = occasion.next else {
        return String::new();
    };
    let missing = threshold.saturating_sub(occasion.members);
    if missing == 0 {
        return String::new();
    }
    let gives = match step {
        Step::Possible | Step::Forming => "le groupe passe en formation",
        Step::Assembly => "le groupe devient une ACP (Assemblée Constituante Populaire) et reçoit ses statuts",
        Step::PublishRic => "le groupe peut publier sa procédure de RIC constituant",
        Step::PublishWorks => "le groupe peut publier ses travaux sur les deux autres questions",
    };
    let missing = count(u64::from(missing), "membre", "membres");
    format!(
        "**La suite\u{a0}:** {} / {threshold}. Encore {missing}, et {gives}.\n",
        occasion.members
    )
}

/// The wording of the spaces, in French.
#[derive(Debug, Clone, Copy)]
pub struct French;

/// The wording of the spaces, in French.
pub const FRENCH: French = French;

impl Words for French {
    fn role(&self, group: &str) -> String {
        role(group)
    }

    fn duty(&self, of: Duty) -> String {
        duty(of).to_owned()
    }

    fn category(&self, group: &str, stage: Stage) -> String {
        category(group, stage)
    }

    fn topic(&self, room: Room, marker: &str) -> String {
        topic(room, marker)
    }

    fn announcement(&self, occasion: &Occasion, places: Places, marker: &str) -> String {
        announcement(occasion, places, marker)
    }

    fn register_header(&self, group: &GroupFacts, thresholds: &Thresholds) -> String {
        register::header(group, thresholds)
    }

    fn register_next_header(&self, group: &GroupFacts) -> String {
        register::next_header(group)
    }

    fn register_line(&self, member: &MemberFacts) -> String {
        register::line(member)
    }

    fn register_nobody(&self) -> String {
        register::nobody().to_owned()
    }

    fn register_footer(&self, updated: DateTime<Utc>, page: u32, pages: u32, marker: &str) -> String {
        register::footer(updated, page, pages, marker)
    }

    fn coordinates(&self) -> String {
        register::COORDINATES.to_owned()
    }

    fn article(&self, article: &ArticleFacts, marker: &str) -> (String, String, String) {
        (
            statutes::title(article.number, &article.title),
            statutes::body(&article.body),
            statutes::footer(article.since, marker),
        )
    }
}
