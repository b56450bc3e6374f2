//! The evening's call-backs and the weekly digest (product.md §5).

use chrono::NaiveDate;

use super::NAME_IN_LINE;
use crate::domain::ids::UserId;
use crate::domain::view::Message;
use crate::texts::dates;
use crate::texts::markdown::{count, escape_line, fit, fit_lines};

/// The evening's reminder, by DM: «Prénom N.» and the day, never a number (product.md §17).
#[must_use]
pub fn call_backs(people: &[(String, NaiveDate)], today: NaiveDate) -> Message {
    let lines: Vec<String> = people
        .iter()
        .map(|(name, on)| {
            let name = fit(&escape_line(name), NAME_IN_LINE);
            if *on < today {
                format!("- {name}, prévu le {}", dates::day(*on))
            } else {
                format!("- {name}")
            }
        })
        .collect();
    Message::text(format!(
        "📞 **Vous avez {} ce soir.**\n{}\nLes fiches sont sur le serveur\u{a0}: `/contacts`, filtre «\u{a0}À rappeler\u{a0}».",
        count(people.len() as u64, "rappel", "rappels"),
        fit_lines(&lines, 1500, "")
    ))
}

/// The same without any name, in a channel, for a relay whose DMs are closed (product.md §5).
#[must_use]
pub fn call_backs_in_channel(relay: UserId, number: usize) -> Message {
    let mut message = Message::text(format!(
        "<@{relay}> Vous avez {} ce soir\u{a0}: `/contacts`",
        count(number as u64, "rappel", "rappels")
    ));
    message.mentions.users.push(relay.0);
    message
}

/// What is new on a relay's list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// People who came since the digest before.
    pub new: usize,
    /// People offered now.
    pub to_call: usize,
    /// Call-backs of the seven days to come, and those that are late.
    pub call_backs: usize,
    /// Participations validated since the digest before.
    pub validated: usize,
}

impl Digest {
    /// Whether there is anything to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The weekly digest of a relay (product.md §5).
#[must_use]
pub fn digest(digest: &Digest, since: NaiveDate) -> Message {
    let mut lines = vec![match digest.new {
        0 => "- Aucune nouvelle inscription".to_owned(),
        new => format!(
            "- {}",
            count(new as u64, "nouvelle inscription", "nouvelles inscriptions")
        ),
    }];
    if digest.validated > 0 {
        lines.push(format!(
            "- {}",
            count(
                digest.validated as u64,
                "participation validée",
                "participations validées"
            )
        ));
    }
    lines.push(format!(
        "- {} à appeler",
        count(digest.to_call as u64, "personne", "personnes")
    ));
    if digest.call_backs > 0 {
        lines.push(format!(
            "- {} cette semaine",
            count(digest.call_backs as u64, "rappel", "rappels")
        ));
    }
    Message::text(format!(
        "📞 **Votre liste, depuis le {}**\n{}\nPour continuer, sur le serveur\u{a0}: `/contacts`",
        dates::day(since),
        lines.join("\n")
    ))
}
