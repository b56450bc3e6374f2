//! What the bot tells people of its own accord, by DM: what happened, what it changes, what to do next (voice.md).
//!
//! No phone and no mail, ever; «Prénom N.» to relays only (product.md §17).

use super::markdown::{count, enumeration, escape_line, fit, fit_lines};
use super::{not_me, valider};
use crate::domain::action::Action;
use crate::domain::ids::{ChannelId, GroupId, GuildId, MembershipId, PersonId, TransferId, UserId};
use crate::domain::ladder::Step;
use crate::domain::notice::PutBack;
use crate::domain::view::{Button, Choice, Embed, Message, OPTIONS_MAX, Select, SelectOf, Style, Tone};

/// The most characters of a name within a sentence.
const NAME_MAX: usize = 120;
/// The most characters of a list within a message: the rest of the message has room beside it.
const LIST_MAX: usize = 1500;
/// The most characters of an option's label or description.
const OPTION_MAX: usize = 100;

/// A group without relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The name of its département.
    pub departement: String,
    /// How many people signed up in its territory.
    pub signed_up: u32,
}

/// Groups that have become possible and have no relay; `others` more wait in `/groupe liste`.
#[must_use]
pub fn possible(groups: &[Possible]) -> Message {
    match groups {
        [group] => Message::text(format!(
            "🌱 **Groupe possible\u{a0}: {} ({})** — {}, relai à trouver.\n\
             Il suffit d’une ou deux personnes motivées pour les appeler.",
            name(&group.name),
            name(&group.departement),
            inscrits(group.signed_up),
        ))
        .with_buttons(vec![Button::new(
            "Nommer un relai",
            Style::Primary,
            Action::NameRelay(group.id),
        )]),
        groups => {
            let lines: Vec<String> = groups
                .iter()
                .map(|group| {
                    format!(
                        "- {} ({}) — {}",
                        name(&group.name),
                        name(&group.departement),
                        inscrits(group.signed_up)
                    )
                })
                .collect();
            Message::text(format!(
                "🌱 **{} groupes possibles, relais à trouver**\n{}\n\
                 Il suffit, pour chacun, d’une ou deux personnes motivées pour appeler les inscrits. `/groupe liste` les \
                 montre tous.",
                groups.len(),
                fit_lines(&lines, LIST_MAX, ""),
            ))
            .with_select(pick(groups))
        }
    }
}

/// The choice of one group among those announced together.
fn pick(groups: &[Possible]) -> Select {
    let choices = groups
        .iter()
        .take(OPTIONS_MAX)
        .map(|group| Choice {
            label: fit(&format!("{} ({})", group.name, group.departement), OPTION_MAX),
            value: group.id.to_string(),
            description: inscrits(group.signed_up),
            chosen: false,
        })
        .collect();
    Select {
        action: Action::NameRelayPick,
        placeholder: "Nommer un relai pour…".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    }
}

/// The space of a group, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The server.
    pub guild: GuildId,
    /// Where members write.
    pub channel: ChannelId,
}

fn link(place: Place) -> String {
    valider::channel_link(place.guild, place.channel)
}

/// A group has reached a step.
#[must_use]
pub fn step(group: &str, step: Step, members: u32, place: Option<Place>) -> Message {
    let group = name(group);
    let members = count(members.into(), "membre validé", "membres validés");
    let space = match (step, place) {
        (_, Some(place)) => format!("Espace du groupe\u{a0}: {}", link(place)),
        (Step::Possible | Step::Forming, None) => "Son espace Discord se prépare.".to_owned(),
        _ => String::new(),
    };
    let news = match step {
        Step::Possible => format!("🌱 **Le groupe {group} est possible.**"),
        Step::Forming => format!("🌱 **Le groupe {group} est en formation.** Il compte {members}."),
        Step::Assembly => format!(
            "🏛️ **Le groupe {group} est une ACP (Assemblée Constituante Populaire).** Il compte {members} et reçoit ses \
             statuts, que le groupe peut modifier pour se les approprier."
        ),
        Step::PublishRic => format!(
            "🏛️ **Le groupe {group} peut publier sa procédure de RIC constituant.** Il compte {members}\u{a0}; un relai la transmet \
             à l’équipe nationale."
        ),
        Step::PublishWorks => format!(
            "🏛️ **Le groupe {group} peut publier ses travaux sur les deux autres questions.** Il compte {members}\u{a0}; un relai \
             les transmet à l’équipe nationale."
        ),
    };
    Message::text(format!("{news}\n{space}").trim_end().to_owned())
}

