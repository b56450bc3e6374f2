//! The words of groups merged and split (product.md §3): what would happen, what has happened, and who is told what.

use super::ladder::{becomes, is};
use super::markdown::{count, enumeration, escape_line, fit, number, typeset};
use super::valider::channel_link;
use crate::domain::action::{Action, DraftId};
use crate::domain::ids::{ChannelId, GroupId, GuildId, JournalId};
use crate::domain::ladder::{Stage, Step};
use crate::domain::view::{Button, Choice, Embed, Field, Message, Modal, Select, SelectOf, Style, Tone};

/// The most characters of a label or a description in a select.
const OPTION: usize = 100;
/// The most characters of a list of communes within a message.
const LIST: usize = 700;

/// What a merge does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The line of the journal, by which it is undone.
    pub line: JournalId,
    /// The group that joins.
    pub source: String,
    /// The group that is joined.
    pub target: String,
    /// Members who pass.
    pub moved: u32,
    /// People signed up on the joined territories.
    pub signed_up: u32,
    /// «12 / 15 : encore 3 membres pour …», of the joined group.
    pub standing: String,
    /// The steps that it reaches by this.
    pub reached: Vec<Step>,
    /// What the group that joins was, when the other does not become so by this.
    pub lost: Option<Stage>,
    /// The relays, as they are shown.
    pub relays: Vec<String>,
    /// Those whose post ends, as they are shown.
    pub relieved: Vec<String>,
    /// Transfers between the two groups that have become pointless.
    pub transfers_closed: u32,
    /// The two régions, when they differ.
    pub regions: Option<(String, String)>,
    /// Whether the group that joins has a space.
    pub space: bool,
}

/// What a split does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The line of the journal, by which it is undone.
    pub line: JournalId,
    /// The new group.
    pub group: GroupId,
    /// The name of the group that is divided.
    pub source: String,
    /// The name of the new one.
    pub name: String,
    /// The names of its communes.
    pub communes: Vec<String>,
    /// Members who pass.
    pub moved: u32,
    /// People signed up there.
    pub signed_up: u32,
    /// «3 / 5 : encore 2 membres pour …», of the new group.
    pub standing: String,
    /// The steps that the new group reaches by this, besides being possible.
    pub reached: Vec<Step>,
    /// The same of the group that is divided.
    pub source_standing: String,
    /// People whose commune is not known.
    pub unknown: u32,
}

/// A commune to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommuneLine {
    /// What the select sends.
    pub value: String,
    /// Its name.
    pub name: String,
    /// The code of its département.
    pub departement: String,
    /// Its inhabitants.
    pub population: u32,
    /// Members of the group who live there.
    pub members: u32,
    /// People signed up there.
    pub signed_up: u32,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The choice of communes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosing {
    /// Where the choice is kept.
    pub draft: DraftId,
    /// The group to divide.
    pub group: String,
    /// The name of the new one.
    pub name: String,
    /// How many communes the group has.
    pub total: usize,
    /// How many answer to the search.
    pub found: usize,
    /// What is searched; empty: everything.
    pub search: String,
    /// Which page, from 0.
    pub page: u32,
    /// How many there are.
    pub pages: u32,
    /// The communes of the page.
    pub lines: Vec<CommuneLine>,
    /// The names of those chosen, on every page.
    pub chosen: Vec<String>,
}

fn name(name: &str) -> String {
    escape_line(&fit(name, 120))
}

fn people(moved: u32) -> String {
    match moved {
        0 => "aucun membre n’y passe".to_owned(),
        1 => "1\u{a0}membre y passe, sans rien avoir à faire".to_owned(),
        n => format!(
            "{}\u{a0}membres y passent, sans rien avoir à faire",
            number(u64::from(n))
        ),
    }
}

fn reached(steps: &[Step]) -> String {
    let steps: Vec<&str> = steps.iter().map(|step| becomes(*step)).collect();
    if steps.is_empty() {
        String::new()
    } else {
        format!("\n🌱 Par là, {}.", enumeration(&steps))
    }
}

fn confirm(confirm: Action, cancel: Action) -> Vec<Button> {
    vec![
        Button::new("Confirmer", Style::Primary, confirm),
        Button::new("Annuler", Style::Secondary, cancel),
    ]
}

