//! The words of the welcome and of its buttons (product.md §11; voice.md, «Welcome DM»). The welcome itself is the text
//! `bienvenue.md`.

use chrono::{DateTime, Utc};

use super::dates::{Style as Moment, timestamp};
use super::valider::channel_link;
use crate::domain::action::Action;
use crate::domain::ids::{ChannelId, GuildId, UserId};
use crate::domain::view::{Button, Message, Style};

/// When the next meeting is, within a sentence; none is planned when a whole year was called off.
#[must_use]
pub fn meeting(starts_at: Option<DateTime<Utc>>) -> String {
    starts_at.map_or_else(
        || "à une date qui sera annoncée".to_owned(),
        |starts_at| timestamp(starts_at, Moment::LongDateTime),
    )
}

/// What a member is told of the space of the group.
#[must_use]
pub fn space(space: Option<(GuildId, ChannelId)>, archived: bool) -> String {
    match space {
        Some((guild, channel)) if archived => format!("Son espace se lit ici\u{a0}: {}", channel_link(guild, channel)),
        Some((guild, channel)) => format!("Votre accès est ouvert\u{a0}: {}", channel_link(guild, channel)),
        None => "Son espace s’ouvrira à vous dès qu’il existera\u{a0}; `/mon-groupe` dit où il en est.".to_owned(),
    }
}

/// The welcome of somebody who belongs to no group.
#[must_use]
pub fn newcomer(text: String) -> Message {
    Message::text(text).with_buttons(vec![code(), remind(), my_data(), stop()])
}

/// The welcome of a member, who needs no code any more.
#[must_use]
pub fn member(text: String) -> Message {
    Message::text(text).with_buttons(vec![remind(), my_data(), stop()])
}

/// The same in a channel, for somebody whose direct messages are closed: there is nothing to stop then.
#[must_use]
pub fn mention(user: UserId, text: &str) -> Message {
    let mut message = Message::text(format!("<@{user}> {text}"));
    message.mentions.users.push(user.0);
    message.with_buttons(vec![code(), my_data()])
}

fn code() -> Button {
    Button::new("J’ai un code", Style::Primary, Action::Code)
}

fn remind() -> Button {
    Button::new("Me le rappeler", Style::Primary, Action::MeetingRemind)
}

fn my_data() -> Button {
    Button::new("Mes données", Style::Secondary, Action::MyData)
}

/// «Ne plus recevoir de messages».
#[must_use]
pub fn stop() -> Button {
    Button::new("Ne plus recevoir de messages", Style::Secondary, Action::MessagesStop)
}

/// «Recevoir à nouveau les messages».
#[must_use]
pub fn resume() -> Button {
    Button::new(
        "Recevoir à nouveau les messages",
        Style::Secondary,
        Action::MessagesResume,
    )
}

/// The account will be reminded of the meeting; `stopped`: it wants no messages at all, reminders included.
#[must_use]
pub fn reminded(starts_at: Option<DateTime<Utc>>, stopped: bool) -> Message {
    let next = meeting(starts_at);
    let forget = Button::new("Ne plus me le rappeler", Style::Secondary, Action::MeetingForget);
    if stopped {
        return Message::text(format!(
            "⚠️ **C’est noté, mais rien ne partira.** Vous avez demandé à ne plus recevoir de messages, rappels compris. La \
             prochaine réunion des nouveaux arrivants a lieu {next}."
        ))
        .with_buttons(vec![resume(), forget]);
    }
    Message::text(format!(
        "📅 **C’est noté.** Un message privé vous rappellera la réunion des nouveaux arrivants. La prochaine a lieu {next}, ici \
         sur Discord."
    ))
    .with_buttons(vec![forget])
}

/// The account will no longer be reminded of the meeting.
#[must_use]
pub fn not_reminded() -> Message {
    Message::text("✅ **Ces rappels s’arrêtent.** La réunion des nouveaux arrivants vous reste ouverte chaque semaine.")
        .with_buttons(vec![remind()])
}

/// The account gets no messages any more.
#[must_use]
pub fn stopped() -> Message {
    Message::text(
        "✅ **Vous ne recevrez plus de messages de bienvenue, de rappels ni de résumés.** Ce que vous demandez vous-même reçoit \
         toujours une réponse, et ce qui touche votre place dans un groupe vous est encore dit.",
    )
    .with_buttons(vec![resume()])
}

/// The account gets messages again.
#[must_use]
pub fn resumed() -> Message {
    Message::text("✅ **Les messages reprennent.** Rien de ce qui a été retenu entre-temps n’est renvoyé.")
        .with_buttons(vec![stop()])
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;
    use crate::config::Tunables;
    use crate::texts::templates::{Texts, Welcome, WelcomeFacts};

    fn monday() -> DateTime<Utc> {
        "2027-03-29T18:00:00Z".parse().unwrap()
    }

    fn facts() -> WelcomeFacts {
        let links = Tunables::default().links;
        WelcomeFacts {
            name: "Noé".to_owned(),
            meeting: meeting(Some(monday())),
            signup_link: links.signup,
            discord_link: links.discord,
            group: "Lunel".to_owned(),
            space: space(Some((GuildId(1), ChannelId(2))), false),
        }
    }

    #[test]
    fn welcomes_read_well() {
        let texts = Texts::load(None).unwrap_or_else(|_| panic!("the shipped texts are right"));
        let text = |which| texts.welcome(which, &facts());
        let to_come = WelcomeFacts {
            space: space(None, false),
            ..facts()
        };
        let seen = [
            shown::message(&newcomer(text(Welcome::Newcomer))),
            shown::message(&member(text(Welcome::Member))),
            shown::message(&member(texts.welcome(Welcome::Member, &to_come))),
            space(Some((GuildId(1), ChannelId(2))), true),
            shown::message(&mention(UserId(7), &text(Welcome::Channel))),
        ];
        insta::assert_snapshot!(seen.join("\n\n———\n\n"));
    }

    #[test]
    fn what_the_buttons_answer_reads_well() {
        let seen = [
            shown::message(&reminded(Some(monday()), false)),
            shown::message(&reminded(Some(monday()), true)),
            shown::message(&not_reminded()),
            shown::message(&stopped()),
            shown::message(&resumed()),
        ];
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn the_longest_names_fit() {
        let texts = Texts::load(None).unwrap_or_else(|_| panic!("the shipped texts are right"));
        let long = WelcomeFacts {
            name: "*".repeat(32),
            group: "_".repeat(100),
            ..facts()
        };
        for which in [Welcome::Newcomer, Welcome::Member] {
            shown::message(&newcomer(texts.welcome(which, &long)));
        }
        shown::message(&mention(UserId(u64::MAX), &texts.welcome(Welcome::Channel, &long)));
    }
}
