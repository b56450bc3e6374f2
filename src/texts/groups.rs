//! The words of `/groupe` (product.md §3; voice.md: a place name never follows «de» or «à»).

use chrono::{DateTime, Utc};

use super::dates::{Style as At, timestamp};
use super::ladder::{is, progress, sign};
use super::markdown::{count, escape_line, fit, number, typeset};
use crate::domain::action::Action;
use crate::domain::ids::GroupId;
use crate::domain::ladder::{Stage, Step};
use crate::domain::territory::Territory;
use crate::domain::view::{Button, Embed, Message, Style, Tone};

/// Groups on one page of the list: with the longest names they stay under the 4,096 characters of an embed.
const PAGE: usize = 20;
/// The most characters of a line of a list.
const LINE: usize = 180;
/// The most characters of a choice.
const CHOICE: usize = 100;

/// A group that has become possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The group.
    pub group: GroupId,
    /// «Lunel (Hérault)».
    pub label: String,
    /// People signed up.
    pub signed_up: u32,
    /// Relays named so far.
    pub relays: usize,
}

/// One group of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLine {
    /// The name of the région.
    pub region: String,
    /// «Lunel (34)».
    pub name: String,
    /// What the group is.
    pub stage: Stage,
    /// Whether it is archived.
    pub archived: bool,
    /// Validated members.
    pub members: u32,
    /// The number that opens the next step; none at the top.
    pub next: Option<u32>,
    /// The number of the highest step.
    pub top: u32,
    /// People signed up.
    pub signed_up: u32,
    /// Relays.
    pub relays: usize,
    /// Whether a step that was reached lacks members now.
    pub under: bool,
}

/// The groups in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// By région, then by name.
    pub lines: Vec<GroupLine>,
    /// People without a territory; told to the national team only.
    pub to_place: Option<u32>,
}

/// All that is known of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSheet {
    /// The group.
    pub group: GroupId,
    /// «Lunel (Hérault)».
    pub label: String,
    /// The name of the région.
    pub region: String,
    /// What the group is.
    pub stage: Stage,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// Validated members.
    pub members: u32,
    /// People signed up.
    pub signed_up: u32,
    /// The next step that members open, with its number.
    pub next: Option<(Step, u32)>,
    /// The number of the highest step.
    pub top: u32,
    /// The steps reached, when, and since when each lacks members.
    pub steps: Vec<(Step, DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// The relays, as they are shown, and since when.
    pub relays: Vec<(String, DateTime<Utc>)>,
    /// The referents of the région, as they are shown, and since when.
    pub referents: Vec<(String, DateTime<Utc>)>,
    /// The names of its basins.
    pub basins: Vec<String>,
    /// How many communes it covers.
    pub communes: usize,
    /// The address of its space, once there is one.
    pub link: Option<String>,
}

/// One suggestion of the option `bassin`: «Lunel (Hérault) — CA Lunel Agglo».
#[must_use]
pub fn basin_suggestion(territory: &Territory) -> String {
    let label = territory.label();
    if territory.basin_name == territory.base_name {
        fit(&label, CHOICE)
    } else {
        fit(&format!("{label} — {}", territory.basin_name), CHOICE)
    }
}

/// A basin that is not known, or that was not chosen in the list.
#[must_use]
pub fn basin_not_found() -> String {
    "⚠️ Ce bassin est introuvable. Choisissez-le dans la liste qui s’affiche pendant la saisie.".to_owned()
}

/// «Nommer un relai», for one group.
fn name_relay(group: GroupId) -> Vec<Button> {
    vec![Button::new("Nommer un relai", Style::Primary, Action::NameRelay(group))]
}

/// A group was declared by hand.
#[must_use]
pub fn declared(group: &Possible) -> Message {
    let text = format!(
        "✅ **Groupe possible : {}** — {}.\nIl suffit d’une ou deux personnes motivées pour les appeler.",
        escape_line(&group.label),
        count(u64::from(group.signed_up), "inscrit", "inscrits"),
    );
    Message::text(typeset(&text)).with_buttons(name_relay(group.group))
}

/// The group was there already.
#[must_use]
pub fn already_declared(group: &Possible) -> Message {
    let text = format!(
        "Le groupe {} existe déjà : {}, {}. Rien n’a changé.",
        escape_line(&group.label),
        count(u64::from(group.signed_up), "inscrit", "inscrits"),
        relays(group.relays),
    );
    let buttons = if group.relays == 0 {
        name_relay(group.group)
    } else {
        Vec::new()
    };
    Message::text(typeset(&text)).with_buttons(buttons)
}