/// «Confirmer» and «Annuler» under what an undo would change.
#[must_use]
pub fn ask_undo(will: &str, line: JournalId) -> Message {
    Message::text(will).with_buttons(confirm(Action::UndoConfirm(line), Action::UndoCancel(line)))
}

/// Nothing was done.
#[must_use]
pub fn cancelled() -> Message {
    Message::text("Rien n’a changé.")
}

/// What a merge would do.
#[must_use]
pub fn ask_merge(merged: &Merged, draft: &DraftId) -> Message {
    let (source, target) = (name(&merged.source), name(&merged.target));
    let mut lines = vec![format!(
        "Le groupe {source} rejoint le groupe {target} : {}. Ses contacts, ses rappels et son territoire suivent.",
        people(merged.moved)
    )];
    lines.push(format!(
        "**Ensuite** : {}, {}.{}",
        merged.standing,
        count(u64::from(merged.signed_up), "inscrit", "inscrits"),
        reached(&merged.reached)
    ));
    lines.push(format!("**Relais** : {}.", relays(merged)));
    lines.push(if merged.space {
        format!(
            "L’espace du groupe {source} passe en lecture seule : ses membres y relisent leurs échanges, leurs statuts et leurs \
             documents. Rien n’est supprimé."
        )
    } else {
        "Rien n’est supprimé : les deux histoires restent dans le journal.".to_owned()
    });
    lines.extend(merged.lost.map(|stage| {
        format!(
            "⚠️ Le groupe {source} est {}, et ce statut ne passe pas au groupe {target}. Pour le garder, fusionnez dans l’autre \
             sens : le groupe {target} rejoint alors le groupe {source}.",
            is(stage)
        )
    }));
    lines.extend(merged.regions.as_ref().map(|(from, to)| {
        format!(
            "⚠️ Les deux groupes sont de régions différentes ({} et {}) : le groupe réuni dépend de la seconde.",
            escape_line(from),
            escape_line(to)
        )
    }));
    if merged.transfers_closed > 0 {
        lines.push(format!(
            "{} entre les deux groupes, sans objet désormais, {}.",
            count(
                u64::from(merged.transfers_closed),
                "demande de transfert",
                "demandes de transfert"
            ),
            if merged.transfers_closed == 1 {
                "se ferme"
            } else {
                "se ferment"
            }
        ));
    }
    lines.push("Vous pourrez défaire cette fusion pendant 30 jours.".to_owned());
    let title = format!(
        "Faire rejoindre le groupe {} par le groupe {} ?",
        merged.target, merged.source
    );
    let embed = Embed::new(
        Tone::Check,
        typeset(&fit(&title, 250)),
        typeset(&fit(&lines.join("\n\n"), 3500)),
    );
    Message::default().with_embed(embed).with_buttons(confirm(
        Action::MergeConfirm(draft.clone()),
        Action::MergeCancel(draft.clone()),
    ))
}

fn relays(merged: &Merged) -> String {
    let stay = if merged.relays.is_empty() {
        "aucun, à trouver".to_owned()
    } else {
        enumeration(&merged.relays)
    };
    if merged.relieved.is_empty() {
        return stay;
    }
    let verb = if merged.relieved.len() > 1 {
        "ne le sont plus"
    } else {
        "ne l’est plus"
    };
    format!(
        "{stay}. Un groupe en a deux au plus : {} {verb} et en reçoit la nouvelle",
        enumeration(&merged.relieved)
    )
}

/// «Défaire», under what was done.
#[must_use]
pub fn undo_button(line: JournalId) -> Button {
    Button::new("Défaire", Style::Secondary, Action::Undo(line))
}

/// A group has joined another.
#[must_use]
pub fn merged(merged: &Merged) -> Message {
    Message::text(typeset(&format!(
        "✅ **Le groupe {} a rejoint le groupe {}.** {}.{}\nRelais : {}. Les deux groupes en reçoivent la nouvelle. Vous pouvez \
         défaire cette fusion pendant 30 jours.",
        name(&merged.source),
        name(&merged.target),
        merged.standing,
        reached(&merged.reached),
        relays(merged),
    )))
    .with_buttons(vec![undo_button(merged.line)])
}

