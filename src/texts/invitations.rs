//! One-time codes: what the relay gives, what the person is told (product.md §6.6).

use chrono::{DateTime, Utc};

use super::dates::{Style, timestamp};
use super::markdown::{code_block, escape_line};
use super::valider::channel_link;
use crate::domain::action::Action;
use crate::domain::ids::{ChannelId, GuildId};
use crate::domain::view::{Field, Message, Modal};

/// The field of the modal under «J’ai un code» (product.md §11).
pub const CODE_FIELD: &str = "code";

/// An invitation, to be shown once to the relay.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// «Camille D.».
    pub short: String,
    /// The code.
    pub code: String,
    /// The SMS text.
    pub sms: String,
    /// Until when the code can be used.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The answer to `/invitation`.
#[must_use]
pub fn given(given: &Given) -> Message {
    Message::text(format!(
        "✅ **L’invitation est prête.** Pour {}, le code **`{}`** sert une seule fois, jusqu’au {}\u{a0}; un code donné avant \
         ne sert plus.\nTexte à copier dans un SMS\u{a0}:\n{}",
        escape_line(&given.short),
        given.code,
        timestamp(given.expires_at, Style::LongDate),
        code_block(&given.sms)
    ))
}

/// The person is linked already.
#[must_use]
pub fn already_linked(short: &str) -> String {
    format!(
        "⚠️ {} est déjà sur Discord\u{a0}: son compte est lié, un code ne servirait à rien.",
        escape_line(short)
    )
}

/// What a code has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The group's name; none when nobody calls where this person lives.
    pub group: Option<String>,
    /// Whether the person is a member of it, or only called by its relays yet.
    pub member: bool,
    /// Where the group writes, once its space exists.
    pub space: Option<(GuildId, ChannelId)>,
    /// The invitation to the server, when the account has left it: the code was typed in a direct message.
    pub way_back: Option<String>,
}

/// The answer to `/rejoindre` with a good code.
#[must_use]
pub fn joined(welcome: &Welcome) -> Message {
    let Some(group) = welcome.group.as_deref().map(escape_line) else {
        return Message::text(
            "✅ **Votre compte est lié à votre inscription.** Aucun groupe n’existe encore près de chez vous\u{a0}: un relai \
             local vous appellera dès qu’il y en aura un.",
        );
    };
    if let (true, Some(link)) = (welcome.member, &welcome.way_back) {
        return Message::text(format!(
            "✅ **Bienvenue dans le groupe {group}.** Votre compte est lié. L’espace de votre groupe s’ouvrira à vous à votre \
             retour sur le serveur\u{a0}: {link}"
        ));
    }
    Message::text(match (welcome.member, welcome.space) {
        (true, Some((guild, channel))) => format!(
            "✅ **Bienvenue dans le groupe {group}.** Votre compte est lié. L’espace de votre groupe s’ouvre à vous dans \
             quelques secondes\u{a0}: {}",
            channel_link(guild, channel)
        ),
        (true, None) => format!(
            "✅ **Bienvenue dans le groupe {group}.** Votre compte est lié. L’espace de votre groupe s’ouvrira à vous dès \
             qu’il existera\u{a0}; `/mon-groupe` dit où il en est."
        ),
        (false, _) => format!(
            "✅ **Votre compte est lié à votre inscription.** Le relai local du groupe {group} validera votre participation \
             avec vous\u{a0}; vous n’avez rien d’autre à faire."
        ),
    })
}

/// A code that opens nothing: unknown, used, replaced, expired, or of somebody who is linked or erased. The same words for
/// all, so that nobody learns whom a code was for.
#[must_use]
pub fn refused() -> String {
    "⚠️ **Ce code ne fonctionne pas.** Vérifiez chaque caractère. Un code sert une seule fois et pendant un temps limité\u{a0}: \
     demandez-en un nouveau à votre relai local."
        .to_owned()
}

/// The sixth try within the hour.
#[must_use]
pub fn too_many_tries(again: DateTime<Utc>) -> String {
    format!(
        "⛔ **Trop d’essais.** Par sécurité, aucun code n’est accepté de votre part jusqu’à {}. Un code juste reste valable \
         d’ici là.",
        timestamp(again, Style::ShortTime)
    )
}

/// The account that types a code is linked already.
#[must_use]
pub fn account_linked() -> String {
    "⚠️ **Votre compte est déjà lié**\u{a0}: vous n’avez pas besoin de code. Celui-ci n’a pas été utilisé. `/mon-groupe` vous \
     dit où vous en êtes."
        .to_owned()
}

/// The modal under «J’ai un code».
#[must_use]
pub fn code_form() -> Modal {
    Modal {
        action: Action::CodeForm,
        title: "J’ai un code".to_owned(),
        fields: vec![Field {
            max: 30,
            ..Field::short(CODE_FIELD, "Code reçu de votre relai").example("ABCD2345")
        }],
    }
}

/// A person has used an invitation; to the relays, by DM.
#[must_use]
pub fn joined_for_relay(short: &str, group: &str) -> Message {
    Message::text(format!(
        "✅ **{} a utilisé son code** et se trouve maintenant sur Discord avec le groupe {}.",
        escape_line(short),
        escape_line(group)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;
    use crate::domain::person::NAME_MAX;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn welcome(member: bool, space: bool) -> Welcome {
        let space = space.then_some((GuildId(1), ChannelId(2)));
        Welcome {
            group: Some("Lunel".to_owned()),
            member,
            space,
            way_back: None,
        }
    }

    #[test]
    fn what_the_relay_and_the_person_read() {
        let given_now = Given {
            short: "Camille D.".to_owned(),
            code: "ABCD2345".to_owned(),
            sms: "Bonjour Camille, donnez ce code : ABCD2345.".to_owned(),
            expires_at: at("2027-03-15T12:00:00Z"),
        };
        let seen = [
            shown::message(&given(&given_now)),
            already_linked("Camille D."),
            shown::message(&joined(&welcome(true, true))),
            shown::message(&joined(&welcome(true, false))),
            shown::message(&joined(&Welcome {
                way_back: Some("https://discord.gg/exemple".to_owned()),
                ..welcome(true, true)
            })),
            shown::message(&joined(&welcome(false, false))),
            shown::message(&joined(&Welcome {
                group: None,
                ..welcome(false, false)
            })),
            refused(),
            too_many_tries(at("2027-03-01T13:00:00Z")),
            account_linked(),
            shown::modal(&code_form()),
            shown::message(&joined_for_relay("Camille D.", "Lunel")),
        ];
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn the_longest_names_fit() {
        let given_now = Given {
            short: "*".repeat(NAME_MAX + 3),
            code: "ABCD2345".to_owned(),
            sms: "`".repeat(700),
            expires_at: at("2027-03-15T12:00:00Z"),
        };
        shown::message(&given(&given_now));
        shown::message(&joined_for_relay(&given_now.short, &"*".repeat(100)));
    }
}
