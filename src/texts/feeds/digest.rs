//! The weekly digest of the référents: what changed, and where a hand is needed (product.md §12).

use chrono::NaiveDate;

use super::short;
use crate::domain::ladder::Step;
use crate::domain::report::Report;
use crate::domain::view::{Embed, Message, Tone};
use crate::texts::dates;
use crate::texts::ladder::{becomes, gives};
use crate::texts::markdown::{count, enumeration, fit, fit_lines};

/// The most characters of what changed.
const CHANGES_MAX: usize = 1500;
/// The most characters of each list of what needs a hand.
const LIST_MAX: usize = 700;

/// A région's week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The name of the région.
    pub region: String,
    /// The first day.
    pub since: NaiveDate,
    /// The day of the digest.
    pub until: NaiveDate,
    /// A relay is silent after so many days.
    pub inactive_days: i64,
    /// What changed, in order of name.
    pub changes: Vec<Change>,
    /// Where the région stands.
    pub report: Report,
}

/// What changed in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Participations validated.
    pub validated: u32,
    /// Participations that ended.
    pub departed: u32,
    /// The highest step reached.
    pub step: Option<Step>,
    /// Its members now.
    pub members: u32,
    /// The number of the next step; none at the top.
    pub next: Option<u32>,
}

/// The digest.
#[must_use]
pub fn message(digest: &Digest) -> Message {
    let changed: Vec<String> = digest.changes.iter().map(change).collect();
    let mut parts = vec![if changed.is_empty() {
        "Rien n’a changé cette semaine dans les groupes de la région.".to_owned()
    } else {
        format!("**Ce qui a changé**\n{}", fit_lines(&changed, CHANGES_MAX, ""))
    }];
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            parts.push(format!("**{title}**\n{}", fit_lines(&lines, LIST_MAX, "")));
        }
    };
    let report = &digest.report;
    let vacant = report.vacant.iter().map(|group| {
        let waiting = count(group.signed_up.into(), "inscrit", "inscrits");
        format!("- {} ({waiting})", short(&group.name))
    });
    section("Sans relai", vacant.collect());
    let days = count(digest.inactive_days.unsigned_abs(), "jour", "jours");
    let silent = report.silent.iter().map(|relay| {
        let groups: Vec<String> = relay.groups.iter().map(|group| short(group)).collect();
        format!("- <@{}>\u{a0}: {}", relay.user, enumeration(&groups))
    });
    section(&format!("Relais sans activité depuis {days}"), silent.collect());
    let near = report.near.iter().map(|group| {
        let missing = count(group.missing.into(), "membre", "membres");
        format!("- {}\u{a0}: encore {missing} {}", short(&group.name), gives(group.step))
    });
    section("Tout près d’une étape", near.collect());
    let title = format!(
        "La semaine en région\u{a0}: {} ({} – {})",
        fit(&digest.region, 60),
        dates::day_month(digest.since),
        dates::day(digest.until)
    );
    Message::default().with_embed(Embed::new(Tone::Neutral, title, parts.join("\n\n")))
}

/// «- **Lunel** : 3 participations validées, 1 départ (7 / 10)».
fn change(group: &Change) -> String {
    let mut news = Vec::new();
    if group.validated > 0 {
        news.push(count(
            group.validated.into(),
            "participation validée",
            "participations validées",
        ));
    }
    if group.departed > 0 {
        news.push(count(group.departed.into(), "départ", "départs"));
    }
    news.extend(group.step.map(|step| becomes(step).to_owned()));
    let standing = match group.next {
        Some(number) => format!("{} / {number}", group.members),
        None => count(group.members.into(), "membre", "membres"),
    };
    format!("- **{}**\u{a0}: {} ({standing})", short(&group.name), news.join(", "))
}
