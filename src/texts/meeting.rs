//! The words of the newcomers' meeting: its Discord event, its reminders, what is announced of it, `/reunion` and the question
//! about public holidays (product.md §11; voice.md).

use chrono::{DateTime, NaiveDate, Utc};

use super::dates::{self, Style as Moment, timestamp};
use super::markdown::{enumeration, escape_line, fit};
use crate::domain::action::Action;
use crate::domain::calendar::{Holiday, Occurrence, ReminderKind, paris_date};
use crate::domain::ids::{ChannelId, EventId, GuildId, UserId};
use crate::domain::meeting_event::marker;
use crate::domain::view::{Button, Field, Message, Modal, Style};

/// The longest reason of a cancellation, in characters.
pub const REASON_MAX: usize = 200;
/// The field of the form of «Déplacer».
pub const NEW_DATE: &str = "nouvelle";

/// Where the meeting is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As the host wrote it (`[reunion] lieu`).
    Written(String),
    /// In this channel.
    Channel(GuildId, ChannelId),
    /// Somewhere on the server.
    Server,
}

impl Place {
    /// As the Discord event shows it: plain words, at most 100 characters (product.md §11).
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Place::Written(words) => fit(words, 100),
            Place::Channel(guild, channel) => format!("https://discord.com/channels/{guild}/{channel}"),
            Place::Server => "Sur ce serveur Discord".to_owned(),
        }
    }

    fn line(&self) -> String {
        match self {
            Place::Written(words) if words.starts_with("https://") => format!("Lieu\u{a0}: <{}>", words.trim()),
            Place::Written(words) => format!("Lieu\u{a0}: {}", escape_line(&fit(words, 100))),
            Place::Channel(_, channel) => format!("Lieu\u{a0}: <#{channel}>"),
            Place::Server => "Lieu\u{a0}: sur ce serveur Discord".to_owned(),
        }
    }
}

/// The name of the Discord event.
#[must_use]
pub fn event_name() -> String {
    "Réunion des nouveaux arrivants".to_owned()
}

/// The description of the Discord event; its last line is the marker by which it is found again.
#[must_use]
pub fn event_description(day: NaiveDate) -> String {
    format!(
        "Pour découvrir le mouvement, poser ses questions et savoir comment rejoindre un groupe local. Ouverte à tous, sans \
         inscription.\n\
         Pour recevoir un rappel\u{a0}: /reunion prochaine, puis «\u{a0}Me le rappeler\u{a0}».\n\
         {}",
        marker(day)
    )
}

/// A reminder, in the channel or in a direct message, as it is sent at `now`.
#[must_use]
pub fn reminder(kind: ReminderKind, occurrence: &Occurrence, place: &Place, now: DateTime<Utc>) -> Message {
    let at = occurrence.starts_at;
    let head = match kind {
        ReminderKind::DayBefore => {
            let day = match paris_date(at).signed_duration_since(paris_date(now)).num_days() {
                ..=0 => "Aujourd’hui",
                1 => "Demain",
                _ => "Bientôt",
            };
            format!(
                "📅 **{day}\u{a0}: la réunion des nouveaux arrivants.**\n{}",
                timestamp(at, Moment::LongDateTime)
            )
        }
        ReminderKind::Before => format!(
            "📅 **La réunion des nouveaux arrivants commence {}.**\n{}",
            timestamp(at, Moment::Relative),
            timestamp(at, Moment::LongDateTime)
        ),
        ReminderKind::Start => "📅 **La réunion des nouveaux arrivants commence.**".to_owned(),
    };
    Message::text(format!(
        "{head}\n{}\nElle est ouverte à tous, sans inscription.",
        place.line()
    ))
}

/// «Ne plus me le rappeler», under the reminders by direct message.
#[must_use]
pub fn with_forget(message: Message) -> Message {
    message.with_buttons(vec![forget()])
}

/// The same to someone whose direct messages are closed, in a channel.
#[must_use]
pub fn mention(user: UserId, told: &Message) -> Message {
    let mut message = Message::text(format!(
        "<@{user}> Vos messages privés sont fermés, je vous écris donc ici.\n{}",
        told.content
    ));
    message.mentions.users.push(user.0);
    message
}

fn remind() -> Button {
    Button::new("Me le rappeler", Style::Primary, Action::MeetingRemind)
}