fn relays(n: usize) -> String {
    if n == 0 {
        "aucun relai".to_owned()
    } else {
        count(n as u64, "relai", "relais")
    }
}

/// One page of the list; a page that is no more is the last one.
#[must_use]
pub fn list(list: &List, page: u32) -> Message {
    if list.lines.is_empty() {
        return Message::text(typeset(&format!(
            "Aucun groupe n’est encore déclaré.{}",
            list.to_place.map_or_else(String::new, |n| format!("\n{}", to_place(n)))
        )));
    }
    let pages = list.lines.len().div_ceil(PAGE);
    let page = (page as usize).min(pages - 1);
    let of = |stage| {
        list.lines
            .iter()
            .filter(|line| line.stage == stage && !line.archived)
            .count() as u64
    };
    let archived = list.lines.iter().filter(|line| line.archived).count() as u64;
    let mut head = vec![
        count(of(Stage::Possible), "groupe possible", "groupes possibles"),
        format!("{} en formation", number(of(Stage::Forming))),
        count(of(Stage::Assembly), "ACP", "ACP"),
    ];
    if archived > 0 {
        head.push(count(archived, "archivé", "archivés"));
    }
    let mut text = vec![head.join(" · ")];
    text.extend(list.to_place.map(to_place));
    let mut region = "";
    for line in list.lines.iter().skip(page * PAGE).take(PAGE) {
        if line.region != region {
            region = &line.region;
            text.push(format!("\n**{}**", escape_line(region)));
        }
        text.push(fit(&group_line(line), LINE));
    }
    let embed = Embed {
        footer: typeset(&format!("Page {} / {pages}", page + 1)),
        ..Embed::new(Tone::Neutral, "Les groupes", typeset(&text.join("\n")))
    };
    let message = Message::default().with_embed(embed);
    if pages == 1 {
        message
    } else {
        message.with_buttons(turning(page, pages, Action::GroupList))
    }
}

/// «Précédent» and «Suivant», each closed at its end of the list.
pub(super) fn turning(page: usize, pages: usize, to: fn(u32) -> Action) -> Vec<Button> {
    let at = |page: usize| u32::try_from(page).unwrap_or(u32::MAX);
    vec![
        Button::new("Précédent", Style::Secondary, to(at(page.saturating_sub(1)))).enabled(page > 0),
        Button::new("Suivant", Style::Secondary, to(at(page + 1))).enabled(page + 1 < pages),
    ]
}

fn to_place(n: u32) -> String {
    match n {
        0 => "Personne à placer : aucune".to_owned(),
        n => format!("À placer : {}", count(u64::from(n), "personne", "personnes")),
    }
}

fn group_line(line: &GroupLine) -> String {
    let under = if line.under { " · ⚠️ sous le seuil" } else { "" };
    let relays = if line.relays == 0 {
        "⚠️ sans relai".to_owned()
    } else {
        relays(line.relays)
    };
    let what = if line.archived { "archivé" } else { is(line.stage) };
    format!(
        "{}**{}** — {what} · {} / {} · {} · {relays}{under}",
        sign(line.stage),
        escape_line(&line.name),
        line.members,
        line.next.unwrap_or(line.top),
        count(u64::from(line.signed_up), "inscrit", "inscrits"),
    )
}

/// All that is known of one group.
#[must_use]
pub fn sheet(sheet: &GroupSheet) -> Message {
    let title = format!("{}Groupe {} — {}", sign(sheet.stage), sheet.label, is(sheet.stage));
    let mut lines = vec![progress(sheet.members, sheet.next, sheet.top)];
    lines.push(format!(
        "{} dans le bassin",
        count(u64::from(sheet.signed_up), "inscrit", "inscrits")
    ));
    if sheet.archived {
        lines.push("⚠️ Ce groupe est archivé : son espace est en lecture seule.".to_owned());
    }
    let mut steps: Vec<String> = Vec::new();
    for (step, at, under) in &sheet.steps {
        let at = timestamp(*at, At::LongDate);
        steps.push(match under {
            Some(since) => format!(
                "{} le {at} · ⚠️ sous le seuil depuis le {}",
                step_name(*step),
                timestamp(*since, At::LongDate)
            ),
            None => format!("{} le {at}", step_name(*step)),
        });
    }
    let holders = |holders: &[(String, DateTime<Utc>)], none: &str| -> String {
        if holders.is_empty() {
            return none.to_owned();
        }
        let lines: Vec<String> = holders
            .iter()
            .map(|(name, since)| format!("{} depuis le {}", fit(name, 200), timestamp(*since, At::LongDate)))
            .collect();
        fit(&lines.join("\n"), 1000)
    };
    let place = format!(
        "{}\n{} · région {}",
        fit(&escape_line(&sheet.basins.join(", ")), 500),
        count(sheet.communes as u64, "commune", "communes"),
        escape_line(&sheet.region),
    );
    let fields = [
        ("Étapes", fit(&steps.join("\n"), 1000)),
        ("Relais locaux", holders(&sheet.relays, "⚠️ Aucun relai")),
        ("Référent régional", holders(&sheet.referents, "Aucun référent")),
        ("Territoire", place),
        (
            "Espace du groupe",
            sheet.link.clone().unwrap_or_else(|| "Pas encore d’espace".to_owned()),
        ),
    ];
    let embed = Embed {
        fields: fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), typeset(&value)))
            .collect(),
        ..Embed::new(Tone::Neutral, typeset(&fit(&title, 250)), typeset(&lines.join("\n")))
    };
    let open = !sheet.archived && sheet.relays.len() < 2;
    let buttons = if open { name_relay(sheet.group) } else { Vec::new() };
    Message::default().with_embed(embed).with_buttons(buttons)
}

