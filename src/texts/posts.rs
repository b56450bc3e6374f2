//! The words of `/relai` and `/referent`: who is named, who no longer is, and what they are told (product.md §2).
//!
//! Names come in already escaped, from [`shown`].

use chrono::{DateTime, Utc};

use super::dates::{Style as At, timestamp};
use super::groups::turning;
use super::markdown::{count, enumeration, escape_line, fit, typeset};
use crate::domain::action::Action;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::view::{Embed, Field, Message, Modal, Select, SelectOf, Tone};

/// Groups on one page of the list of relays.
const PAGE: usize = 15;
/// The most characters of a line of a list.
const LINE: usize = 250;

/// A group of the list of relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLine {
    /// The name of the région.
    pub region: String,
    /// «Lunel (34)».
    pub group: String,
    /// Its relays as they are shown, and since when.
    pub relays: Vec<(String, DateTime<Utc>)>,
}

/// A région of the list of referents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferentLine {
    /// The name of the région.
    pub region: String,
    /// Its referents as they are shown, and since when.
    pub referents: Vec<(String, DateTime<Utc>)>,
}

/// How an account is shown: its name, escaped, else a mention, which notifies nobody in an answer.
#[must_use]
pub fn shown(name: Option<&str>, user: UserId) -> String {
    match name {
        Some(name) => escape_line(name),
        None => format!("<@{user}>"),
    }
}

fn text(text: &str) -> Message {
    Message::text(typeset(text))
}

/// A relay was named.
#[must_use]
pub fn relay_named(name: &str, group: &str) -> Message {
    text(&format!(
        "✅ **{name} est relai local du groupe {}.** Un message privé lui dit par où commencer.",
        escape_line(group)
    ))
}

/// This account was relay already.
#[must_use]
pub fn already_relay(name: &str, group: &str) -> Message {
    text(&format!(
        "{name} est déjà relai local du groupe {}. Rien n’a changé.",
        escape_line(group)
    ))
}

/// A third relay is refused, with the names of the two.
#[must_use]
pub fn two_relays(group: &str, names: &[&str]) -> String {
    typeset(&format!(
        "⛔ **Le groupe {} a déjà deux relais : {}.** Pour en changer, retirez d’abord l’un des deux avec `/relai retirer`.",
        escape_line(group),
        enumeration(names)
    ))
}

/// No relay is named for an archived group.
#[must_use]
pub fn archived(group: &str) -> String {
    typeset(&format!(
        "⛔ Le groupe {} est archivé : on n’y nomme plus de relai.",
        escape_line(group)
    ))
}

/// A relay's post has ended.
#[must_use]
pub fn relay_ended(name: &str, group: &str, vacant: bool) -> Message {
    let group = escape_line(group);
    let after = if vacant {
        format!(
            "\n⚠️ Le groupe {group} n’a plus de relai. Le référent régional est prévenu, à défaut l’équipe nationale\u{a0}; les contacts sont de nouveau libres."
        )
    } else {
        " Les contacts que cette personne tenait sont de nouveau libres.".to_owned()
    };
    text(&format!(
        "✅ **{name} n’est plus relai local du groupe {group}.**{after}"
    ))
}

/// This account was not relay.
#[must_use]
pub fn not_relay(name: &str, group: &str) -> Message {
    text(&format!(
        "{name} n’est pas relai local du groupe {}. Rien n’a changé.",
        escape_line(group)
    ))
}

/// A referent was named.
#[must_use]
pub fn referent_named(name: &str, region: &str) -> Message {
    text(&format!(
        "✅ **{name} est référent régional : {}.** Un message privé lui dit par où commencer.",
        escape_line(region)
    ))
}

/// This account was referent already.
#[must_use]
pub fn already_referent(name: &str, region: &str) -> Message {
    text(&format!(
        "{name} est déjà référent régional : {}. Rien n’a changé.",
        escape_line(region)
    ))
}

/// A referent's post has ended.
#[must_use]
pub fn referent_ended(name: &str, region: &str, vacant: bool) -> Message {
    let after = if vacant {
        "\n⚠️ Cette région n’a plus de référent : ce qui lui était destiné va à l’équipe nationale."
    } else {
        ""
    };
    text(&format!(
        "✅ **{name} n’est plus référent régional : {}.**{after}",
        escape_line(region)
    ))
}

/// This account was not referent.
#[must_use]
pub fn not_referent(name: &str, region: &str) -> Message {
    text(&format!(
        "{name} n’est pas référent régional : {}. Rien n’a changé.",
        escape_line(region)
    ))
}

/// A région out of scope, or that does not exist: the same words.
#[must_use]
pub fn region_not_found() -> String {
    "⚠️ Cette région est introuvable. Choisissez-la dans la liste qui s’affiche pendant la saisie.".to_owned()
}

/// A program holds no post.
#[must_use]
pub fn is_a_program(name: &str) -> String {
    typeset(&format!(
        "⛔ {name} est un programme : seule une personne peut recevoir cette fonction."
    ))
}

/// The account is not on the server.
#[must_use]
pub fn not_here(name: &str) -> String {
    typeset(&format!(
        "⚠️ {name} n’est pas sur ce serveur. Cette fonction demande d’y être : invitez cette personne, puis recommencez."
    ))
}