/// A participation was validated; to whoever may annul it.
#[must_use]
pub fn validated(
    membership: MembershipId,
    group: &str,
    number: u32,
    standing: &str,
    relay: Option<&str>,
    days: i64,
) -> Message {
    let by = relay
        .map(|relay| format!(", par le relai {}", name(relay)))
        .unwrap_or_default();
    Message::text(format!(
        "✅ **Groupe {}\u{a0}: une participation est validée** (n°\u{a0}{number} du registre){by}.\n{standing}.\n\
         Une erreur\u{a0}? Vous pouvez l’annuler pendant {}.",
        name(group),
        count(days.unsigned_abs(), "jour", "jours"),
    ))
    .with_buttons(vec![valider::annul(membership)])
}

/// A validation was annulled; `who` is «de Prénom N.», or the number in the register for those who read no names by DM.
#[must_use]
pub fn annulled(group: &str, whom: Whom<'_>, by: Option<&str>, reason: Option<&str>, standing: &str) -> Message {
    let whom = match whom {
        Whom::Name(short) => format!("La validation de {} est annulée", name(short)),
        Whom::Number(number) => format!("La validation n°\u{a0}{number} est annulée"),
    };
    let by = by.map(|by| format!(" par {}", name(by))).unwrap_or_default();
    let reason = reason
        .map(|reason| format!("\nMotif\u{a0}: {}", fit(&escape_line(reason), 600)))
        .unwrap_or_default();
    Message::text(format!(
        "⚠️ **{whom}**{by}, dans le groupe {}.{reason}\n{standing}.",
        name(group)
    ))
}

/// How a member is named in a DM (product.md §17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'a> {
    /// «Prénom N.», to relays.
    Name(&'a str),
    /// The number in the register, to the others.
    Number(u32),
}

/// An account is linked to a member. `relays` are the others than this person, who may be one: `relay`.
#[must_use]
pub fn linked(person: PersonId, group: &str, relay: bool, relays: &[String], place: Option<Place>) -> Message {
    let relays: Vec<String> = relays.iter().map(|relay| name(relay)).collect();
    let mut lines = vec![format!(
        "✅ **Vous êtes membre du groupe {}.** Votre compte Discord est lié.",
        name(group)
    )];
    match (relay, relays.as_slice()) {
        (true, []) => lines.push("Vous en êtes aussi relai local.".to_owned()),
        (true, others) => lines.push(format!("Vous en êtes aussi relai local, avec {}.", enumeration(others))),
        (false, []) => {}
        (false, [one]) => lines.push(format!("Votre relai local\u{a0}: {one}.")),
        (false, several) => lines.push(format!("Vos relais locaux\u{a0}: {}.", enumeration(several))),
    }
    match place {
        Some(place) => lines.push(format!("L’espace de votre groupe\u{a0}: {}", link(place))),
        None => lines.push("Sur le serveur, `/mon-groupe` vous dit où en est votre groupe.".to_owned()),
    }
    lines.push("Ce message ne vous concerne pas\u{a0}? Dites-le ici\u{a0}: le lien est retiré aussitôt.".to_owned());
    Message::text(lines.join("\n")).with_buttons(vec![not_me::button(person)])
}

/// An account said that it is not this person; to the relays.
#[must_use]
pub fn not_them(short: &str, group: &str) -> Message {
    Message::text(format!(
        "⚠️ **Le compte Discord lié à {} n’était pas le bon** (groupe {}). Le lien est retiré, la participation est gardée.\n\
         Pour lier le bon compte, sur le serveur\u{a0}: `/invitation` donne un code à envoyer par SMS.",
        name(short),
        name(group)
    ))
}

