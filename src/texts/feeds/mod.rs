//! The feeds of the référents: what happened in a région, in messages that grow (product.md §12).
//!
//! Read by the référents of the région and the national team only; of members «Prénom N.» and nothing else, relays as silent
//! mentions, so that Discord's history holds as little as it can.

pub mod digest;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::dates::{Style as Dated, timestamp};
use super::markdown::{count, escape_line, fit, fit_lines, length};
use super::notices::Possible;
use crate::domain::action::Action;
use crate::domain::ids::{FeedMessageId, GroupId, MembershipId, UserId};
use crate::domain::ladder::Step;
use crate::domain::view::{Choice, Embed, Message, OPTIONS_MAX, Select, SelectOf, Tone};

/// The most characters of a name within a line.
const NAME_MAX: usize = 60;
/// The most characters of a reason within a line.
const REASON_MAX: usize = 200;
/// The most characters of the lines that a message is given; names may grow a little afterwards.
const LINES_MAX: usize = 3600;
/// The most characters of the lines that a message shows (Discord takes 4096 in a description).
const SHOWN_MAX: usize = 4000;
/// The most validations that a message offers to annul: two selects.
const ANNULLABLE_MAX: usize = 2 * OPTIONS_MAX;
/// The most groups named in one line.
const GROUPS_MAX: usize = 8;
/// The most characters of an option's label or description.
const OPTION_MAX: usize = 100;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// The name of the group; empty when several are told together.
    pub group: String,
    /// What.
    pub what: What,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("at", &self.at)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// A participation was validated.
    Validated {
        /// Which.
        membership: MembershipId,
        /// «Camille D.».
        name: String,
        /// The number in the register.
        number: u32,
        /// The relay's account.
        relay: UserId,
        /// Until when the référents may annul it; `None` when they no longer may.
        until: Option<DateTime<Utc>>,
        /// By whom it was annulled, and why.
        annulled: Option<Annulled>,
    },
    /// A validation told elsewhere was annulled.
    Annulled {
        /// «Camille D.».
        name: String,
        /// The number in the register.
        number: u32,
        /// By whom, and why.
        how: Annulled,
    },
    /// A participation has ended.
    Departed {
        /// «Camille D.».
        name: String,
        /// Why: the stable word of the database.
        why: &'static str,
    },
    /// A person has linked an account.
    Joined {
        /// «Camille D.».
        name: String,
    },
    /// The group has reached a step.
    Step {
        /// Which.
        step: Step,
        /// Its validated members.
        members: u32,
    },
    /// Groups are possible and have no relay.
    Possible {
        /// The groups.
        groups: Vec<Possible>,
    },
    /// The last relay has left.
    WithoutRelay {
        /// The group.
        id: GroupId,
        /// How many people wait for a call.
        to_call: usize,
    },
}

/// How a validation was annulled.
#[derive(Clone, PartialEq, Eq)]
pub struct Annulled {
    /// By which account, as far as known.
    pub by: Option<UserId>,
    /// Why, in the words of whoever did.
    pub reason: Option<String>,
}

/// How many of these lines, from the first, one message holds.
#[must_use]
pub fn room(lines: &[Option<Line>]) -> usize {
    let (mut used, mut offered) = (0, 0);
    for (n, line) in lines.iter().enumerate() {
        let Some(line) = line else { continue };
        used += length(&sentence(line)) + 1;
        offered += usize::from(matches!(line.what, What::Validated { .. }));
        if n > 0 && (used > LINES_MAX || offered > ANNULLABLE_MAX) {
            return n;
        }
    }
    lines.len()
}

/// A message of the feed.
#[must_use]
pub fn message(id: FeedMessageId, region: &str, lines: &[Line]) -> Message {
    let sentences: Vec<String> = lines.iter().map(sentence).collect();
    let text = fit_lines(&sentences, SHOWN_MAX, "");
    let embed = Embed::new(Tone::Neutral, title(region), text);
    let mut message = in_feed(Message::default().with_embed(embed), id);
    let offered: Vec<Choice> = lines.iter().filter_map(annullable).collect();
    for (n, choices) in offered.chunks(OPTIONS_MAX).take(2).enumerate() {
        let part = u32::try_from(n).unwrap_or_default();
        message = message.with_select(select(
            Action::AnnulPick(part),
            "Annuler une validation",
            choices.to_vec(),
        ));
    }
    // A group may be possible, then without relay, within one message: Discord refuses two options of one value.
    let mut seen = BTreeSet::new();
    let waiting: Vec<Choice> = lines
        .iter()
        .flat_map(without_relay)
        .filter(|choice| seen.insert(choice.value.clone()))
        .take(OPTIONS_MAX)
        .collect();
    if !waiting.is_empty() {
        message = message.with_select(select(Action::NameRelayPick, "Nommer un relai pour…", waiting));
    }
    message
}

/// A message as a feed bears it: its footer is what it is found again by.
#[must_use]
pub fn in_feed(mut message: Message, id: FeedMessageId) -> Message {
    if let Some(embed) = message.embeds.first_mut() {
        embed.footer = format!("réf. remontée {id}");
    }
    message
}

/// What stands in the place of a message of which nothing is so any longer.
#[must_use]
pub fn empty(id: FeedMessageId) -> Message {
    in_feed(
        Message::default().with_embed(Embed::new(Tone::Neutral, "", "Il n’y a plus rien à lire ici.")),
        id,
    )
}

fn select(action: Action, placeholder: &str, choices: Vec<Choice>) -> Select {
    Select {
        action,
        placeholder: placeholder.to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    }
}