/// A step in the list of those reached.
fn step_name(step: Step) -> &'static str {
    match step {
        Step::Possible => "Groupe possible",
        Step::Forming => "En formation",
        Step::Assembly => "ACP",
        Step::PublishRic => "Procédure de RIC constituant",
        Step::PublishWorks => "Travaux sur les deux autres questions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn line(n: u32) -> GroupLine {
        GroupLine {
            region: if n.is_multiple_of(2) {
                "Bretagne".to_owned()
            } else {
                "Occitanie".to_owned()
            },
            name: format!("Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson {n} (51)"),
            stage: [Stage::Possible, Stage::Forming, Stage::Assembly][n as usize % 3],
            archived: n % 50 == 7,
            members: n % 23,
            next: Some(10),
            top: 20,
            signed_up: n,
            relays: n as usize % 3,
            under: n.is_multiple_of(5),
        }
    }

    #[test]
    fn four_hundred_groups_are_shown_page_by_page() {
        let mut lines: Vec<GroupLine> = (0..400).map(line).collect();
        lines.sort_by(|a, b| a.region.cmp(&b.region));
        let all = List {
            lines,
            to_place: Some(12),
        };
        let mut shown = 0;
        for page in 0..20 {
            let message = list(&all, page);
            assert_eq!(message.faults(), Vec::<String>::new(), "page {page}");
            shown += message.embeds[0].description.matches("**Saint").count();
        }
        assert_eq!(shown, 400);
        assert_eq!(list(&all, 99), list(&all, 19));
    }

    #[test]
    fn a_list_reads_well() {
        let lines = vec![
            GroupLine {
                name: "Lunel (34)".to_owned(),
                members: 7,
                ..line(1)
            },
            GroupLine {
                name: "Sète (34)".to_owned(),
                relays: 0,
                under: true,
                ..line(3)
            },
        ];
        let message = list(
            &List {
                lines,
                to_place: Some(1),
            },
            0,
        );
        assert!(message.rows.is_empty());
        insta::assert_snapshot!(message.embeds[0].description);
    }

    #[test]
    fn a_sheet_reads_well() {
        let message = sheet(&GroupSheet {
            group: GroupId(3),
            label: "Lunel (Hérault)".to_owned(),
            region: "Occitanie".to_owned(),
            stage: Stage::Forming,
            archived: false,
            declared_at: at("2027-01-02T10:00:00Z"),
            members: 4,
            signed_up: 23,
            next: Some((Step::Assembly, 10)),
            top: 20,
            steps: vec![
                (Step::Possible, at("2027-01-02T10:00:00Z"), None),
                (
                    Step::Forming,
                    at("2027-02-02T10:00:00Z"),
                    Some(at("2027-03-01T10:00:00Z")),
                ),
            ],
            relays: vec![("Camille Dupré".to_owned(), at("2027-01-03T10:00:00Z"))],
            referents: Vec::new(),
            basins: vec!["CA Lunel Agglo".to_owned()],
            communes: 14,
            link: None,
        });
        assert_eq!(message.faults(), Vec::<String>::new());
        let embed = &message.embeds[0];
        let fields: Vec<String> = embed
            .fields
            .iter()
            .map(|(name, value)| format!("[{name}]\n{value}"))
            .collect();
        insta::assert_snapshot!(format!("{}\n{}\n{}", embed.title, embed.description, fields.join("\n")));
    }
}