/// The space of the group is ready; to a relay.
#[must_use]
pub fn space_ready(group: &str, place: Place) -> Message {
    Message::text(format!(
        "✅ **L’espace du groupe {} est prêt**\u{a0}: {}\nLes membres qui ont lié leur compte y ont accès.",
        name(group),
        link(place)
    ))
}

/// An account was named relay.
#[must_use]
pub fn relay_named(group: &str, to_call: usize, place: Option<Place>) -> Message {
    let list = match to_call {
        0 => "Personne n’attend d’appel pour le moment.".to_owned(),
        some => format!(
            "Votre liste compte {}.",
            count(some as u64, "personne à appeler", "personnes à appeler")
        ),
    };
    let place = place
        .map(|place| format!("\nEspace du groupe\u{a0}: {}", link(place)))
        .unwrap_or_default();
    Message::text(format!(
        "📞 **Vous êtes relai local du groupe {}.** {list}\n\
         Sur le serveur\u{a0}:\n\
         - `/contacts` ouvre votre liste, fiche par fiche (une courte charte à lire la première fois)\u{a0};\n\
         - `/valider` enregistre la participation d’une personne qui a donné son accord\u{a0};\n\
         - `/aide` est là quand il faut.{place}",
        name(group)
    ))
}

/// An account is no longer relay.
#[must_use]
pub fn relay_ended(group: &str) -> Message {
    Message::text(format!(
        "Votre fonction de relai local du groupe {} a pris fin\u{a0}; vos contacts reviennent au groupe. Merci pour tout le temps \
         donné.",
        name(group)
    ))
}

/// The last relay has left.
#[must_use]
pub fn without_relay(group: GroupId, group_name: &str, to_call: usize) -> Message {
    let waiting = match to_call {
        0 => String::new(),
        some => format!(
            " {}\u{a0}: personne ne peut le faire.",
            count(some as u64, "personne attend un appel", "personnes attendent un appel")
        ),
    };
    Message::text(format!(
        "⚠️ **Le groupe {} n’a plus de relai.**{waiting}",
        name(group_name)
    ))
    .with_buttons(vec![Button::new(
        "Nommer un relai",
        Style::Primary,
        Action::NameRelay(group),
    )])
}

/// An account was named referent.
#[must_use]
pub fn referent_named(region: &str, groups: usize) -> Message {
    Message::text(format!(
        "✅ **Vous êtes référent régional\u{a0}: {}.** {}.\n\
         Vous recevez les nouvelles des groupes de la région. Sur le serveur, `/relai nommer` nomme un relai et \
         `/groupe liste` montre les groupes.",
        name(region),
        match groups {
            0 => "Aucun groupe n’y est encore déclaré".to_owned(),
            some => format!("La région compte {}", count(some as u64, "groupe", "groupes")),
        }
    ))
}

/// An account is no longer referent.
#[must_use]
pub fn referent_ended(region: &str) -> Message {
    Message::text(format!(
        "Votre fonction de référent régional ({}) a pris fin. Merci pour tout le temps donné.",
        name(region)
    ))
}

/// Something changed by hand was put back.
#[must_use]
pub fn put_back(group: &str, what: PutBack) -> Message {
    let what = happened(what);
    Message::text(format!(
        "⚠️ **Espace du groupe {}\u{a0}: {what}.** Les espaces suivent la base\u{a0}; pour les changer, passez par les commandes \
         (`/groupe`, `/relai`).",
        name(group)
    ))
}

/// Something changed by hand in a channel of the whole server was put back; `place` is how it is called in a sentence.
#[must_use]
pub fn place_put_back(place: &str, what: PutBack) -> Message {
    Message::text(format!(
        "⚠️ **Serveur, {place}\u{a0}: {}.** Pour choisir d’autres salons, la personne qui héberge le programme les indique dans \
         ses réglages, section `[salons]`.",
        happened(what)
    ))
}

