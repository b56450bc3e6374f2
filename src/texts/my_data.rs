//! The words of «Mes données»: what is held about an account, by kinds and dates, never by value (product.md §11, §16).

use chrono::{DateTime, Utc};

use super::dates::{Style as Moment, timestamp};
use super::markdown::{enumeration, escape_line, fit};
use super::templates::Passage;
use super::welcome;
use crate::domain::view::{Embed, Message, Tone};

/// The most characters of a name within a sentence.
const NAME_MAX: usize = 120;
/// The most characters of a list of names.
const LIST_MAX: usize = 300;

/// What is held about an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// Whether it is on the server; `None` when the program never saw it there.
    pub on_server: Option<bool>,
    /// When it was welcomed.
    pub greeted: Option<DateTime<Utc>>,
    /// The sign-up that it is linked to.
    pub file: Option<File>,
    /// Whether it is of the national team.
    pub national: bool,
    /// The names of the groups whose relay it is.
    pub relay_of: Vec<String>,
    /// The names of the régions whose referent it is.
    pub referent_of: Vec<String>,
    /// Since when it is to be reminded of the meeting.
    pub meeting: Option<DateTime<Utc>>,
    /// Since when it wants no messages.
    pub stopped: Option<DateTime<Utc>>,
    /// How one's rights are used.
    pub rights: Passage,
}

/// A sign-up that is linked to the account.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The group of which the person is a validated member, and since when.
    pub member: Option<(String, DateTime<Utc>)>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("on_server", &self.on_server)
            .field("greeted", &self.greeted)
            .field("linked", &self.file.is_some())
            .field("meeting", &self.meeting)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// The answer.
#[must_use]
pub fn show(held: &Held) -> Message {
    let mut lines = Vec::new();
    match held.on_server {
        Some(true) => lines.push("votre présence sur ce serveur et le nom que vous y montrez".to_owned()),
        Some(false) => lines.push("le nom que vous montriez sur le serveur, que vous avez quitté".to_owned()),
        None => {}
    }
    if let Some(at) = held.greeted {
        lines.push(format!("votre arrivée, accueillie par un message (le {})", day(at)));
    }
    if let Some(file) = &held.file {
        lines.push(
            "votre inscription, liée à ce compte\u{a0}: prénom, nom, téléphone, mail, code postal, et les suites des appels"
                .to_owned(),
        );
        lines.push(match &file.member {
            Some((group, since)) => format!(
                "votre place de membre validé du groupe {}, depuis le {}, avec votre accord",
                name(group),
                day(*since)
            ),
            None => "aucun groupe\u{a0}: votre participation n’est pas encore validée".to_owned(),
        });
    }
    if held.national {
        lines.push("votre place dans l’équipe nationale".to_owned());
    }
    if !held.relay_of.is_empty() {
        lines.push(format!("votre fonction de relai local ({})", names(&held.relay_of)));
    }
    if !held.referent_of.is_empty() {
        lines.push(format!(
            "votre fonction de référent régional ({})",
            names(&held.referent_of)
        ));
    }
    if let Some(at) = held.meeting {
        lines.push(format!("votre demande de rappel de la réunion (le {})", day(at)));
    }
    if let Some(at) = held.stopped {
        lines.push(format!(
            "votre demande de ne plus recevoir de messages (le {})",
            day(at)
        ));
    }
    let list: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
    let mut text = if list.is_empty() {
        "**Ce programme ne garde rien sur votre compte Discord.**".to_owned()
    } else {
        format!(
            "**Ce que ce programme garde sur votre compte Discord**\n{}",
            list.join("\n")
        )
    };
    if held.file.is_none() {
        text.push_str(
            "\nAucune inscription n’est liée à ce compte. Si vous vous êtes inscrit ou inscrite sur le site, votre fiche existe à \
             part\u{a0}: un code de votre relai la relie à ce compte.",
        );
    }
    let button = if held.stopped.is_some() {
        welcome::resume()
    } else {
        welcome::stop()
    };
    let rights = Embed::new(Tone::Neutral, fit(&held.rights.title, 256), held.rights.text.as_str());
    Message::text(text).with_embed(rights).with_buttons(vec![button])
}

fn day(at: DateTime<Utc>) -> String {
    timestamp(at, Moment::LongDate)
}

fn name(typed: &str) -> String {
    escape_line(&fit(typed, NAME_MAX))
}

fn names(typed: &[String]) -> String {
    let all: Vec<String> = typed.iter().map(|one| name(one)).collect();
    fit(&enumeration(&all), LIST_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;
    use crate::config::Tunables;
    use crate::texts::templates::Texts;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn nothing() -> Held {
        let texts = Texts::load(None).unwrap_or_else(|_| panic!("the shipped texts are right"));
        Held {
            on_server: None,
            greeted: None,
            file: None,
            national: false,
            relay_of: Vec::new(),
            referent_of: Vec::new(),
            meeting: None,
            stopped: None,
            rights: texts.privacy_rights(&Tunables::default().privacy_facts()),
        }
    }

    #[test]
    fn what_is_held_reads_well() {
        let newcomer = Held {
            on_server: Some(true),
            greeted: Some(at("2027-03-01T18:00:00Z")),
            meeting: Some(at("2027-03-02T18:00:00Z")),
            ..nothing()
        };
        let signed_up = Held {
            file: Some(File { member: None }),
            on_server: Some(false),
            ..nothing()
        };
        let everything = Held {
            file: Some(File {
                member: Some(("Lunel".to_owned(), at("2027-03-03T18:00:00Z"))),
            }),
            national: true,
            relay_of: vec!["Lunel".to_owned(), "Sète".to_owned()],
            referent_of: vec!["Occitanie".to_owned()],
            stopped: Some(at("2027-03-04T18:00:00Z")),
            ..newcomer.clone()
        };
        let seen = [nothing(), newcomer, signed_up, everything].map(|held| shown::message(&show(&held)));
        insta::assert_snapshot!(seen.join("\n\n———\n\n"));
    }

    #[test]
    fn the_longest_lists_fit() {
        let held = Held {
            relay_of: vec!["*".repeat(100); 40],
            referent_of: vec!["_".repeat(40); 18],
            file: Some(File {
                member: Some(("*".repeat(100), at("2027-03-03T18:00:00Z"))),
            }),
            on_server: Some(true),
            national: true,
            greeted: Some(at("2027-03-01T18:00:00Z")),
            meeting: Some(at("2027-03-01T18:00:00Z")),
            stopped: Some(at("2027-03-01T18:00:00Z")),
            ..nothing()
        };
        shown::message(&show(&held));
    }
}