fn forget() -> Button {
    Button::new("Ne plus me le rappeler", Style::Secondary, Action::MeetingForget)
}

/// A change of the agenda, as it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is called off.
    Cancelled {
        /// Why, in the words of who called it off.
        reason: Option<String>,
        /// The meeting that follows.
        next: Option<DateTime<Utc>>,
    },
    /// It is held at another time.
    Moved {
        /// When.
        to: DateTime<Utc>,
    },
    /// It had been called off, and is held after all.
    HeldAgain {
        /// When.
        at: DateTime<Utc>,
    },
}

/// The announcement of a change, in the channel or in a direct message. `before` is when the meeting was to start.
#[must_use]
pub fn announcement(before: DateTime<Utc>, change: &Change, place: &Place) -> Message {
    let was = timestamp(before, Moment::LongDateTime);
    let text = match change {
        Change::Cancelled { reason, next } => {
            let reason = reason
                .as_ref()
                .map(|reason| format!("\nMotif\u{a0}: {}", shown(reason)))
                .unwrap_or_default();
            let next = next
                .map(|next| format!("\nLa suivante\u{a0}: {}", timestamp(next, Moment::LongDateTime)))
                .unwrap_or_default();
            format!("📅 **La réunion des nouveaux arrivants prévue {was} n’aura pas lieu.**{reason}{next}")
        }
        Change::Moved { to } => format!(
            "📅 **La réunion des nouveaux arrivants est déplacée.**\nPrévue {was}, elle aura lieu {} ({}).\n{}",
            timestamp(*to, Moment::LongDateTime),
            timestamp(*to, Moment::Relative),
            place.line()
        ),
        Change::HeldAgain { at } => format!(
            "📅 **La réunion des nouveaux arrivants aura finalement lieu.**\n{} ({})\n{}",
            timestamp(*at, Moment::LongDateTime),
            timestamp(*at, Moment::Relative),
            place.line()
        ),
    };
    Message::text(text)
}

fn shown(reason: &str) -> String {
    escape_line(&fit(reason, REASON_MAX))
}

/// What `/reunion prochaine` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The next meeting; none when the agenda is empty.
    pub next: Option<Occurrence>,
    /// Where it is held.
    pub place: Place,
    /// Its Discord event, once there is one.
    pub event: Option<(GuildId, EventId)>,
    /// The meetings called off before it, with their reasons.
    pub cancelled: Vec<(Occurrence, Option<String>)>,
    /// The meeting going on now.
    pub running: bool,
    /// Whether this account is reminded.
    pub subscribed: bool,
}

/// The answer of `/reunion prochaine`.
#[must_use]
pub fn coming(coming: &Coming) -> Message {
    let mut lines = Vec::new();
    if coming.running {
        lines.push(
            "📅 **La réunion des nouveaux arrivants est en cours\u{a0}: vous pouvez nous y rejoindre.**".to_owned(),
        );
        lines.push(coming.place.line());
    }
    for (occurrence, reason) in &coming.cancelled {
        let reason = reason
            .as_ref()
            .map(|reason| format!(" Motif\u{a0}: {}", shown(reason)))
            .unwrap_or_default();
        lines.push(format!(
            "⚠️ La réunion prévue {} n’aura pas lieu.{reason}",
            timestamp(occurrence.starts_at, Moment::LongDateTime)
        ));
    }
    let Some(next) = coming.next else {
        lines.push("📅 Aucune réunion n’est prévue pour le moment. Elle sera annoncée sur ce serveur.".to_owned());
        return Message::text(lines.join("\n"));
    };
    lines.push(format!(
        "📅 **Prochaine réunion des nouveaux arrivants\u{a0}: {}** ({})",
        timestamp(next.starts_at, Moment::LongDateTime),
        timestamp(next.starts_at, Moment::Relative)
    ));
    if !coming.running {
        lines.push(coming.place.line());
    }
    lines.push(
        "On y découvre le mouvement, on y pose ses questions, on y apprend comment rejoindre un groupe local. Elle est \
         ouverte à tous, sans inscription."
            .to_owned(),
    );
    let mut buttons = vec![if coming.subscribed { forget() } else { remind() }];
    if let Some((guild, event)) = coming.event {
        buttons.push(Button::link(
            "Voir l’événement",
            format!("https://discord.com/events/{guild}/{event}"),
        ));
    }
    Message::text(lines.join("\n")).with_buttons(buttons)
}

