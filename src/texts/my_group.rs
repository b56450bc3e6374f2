//! The words of `/mon-groupe` (product.md §12; voice.md, «`/mon-groupe`»).

use chrono::{DateTime, Utc};

use super::dates::{Style as Moment, timestamp};
use super::ladder;
use super::markdown::{count, enumeration, escape_line, fit, progress_bar};
use crate::domain::bindings::Room;
use crate::domain::ids::{ChannelId, UserId};
use crate::domain::ladder::{Stage, Step};
use crate::domain::view::{Button, Embed, Message, Tone};

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// To a member.
    Member(Box<MyGroup>),
    /// To anyone else.
    NoGroup(NoGroup),
}

/// Someone who holds a function: the account, and the name when one is known.
pub type Holder = (UserId, Option<String>);

/// The group of a member.
#[derive(Clone, PartialEq, Eq)]
pub struct MyGroup {
    /// Its name.
    pub name: String,
    /// What it is.
    pub stage: Stage,
    /// Whether it is archived.
    pub archived: bool,
    /// Its validated members.
    pub members: u32,
    /// The next step, with its number.
    pub next: Option<(Step, u32)>,
    /// The number of the highest step.
    pub top: u32,
    /// Since when it is under the threshold of a step that it reached.
    pub under_since: Option<DateTime<Utc>>,
    /// Its relays.
    pub relays: Vec<Holder>,
    /// The referents of its région.
    pub referents: Vec<Holder>,
    /// The channels of its space that are there.
    pub rooms: Vec<(Room, ChannelId)>,
    /// The version of its statutes.
    pub statutes: Option<u32>,
    /// The next newcomers' meeting, if one is planned.
    pub meeting: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for MyGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MyGroup")
            .field("stage", &self.stage)
            .field("members", &self.members)
            .field("rooms", &self.rooms)
            .field("statutes", &self.statutes)
            .finish_non_exhaustive()
    }
}

/// For someone without a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoGroup {
    /// The names of the groups of which this account is relay.
    pub relays: Vec<String>,
    /// The basin, when this account is linked to someone on file.
    pub basin: Option<Basin>,
    /// The sign-up page.
    pub signup: String,
    /// How many people make a group possible.
    pub possible: u32,
    /// The next newcomers' meeting, if one is planned.
    pub meeting: Option<DateTime<Utc>>,
}

/// A basin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basin {
    /// «Lunel (Hérault)».
    pub name: String,
    /// How many people signed up there.
    pub signed_up: u32,
    /// The name of its group, if one was declared.
    pub group: Option<String>,
}

/// The answer.
#[must_use]
pub fn show(shown: &Shown) -> Message {
    match shown {
        Shown::Member(group) => member(group),
        Shown::NoGroup(none) => no_group(none),
    }
}

fn member(group: &MyGroup) -> Message {
    let mut lines = Vec::new();
    let bar = |n: u32, max: u32| progress_bar(n.into(), max.into(), 10);
    lines.push(match group.next {
        Some((step, threshold)) => {
            let missing = count(u64::from(threshold.saturating_sub(group.members)), "membre", "membres");
            format!(
                "{} {} / {threshold} · encore **{missing}** {}",
                bar(group.members, threshold),
                group.members,
                ladder::gives_you(step)
            )
        }
        None => format!(
            "{} {}",
            bar(group.members, group.top),
            ladder::progress(group.members, None, group.top)
        ),
    });
    if group.archived {
        lines.push("Ce groupe est archivé\u{a0}: son espace se lit, sans plus changer.".to_owned());
    }
    if let Some(since) = group.under_since {
        lines.push(format!("{}.", ladder::under(since)));
    }
    lines.push(format!("{} · {}", relays(&group.relays), referents(&group.referents)));
    if !group.rooms.is_empty() {
        let rooms: Vec<String> = group
            .rooms
            .iter()
            .map(|(room, channel)| format!("{} <#{channel}>", room.name()))
            .collect();
        lines.push(format!("Espace du groupe\u{a0}: {}", rooms.join(" · ")));
    } else if group.stage != Stage::Possible {
        lines.push("Espace du groupe\u{a0}: en cours de création.".to_owned());
    }
    if let Some(version) = group.statutes {
        lines.push(format!("📜 Statuts\u{a0}: version {version}, dans `documents`"));
    }
    lines.extend(group.meeting.map(meeting));
    let title = format!(
        "{}Groupe {} — {}",
        ladder::sign(group.stage),
        fit(&group.name, 150),
        ladder::is(group.stage)
    );
    Message::default().with_embed(Embed::new(Tone::Neutral, title, lines.join("\n")))
}

fn relays(holders: &[Holder]) -> String {
    match holders {
        [] => "Relai\u{a0}: à trouver".to_owned(),
        [one] => format!("Relai\u{a0}: {}", holder(one)),
        several => format!(
            "Relais\u{a0}: {}",
            enumeration(&several.iter().map(holder).collect::<Vec<_>>())
        ),
    }
}

