//! The words of `/rapport-region` and `/rapport-national` (product.md §12), of their chart and of their file.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::dates::{self, Style as At, timestamp};
use super::ladder::is;
use super::markdown::{
    count, enumeration, escape_line, fit, fit_lines, length, number, percent, progress_bar, typeset,
};
use super::people::group_suggestion;
use crate::domain::action::Action;
use crate::domain::calendar::paris_date;
use crate::domain::csv_export::CsvExport;
use crate::domain::fold::fold;
use crate::domain::ids::RegionCode;
use crate::domain::ladder::Step;
use crate::domain::report::{RegionLine, Report, Scope, Stages, Trend, Vacant};
use crate::domain::territory::Atlas;
use crate::domain::view::{Button, Choice, Embed, Message, OPTIONS_MAX, Select, SelectOf, Style, Tone};
use crate::drawing::chart;

/// The most characters of a list: all of them together keep the message under the 6,000 of its embeds.
const LIST: usize = 700;
/// The most characters of the list of régions.
const REGIONS: usize = 2000;
/// The most characters of a line of a list.
const LINE: usize = 150;
/// The signs of a progress bar.
const BAR: usize = 10;

/// What the report compares with, and whether its file is attached.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The names of régions and départements.
    pub atlas: &'a Atlas,
    /// The number of people signed up at which the country aims.
    pub goal: u32,
    /// For how long a relay may do nothing.
    pub inactive: TimeDelta,
    /// Whether the file comes with it.
    pub file: bool,
}

impl Frame<'_> {
    /// Said behind a list that was cut.
    fn more(&self) -> &'static str {
        if self.file {
            "\u{a0}(fichier joint)"
        } else {
            "\u{a0}(avec l’option `fichier`)"
        }
    }

    fn region(&self, code: &RegionCode) -> String {
        let known = self.atlas.region(&code.0);
        known.map_or_else(|| code.0.clone(), |region| region.name.clone())
    }

    fn departement(&self, code: &str) -> String {
        let known = self.atlas.departement(code);
        known.map_or_else(|| code.to_owned(), |departement| departement.name.clone())
    }
}

/// «Occitanie», «France entière».
#[must_use]
pub fn title(report: &Report, frame: &Frame<'_>) -> String {
    match &report.scope {
        Scope::Region(code) => frame.region(code),
        Scope::France => "France entière".to_owned(),
    }
}

/// The name of a file about this report: «rapport-occitanie.png».
#[must_use]
pub fn file_name(report: &Report, frame: &Frame<'_>, extension: &str) -> String {
    let about = match &report.scope {
        Scope::Region(code) => fold(&frame.region(code)).replace(' ', "-"),
        Scope::France => "national".to_owned(),
    };
    format!("rapport-{about}.{extension}")
}

/// The answer, without its files.
#[must_use]
pub fn report(report: &Report, frame: &Frame<'_>) -> Message {
    let mut embed = Embed {
        footer: typeset(
            "Sans les personnes effacées, les refus et les « ne plus appeler ». Inscrits : venus par le site. Groupes archivés non comptés.",
        ),
        ..Embed::new(
            Tone::Neutral,
            typeset(&format!("Rapport : {}", title(report, frame))),
            typeset(&figures(report, frame)),
        )
    };
    for (name, value) in lists(report, frame) {
        embed.fields.push((typeset(&name), typeset(&value)));
    }
    let mut message = Message::default().with_embed(embed);
    if !report.regions.is_empty() {
        let lines = typeset(&fit_lines(&regions(report, frame), REGIONS, frame.more()));
        message = message.with_embed(Embed::new(Tone::Neutral, "Les régions", lines));
    }
    act(message, report)
}

fn figures(report: &Report, frame: &Frame<'_>) -> String {
    let mut lines = Vec::new();
    let signed_up = u64::from(report.signed_up.now);
    lines.push(format!(
        "**{}**{}",
        count(signed_up, "inscrit", "inscrits"),
        evolution(report.signed_up)
    ));
    if let Some(to_place) = report.to_place.filter(|n| *n > 0) {
        lines.push(format!(
            "dont {} à placer dans un bassin : `/inscrits a-placer`",
            number(u64::from(to_place))
        ));
    }
    lines.push(format!(
        "**{}**{}{}",
        count(
            u64::from(report.contacted.now),
            "inscrit contacté",
            "inscrits contactés"
        ),
        share(report.contacted.now, report.signed_up.now).map_or_else(String::new, |share| format!(", soit {share}")),
        evolution(report.contacted)
    ));
    lines.push(format!(
        "**{}**{}",
        count(u64::from(report.validated.now), "membre validé", "membres validés"),
        evolution(report.validated)
    ));
    lines.push(format!(
        "**{}**{}",
        count(u64::from(report.stages.total()), "groupe", "groupes"),
        stages(&report.stages)
    ));
    if report.scope == Scope::France {
        let covered = (report.departements - report.bare.len()) as u64;
        let all = report.departements as u64;
        let goal = u64::from(frame.goal);
        lines.push(format!(
            "\n{} {} / {} inscrits visés",
            progress_bar(signed_up, goal, BAR),
            number(signed_up),
            number(goal)
        ));
        lines.push(format!(
            "{} {covered} / {all} départements avec au moins un groupe",
            progress_bar(covered, all, BAR)
        ));
    }
    lines.join("\n")
}