/// The choice of communes, page by page.
#[must_use]
pub fn choose(choosing: &Choosing) -> Message {
    let draft = &choosing.draft;
    let mut lines = vec![format!(
        "Choisissez les communes du nouveau groupe {} : leurs membres et leurs inscrits y passent, et celles et ceux qui \
         s’y inscriront ensuite. Le groupe {} garde les autres.",
        name(&choosing.name),
        name(&choosing.group)
    )];
    if !choosing.search.is_empty() {
        lines.push(format!(
            "Recherche « {} » : {} sur {}.",
            escape_line(&choosing.search),
            count(choosing.found as u64, "commune", "communes"),
            number(choosing.total as u64)
        ));
    }
    lines.push(if choosing.chosen.is_empty() {
        "Aucune commune choisie pour le moment.".to_owned()
    } else {
        let names: Vec<String> = choosing.chosen.iter().map(|name| escape_line(name)).collect();
        format!(
            "**{}** : {}.",
            count(choosing.chosen.len() as u64, "commune choisie", "communes choisies"),
            fit(&enumeration(&names), LIST)
        )
    });
    let embed = Embed {
        footer: typeset(&format!("Page {} / {}", choosing.page + 1, choosing.pages)),
        ..Embed::new(
            Tone::Neutral,
            typeset(&fit(&format!("Scinder le groupe {}", choosing.group), 250)),
            typeset(&lines.join("\n\n")),
        )
    };
    let mut message = Message::default().with_embed(embed);
    if !choosing.lines.is_empty() {
        message = message.with_select(select(choosing));
    }
    let page = |page: u32| Action::SplitPage(draft.clone(), page);
    let mut moves = Vec::new();
    if choosing.pages > 1 {
        moves.push(
            Button::new("Précédent", Style::Secondary, page(choosing.page.saturating_sub(1)))
                .enabled(choosing.page > 0),
        );
        moves.push(
            Button::new("Suivant", Style::Secondary, page(choosing.page + 1))
                .enabled(choosing.page + 1 < choosing.pages),
        );
    }
    if choosing.total > 25 || !choosing.search.is_empty() {
        moves.push(Button::new(
            "Chercher…",
            Style::Secondary,
            Action::SplitSearch(draft.clone()),
        ));
    }
    if !choosing.search.is_empty() {
        moves.push(Button::new(
            "Toutes les communes",
            Style::Secondary,
            Action::SplitAll(draft.clone()),
        ));
    }
    message.with_buttons(moves).with_buttons(vec![
        Button::new("Continuer", Style::Primary, Action::SplitReview(draft.clone()))
            .enabled(!choosing.chosen.is_empty()),
        Button::new("Annuler", Style::Secondary, Action::SplitCancel(draft.clone())),
    ])
}

fn select(choosing: &Choosing) -> Select {
    let choices: Vec<Choice> = choosing
        .lines
        .iter()
        .map(|line| {
            let mut facts = vec![count(u64::from(line.population), "habitant", "habitants")];
            if line.members > 0 {
                facts.push(count(u64::from(line.members), "membre", "membres"));
            }
            if line.signed_up > 0 {
                facts.push(count(u64::from(line.signed_up), "inscrit", "inscrits"));
            }
            Choice {
                label: fit(&format!("{} ({})", fit(&line.name, 80), line.departement), OPTION),
                value: line.value.clone(),
                description: fit(&facts.join(" · "), OPTION),
                chosen: line.chosen,
            }
        })
        .collect();
    let most = u8::try_from(choices.len()).unwrap_or(25);
    Select {
        action: Action::SplitPick(choosing.draft.clone(), choosing.page),
        placeholder: "Communes du nouveau groupe".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (0, most),
    }
}

/// Asks for the beginning of a commune's name, or a postal code.
#[must_use]
pub fn search_form(draft: &DraftId) -> Modal {
    Modal {
        action: Action::SplitSearchForm(draft.clone()),
        title: "Chercher une commune".to_owned(),
        fields: vec![
            Field::short("commune", "Commune ou code postal")
                .example("Lunel")
                .optional(),
        ],
    }
}

