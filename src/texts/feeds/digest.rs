//! The weekly digest of the référents: what changed, and where a hand is needed (product.md §12).

use chrono::NaiveDate;

use super::short;
use crate::domain::ids::UserId;
use crate::domain::ladder::Step;
use crate::domain::view::{Embed, Message, Tone};
use crate::texts::dates;
use crate::texts::ladder::{becomes, gives};
use crate::texts::markdown::{count, enumeration, fit, fit_lines};

/// The most characters of what changed.
const CHANGES_MAX: usize = 1500;
/// The most characters of each list of what needs a hand.
const LIST_MAX: usize = 700;

/// A region's week.
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
    /// Its groups, in order of name.
    pub groups: Vec<Group>,
}

/// A group's week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Participations validated.
    pub validated: u32,
    /// Participations that ended.
    pub departed: u32,
    /// Steps reached, lowest first.
    pub steps: Vec<Step>,
    /// Its members now.
    pub members: u32,
    /// The next step, with its number.
    pub next: Option<(Step, u32)>,
    /// People signed up in its territory.
    pub signed_up: u32,
    /// Whether it has no relay.
    pub without_relay: bool,
    /// Its relays who are silent.
    pub silent: Vec<UserId>,
    /// The next step, when few members are missing, and how many.
    pub near: Option<(Step, u32)>,
}

impl Group {
    fn changed(&self) -> bool {
        self.validated > 0 || self.departed > 0 || !self.steps.is_empty()
    }
}

/// The digest.
#[must_use]
pub fn message(digest: &Digest) -> Message {
    let groups = &digest.groups;
    let changed: Vec<String> = groups.iter().filter(|group| group.changed()).map(change).collect();
    let mut parts = vec![if changed.is_empty() {
        "Rien n’a changé cette semaine dans les groupes de la région.".to_owned()
    } else {
        format!("**Ce qui a changé**\n{}", fit_lines(&changed, CHANGES_MAX, ""))
    }];
    let mut section = |title: String, lines: Vec<String>| {
        if !lines.is_empty() {
            parts.push(format!("**{title}**\n{}", fit_lines(&lines, LIST_MAX, "")));
        }
    };
    section(
        "Sans relai".to_owned(),
        groups
            .iter()
            .filter(|group| group.without_relay)
            .map(|group| {
                let waiting = count(group.signed_up.into(), "inscrit", "inscrits");
                format!("- {} ({waiting})", short(&group.name))
            })
            .collect(),
    );
    section(
        format!(
            "Relais sans activité depuis {}",
            count(digest.inactive_days.unsigned_abs(), "jour", "jours")
        ),
        groups
            .iter()
            .filter(|group| !group.silent.is_empty())
            .map(|group| {
                let relays: Vec<String> = group.silent.iter().map(|user| format!("<@{user}>")).collect();
                format!("- {}\u{a0}: {}", short(&group.name), enumeration(&relays))
            })
            .collect(),
    );
    section(
        "Tout près d’une étape".to_owned(),
        groups
            .iter()
            .filter_map(|group| {
                let (step, missing) = group.near?;
                let missing = count(missing.into(), "membre", "membres");
                Some(format!(
                    "- {}\u{a0}: encore {missing} {}",
                    short(&group.name),
                    gives(step)
                ))
            })
            .collect(),
    );
    let title = format!(
        "La semaine en région\u{a0}: {} ({} – {})",
        fit(&digest.region, 60),
        dates::day_month(digest.since),
        dates::day(digest.until)
    );
    Message::default().with_embed(Embed::new(Tone::Neutral, title, parts.join("\n\n")))
}

/// «- **Lunel** : 3 membres de plus, 1 départ (7 / 10) ; le groupe devient …».
fn change(group: &Group) -> String {
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
    news.extend(
        group
            .steps
            .iter()
            // Higher steps imply the lower ones.
            .max()
            .map(|step| becomes(*step).to_owned()),
    );
    let standing = match group.next {
        Some((_, number)) => format!("{} / {number}", group.members),
        None => count(group.members.into(), "membre", "membres"),
    };
    format!("- **{}**\u{a0}: {} ({standing})", short(&group.name), news.join(", "))
}
