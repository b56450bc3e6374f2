//! The words of `/installer`: what was found, what to tick and where, what was made, what waits and why (product.md §17).

use super::markdown::{count, enumeration, escape_line, fit, fit_lines, number};
use crate::domain::bindings::SetbackKind;
use crate::domain::ids::ChannelId;
use crate::domain::installation::{CHILDREN_MAX, Checkup, Limits, NationalRole, Portal, Unfit};
use crate::domain::observed::{CHANNELS_MAX, ROLES_MAX};
use crate::domain::permissions as bits;
use crate::domain::view::{CONTENT_MAX, Message};

/// The most characters of the names of roles in one sentence.
const ROLES_ROOM: usize = 300;
/// The most characters of a list of channels.
const CHANNELS_ROOM: usize = 700;

/// Where one thing stands after an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was there before.
    There,
    /// It was made now.
    Made,
    /// The host chose it by hand.
    Chosen,
    /// It is still to be made, and nothing is known to prevent it.
    Coming,
    /// Something prevents it.
    Waits(SetbackKind),
}

/// One channel or category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called in a sentence.
    pub name: String,
    /// The channel, when it exists and is one that people read.
    pub channel: Option<ChannelId>,
    /// Where it stands.
    pub state: State,
}

/// What came of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The checks; `None` when Discord did not answer.
    pub checkup: Option<Checkup>,
    /// The name of the national team's role.
    pub national_name: String,
    /// Where that role stands.
    pub national: State,
    /// Where the channels stand.
    pub items: Vec<Item>,
}

/// The name of a permission, as Discord shows it in French.
#[must_use]
pub fn permission(bit: u64) -> &'static str {
    match bit {
        bits::CREATE_INSTANT_INVITE => "Créer une invitation",
        bits::MANAGE_CHANNELS => "Gérer les salons",
        bits::ADD_REACTIONS => "Ajouter des réactions",
        bits::VIEW_CHANNEL => "Voir les salons",
        bits::SEND_MESSAGES => "Envoyer des messages",
        bits::MANAGE_MESSAGES => "Gérer les messages",
        bits::EMBED_LINKS => "Intégrer des liens",
        bits::ATTACH_FILES => "Joindre des fichiers",
        bits::READ_MESSAGE_HISTORY => "Voir les anciens messages",
        bits::MANAGE_ROLES => "Gérer les rôles",
        bits::MANAGE_EVENTS => "Gérer les événements",
        bits::CREATE_PUBLIC_THREADS => "Créer des fils publics",
        bits::CREATE_PRIVATE_THREADS => "Créer des fils privés",
        bits::SEND_MESSAGES_IN_THREADS => "Envoyer des messages dans les fils",
        bits::CREATE_EVENTS => "Créer des événements",
        bits::PIN_MESSAGES => "Épingler des messages",
        _ => "Permission inconnue",
    }
}

/// The names of the permissions in `missing`, each between guillemets.
#[must_use]
pub fn permissions(missing: u64) -> Vec<String> {
    (0..64)
        .map(|n| 1_u64 << n)
        .filter(|bit| missing & bit != 0)
        .map(|bit| quoted(permission(bit)))
        .collect()
}

fn quoted(name: &str) -> String {
    format!("«\u{a0}{}\u{a0}»", escape_line(name))
}

/// «maillage», the role of the bot; whoever removed it is told what it should be called.
fn own_role(checkup: &Checkup) -> String {
    quoted(checkup.own_role.as_deref().unwrap_or("maillage"))
}

/// What the checks found, one line each, with what to do.
#[must_use]
pub fn checks(checkup: &Checkup) -> Vec<String> {
    let mut lines = vec![held(checkup)];
    lines.extend(hierarchy(checkup));
    lines.extend(checkup.portal.map(portal));
    lines
}

fn held(checkup: &Checkup) -> String {
    let missing = permissions(checkup.missing);
    if missing.is_empty() {
        return "Permissions\u{a0}: le programme a toutes celles dont il a besoin.".to_owned();
    }
    let role = own_role(checkup);
    let (how_many, tick) = match missing.len() {
        1 => ("une permission".to_owned(), "Cochez-la"),
        n => (format!("{n} permissions"), "Cochez-les"),
    };
    format!(
        "**Il manque {how_many} au rôle {role}\u{a0}: {}.** {tick} dans Paramètres du serveur → Rôles → {role} → Permissions.",
        enumeration(&missing)
    )
}