/// What a split would do.
#[must_use]
pub fn ask_split(split: &Split, draft: &DraftId) -> Message {
    let (source, new) = (name(&split.source), name(&split.name));
    let mut lines = vec![
        format!(
            "Le groupe {new} est créé avec {} : {}.",
            count(split.communes.len() as u64, "commune", "communes"),
            communes(split)
        ),
        format!(
            "**Groupe {new}** : {}, {}. {}.{}",
            people(split.moved),
            count(u64::from(split.signed_up), "inscrit", "inscrits"),
            split.standing,
            reached(&split.reached)
        ),
        format!("**Groupe {source}** : {}.", split.source_standing),
    ];
    if split.unknown > 0 {
        lines.push(format!(
            "⚠️ {} dont la commune n’est pas connue (leur code postal en couvre plusieurs) restent dans le groupe {source}.",
            count(u64::from(split.unknown), "inscrit", "inscrits")
        ));
    }
    lines.push(format!(
        "Les relais restent ceux du groupe {source} ; il faudra en nommer un ou deux pour le groupe {new}. Vous pourrez défaire \
         cette scission pendant 30 jours."
    ));
    let title = format!("Scinder le groupe {} ?", split.source);
    let embed = Embed::new(
        Tone::Check,
        typeset(&fit(&title, 250)),
        typeset(&fit(&lines.join("\n\n"), 3500)),
    );
    let mut buttons = confirm(Action::SplitConfirm(draft.clone()), Action::SplitCancel(draft.clone()));
    buttons.insert(
        1,
        Button::new(
            "Revoir les communes",
            Style::Secondary,
            Action::SplitPage(draft.clone(), 0),
        ),
    );
    Message::default().with_embed(embed).with_buttons(buttons)
}

fn communes(split: &Split) -> String {
    let names: Vec<String> = split.communes.iter().map(|name| escape_line(name)).collect();
    fit(&enumeration(&names), LIST)
}

/// A part of a group is a group now.
#[must_use]
pub fn split(split: &Split) -> Message {
    Message::text(typeset(&format!(
        "✅ **Le groupe {} est créé** à partir du groupe {}. {}.{}\nIl attend un ou deux relais. Les personnes concernées en \
         reçoivent la nouvelle ; vous pouvez défaire cette scission pendant 30 jours.",
        name(&split.name),
        name(&split.source),
        split.standing,
        reached(&split.reached),
    )))
    .with_buttons(vec![
        Button::new("Nommer un relai", Style::Primary, Action::NameRelay(split.group)),
        undo_button(split.line),
    ])
}

/// The two options name one group.
#[must_use]
pub fn same_group(group: &str) -> String {
    typeset(&format!(
        "⚠️ C’est deux fois le groupe {} : il n’y a rien à fusionner.",
        name(group)
    ))
}

/// An archived group takes nobody in, and is not divided.
#[must_use]
pub fn archived(group: &str) -> String {
    typeset(&format!(
        "⚠️ Le groupe {} est archivé. Rouvrez-le d’abord : « Défaire », dans `/journal`.",
        name(group)
    ))
}

/// A second press.
#[must_use]
pub fn already_done() -> String {
    "C’est déjà fait, ou déjà annulé. Rien d’autre n’a changé.".to_owned()
}

/// Another one has merged them.
#[must_use]
pub fn already_merged() -> String {
    "Ces deux groupes sont déjà réunis : quelqu’un d’autre vient de le faire. Rien d’autre n’a changé."
        .replace(" :", "\u{a0}:")
}

/// The choice has been forgotten.
#[must_use]
pub fn expired() -> String {
    "⚠️ Cette demande a expiré. Rien n’a changé ; refaites la commande pour repartir de l’état actuel."
        .replace(" ;", "\u{a0};")
}

/// One of the groups has changed since the question was asked.
#[must_use]
pub fn changed_meanwhile() -> String {
    "⚠️ L’un de ces groupes a changé entre-temps. Rien n’a été fait ; refaites la commande pour repartir de l’état actuel."
        .replace(" ;", "\u{a0};")
}

/// A group of one commune.
#[must_use]
pub fn one_commune(group: &str) -> String {
    typeset(&format!(
        "⚠️ Le groupe {} ne couvre qu’une commune : il n’y a rien à scinder.",
        name(group)
    ))
}

/// No commune is chosen.
#[must_use]
pub fn nothing_chosen() -> String {
    "⚠️ Choisissez au moins une commune.".to_owned()
}

/// Every commune is chosen.
#[must_use]
pub fn everything_chosen(group: &str) -> String {
    typeset(&format!(
        "⚠️ Toutes les communes sont choisies : il ne resterait rien au groupe {}. Pour changer son nom, il y a \
         `/groupe renommer`.",
        name(group)
    ))
}

/// The territory of one of the groups is no longer what it was.
#[must_use]
pub fn territory_changed() -> String {
    "⚠️ Le territoire de ces groupes a changé depuis : cela ne peut plus se faire tel quel. Rien n’a changé."
        .replace(" :", "\u{a0}:")
}