/// Nobody on the server bears the typed name.
#[must_use]
pub fn nobody_so_named(typed: &str) -> String {
    typeset(&format!(
        "⚠️ Personne sur le serveur ne porte le nom « {} ». Le plus sûr est le nom unique du compte, par exemple @camille.d ; \
         il s’affiche sur son profil.",
        fit(&escape_line(typed), 100)
    ))
}

/// Several people on the server bear the typed name.
#[must_use]
pub fn several_so_named(typed: &str, n: usize) -> String {
    typeset(&format!(
        "⚠️ {} du serveur portent le nom « {} ». Donnez le nom unique du compte, par exemple @camille.d ; il s’affiche sur \
         son profil.",
        count(n as u64, "membre", "membres"),
        fit(&escape_line(typed), 100)
    ))
}

/// The choice of the member to name, on the server.
#[must_use]
pub fn choose_member(group: GroupId, name: &str) -> Message {
    text(&format!(
        "**Qui devient relai local du groupe {} ?** Choisissez un membre du serveur.",
        escape_line(name)
    ))
    .with_select(Select {
        action: Action::NameRelayUser(group),
        placeholder: "Choisir un membre".to_owned(),
        of: SelectOf::Users,
        bounds: (1, 1),
    })
}

/// The same in a DM, where members cannot be listed.
#[must_use]
pub fn type_member(group: GroupId) -> Modal {
    Modal {
        action: Action::NameRelayForm(group),
        title: "Nommer un relai".to_owned(),
        fields: vec![Field::short("pseudo", "Son nom sur Discord").example("@camille.d")],
    }
}

/// One page of the list of relays; a page that is no more is the last one.
#[must_use]
pub fn relay_list(lines: &[RelayLine], page: u32) -> Message {
    if lines.is_empty() {
        return text("Aucun groupe n’est encore déclaré : il n’y a pas encore de relai.");
    }
    let pages = lines.len().div_ceil(PAGE);
    let page = (page as usize).min(pages - 1);
    let relays: usize = lines.iter().map(|line| line.relays.len()).sum();
    let vacant = lines.iter().filter(|line| line.relays.is_empty()).count() as u64;
    let mut out = vec![format!(
        "{} · {} sans relai",
        count(relays as u64, "relai", "relais"),
        count(vacant, "groupe", "groupes")
    )];
    let mut region = "";
    for line in lines.iter().skip(page * PAGE).take(PAGE) {
        if line.region != region {
            region = &line.region;
            out.push(format!("\n**{}**", escape_line(region)));
        }
        let relays = if line.relays.is_empty() {
            "⚠️ sans relai".to_owned()
        } else {
            since(&line.relays)
        };
        out.push(fit(&format!("{} — {relays}", escape_line(&line.group)), LINE));
    }
    let embed = Embed {
        footer: typeset(&format!("Page {} / {pages}", page + 1)),
        ..Embed::new(Tone::Neutral, "Les relais locaux", typeset(&out.join("\n")))
    };
    let message = Message::default().with_embed(embed);
    if pages == 1 {
        message
    } else {
        message.with_buttons(turning(page, pages, Action::RelayList))
    }
}

/// The referents of every région.
#[must_use]
pub fn referent_list(lines: &[ReferentLine]) -> Message {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let who = if line.referents.is_empty() {
                "⚠️ sans référent".to_owned()
            } else {
                since(&line.referents)
            };
            fit(&format!("**{}** — {who}", escape_line(&line.region)), 220)
        })
        .collect();
    Message::default().with_embed(Embed::new(
        Tone::Neutral,
        "Les référents régionaux",
        typeset(&lines.join("\n")),
    ))
}

fn since(holders: &[(String, DateTime<Utc>)]) -> String {
    let holders: Vec<String> = holders
        .iter()
        .map(|(name, since)| format!("{name} (depuis le {})", timestamp(*since, At::ShortDate)))
        .collect();
    enumeration(&holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namings_read_well() {
        let texts = [
            relay_named("Camille Dupré", "Lunel").content,
            already_relay("Camille Dupré", "Lunel").content,
            two_relays("Lunel", &["Camille Dupré", "Noé Le Goff"]),
            relay_ended("Camille Dupré", "Lunel", true).content,
            relay_ended("Camille Dupré", "Lunel", false).content,
            not_relay("Camille Dupré", "Lunel").content,
            referent_named("Awa Martin", "Occitanie").content,
            referent_ended("Awa Martin", "Occitanie", true).content,
            is_a_program("Robot"),
            not_here("Awa"),
            nobody_so_named("*awa*"),
            several_so_named("awa", 2),
        ];
        insta::assert_snapshot!(texts.join("\n---\n"));
    }

    #[test]
    fn four_hundred_groups_with_long_names_fit() {
        let since = "2027-01-02T10:00:00Z".parse().unwrap();
        let lines: Vec<RelayLine> = (0..400)
            .map(|n| RelayLine {
                region: format!("Région {}", n / 25),
                group: format!("Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson {n} (51)"),
                relays: vec![("x".repeat(121), since); n % 3],
            })
            .collect();
        for page in 0..27 {
            assert_eq!(relay_list(&lines, page).faults(), Vec::<String>::new(), "page {page}");
        }
        let regions: Vec<ReferentLine> = (0..18)
            .map(|n| ReferentLine {
                region: format!("Région {n}"),
                referents: vec![("x".repeat(121), since); n % 4],
            })
            .collect();
        assert_eq!(referent_list(&regions).faults(), Vec::<String>::new());
    }
}