/// Where a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The channel of the reminders, when there is one.
    pub channel: Option<ChannelId>,
    /// How many people are told by a direct message.
    pub people: usize,
}

impl Told {
    fn line(self) -> String {
        let people = match self.people {
            0 => String::new(),
            1 => " Une personne, qui demande les rappels, reçoit un message privé.".to_owned(),
            some => format!(" Les {some} personnes qui demandent les rappels reçoivent un message privé."),
        };
        let channel = match self.channel {
            Some(channel) => format!("L’annonce part dans <#{channel}>."),
            None => "Aucun salon de réunion n’existe encore\u{a0}: rien n’est annoncé dans un salon.".to_owned(),
        };
        format!("{channel}{people} L’événement Discord suit.")
    }
}

/// The meeting is called off.
#[must_use]
pub fn cancelled(before: &Occurrence, reason: Option<&str>, next: Option<DateTime<Utc>>, told: Told) -> Message {
    let reason = reason
        .map(|reason| format!("Motif\u{a0}: {}\n", shown(reason)))
        .unwrap_or_default();
    let next = next
        .map(|next| format!("La suivante\u{a0}: {}.\n", dates::weekday_moment(next)))
        .unwrap_or_default();
    let day = dates::numeric(paris_date(before.starts_at));
    Message::text(format!(
        "✅ **La réunion du {} est annulée.**\n{reason}{next}{}\n\
         Pour la rétablir\u{a0}: `/reunion deplacer date:{day} nouvelle:{day}`",
        dates::weekday_moment(before.starts_at),
        told.line()
    ))
}

/// The meeting is held at another time, or after all.
#[must_use]
pub fn moved(before: &Occurrence, after: &Occurrence, told: Told) -> Message {
    let head = if !before.is_held() {
        format!(
            "✅ **La réunion annulée est rétablie\u{a0}: {}.**",
            dates::weekday_moment(after.starts_at)
        )
    } else {
        format!(
            "✅ **La réunion est déplacée.**\nAvant\u{a0}: {}\nMaintenant\u{a0}: {}",
            dates::weekday_moment(before.starts_at),
            dates::weekday_moment(after.starts_at)
        )
    };
    Message::text(format!("{head}\n{}", told.line()))
}

/// The question to the national team about a meeting on a public holiday.
#[must_use]
pub fn holiday_question(occurrence: &Occurrence, holiday: Holiday) -> Message {
    let day = occurrence.day;
    Message::text(format!(
        "📅 **La réunion des nouveaux arrivants du {} tombe un jour férié\u{a0}: {}.**\n\
         Sans réponse, elle a lieu comme d’habitude. La première réponse vaut pour toute l’équipe.",
        dates::weekday_moment(occurrence.starts_at),
        dates::holiday(holiday)
    ))
    .with_buttons(vec![
        Button::new("Maintenir", Style::Primary, Action::MeetingKeep(day)),
        Button::new("Annuler cette réunion", Style::Danger, Action::MeetingCancel(day)),
        Button::new("Déplacer", Style::Secondary, Action::MeetingMove(day)),
    ])
}

/// The form of «Déplacer».
#[must_use]
pub fn move_form(day: NaiveDate, held: DateTime<Utc>) -> Modal {
    Modal {
        action: Action::MeetingMoveForm(day),
        title: "Déplacer la réunion".to_owned(),
        fields: vec![
            Field::short(NEW_DATE, "Nouvelle date, avec l’heure si elle change")
                .example(format!("{} 20:00", dates::numeric(paris_date(held)))),
        ],
    }
}

/// The meeting on a public holiday is held as usual.
#[must_use]
pub fn kept(occurrence: &Occurrence) -> Message {
    Message::text(format!(
        "✅ **La réunion du {} est maintenue.** Rien d’autre à faire.",
        dates::weekday_moment(occurrence.starts_at)
    ))
}

/// What was decided of a meeting before someone pressed too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Held as usual.
    Kept,
    /// Called off.
    Cancelled,
    /// Held at another time.
    Moved,
}