/// A later change touches the same group.
#[must_use]
pub fn undo_the_later_first() -> String {
    "⚠️ Un de ces groupes a été fusionné ou scindé depuis. Défaites d’abord ce changement plus récent, puis celui-ci."
        .to_owned()
}

/// What undoing a merge would change.
#[must_use]
pub fn merge_undo(source: &str, target: &str, back: u32, staying: u32) -> String {
    typeset(&format!(
        "**Défaire cette fusion ?** Le groupe {source} redevient un groupe à part, avec son territoire, ses relais et {}. \
         {} dans le groupe {target}, personnes validées depuis comprises. Les étapes franchies restent acquises.",
        count(u64::from(back), "membre", "membres"),
        if staying > 1 {
            format!("{} restent", count(u64::from(staying), "membre", "membres"))
        } else {
            format!("{} reste", count(u64::from(staying), "membre", "membres"))
        },
        source = name(source),
        target = name(target),
    ))
}

/// A merge was undone.
#[must_use]
pub fn merge_undone(source: &str, target: &str, back: u32) -> String {
    typeset(&format!(
        "✅ La fusion est défaite : le groupe {} est de nouveau à part, avec {}. Le groupe {} garde les siens.",
        name(source),
        count(u64::from(back), "membre", "membres"),
        name(target)
    ))
}

/// What undoing a split would change.
#[must_use]
pub fn split_undo(part: &str, source: &str, back: u32, others: u32) -> String {
    let others = if others == 0 {
        String::new()
    } else {
        format!(
            ", et avec eux {}",
            count(
                u64::from(others),
                "personne validée depuis",
                "personnes validées depuis"
            )
        )
    };
    typeset(&format!(
        "**Défaire cette scission ?** Le groupe {part} rejoint le groupe {source} : {}{others}. Les communes reviennent ; si \
         le groupe {part} a un espace, il passe en lecture seule.",
        count(u64::from(back), "membre y retourne", "membres y retournent"),
        part = name(part),
        source = name(source),
    ))
}

/// A split was undone.
#[must_use]
pub fn split_undone(part: &str, source: &str, back: u32) -> String {
    typeset(&format!(
        "✅ La scission est défaite : le groupe {} a rejoint le groupe {}, avec {}.",
        name(part),
        name(source),
        count(u64::from(back), "membre", "membres")
    ))
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A group has joined another.
    Merged {
        /// The group that joined.
        source: String,
        /// The group that was joined.
        target: String,
        /// The space of the latter.
        place: Option<(GuildId, ChannelId)>,
    },
    /// A part of a group is a group.
    Split {
        /// The new group.
        group: String,
        /// The group that was divided.
        source: String,
        /// The new group, while it has no relay.
        vacant: Option<GroupId>,
    },
    /// A merge was undone.
    Restored {
        /// The group that is one of its own again.
        group: String,
        /// The group that it had joined.
        from: String,
        /// The space of the former.
        place: Option<(GuildId, ChannelId)>,
    },
}

/// Who reads, in a DM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A relay of one of the groups.
    Relay,
    /// A relay whose post has ended by this.
    Relieved,
    /// A referent, or the national team.
    Referent,
    /// A member of one of the groups.
    Member,
}