fn referents(holders: &[Holder]) -> String {
    match holders {
        [] => "Référent régional\u{a0}: à nommer".to_owned(),
        [one] => format!("Référent régional\u{a0}: {}", holder(one)),
        several => {
            format!(
                "Référents régionaux\u{a0}: {}",
                enumeration(&several.iter().map(holder).collect::<Vec<_>>())
            )
        }
    }
}

fn holder((user, name): &Holder) -> String {
    name.as_ref()
        .map_or_else(|| format!("<@{user}>"), |name| escape_line(&fit(name, 120)))
}

fn meeting(at: DateTime<Utc>) -> String {
    format!(
        "📅 Prochaine réunion des nouveaux arrivants\u{a0}: {}",
        timestamp(at, Moment::LongDateTime)
    )
}

fn no_group(none: &NoGroup) -> Message {
    let mut lines = Vec::new();
    if !none.relays.is_empty() {
        let names: Vec<String> = none.relays.iter().map(|name| escape_line(&fit(name, 120))).collect();
        lines.push(format!(
            "Vous êtes relai local\u{a0}: {}. Pour en être aussi membre, votre participation se valide comme les autres.",
            enumeration(&names)
        ));
    }
    if let Some(basin) = &none.basin {
        let people = count(u64::from(basin.signed_up), "personne inscrite", "personnes inscrites");
        let rest = match &basin.group {
            Some(group) => format!(
                "Le groupe {} y existe\u{a0}: un relai vous appellera pour valider votre participation.",
                escape_line(&fit(group, 120))
            ),
            None => {
                let missing = none.possible.saturating_sub(basin.signed_up);
                format!(
                    "Encore {} et le groupe devient possible.",
                    count(u64::from(missing), "personne", "personnes")
                )
            }
        };
        lines.push(format!(
            "Dans votre bassin de vie, **{}**\u{a0}: {people}. {rest}",
            escape_line(&basin.name)
        ));
    }
    lines.push(format!(
        "**Pour rejoindre un groupe\u{a0}:**\n\
         1. Inscrivez-vous au maillage\u{a0}: <{}>. L’inscription seule ne suffit pas encore.\n\
         2. Un relai de votre bassin de vie vous appelle et valide votre participation avec vous.\n\
         3. Il vous donne un code\u{a0}: `/rejoindre` lie votre compte et ouvre l’espace du groupe.",
        none.signup
    ));
    lines.extend(none.meeting.map(meeting));
    Message::default()
        .with_embed(Embed::new(
            Tone::Neutral,
            "Vous ne faites pas encore partie d’un groupe",
            lines.join("\n\n"),
        ))
        .with_buttons(vec![Button::link("S’inscrire au maillage", none.signup.clone())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn text(shown: &Shown) -> String {
        let message = show(shown);
        assert_eq!(message.faults(), Vec::<String>::new());
        let embed = &message.embeds[0];
        format!("{}\n{}", embed.title, embed.description)
    }

    #[test]
    fn a_member_reads_where_the_group_stands() {
        let group = MyGroup {
            name: "Lunel".to_owned(),
            stage: Stage::Forming,
            archived: false,
            members: 7,
            next: Some((Step::Assembly, 10)),
            top: 20,
            under_since: None,
            relays: vec![(UserId(1), Some("Camille Dupré".to_owned())), (UserId(2), None)],
            referents: Vec::new(),
            rooms: vec![(Room::Discussion, ChannelId(11)), (Room::Register, ChannelId(12))],
            statutes: None,
            meeting: Some(at("2027-03-15T19:00:00Z")),
        };
        let assembly = MyGroup {
            stage: Stage::Assembly,
            members: 9,
            next: Some((Step::PublishRic, 15)),
            under_since: Some(at("2027-03-10T12:00:00Z")),
            relays: Vec::new(),
            referents: vec![(UserId(3), Some("Awa Martin".to_owned()))],
            rooms: Vec::new(),
            statutes: Some(1),
            ..group.clone()
        };
        let top = MyGroup {
            members: 21,
            next: None,
            archived: true,
            under_since: None,
            ..assembly.clone()
        };
        let texts = [group, assembly, top].map(|group| text(&Shown::Member(Box::new(group))));
        insta::assert_snapshot!(texts.join("\n\n"));
    }

    #[test]
    fn anyone_else_reads_how_to_join() {
        let nobody = NoGroup {
            relays: Vec::new(),
            basin: None,
            signup: "https://example.org/#participer".to_owned(),
            possible: 5,
            meeting: Some(at("2027-03-15T19:00:00Z")),
        };
        let basin = |signed_up, group: Option<&str>| {
            Some(Basin {
                name: "Lunel (Hérault)".to_owned(),
                signed_up,
                group: group.map(str::to_owned),
            })
        };
        let waiting = NoGroup {
            basin: basin(3, None),
            ..nobody.clone()
        };
        let called = NoGroup {
            basin: basin(8, Some("Lunel")),
            relays: vec!["Lunel".to_owned()],
            ..nobody.clone()
        };
        let texts = [nobody, waiting, called].map(|none| text(&Shown::NoGroup(none)));
        insta::assert_snapshot!(texts.join("\n\n"));
    }
}