fn hierarchy(checkup: &Checkup) -> Option<String> {
    if checkup.too_high.is_empty() {
        return None;
    }
    let role = own_role(checkup);
    let above: Vec<String> = checkup.too_high.iter().map(|name| quoted(name)).collect();
    Some(format!(
        "**Le rôle {role} est trop bas**\u{a0}: il doit être au-dessus de {}. Dans Paramètres du serveur → Rôles, faites-le glisser \
         plus haut.",
        fit(&enumeration(&above), ROLES_ROOM)
    ))
}

/// The gateway let us in, so the intents were granted; the portal may say that the next start will be refused.
fn portal(portal: Portal) -> String {
    let intents = if portal.lists_members == Some(false) {
        "**«\u{a0}Server Members Intent\u{a0}» n’est plus coché**\u{a0}: le prochain démarrage sera refusé. Cochez-le dans le portail des \
         développeurs Discord, page «\u{a0}Bot\u{a0}»."
    } else {
        "Connexion\u{a0}: Discord transmet au programme ce qui change sur le serveur et parmi ses membres."
    };
    let public = if portal.public {
        "\n**L’application est publique**\u{a0}: n’importe qui peut inviter le programme ailleurs. Décochez «\u{a0}Public Bot\u{a0}» dans le \
         portail des développeurs Discord, page «\u{a0}Bot\u{a0}»."
    } else {
        ""
    };
    format!("{intents}{public}")
}

/// How full the server is.
#[must_use]
pub fn limits(limits: &Limits) -> String {
    let groups = match limits.groups {
        0 => "plus de place pour un nouveau groupe\u{a0}: les prochains attendront, rien ne sera perdu".to_owned(),
        n => format!("place pour {} de plus", count(n as u64, "groupe", "groupes")),
    };
    format!(
        "Limites de Discord\u{a0}: {} / {CHANNELS_MAX} salons, {} / {ROLES_MAX} rôles, {} / {CHILDREN_MAX} salons dans la catégorie la \
         plus remplie, {groups}.",
        number(limits.channels as u64),
        number(limits.roles as u64),
        number(limits.fullest as u64),
    )
}

/// Why something waits, and whether people have to do something.
#[must_use]
pub fn reason(kind: SetbackKind) -> &'static str {
    match kind {
        SetbackKind::Transient => "Discord ne répond pas pour le moment\u{a0}; cela se fera tout seul",
        SetbackKind::RateLimited | SetbackKind::OldEdit => {
            "Discord demande d’aller moins vite\u{a0}; cela se fera tout seul"
        }
        SetbackKind::Forbidden => {
            "une permission manque, ou le rôle du programme est trop bas\u{a0}; cela se fera tout seul une fois corrigé"
        }
        SetbackKind::PinForbidden => {
            "la permission «\u{a0}Épingler des messages\u{a0}» manque\u{a0}; cela se fera tout seul une fois cochée"
        }
        SetbackKind::Full => "le serveur n’a plus de place\u{a0}; cela se fera tout seul dès qu’il y en aura",
        SetbackKind::Invalid => "Discord refuse la demande\u{a0}; prévenez la personne qui héberge le programme",
        SetbackKind::Missing => "un objet vient d’être supprimé\u{a0}; il sera refait tout seul",
    }
}

/// A channel chosen by hand that does not do.
#[must_use]
pub fn unfit(name: &str, unfit: Unfit) -> String {
    match unfit {
        Unfit::Absent => format!(
            "**Le {name} choisi à la main n’existe pas sur ce serveur.** Corrigez la section `[salons]` des réglages."
        ),
        Unfit::Closed => format!(
            "**Le programme ne peut pas écrire dans le {name} choisi à la main.** Donnez-lui-y «\u{a0}Voir le salon\u{a0}», «\u{a0}Voir les \
             anciens messages\u{a0}» et «\u{a0}Envoyer des messages\u{a0}»."
        ),
        Unfit::Open => format!(
            "**Tout le monde voit le {name} choisi à la main.** Il est réservé\u{a0}: retirez «\u{a0}Voir le salon\u{a0}» à @everyone."
        ),
    }
}

/// The answer while the server is being made; what is wrong can be mended meanwhile.
#[must_use]
pub fn begun(checkup: Option<&Checkup>) -> Message {
    let mut lines = vec!["**Mise en place du serveur…** Cette réponse dira ce qui a été fait.".to_owned()];
    match checkup {
        Some(checkup) => lines.extend(checks(checkup)),
        None => lines.push(unreachable().to_owned()),
    }
    Message::text(fit_lines(&lines, CONTENT_MAX, ""))
}