/// « · +12 en 7 jours · +40 en 30 jours», or nothing when nothing has moved.
fn evolution(trend: Trend) -> String {
    if (trend.week, trend.month) == (0, 0) {
        return " · stable depuis 30 jours".to_owned();
    }
    format!(
        " · {} en 7 jours · {} en 30 jours",
        signed(trend.week),
        signed(trend.month)
    )
}

/// «+12», «−3» with the sign of typographers, «0».
fn signed(n: i64) -> String {
    let digits = number(n.unsigned_abs());
    match n.signum() {
        1 => format!("+{digits}"),
        -1 => format!("−{digits}"),
        _ => digits,
    }
}

/// «65 %» of a whole; `None` of nothing.
fn share(part: u32, whole: u32) -> Option<String> {
    let share = (u64::from(part) * 100).checked_div(u64::from(whole))?;
    u8::try_from(share).ok().map(percent)
}

/// « : 4 possibles, 2 en formation, 1 ACP».
fn stages(stages: &Stages) -> String {
    let parts: Vec<String> = [
        (stages.possible, "possible", "possibles"),
        (stages.forming, "en formation", "en formation"),
        (stages.assembly, "ACP", "ACP"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many)| count(u64::from(n), one, many))
    .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" : {}", enumeration(&parts))
    }
}

/// The lists of what can be acted on; an empty one is not shown.
fn lists(report: &Report, frame: &Frame<'_>) -> Vec<(String, String)> {
    let place = |name: &str, departement: &str| escape_line(&group_suggestion(name, departement));
    let near: Vec<String> = report
        .near
        .iter()
        .map(|near| {
            let missing = match near.missing {
                1 => "il manque 1 membre".to_owned(),
                n => format!("il manque {n} membres"),
            };
            let name = place(&near.name, &near.departement);
            fit(&format!("{name} : {missing} pour {}", opens(near.step)), LINE)
        })
        .collect();
    let vacant: Vec<String> = report
        .vacant
        .iter()
        .map(|vacant| {
            let signed_up = count(u64::from(vacant.signed_up), "inscrit", "inscrits");
            fit(
                &format!("{} — {signed_up}", place(&vacant.name, &vacant.departement)),
                LINE,
            )
        })
        .collect();
    let silent: Vec<String> = report
        .silent
        .iter()
        .map(|relay| {
            let groups: Vec<String> = relay.groups.iter().map(|name| escape_line(name)).collect();
            format!(
                "<@{}> — {}, depuis le {}",
                relay.user,
                fit(&groups.join(", "), 90),
                timestamp(relay.last, At::LongDate)
            )
        })
        .collect();
    let bare: Vec<String> = report.bare.iter().map(|code| frame.departement(code)).collect();
    let lines = |lines: &[String]| fit_lines(lines, LIST, frame.more());
    let days = frame.inactive.num_days();
    let mut lists = vec![
        (counted("Près de l’étape suivante", near.len()), lines(&near)),
        (counted("Groupes sans relai", vacant.len()), lines(&vacant)),
        (
            counted(&format!("Relais sans activité depuis {days} jours"), silent.len()),
            lines(&silent),
        ),
        (
            format!("Départements sans groupe : {} sur {}", bare.len(), report.departements),
            fit_words(&bare, LIST, frame.more()),
        ),
    ];
    lists.retain(|(_, value)| !value.is_empty());
    lists
}

fn counted(what: &str, n: usize) -> String {
    format!("{what} : {n}")
}

/// What a step is, after «il manque 2 membres pour».
fn opens(step: Step) -> &'static str {
    match step {
        Step::Possible => "être déclaré groupe possible",
        Step::Forming => "passer « en formation »",
        Step::Assembly => "devenir une ACP",
        Step::PublishRic => "publier une procédure de RIC constituant",
        Step::PublishWorks => "publier sur les deux autres questions",
    }
}