/// Someone else has answered the question; `by` is who, when known.
#[must_use]
pub fn already_decided(occurrence: &Occurrence, decision: Decision, by: Option<&str>) -> String {
    let what = match decision {
        Decision::Kept => "cette réunion est maintenue".to_owned(),
        Decision::Cancelled => "cette réunion est annulée".to_owned(),
        Decision::Moved => format!(
            "cette réunion est déplacée au {}",
            dates::weekday_moment(occurrence.starts_at)
        ),
    };
    let by = by
        .map(|by| format!(" (réponse de {})", escape_line(&fit(by, 120))))
        .unwrap_or_default();
    format!(
        "⚠️ **C’est déjà décidé\u{a0}: {what}**{by}. Pour en changer\u{a0}: `/reunion annuler` ou `/reunion deplacer`, sur le \
         serveur."
    )
}

/// No meeting is held on the typed day; the nearest ones are named.
#[must_use]
pub fn none_that_day(date: NaiveDate, nearest: &[Occurrence]) -> String {
    let names: Vec<String> = nearest
        .iter()
        .map(|one| {
            let day = paris_date(one.starts_at);
            format!("{} ({})", dates::weekday_moment(one.starts_at), dates::numeric(day))
        })
        .collect();
    let nearest = if names.is_empty() {
        String::new()
    } else {
        format!(" Les plus proches\u{a0}: {}.", enumeration(&names))
    };
    format!(
        "⚠️ **Aucune réunion n’est prévue le {}.**{nearest}",
        dates::weekday_day(date)
    )
}

/// The typed day is over.
#[must_use]
pub fn past(date: NaiveDate) -> String {
    format!(
        "⚠️ Le {} est passé\u{a0}: il n’y a plus rien à y changer. Rien n’a été modifié.",
        dates::weekday_day(date)
    )
}

/// The meeting has begun, or is over.
#[must_use]
pub fn started(occurrence: &Occurrence) -> String {
    format!(
        "⚠️ La réunion du {} a déjà commencé\u{a0}: elle ne peut plus être annulée ni déplacée.",
        dates::weekday_moment(occurrence.starts_at)
    )
}

/// The meeting is called off already.
#[must_use]
pub fn already_cancelled(occurrence: &Occurrence) -> String {
    let day = dates::numeric(paris_date(occurrence.starts_at));
    format!(
        "⚠️ La réunion du {} est déjà annulée. Pour la rétablir\u{a0}: `/reunion deplacer date:{day} nouvelle:{day}`",
        dates::weekday_moment(occurrence.starts_at)
    )
}

/// The new time is the present one.
#[must_use]
pub fn same(occurrence: &Occurrence) -> String {
    format!(
        "⚠️ La réunion a déjà lieu à ce moment-là\u{a0}: {}. Rien n’a changé.",
        dates::weekday_moment(occurrence.starts_at)
    )
}

/// Another meeting is held on the new day.
#[must_use]
pub fn taken(occurrence: &Occurrence) -> String {
    format!(
        "⚠️ **Une autre réunion a lieu ce jour-là\u{a0}: {}.** Choisissez un autre jour, ou annulez d’abord l’une des deux.",
        dates::weekday_moment(occurrence.starts_at)
    )
}

/// The new time is past, or too near to be announced.
#[must_use]
pub fn too_soon(at: DateTime<Utc>) -> String {
    format!(
        "⚠️ **{} est passé ou trop proche.** Choisissez un moment à venir, au moins dix minutes plus tard, pour que l’annonce \
         serve.",
        capitalised(&dates::weekday_moment(at))
    )
}

/// The day is more than a year away.
#[must_use]
pub fn too_far(date: NaiveDate) -> String {
    format!(
        "⚠️ Le {} est dans plus d’un an. Vérifiez l’année.",
        dates::weekday_day(date)
    )
}