/// The title of the messages of a région.
fn title(region: &str) -> String {
    format!("Remontées\u{a0}: {}", fit(region, NAME_MAX))
}

/// The validation of a line as a choice, while it may be annulled.
fn annullable(line: &Line) -> Option<Choice> {
    let What::Validated {
        membership,
        name,
        number,
        until,
        annulled,
        ..
    } = &line.what
    else {
        return None;
    };
    let until = until.filter(|_| annulled.is_none())?;
    Some(Choice {
        label: fit(&format!("{} — {}", fit(name, NAME_MAX), line.group), OPTION_MAX),
        value: membership.to_string(),
        description: format!(
            "n°\u{a0}{number}, jusqu’au {}",
            super::dates::day(crate::domain::calendar::paris_date(until))
        ),
        chosen: false,
    })
}

/// The groups of a line that wait for a relay.
fn without_relay(line: &Line) -> Vec<Choice> {
    let choice = |id: GroupId, label: &str, description: String| Choice {
        label: fit(label, OPTION_MAX),
        value: id.to_string(),
        description,
        chosen: false,
    };
    match &line.what {
        What::Possible { groups } => groups
            .iter()
            .map(|group| {
                let label = format!("{} ({})", group.name, group.departement);
                choice(group.id, &label, inscrits(group.signed_up))
            })
            .collect(),
        What::WithoutRelay { id, .. } => vec![choice(*id, &line.group, String::new())],
        _ => Vec::new(),
    }
}

/// One line: the hour, the group, what happened.
fn sentence(line: &Line) -> String {
    let hour = timestamp(line.at, Dated::ShortTime);
    let what = match &line.what {
        What::Validated {
            name,
            number,
            relay,
            annulled: None,
            ..
        } => format!("{} est membre (n°\u{a0}{number}), par <@{relay}>", short(name)),
        What::Validated {
            name,
            number,
            annulled: Some(how),
            ..
        } => format!(
            "~~{} est membre (n°\u{a0}{number})~~\u{a0}: validation annulée{}",
            short(name),
            by(how)
        ),
        What::Annulled { name, number, how } => {
            format!(
                "la validation de {} (n°\u{a0}{number}) est annulée{}",
                short(name),
                by(how)
            )
        }
        What::Departed { name, why } => format!("{} n’est plus membre ({})", short(name), ended(why)),
        What::Joined { name } => format!("{} a lié son compte Discord", short(name)),
        What::Step { step, members } => {
            let members = count((*members).into(), "membre validé", "membres validés");
            format!("{} ({members})", super::ladder::becomes(*step))
        }
        What::Possible { groups } => return format!("- {hour} · {}", possible(groups)),
        What::WithoutRelay { to_call, .. } => match to_call {
            0 => "le groupe n’a plus de relai".to_owned(),
            some => format!(
                "le groupe n’a plus de relai\u{a0}; {}",
                count(*some as u64, "personne attend un appel", "personnes attendent un appel")
            ),
        },
    };
    format!("- {hour} · **{}**\u{a0}: {what}", short(&line.group))
}

/// «par @camille. Motif : …», after a comma.
fn by(how: &Annulled) -> String {
    let by = how.by.map(|by| format!(" par <@{by}>")).unwrap_or_default();
    let reason = how
        .reason
        .as_deref()
        .filter(|reason| !reason.trim().is_empty())
        .map(|reason| format!(". Motif\u{a0}: {}", fit(&escape_line(reason), REASON_MAX)))
        .unwrap_or_default();
    format!("{by}{reason}")
}

fn possible(groups: &[Possible]) -> String {
    let named: Vec<String> = groups
        .iter()
        .take(GROUPS_MAX)
        .map(|group| {
            format!(
                "**{}** ({}, {})",
                short(&group.name),
                short(&group.departement),
                inscrits(group.signed_up)
            )
        })
        .collect();
    let more = match groups.len().saturating_sub(GROUPS_MAX) {
        0 => String::new(),
        more => format!(" … et {}\u{a0}: `/groupe liste`", count(more as u64, "autre", "autres")),
    };
    match groups {
        [_] => format!("groupe possible\u{a0}: {}, relai à trouver", named.join(", ")),
        several => format!(
            "{} groupes possibles, relais à trouver\u{a0}: {}{more}",
            several.len(),
            named.join(", ")
        ),
    }
}

/// A participation has ended, to whoever has no feed to read: the number in the register, no name (product.md §17).
#[must_use]
pub fn departed(group: &str, number: u32, why: &str, standing: &str) -> Message {
    Message::text(format!(
        "**Groupe {}\u{a0}: une participation a pris fin** (n°\u{a0}{number} du registre, {}).\n{standing}.",
        short(group),
        ended(why),
    ))
}

/// Why a participation ended, by the stable word of the database.
fn ended(why: &str) -> &'static str {
    match why {
        "depart" => "départ",
        "demenagement" => "déménagement",
        "exclusion" => "exclusion décidée par le groupe",
        "deces" => "décès",
        "erreur" => "erreur de saisie",
        "transfert" => "passage dans un autre groupe",
        "retrait" => "accord retiré",
        "effacement" => "données effacées",
        _ => "fin de participation",
    }
}

fn inscrits(number: u32) -> String {
    count(number.into(), "inscrit", "inscrits")
}

/// A name within a line.
fn short(typed: &str) -> String {
    escape_line(&fit(typed, NAME_MAX))
}

#[cfg(test)]
mod tests;