/// What was found changed by hand.
fn happened(what: PutBack) -> &'static str {
    match what {
        PutBack::Permissions => "des permissions ont été changées à la main, puis rétablies",
        PutBack::Deleted => "un rôle, une catégorie ou un salon a été supprimé, puis refait",
        PutBack::Message => "un message épinglé a été supprimé ou décroché, puis remis",
        PutBack::Name => "un nom, un sujet ou une place a été changé à la main, puis rétabli",
        PutBack::Access => "un rôle a été donné ou retiré à la main, puis remis comme il était",
    }
}

/// The space of a group waits for room on the server.
#[must_use]
pub fn space_waits(group: &str) -> Message {
    Message::text(format!(
        "⚠️ **L’espace du groupe {} attend une place.** Le serveur Discord est plein\u{a0}: l’équipe nationale en est prévenue. Rien \
         n’est perdu, les validations comptent\u{a0}; l’espace sera créé dès qu’une place se libère, sans rien à refaire.",
        name(group)
    ))
}

/// Discord's limits are near, or reached.
#[must_use]
pub fn capacity(percent: u8) -> Message {
    let after = if percent >= 100 {
        "Les nouveaux groupes attendent leur espace\u{a0}; rien n’est perdu, et chaque espace sera créé dès qu’il y aura de la place."
    } else {
        "Au-delà de 100 %, les nouveaux groupes attendront leur espace\u{a0}; rien ne sera perdu."
    };
    Message::text(format!(
        "⚠️ **Ce serveur Discord est rempli à {percent}\u{a0}%** (salons ou rôles).\n{after} Pour en gagner\u{a0}: `/groupe archiver`, \
         ou supprimer des salons et des rôles qui ne servent plus. `/diagnostic` montre où en est le serveur."
    ))
}

/// What goes with the first message to an account (product.md §16).
#[must_use]
pub fn privacy(summary: &str) -> Embed {
    Embed::new(Tone::Neutral, "", summary)
}

/// What a direct message was about, when it is told by a mention in a channel: no name, no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A relay has a list.
    RelayNamed,
    /// The space of the group is ready.
    SpaceReady,
    /// News of a member, for a relay.
    Member,
    /// The list of a relay has changed.
    Digest,
    /// The account is linked; the button says whose it is not.
    Linked(PersonId),
    /// The account is linked, told where others read.
    LinkedElsewhere,
    /// A transfer waits for an answer, or has had one: the button shows it to whoever may see it.
    Transfer(TransferId),
}

/// A mention of someone whose direct messages are closed.
#[must_use]
pub fn mention(user: UserId, subject: Subject) -> Message {
    let text = match subject {
        Subject::RelayNamed => "vous êtes maintenant relai local\u{a0}: `/contacts` ouvre votre liste.",
        Subject::SpaceReady => "l’espace du groupe est prêt, vous y êtes.",
        Subject::Member => {
            "du nouveau pour vous au sujet d’un membre\u{a0}: `/contacts`, filtre «\u{a0}Validés\u{a0}»."
        }
        Subject::Digest => "votre liste a du nouveau\u{a0}: `/contacts`.",
        Subject::Linked(_) => {
            "votre compte est maintenant lié au registre de ce groupe. Ce n’est pas vous\u{a0}? Dites-le ici."
        }
        Subject::LinkedElsewhere => "une nouvelle vous attend\u{a0}: `/mon-groupe`.",
        Subject::Transfer(_) => "une demande de transfert vous concerne. Ce que le bouton ouvre n’est lu que de vous.",
    };
    let mut message = Message::text(format!(
        "<@{user}> Vos messages privés sont fermés, je vous écris donc ici\u{a0}: {text}"
    ));
    message.mentions.users.push(user.0);
    match subject {
        Subject::Linked(person) => message.with_buttons(vec![not_me::button(person)]),
        Subject::Transfer(transfer) => message.with_buttons(vec![super::transfer::see(transfer)]),
        _ => message,
    }
}

fn inscrits(number: u32) -> String {
    count(number.into(), "inscrit", "inscrits")
}

/// A name within a sentence.
fn name(typed: &str) -> String {
    escape_line(&fit(typed, NAME_MAX))
}