/// The news in a DM.
#[must_use]
pub fn news_direct(news: &News, reader: Reader) -> Message {
    let text = match news {
        News::Merged { source, target, place } => {
            let (source, target) = (name(source), name(target));
            let first = format!("**Le groupe {source} a rejoint le groupe {target}.**");
            let then = match reader {
                Reader::Relay => {
                    "Les contacts et les membres des deux sont désormais ceux d’un seul groupe : `/contacts` les \
                                  montre tous. Rien n’est perdu."
                        .to_owned()
                }
                Reader::Relieved => {
                    "Un groupe a deux relais au plus et celui-ci les a déjà : vous n’en êtes donc plus relai. \
                                     Merci pour ce que vous avez fait ; vos rappels passent aux relais en place."
                        .to_owned()
                }
                Reader::Referent => {
                    "Membres, contacts et territoire sont réunis ; l’ancien espace se lit toujours.".to_owned()
                }
                Reader::Member => format!(
                    "Vous êtes membre du groupe {target}, sans rien avoir à faire : vos coordonnées sont partagées avec ses \
                     membres, comme vous l’aviez accepté pour le vôtre. `/mon-groupe` vous dit où il en est."
                ),
            };
            format!("{first} {then}{}", link(*place))
        }
        News::Split { group, source, .. } => {
            let (group, source) = (name(group), name(source));
            let first = format!("**Le groupe {group} est né d’une partie du groupe {source}.**");
            let then = match reader {
                Reader::Relay | Reader::Relieved => format!(
                    "Les membres et les contacts de ses communes y passent ; vous restez relai du groupe {source}. Le nouveau \
                     groupe cherche les siens."
                ),
                Reader::Referent => "Il lui faut un ou deux relais.".to_owned(),
                Reader::Member => "Si vous habitez l’une de ses communes, vous en êtes membre, sans rien avoir à faire. `/mon-groupe` vous \
                     dit dans quel groupe vous êtes.".to_owned(),
            };
            format!("{first} {then}")
        }
        News::Restored { group, from, place } => {
            let (group, from) = (name(group), name(from));
            format!(
                "**Le groupe {group} est de nouveau un groupe à part.** Sa réunion avec le groupe {from} a été défaite ; chacun \
                 retrouve ses membres et ses contacts.{}",
                link(*place)
            )
        }
    };
    let message = Message::text(typeset(&text));
    match news {
        News::Split {
            vacant: Some(group), ..
        } if reader == Reader::Referent => message.with_buttons(vec![Button::new(
            "Nommer un relai",
            Style::Primary,
            Action::NameRelay(*group),
        )]),
        _ => message,
    }
}

fn link(place: Option<(GuildId, ChannelId)>) -> String {
    place.map_or_else(String::new, |(guild, channel)| {
        format!("\nEspace du groupe : {}", channel_link(guild, channel))
    })
}