/// As many words as `max` holds, on one line, then «… et 12 autres».
fn fit_words(words: &[String], max: usize, suffix: &str) -> String {
    let whole = words.join(", ");
    if length(&whole) <= max {
        return whole;
    }
    let mut kept = String::new();
    for (rank, word) in words.iter().enumerate() {
        let tail = format!("… et {} autres{suffix}", words.len() - rank);
        if length(&kept) + length(word) + 2 + length(&tail) > max {
            return format!("{kept}{tail}");
        }
        kept.push_str(word);
        kept.push_str(", ");
    }
    whole
}

/// One line for each région where there is something, and one for all the others.
fn regions(report: &Report, frame: &Frame<'_>) -> Vec<String> {
    let (begun, bare): (Vec<&RegionLine>, Vec<&RegionLine>) = report
        .regions
        .iter()
        .partition(|line| line.signed_up + line.validated + line.stages.total() > 0);
    let mut lines: Vec<String> = begun
        .into_iter()
        .map(|line| {
            let (covered, all) = line.covered;
            let assemblies = match line.stages.assembly {
                0 => String::new(),
                n => format!(" dont {n} ACP"),
            };
            format!(
                "**{}** — {} · {} · {}{assemblies} · {covered} / {all} dép.",
                escape_line(&frame.region(&line.region)),
                count(u64::from(line.signed_up), "inscrit", "inscrits"),
                count(u64::from(line.validated), "membre", "membres"),
                count(u64::from(line.stages.total()), "groupe", "groupes"),
            )
        })
        .collect();
    if !bare.is_empty() {
        let names: Vec<String> = bare
            .iter()
            .map(|line| escape_line(&frame.region(&line.region)))
            .collect();
        lines.push(format!("Encore ni inscrit ni groupe : {}", names.join(", ")));
    }
    lines
}

/// «Nommer un relai» and «Relancer», where there is somebody to name or to prompt.
fn act(message: Message, report: &Report) -> Message {
    let mut buttons = Vec::new();
    let mut pick = None;
    match report.vacant.as_slice() {
        [] => {}
        [only] => buttons.push(Button::new(
            "Nommer un relai",
            Style::Primary,
            Action::NameRelay(only.group),
        )),
        several => pick = Some(name_relay(several)),
    }
    if !report.silent.is_empty() {
        buttons.push(Button::new(
            "Relancer",
            Style::Secondary,
            Action::Prompt(report.scope.clone()),
        ));
    }
    match pick {
        Some(pick) => message.with_select(pick),
        None => message,
    }
    .with_buttons(buttons)
}

