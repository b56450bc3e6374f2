//! The figures of `/rapport-region` and `/rapport-national` (product.md §12), from facts that the store has counted or read.
//!
//! What is counted: as inscrits, everyone who came by the website but those erased, merged away, refusing or not to be called
//! (§3), members included. As contacted, those of them who were called or written to, or who were validated. As validated,
//! the members that have not left, local recruits included; its evolution is the difference with what it was 7 or 30 days
//! ago, departures included. Archived and merged groups are no groups.

use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::calendar::{civil, paris_date};
use super::ids::{GroupId, PersonId, RegionCode, UserId};
use super::ladder::{Stage, Step, Thresholds};

/// The weeks of the chart.
pub const WEEKS: u64 = 12;
/// A relay is prompted once in that time at most.
pub const PROMPT_AGAIN: TimeDelta = TimeDelta::days(7);

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One région.
    Region(RegionCode),
    /// The whole country.
    France,
}

impl Scope {
    /// Whether a région belongs to it.
    #[must_use]
    pub fn holds(&self, region: &RegionCode) -> bool {
        match self {
            Scope::Region(own) => own == region,
            Scope::France => true,
        }
    }
}

/// The name of the whole country in a `custom_id`.
const FRANCE: &str = "france";

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::Region(code) => code.fmt(f),
            Scope::France => f.write_str(FRANCE),
        }
    }
}

impl FromStr for Scope {
    type Err = ();

    /// A région is two digits, as INSEE writes them.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            FRANCE => Ok(Scope::France),
            code if code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Scope::Region(RegionCode(code.to_owned())))
            }
            _ => Err(()),
        }
    }
}

/// A figure and its evolution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trend {
    /// Now.
    pub now: u32,
    /// What the last 7 days brought; may be negative.
    pub week: i64,
    /// What the last 30 days brought; may be negative.
    pub month: i64,
}

impl Trend {
    /// Both figures together.
    #[must_use]
    pub fn and(self, other: Trend) -> Trend {
        Trend {
            now: self.now + other.now,
            week: self.week + other.week,
            month: self.month + other.month,
        }
    }
}

/// The instants and days from which evolutions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// 7 days ago.
    pub week: DateTime<Utc>,
    /// 30 days ago.
    pub month: DateTime<Utc>,
    /// The first instant of the chart: a Monday, at midnight in Paris.
    pub chart: DateTime<Utc>,
}

impl Since {
    /// For a report made at this instant.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            week: now - TimeDelta::days(7),
            month: now - TimeDelta::days(30),
            chart: civil(first_monday(now), NaiveTime::MIN),
        }
    }

    /// The earliest of them: what ended before it counts nowhere.
    #[must_use]
    pub fn earliest(&self) -> DateTime<Utc> {
        self.month.min(self.chart)
    }
}

/// The Monday on which the chart begins; its last week is the present one.
fn first_monday(now: DateTime<Utc>) -> NaiveDate {
    let today = paris_date(now);
    let back = u64::from(today.weekday().num_days_from_monday()) + 7 * (WEEKS - 1);
    today.checked_sub_days(Days::new(back)).unwrap_or(today)
}

/// People who signed up in one département, within groups or outside of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUp {
    /// The région; `None` for people without a territory.
    pub region: Option<RegionCode>,
    /// The département; `None` for people without a territory.
    pub departement: Option<String>,
    /// The group that calls them, if one was declared.
    pub group: Option<GroupId>,
    /// How many signed up.
    pub signed_up: Trend,
    /// How many of them were contacted.
    pub contacted: Trend,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts {
    /// Which.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Its département.
    pub departement: String,
    /// Its région.
    pub region: RegionCode,
    /// What it is.
    pub stage: Stage,
    /// The steps reached.
    pub steps: Vec<Step>,
    /// Validated members.
    pub members: u32,
    /// Its relays, first named first, and since when.
    pub relays: Vec<(UserId, DateTime<Utc>)>,
}

/// A participation that counts now, or did not so long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participation {
    /// Of whom.
    pub person: PersonId,
    /// In which group.
    pub group: GroupId,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; `None` while it lasts.
    pub until: Option<DateTime<Utc>>,
    /// Whether it ended as a mistake, so that there was no validation.
    pub undone: bool,
    /// Whether the person came from another group, so that the validation was made there.
    pub moved: bool,
}