/// Discord did not answer.
#[must_use]
pub fn unreachable() -> &'static str {
    "**Discord n’a pas répondu**\u{a0}: permissions, rôles et limites n’ont pas pu être vérifiés. Le reste suit dès son retour, sans rien \
     à refaire."
}

/// The answer once all is done that can be. `name_of` gives what the place of a key is called in a sentence.
#[must_use]
pub fn done(told: &Told, name_of: impl Fn(&str) -> String) -> Message {
    let waiting: Vec<&Item> = told.items.iter().filter(|item| !is_in_place(item.state)).collect();
    let well = told.checkup.as_ref().is_some_and(Checkup::is_well);
    let whole = waiting.is_empty() && is_in_place(told.national);
    let head = match (whole, well) {
        (true, true) => "✅ **Le serveur est en place.**",
        (true, false) => "⚠️ **Le serveur est en place, mais il reste à corriger.**",
        (false, _) => {
            "⚠️ **Le serveur n’est pas encore complet.** Une fois corrigé, relancez `/installer`\u{a0}: rien n’est fait deux fois."
        }
    };
    let mut lines = vec![head.to_owned()];
    match &told.checkup {
        Some(checkup) => {
            lines.extend(checks(checkup));
            lines.extend(checkup.unfit.iter().map(|(key, why)| unfit(&name_of(key), *why)));
        }
        None => lines.push(unreachable().to_owned()),
    }
    lines.push(national(told));
    lines.push(channels(told));
    lines.extend(waits(&waiting));
    lines.extend(told.checkup.as_ref().map(|checkup| limits(&checkup.limits)));
    Message::text(fit_lines(&lines, CONTENT_MAX, ""))
}

fn is_in_place(state: State) -> bool {
    match state {
        State::There | State::Made | State::Chosen => true,
        State::Coming | State::Waits(_) => false,
    }
}

fn national(told: &Told) -> String {
    let role = format!("Rôle {}", quoted(&told.national_name));
    let others = told.checkup.as_ref().map_or(0, |checkup| match checkup.national {
        NationalRole::Here => 0,
        NationalRole::Absent { others, .. } => others,
    });
    match told.national {
        State::There | State::Chosen => format!("{role}\u{a0}: en place."),
        State::Made => {
            let twin = if others > 0 {
                " Un autre rôle porte ce nom\u{a0}: il ne donne rien, renommez-le ou supprimez-le."
            } else {
                ""
            };
            format!(
                "{role}\u{a0}: créé. Donnez-le vous-même aux membres de l’équipe nationale\u{a0}; le programme ne le donne à \
                 personne.{twin}"
            )
        }
        State::Coming if others > 0 => format!(
            "**Plusieurs rôles s’appellent {}.** Gardez-en un seul, celui de l’équipe nationale\u{a0}: renommez ou supprimez les \
             autres.",
            quoted(&told.national_name)
        ),
        State::Coming => format!("{role}\u{a0}: pas encore créé."),
        State::Waits(kind) => format!("**{role}\u{a0}: en attente**, {}.", reason(kind)),
    }
}

fn channels(told: &Told) -> String {
    let number_of = |wanted: State| told.items.iter().filter(|item| item.state == wanted).count() as u64;
    let (there, made, chosen) = (
        number_of(State::There),
        number_of(State::Made),
        number_of(State::Chosen),
    );
    let mut parts = Vec::new();
    if there > 0 {
        parts.push(format!("{} déjà là", number(there)));
    }
    if made > 0 {
        parts.push(count(made, "créé maintenant", "créés maintenant"));
    }
    if chosen > 0 {
        parts.push(count(chosen, "choisi à la main", "choisis à la main"));
    }
    let total = told.items.len() as u64;
    let parts = if parts.is_empty() {
        "aucun pour le moment".to_owned()
    } else {
        parts.join(", ")
    };
    let new: Vec<String> = told
        .items
        .iter()
        .filter(|item| item.state == State::Made)
        .filter_map(|item| Some(format!("<#{}>", item.channel?)))
        .collect();
    let new = if new.is_empty() {
        String::new()
    } else {
        format!("\n{}", fit_words(&new, CHANNELS_ROOM))
    };
    format!("Salons et catégories\u{a0}: {parts}, sur {}.{new}", number(total))
}