fn name_relay(vacant: &[Vacant]) -> Select {
    let choices = vacant
        .iter()
        .take(OPTIONS_MAX)
        .map(|group| Choice {
            label: fit(&group_suggestion(&group.name, &group.departement), 100),
            value: group.group.to_string(),
            description: count(u64::from(group.signed_up), "inscrit", "inscrits"),
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

/// Whoever steers several régions chooses: codes and names, no more than 25.
#[must_use]
pub fn choose(regions: &[(RegionCode, String)], file: bool) -> Message {
    let choices = regions
        .iter()
        .take(OPTIONS_MAX)
        .map(|(code, name)| Choice {
            label: name.clone(),
            value: code.0.clone(),
            description: String::new(),
            chosen: false,
        })
        .collect();
    Message::text("Pour quelle région ?".replace(" ?", "\u{a0}?")).with_select(Select {
        action: Action::ReportRegion(file),
        placeholder: "Choisir une région".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    })
}

/// The words and values of the chart.
#[must_use]
pub fn chart(report: &Report, frame: &Frame<'_>) -> chart::Words {
    let weeks = report.weeks.iter().map(|(monday, n)| (short(*monday), *n)).collect();
    chart::Words {
        title: title(report, frame),
        date: format!("au {}", dates::day(paris_date(report.at))),
        weeks_title: "Validations par semaine".to_owned(),
        weeks,
        steps_title: "Groupes, selon la dernière étape franchie".to_owned(),
        steps: report
            .steps
            .iter()
            .map(|(step, n)| (*step, step_label(*step).to_owned(), *n))
            .collect(),
    }
}

/// «15/03», the Monday of a week.
fn short(monday: NaiveDate) -> String {
    format!("{:02}/{:02}", monday.day(), monday.month())
}

fn step_label(step: Step) -> &'static str {
    match step {
        Step::Possible => "Possible",
        Step::Forming => "En formation",
        Step::Assembly => "ACP",
        Step::PublishRic => "RIC constituant",
        Step::PublishWorks => "Deux autres questions",
    }
}

/// What the chart shows, in words, for whoever does not see it.
#[must_use]
pub fn chart_in_words(report: &Report) -> String {
    let first = report
        .weeks
        .first()
        .map_or_else(String::new, |(monday, _)| dates::day(*monday));
    let values: Vec<String> = report.weeks.iter().map(|(_, n)| n.to_string()).collect();
    let steps: Vec<String> = report
        .steps
        .iter()
        .map(|(step, n)| format!("{} {n}", step_label(*step)))
        .collect();
    typeset(&format!(
        "Graphique. Validations par semaine depuis le {first} : {}. Groupes selon la dernière étape franchie : {}.",
        values.join(", "),
        steps.join(", ")
    ))
}

/// The file: one line for each group, and for what no group holds in a département. No name of a person.
#[must_use]
pub fn file(report: &Report, frame: &Frame<'_>) -> Vec<u8> {
    let mut csv = CsvExport::new([
        "région",
        "code du département",
        "département",
        "groupe",
        "étape",
        "membres validés",
        "étape suivante",
        "membres qui manquent",
        "inscrits",
        "inscrits contactés",
        "relais",
        "dernière activité d’un relai",
    ]);
    for row in &report.rows {
        let region = frame.region(&row.region);
        let departement = frame.departement(&row.departement);
        let (signed_up, contacted) = (row.signed_up.to_string(), row.contacted.to_string());
        let group = row.group.as_ref();
        let text = |of: &dyn Fn(&crate::domain::report::RowGroup) -> String| group.map(of).unwrap_or_default();
        csv.row([
            region.as_str(),
            &row.departement,
            &departement,
            group.map_or("(hors groupe)", |group| group.name.as_str()),
            group.map_or("", |group| is(group.stage)),
            &text(&|group| group.members.to_string()),
            group
                .and_then(|group| group.next)
                .map_or("", |(step, _)| step_label(step)),
            &text(&|group| group.next.map(|(_, n)| n.to_string()).unwrap_or_default()),
            &signed_up,
            &contacted,
            &text(&|group| group.relays.to_string()),
            &text(&|group| group.last.map(|at| dates::numeric(paris_date(at))).unwrap_or_default()),
        ]);
    }
    csv.finish()
}

/// «Relancer» was pressed: how many relays are told now, and how many were in the week before.
#[must_use]
pub fn prompted(now: usize, before: usize) -> Message {
    let relays = |n: usize| count(n as u64, "relai", "relais");
    let text = match (now, before) {
        (0, 0) => "Aucun relai n’est resté sans activité : il n’y a personne à relancer.".to_owned(),
        (0, 1) => "Ce relai a déjà été relancé cette semaine. Rien de plus ne lui est envoyé.".to_owned(),
        (0, n) => format!(
            "Ces {} ont déjà été relancés cette semaine. Rien de plus ne leur est envoyé.",
            relays(n)
        ),
        (n, 0) => format!(
            "✅ **{} : un message privé part.** Une relance par semaine au plus.",
            relays(n)
        ),
        (n, 1) => format!(
            "✅ **{} : un message privé part.** Un autre, déjà relancé cette semaine, ne reçoit rien de plus.",
            relays(n)
        ),
        (n, already) => format!(
            "✅ **{} : un message privé part.** {already} autres, déjà relancés cette semaine, ne reçoivent rien de plus.",
            relays(n)
        ),
    };
    Message::text(typeset(&text))
}

/// The message to a relay who did nothing for a while: no reproach, what waits, and a way out.
#[must_use]
pub fn prompt(groups: &[String], to_call: usize) -> Message {
    let names: Vec<String> = groups.iter().map(|name| fit(&escape_line(name), 100)).collect();
    let of = match names.as_slice() {
        [only] => format!("du groupe {only}"),
        several => format!("des groupes {}", fit(&enumeration(several), 500)),
    };
    let waiting = match to_call {
        0 => "Personne n’est à appeler pour le moment.".to_owned(),
        1 => "1 personne attend votre appel. Sur le serveur : `/contacts`".to_owned(),
        n => format!(
            "{} attendent votre appel. Sur le serveur : `/contacts`",
            count(n as u64, "personne", "personnes")
        ),
    };
    Message::text(typeset(&format!(
        "📞 **On prend des nouvelles {of}.** {waiting}\nLe temps vous manque ? Dites-le au référent régional : une autre \
         personne peut vous épauler ou prendre la suite."
    )))
}

#[cfg(test)]
mod tests;