/// Everything that a report is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The groups that are neither archived nor merged, in order of name.
    pub groups: Vec<GroupFacts>,
    /// The people, counted.
    pub people: Vec<SignedUp>,
    /// The participations with the région of their group, archived groups included.
    pub participations: Vec<(RegionCode, Participation)>,
    /// When each relay last did something.
    pub activity: BTreeMap<UserId, DateTime<Utc>>,
    /// The 101 départements with their région, in order of code.
    pub departements: Vec<(String, RegionCode)>,
}

/// The numbers that a report compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goals {
    /// The five numbers of the ladder.
    pub thresholds: Thresholds,
    /// How many members may lack at most for a group to be near its next step.
    pub near: u32,
    /// For how long a relay may do nothing.
    pub inactive: TimeDelta,
}

/// A group near its next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Its name.
    pub name: String,
    /// Its département.
    pub departement: String,
    /// The step.
    pub step: Step,
    /// How many members lack; 1 at least.
    pub missing: u32,
}

/// A group without relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vacant {
    /// Which.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// Its département.
    pub departement: String,
    /// People signed up in its territory.
    pub signed_up: u32,
}

/// A relay who did nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Who.
    pub user: UserId,
    /// The names of his groups within the report.
    pub groups: Vec<String>,
    /// The last thing he did, or his naming.
    pub last: DateTime<Utc>,
}

/// How many groups are at each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// «Groupe possible».
    pub possible: u32,
    /// «En formation».
    pub forming: u32,
    /// «ACP».
    pub assembly: u32,
}

impl Stages {
    fn add(&mut self, stage: Stage) {
        *match stage {
            Stage::Possible => &mut self.possible,
            Stage::Forming => &mut self.forming,
            Stage::Assembly => &mut self.assembly,
        } += 1;
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.possible + self.forming + self.assembly
    }
}

/// One région of the national report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionLine {
    /// Which.
    pub region: RegionCode,
    /// People signed up.
    pub signed_up: u32,
    /// Validated members.
    pub validated: u32,
    /// Its groups.
    pub stages: Stages,
    /// How many of its départements have a group, and how many there are.
    pub covered: (usize, usize),
}

/// One line of the file: a group, or what no group holds of a département.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The région.
    pub region: RegionCode,
    /// The département.
    pub departement: String,
    /// The group; `None` for people outside of any, and for a département without a group.
    pub group: Option<RowGroup>,
    /// People signed up.
    pub signed_up: u32,
    /// How many of them were contacted.
    pub contacted: u32,
}

/// The group of a line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// Its name.
    pub name: String,
    /// What it is.
    pub stage: Stage,
    /// Validated members.
    pub members: u32,
    /// The next step that members open and how many lack; `None` at the top.
    pub next: Option<(Step, u32)>,
    /// How many relays it has.
    pub relays: usize,
    /// The last activity of its relays; `None` without relay.
    pub last: Option<DateTime<Utc>>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about.
    pub scope: Scope,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// People signed up; for the whole country, those without a territory included.
    pub signed_up: Trend,
    /// Those of them who were contacted.
    pub contacted: Trend,
    /// Validated members.
    pub validated: Trend,
    /// People signed up without a territory; of the whole country only.
    pub to_place: Option<u32>,
    /// Groups by stage.
    pub stages: Stages,
    /// Groups by the highest step reached, lowest first.
    pub steps: [(Step, u32); 5],
    /// Groups near their next step: those that lack least first.
    pub near: Vec<Near>,
    /// Groups without relay: those with most people signed up first.
    pub vacant: Vec<Vacant>,
    /// Relays without activity: the longest silence first.
    pub silent: Vec<Silent>,
    /// The codes of the départements without a group, in order.
    pub bare: Vec<String>,
    /// How many départements there are.
    pub departements: usize,
    /// Validations of each of the last [`WEEKS`] weeks, with their Monday; the present week comes last.
    pub weeks: Vec<(NaiveDate, u32)>,
    /// The régions, of the whole country only, in order of code.
    pub regions: Vec<RegionLine>,
    /// The lines of the file, by département, then by name of group.
    pub rows: Vec<Row>,
}