/// The news in the space of one of the groups: of the first that the news names, or of the other.
#[must_use]
pub fn news_in_space(news: &News, first: bool) -> Message {
    let text = match (news, first) {
        (News::Merged { target, place, .. }, true) => {
            let go = place.map_or_else(String::new, |(_, channel)| {
                format!(" La suite se passe dans <#{channel}>.")
            });
            format!(
                "**Votre groupe a rejoint le groupe {}.** Vous en êtes membres, sans rien avoir à faire.{go} Ici, tout reste à \
                 relire : échanges, statuts, documents.",
                name(target)
            )
        }
        (News::Merged { source, .. }, false) => format!(
            "**Le groupe {} a rejoint le vôtre.** Bienvenue à ses membres ! Le registre est à jour.",
            name(source)
        ),
        (News::Split { group, .. }, false) => format!(
            "**Une partie de ce groupe est devenue le groupe {}.** Les membres de ses communes y passent ; le registre est à jour.",
            name(group)
        ),
        (News::Split { source, .. }, true) => {
            format!("**Ce groupe est né d’une partie du groupe {}.**", name(source))
        }
        (News::Restored { from, .. }, true) => format!(
            "**Votre groupe est de nouveau à part.** Sa réunion avec le groupe {} a été défaite ; cet espace est de nouveau le \
             vôtre.",
            name(from)
        ),
        (News::Restored { group, .. }, false) => format!(
            "**Le groupe {} est de nouveau à part.** Sa réunion avec le vôtre a été défaite ; le registre est à jour.",
            name(group)
        ),
    };
    Message::text(typeset(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> DraftId {
        DraftId("aZ09-_aZ09-_aZ09".to_owned())
    }

    fn fusion() -> Merged {
        Merged {
            line: JournalId(7),
            source: "Sète".to_owned(),
            target: "Lunel".to_owned(),
            moved: 5,
            signed_up: 34,
            standing: "10 / 15\u{a0}: encore 5\u{a0}membres pour publier une procédure de RIC constituant".to_owned(),
            reached: vec![Step::Assembly],
            lost: None,
            relays: vec!["Camille Dupré".to_owned(), "Noé Le Goff".to_owned()],
            relieved: vec!["Inès Roy".to_owned()],
            transfers_closed: 1,
            regions: None,
            space: true,
        }
    }

    fn scission() -> Split {
        Split {
            line: JournalId(8),
            group: GroupId(3),
            source: "Lunel".to_owned(),
            name: "Petite Camargue".to_owned(),
            communes: vec!["Marsillargues".to_owned(), "Saint-Nazaire-de-Pézan".to_owned()],
            moved: 5,
            signed_up: 12,
            standing: "5 / 10\u{a0}: encore 5\u{a0}membres pour devenir une ACP et recevoir des statuts".to_owned(),
            reached: vec![Step::Forming],
            source_standing: "4 / 5\u{a0}: encore 1\u{a0}membre".to_owned(),
            unknown: 3,
        }
    }

    fn shown(message: &Message) -> String {
        assert_eq!(message.faults(), Vec::<String>::new());
        let embeds: Vec<String> = message
            .embeds
            .iter()
            .map(|embed| format!("[{}]\n{}\n{}", embed.title, embed.description, embed.footer))
            .collect();
        format!("{}{}", message.content, embeds.join("\n"))
    }

    #[test]
    fn what_would_happen_reads_well() {
        let foreign = Merged {
            lost: Some(Stage::Assembly),
            regions: Some(("Bretagne".to_owned(), "Occitanie".to_owned())),
            relieved: Vec::new(),
            reached: Vec::new(),
            space: false,
            ..fusion()
        };
        let texts = [
            shown(&ask_merge(&fusion(), &draft())),
            shown(&ask_merge(&foreign, &draft())),
            shown(&merged(&fusion())),
            shown(&ask_split(&scission(), &draft())),
            shown(&split(&scission())),
        ];
        insta::assert_snapshot!(texts.join("\n---\n"));
    }

    #[test]
    fn the_longest_names_fit() {
        let long = "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson".to_owned();
        let most = Merged {
            source: "*".repeat(60),
            target: "_".repeat(60),
            lost: Some(Stage::Assembly),
            regions: Some((long.clone(), long.clone())),
            relays: vec!["*".repeat(200), "_".repeat(200)],
            relieved: vec!["*".repeat(200), "_".repeat(200)],
            ..fusion()
        };
        shown(&ask_merge(&most, &draft()));
        shown(&merged(&most));
        let wide = Split {
            communes: vec![long.clone(); 400],
            name: "*".repeat(60),
            ..scission()
        };
        shown(&ask_split(&wide, &draft()));
        shown(&split(&wide));
        let lines = (0..25)
            .map(|n| CommuneLine {
                value: format!("{}.34{n:03}", i64::MAX),
                name: long.repeat(3),
                departement: "974".to_owned(),
                population: u32::MAX,
                members: u32::MAX,
                signed_up: u32::MAX,
                chosen: n % 2 == 0,
            })
            .collect();
        let page = choose(&Choosing {
            draft: draft(),
            group: "*".repeat(60),
            name: "_".repeat(60),
            total: 400,
            found: 399,
            search: "*".repeat(50),
            page: 3,
            pages: 16,
            lines,
            chosen: vec![long; 400],
        });
        shown(&page);
    }

    #[test]
    fn news_and_refusals_read_well() {
        let place = Some((GuildId(1), ChannelId(2)));
        let union = News::Merged {
            source: "Sète".to_owned(),
            target: "Lunel".to_owned(),
            place,
        };
        let part = News::Split {
            group: "Petite Camargue".to_owned(),
            source: "Lunel".to_owned(),
            vacant: Some(GroupId(3)),
        };
        let apart = News::Restored {
            group: "Sète".to_owned(),
            from: "Lunel".to_owned(),
            place,
        };
        let mut texts = Vec::new();
        for reader in [Reader::Relay, Reader::Relieved, Reader::Referent, Reader::Member] {
            texts.push(shown(&news_direct(&union, reader)));
        }
        for reader in [Reader::Relay, Reader::Referent, Reader::Member] {
            texts.push(shown(&news_direct(&part, reader)));
        }
        texts.push(shown(&news_direct(&apart, Reader::Member)));
        for news in [&union, &part, &apart] {
            texts.push(shown(&news_in_space(news, true)));
            texts.push(shown(&news_in_space(news, false)));
        }
        texts.extend([
            same_group("Lunel"),
            archived("Lunel"),
            one_commune("Lunel"),
            everything_chosen("Lunel"),
            territory_changed(),
            undo_the_later_first(),
            already_merged(),
            merge_undo("Sète", "Lunel", 5, 6),
            merge_undone("Sète", "Lunel", 5),
            split_undo("Petite Camargue", "Lunel", 5, 1),
            split_undone("Petite Camargue", "Lunel", 6),
        ]);
        insta::assert_snapshot!(texts.join("\n---\n"));
    }
}