/// Words on one line, as many as there is room for.
fn fit_words(words: &[String], room: usize) -> String {
    let mut line = String::new();
    for (kept, word) in words.iter().enumerate() {
        if line.len() + word.len() + 1 > room {
            return format!("{line} … et {} autres", number((words.len() - kept) as u64));
        }
        if kept > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// What waits, by reason.
fn waits(waiting: &[&Item]) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in SetbackKind::ALL {
        let names: Vec<&str> = waiting
            .iter()
            .filter(|item| item.state == State::Waits(kind))
            .map(|item| item.name.as_str())
            .collect();
        if !names.is_empty() {
            lines.push(format!(
                "**En attente**\u{a0}: {}. La raison\u{a0}: {}.",
                fit(&enumeration(&names), CHANNELS_ROOM),
                reason(kind)
            ));
        }
    }
    let coming: Vec<&str> = waiting
        .iter()
        .filter(|item| item.state == State::Coming)
        .map(|item| item.name.as_str())
        .collect();
    if !coming.is_empty() {
        lines.push(format!(
            "Encore à faire\u{a0}: {}. `/diagnostic` dira où cela en est.",
            fit(&enumeration(&coming), CHANNELS_ROOM)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::shown;

    fn checkup() -> Checkup {
        Checkup {
            own_role: Some("maillage".to_owned()),
            missing: 0,
            too_high: Vec::new(),
            national: NationalRole::Absent { others: 0, lost: false },
            unfit: Vec::new(),
            limits: Limits {
                channels: 31,
                roles: 5,
                fullest: 18,
                groups: 117,
            },
            portal: Some(Portal {
                public: false,
                lists_members: Some(true),
            }),
        }
    }

    fn item(name: &str, channel: u64, state: State) -> Item {
        Item {
            name: name.to_owned(),
            channel: Some(ChannelId(channel)),
            state,
        }
    }

    fn told(checkup: Checkup, national: State, items: Vec<Item>) -> Told {
        Told {
            checkup: Some(checkup),
            national_name: "MCP national".to_owned(),
            national,
            items,
        }
    }

    #[test]
    fn an_installation_reads_well() {
        let all = told(
            checkup(),
            State::Made,
            vec![
                item("salon de bienvenue", 7, State::Made),
                item("salon de relecture", 8, State::Chosen),
                item("remontées Corse", 9, State::There),
            ],
        );
        insta::assert_snapshot!(shown::message(&done(&all, str::to_owned)));
    }

    #[test]
    fn what_is_to_be_mended_reads_well() {
        let mut found = checkup();
        found.missing = bits::PIN_MESSAGES | bits::MANAGE_CHANNELS;
        found.too_high = vec!["Relai local".to_owned(), "Groupe *Lunel*".to_owned()];
        found.national = NationalRole::Absent { others: 2, lost: false };
        found.unfit = vec![
            ("place:review".to_owned(), Unfit::Open),
            ("place:works".to_owned(), Unfit::Absent),
        ];
        found.portal = Some(Portal {
            public: true,
            lists_members: Some(false),
        });
        insta::assert_snapshot!("begun", shown::message(&begun(Some(&found))));
        let all = told(
            found,
            State::Coming,
            vec![
                item(
                    "catégorie «\u{a0}Maillage\u{a0}»",
                    7,
                    State::Waits(SetbackKind::Forbidden),
                ),
                item("salon de bienvenue", 7, State::Waits(SetbackKind::Forbidden)),
                item("remontées Corse", 9, State::Coming),
            ],
        );
        insta::assert_snapshot!("done", shown::message(&done(&all, |_| "salon de relecture".to_owned())));
    }

    #[test]
    fn the_worst_answer_fits() {
        let mut found = checkup();
        found.missing = bits::ASKED;
        found.too_high = vec!["R".repeat(100); 200];
        found.portal = Some(Portal {
            public: true,
            lists_members: Some(false),
        });
        found.unfit = vec![("place:national".to_owned(), Unfit::Closed); 23];
        let items = (0..25).map(|n| item(&"S".repeat(60), u64::MAX - n, State::Waits(SetbackKind::Full)));
        let all = told(found, State::Waits(SetbackKind::Forbidden), items.collect());
        assert_eq!(done(&all, |_| "s".repeat(60)).faults(), Vec::<String>::new());
        let new = (0..25).map(|n| item("salon", u64::MAX - n, State::Made));
        let all = told(checkup(), State::Made, new.collect());
        assert_eq!(done(&all, str::to_owned).faults(), Vec::<String>::new());
    }

    #[test]
    fn every_permission_asked_has_a_name() {
        assert_eq!(permissions(bits::ASKED).len(), 16);
        for bit in (0..64).map(|n| 1_u64 << n).filter(|bit| bits::ASKED & bit != 0) {
            assert_ne!(permission(bit), permission(1 << 63));
        }
    }
}