/// Makes a report.
#[must_use]
pub fn compile(facts: &Facts, scope: Scope, goals: &Goals, now: DateTime<Utc>) -> Report {
    let groups: Vec<&GroupFacts> = facts.groups.iter().filter(|group| scope.holds(&group.region)).collect();
    let people: Vec<&SignedUp> = facts
        .people
        .iter()
        .filter(|people| match &people.region {
            Some(region) => scope.holds(region),
            None => scope == Scope::France,
        })
        .collect();
    let participations: Vec<&Participation> = facts
        .participations
        .iter()
        .filter(|(region, _)| scope.holds(region))
        .map(|(_, participation)| participation)
        .collect();
    let departements: Vec<&(String, RegionCode)> = facts
        .departements
        .iter()
        .filter(|(_, region)| scope.holds(region))
        .collect();
    let held: HashSet<&str> = groups.iter().map(|group| group.departement.as_str()).collect();
    let mut stages = Stages::default();
    let mut steps = Step::ALL.map(|step| (step, 0));
    for group in &groups {
        stages.add(group.stage);
        let highest = group.steps.iter().max().copied().unwrap_or(Step::Possible);
        for (step, number) in &mut steps {
            *number += u32::from(*step == highest);
        }
    }
    let national = scope == Scope::France;
    let to_place = || {
        people
            .iter()
            .filter(|p| p.region.is_none())
            .map(|p| p.signed_up.now)
            .sum()
    };
    Report {
        at: now,
        signed_up: people.iter().fold(Trend::default(), |sum, p| sum.and(p.signed_up)),
        contacted: people.iter().fold(Trend::default(), |sum, p| sum.and(p.contacted)),
        validated: validated(&participations, now),
        to_place: national.then(to_place),
        stages,
        steps,
        near: near(&groups, goals),
        vacant: vacant(&groups, &people),
        silent: silent(&groups, &facts.activity, goals.inactive, now),
        bare: departements
            .iter()
            .filter(|(code, _)| !held.contains(code.as_str()))
            .map(|(code, _)| code.clone())
            .collect(),
        departements: departements.len(),
        weeks: weeks(&participations, now),
        regions: if national { regions(facts, now) } else { Vec::new() },
        rows: rows(&groups, &people, &departements, facts, goals),
        scope,
    }
}