/// The reason is too long.
#[must_use]
pub fn reason_too_long() -> String {
    format!(
        "⚠️ Ce motif est trop long\u{a0}: {REASON_MAX} caractères suffisent, il est annoncé tel quel. Rien n’a changé."
    )
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{MeetingRule, Standing};
    use crate::texts::shown::{message, modal};
    use chrono::TimeDelta;

    fn monday() -> Occurrence {
        Occurrence::regular(&MeetingRule::default().on("2027-03-29".parse().unwrap()))
    }

    fn moved_to_tuesday() -> Occurrence {
        Occurrence {
            starts_at: monday().starts_at + TimeDelta::days(1),
            ends_at: monday().ends_at + TimeDelta::days(1),
            standing: Standing::Moved,
            ..monday()
        }
    }

    const CHANNEL: Place = Place::Channel(GuildId(1), ChannelId(5));

    #[test]
    fn what_the_event_shows_fits_discord() {
        let description = event_description(monday().day);
        assert!(description.chars().count() <= 1000 && event_name().chars().count() <= 100);
        assert!(description.ends_with("réf. réunion 2027-03-29"));
        let places = [Place::Written("x".repeat(150)), CHANNEL, Place::Server].map(|place| place.location());
        assert!(places.iter().all(|place| place.chars().count() <= 100));
        assert_eq!(places[1], "https://discord.com/channels/1/5");
        assert_eq!(places[2], "Sur ce serveur Discord");
    }

    #[test]
    fn the_reminders() {
        let meeting = monday();
        let places = [CHANNEL, Place::Written("Salon *vocal*".to_owned()), Place::Server];
        let at = |hours| meeting.starts_at - TimeDelta::hours(hours);
        let mut seen = vec![
            message(&reminder(ReminderKind::DayBefore, &meeting, &places[0], at(26))),
            message(&reminder(ReminderKind::DayBefore, &meeting, &places[1], at(6))),
            message(&reminder(ReminderKind::Before, &meeting, &places[2], at(1))),
        ];
        let start = reminder(ReminderKind::Start, &meeting, &places[0], at(0));
        seen.push(message(&mention(UserId(7), &start)));
        seen.push(message(&with_forget(start)));
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn the_announcements() {
        let before = monday().starts_at;
        let next = Some(before + TimeDelta::weeks(1));
        let reason = Some("Lundi de *Pâques*".to_owned());
        let changes = [
            Change::Cancelled { reason, next },
            Change::Cancelled {
                reason: None,
                next: None,
            },
            Change::Moved {
                to: moved_to_tuesday().starts_at,
            },
            Change::HeldAgain { at: before },
        ];
        let seen = changes.map(|change| message(&announcement(before, &change, &CHANNEL)));
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn the_next_meeting_for_whoever_asks() {
        let plain = Coming {
            next: Some(monday()),
            place: CHANNEL,
            event: None,
            cancelled: Vec::new(),
            running: false,
            subscribed: false,
        };
        let called_off = Coming {
            next: Some(moved_to_tuesday()),
            cancelled: vec![(monday(), Some("Grève des trains".to_owned()))],
            event: Some((GuildId(1), EventId(9))),
            subscribed: true,
            ..plain.clone()
        };
        let running = Coming {
            running: true,
            place: Place::Written("https://example.org/salle".to_owned()),
            ..plain.clone()
        };
        let none = Coming {
            next: None,
            ..plain.clone()
        };
        let seen = [plain, called_off, running, none].map(|one| message(&coming(&one)));
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn what_the_national_team_reads() {
        let (before, after) = (monday(), moved_to_tuesday());
        let gone = Occurrence {
            standing: Standing::Cancelled,
            ..before
        };
        let told = |channel, people| Told { channel, people };
        let next = Some(before.starts_at + TimeDelta::weeks(1));
        let seen = [
            message(&holiday_question(&before, Holiday::EasterMonday)),
            modal(&move_form(before.day, before.starts_at)),
            message(&kept(&before)),
            message(&cancelled(&before, Some("Grève"), next, told(Some(ChannelId(5)), 12))),
            message(&cancelled(&before, None, None, told(None, 0))),
            message(&moved(&before, &after, told(Some(ChannelId(5)), 1))),
            message(&moved(&gone, &before, told(Some(ChannelId(5)), 0))),
        ];
        insta::assert_snapshot!(seen.join("\n\n"));
    }

    #[test]
    fn what_is_refused_says_what_to_do() {
        let (monday, tuesday) = (monday(), moved_to_tuesday());
        let day = "2027-04-01".parse().unwrap();
        let seen = [
            already_decided(&monday, Decision::Kept, None),
            already_decided(&monday, Decision::Cancelled, Some("Nadia Benali")),
            already_decided(&tuesday, Decision::Moved, Some("Nadia Benali")),
            none_that_day(day, &[monday, tuesday]),
            none_that_day(day, &[]),
            past(day),
            started(&monday),
            already_cancelled(&monday),
            same(&monday),
            taken(&tuesday),
            too_soon(monday.starts_at),
            too_far(day),
            reason_too_long(),
        ];
        insta::assert_snapshot!(seen.join("\n"));
    }
}