/// Members now, and the difference with those of 7 and of 30 days ago.
fn validated(participations: &[&Participation], now: DateTime<Utc>) -> Trend {
    let at = |instant: DateTime<Utc>| {
        let lasts = |p: &&&Participation| p.from <= instant && p.until.is_none_or(|until| until > instant);
        participations.iter().filter(lasts).count()
    };
    let present = participations.iter().filter(|p| p.until.is_none()).count();
    let since = Since::at(now);
    let difference = |before: usize| present as i64 - before as i64;
    Trend {
        now: count(present),
        week: difference(at(since.week)),
        month: difference(at(since.month)),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The groups that lack no more than a few members for their next step.
fn near(groups: &[&GroupFacts], goals: &Goals) -> Vec<Near> {
    let mut near: Vec<Near> = groups
        .iter()
        .filter_map(|group| {
            let (step, number) = goals.thresholds.next(&group.steps)?;
            let missing = number
                .checked_sub(group.members)
                .filter(|n| (1..=goals.near).contains(n))?;
            Some(Near {
                name: group.name.clone(),
                departement: group.departement.clone(),
                step,
                missing,
            })
        })
        .collect();
    // Sorting keeps the order of names among equals.
    near.sort_by_key(|near| (near.missing, near.step));
    near
}

/// The groups without relay.
fn vacant(groups: &[&GroupFacts], people: &[&SignedUp]) -> Vec<Vacant> {
    let mut vacant: Vec<Vacant> = groups
        .iter()
        .filter(|group| group.relays.is_empty())
        .map(|group| Vacant {
            group: group.id,
            name: group.name.clone(),
            departement: group.departement.clone(),
            signed_up: people
                .iter()
                .filter(|p| p.group == Some(group.id))
                .map(|p| p.signed_up.now)
                .sum(),
        })
        .collect();
    vacant.sort_by_key(|vacant| std::cmp::Reverse(vacant.signed_up));
    vacant
}

/// The relays of these groups who did nothing for `inactive`. Whoever was named since then has had no time to.
#[must_use]
pub fn silent(
    groups: &[&GroupFacts],
    activity: &BTreeMap<UserId, DateTime<Utc>>,
    inactive: TimeDelta,
    now: DateTime<Utc>,
) -> Vec<Silent> {
    let mut relays: BTreeMap<UserId, Silent> = BTreeMap::new();
    for group in groups {
        for (user, since) in &group.relays {
            let relay = relays.entry(*user).or_insert_with(|| Silent {
                user: *user,
                groups: Vec::new(),
                last: activity.get(user).copied().unwrap_or(*since),
            });
            relay.last = relay.last.max(*since);
            relay.groups.push(group.name.clone());
        }
    }
    let mut silent: Vec<Silent> = relays
        .into_values()
        .filter(|relay| now - relay.last >= inactive)
        .collect();
    silent.sort_by_key(|relay| (relay.last, relay.user));
    silent
}

/// Validations by week.
fn weeks(participations: &[&Participation], now: DateTime<Utc>) -> Vec<(NaiveDate, u32)> {
    let first = first_monday(now);
    (0..WEEKS)
        .map(|week| {
            let monday = first.checked_add_days(Days::new(7 * week)).unwrap_or(first);
            let next = monday.checked_add_days(Days::new(7)).unwrap_or(monday);
            let (from, to) = (civil(monday, NaiveTime::MIN), civil(next, NaiveTime::MIN));
            let made = |p: &&&Participation| !p.undone && !p.moved && from <= p.from && p.from < to && p.from <= now;
            (monday, count(participations.iter().filter(made).count()))
        })
        .collect()
}

/// The régions of the country.
fn regions(facts: &Facts, now: DateTime<Utc>) -> Vec<RegionLine> {
    let codes: std::collections::BTreeSet<&RegionCode> = facts.departements.iter().map(|(_, region)| region).collect();
    codes
        .into_iter()
        .map(|region| {
            let groups: Vec<&GroupFacts> = facts.groups.iter().filter(|group| group.region == *region).collect();
            let held: HashSet<&str> = groups.iter().map(|group| group.departement.as_str()).collect();
            let own: Vec<&str> = facts
                .departements
                .iter()
                .filter(|(_, of)| of == region)
                .map(|(code, _)| code.as_str())
                .collect();
            let mut stages = Stages::default();
            groups.iter().for_each(|group| stages.add(group.stage));
            let members: Vec<&Participation> = facts
                .participations
                .iter()
                .filter(|(of, _)| of == region)
                .map(|(_, participation)| participation)
                .collect();
            RegionLine {
                region: region.clone(),
                signed_up: facts
                    .people
                    .iter()
                    .filter(|p| p.region.as_ref() == Some(region))
                    .map(|p| p.signed_up.now)
                    .sum(),
                validated: validated(&members, now).now,
                stages,
                covered: (own.iter().filter(|code| held.contains(*code)).count(), own.len()),
            }
        })
        .collect()
}

/// The lines of the file. Every inscrit with a territory is in one of them.
fn rows(
    groups: &[&GroupFacts],
    people: &[&SignedUp],
    departements: &[&(String, RegionCode)],
    facts: &Facts,
    goals: &Goals,
) -> Vec<Row> {
    let held: HashSet<GroupId> = groups.iter().map(|group| group.id).collect();
    let sum = |of: &dyn Fn(&SignedUp) -> bool| {
        people
            .iter()
            .filter(|p| of(p))
            .fold((0, 0), |(signed_up, contacted), p| {
                (signed_up + p.signed_up.now, contacted + p.contacted.now)
            })
    };
    let mut rows = Vec::new();
    for (departement, region) in departements {
        let own: Vec<&&GroupFacts> = groups
            .iter()
            .filter(|group| group.departement == *departement)
            .collect();
        for group in &own {
            let (signed_up, contacted) = sum(&|p| p.group == Some(group.id));
            let next = goals.thresholds.next(&group.steps);
            rows.push(Row {
                region: region.clone(),
                departement: departement.clone(),
                group: Some(RowGroup {
                    name: group.name.clone(),
                    stage: group.stage,
                    members: group.members,
                    next: next.map(|(step, number)| (step, number.saturating_sub(group.members))),
                    relays: group.relays.len(),
                    last: group
                        .relays
                        .iter()
                        .map(|(user, since)| facts.activity.get(user).map_or(*since, |last| *last.max(since)))
                        .max(),
                }),
                signed_up,
                contacted,
            });
        }
        let outside = |p: &SignedUp| {
            p.departement.as_deref() == Some(departement.as_str()) && p.group.is_none_or(|group| !held.contains(&group))
        };
        let (signed_up, contacted) = sum(&outside);
        if own.is_empty() || signed_up > 0 {
            rows.push(Row {
                region: region.clone(),
                departement: departement.clone(),
                group: None,
                signed_up,
                contacted,
            });
        }
    }
    rows
}

#[cfg(test)]
mod tests;
