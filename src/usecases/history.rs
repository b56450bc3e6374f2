//! `/journal`: what was done, by whom, when and on whom (product.md §2, §19), to the national team, and to a referent for his
//! régions.
//!
//! The journal holds ids. Names are read from the vault now, for whoever is still on file and within the reader's scope; the
//! others stay numbers. Lines of one act (an import, the coordinates of a whole group) are shown as one.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::merging::by_index;
use super::posts::region_name;
use super::validation::suggest::{Suggestion, answers};
use super::{App, access, lookup};
use crate::domain::action::{JournalAt, JournalFrom};
use crate::domain::ids::{GroupId, JournalId, PersonId, RegionCode};
use crate::domain::territory::TerritoryKey;
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Line, Way, Which};
use crate::store::people::{self, Person};
use crate::store::undos::{self, Standing};
use crate::store::{StoreError, Tx, memberships, regroup, territories};
use crate::texts;
use crate::texts::journal::{Page, Shown, Undo, Whom};

/// Acts on a page: each has a line, and «Défaire» when it can be undone.
const PAGE: usize = 8;
/// Rows read at once: an import writes one for each person.
const CHUNK: u32 = 1000;
/// People named on a line that stands for several.
const NAMED: usize = 3;
/// Events of which many are written by one act.
const MANY: [&str; 4] = [
    access::COORDINATES,
    "person.imported",
    "person.updated",
    "membership.moved",
];

/// One act: a line, or many that were written together.
struct Acts {
    /// The latest of them.
    first: Line,
    /// The oldest of them.
    last: JournalId,
    count: usize,
    people: Vec<PersonId>,
}

impl Acts {
    fn new(line: Line) -> Acts {
        Acts {
            last: line.id,
            count: 1,
            people: line.person.into_iter().collect(),
            first: line,
        }
    }

    /// Whether another line tells the same act.
    fn holds(&self, line: &Line) -> bool {
        let own = &self.first;
        MANY.contains(&own.event.as_str())
            && (own.at, own.actor, &own.event, own.group) == (line.at, line.actor, &line.event, line.group)
    }

    fn add(&mut self, line: Line) {
        self.count += 1;
        self.people.extend(line.person.filter(|_| self.people.len() < NAMED));
        if line.id > self.first.id {
            self.first = line;
        } else {
            self.last = self.last.min(line.id);
        }
    }
}

/// A page of the journal, for the options `groupe` and `personne`.
///
/// # Errors
/// Reserved to referents and the national team; a group or a person that is not found, or out of scope.
pub async fn open(
    app: &App,
    actor: Actor,
    group: Option<&str>,
    person: Option<&str>,
    now: DateTime<Utc>,
) -> Outcome<Page> {
    let mut tx = app.store.read().await?;
    let authority = reader(&mut tx, actor).await?;
    let filled = |typed: Option<&str>| {
        typed
            .map(str::trim)
            .filter(|typed| !typed.is_empty())
            .map(str::to_owned)
    };
    let group = match filled(group) {
        Some(typed) => Some(lookup::find_steered(&mut tx, &authority, &typed).await?),
        None => None,
    };
    let person = match filled(person) {
        Some(typed) => Some(find(&mut tx, &authority, &typed, group.as_ref()).await?.id),
        None => None,
    };
    let at = JournalAt {
        group: group.map(|group| group.id),
        person,
        from: JournalFrom::Latest,
    };
    page(&mut tx, app, &authority, at, now).await
}

/// Another page: scope is checked again, for the group and the person that a button names.
///
/// # Errors
/// As [`open`].
pub async fn turn(app: &App, actor: Actor, at: JournalAt, now: DateTime<Utc>) -> Outcome<Page> {
    let mut tx = app.store.read().await?;
    let authority = reader(&mut tx, actor).await?;
    if let Some(group) = at.group {
        authority.steered_group(&mut tx, group).await?;
    }
    if let Some(person) = at.person {
        within_reach(&mut tx, &authority, person).await?;
    }
    page(&mut tx, app, &authority, at, now).await
}

async fn reader(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let authority = authority::of(tx, actor).await?;
    authority.require_referent()?;
    Ok(authority)
}

fn not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// Whether a person is within scope now: of the group of which this is a member, else of the place.
async fn steers(tx: &mut Tx, authority: &Authority, person: &Person) -> Result<bool, StoreError> {
    if authority.national {
        return Ok(true);
    }
    let region: Option<RegionCode> = match (person.member_of, person.place.territory) {
        (Some(group), _) => groups::get(tx, group).await?.map(|group| group.region),
        (None, Some(territory)) => territories::get(tx, territory).await?.map(|row| row.region),
        (None, None) => None,
    };
    Ok(region.is_some_and(|region| authority.steers(&region)))
}

async fn within_reach(tx: &mut Tx, authority: &Authority, id: PersonId) -> Outcome<Person> {
    let person = people::get(tx, id).await?.ok_or_else(not_found)?;
    if steers(tx, authority, &person).await? {
        Ok(person)
    } else {
        Err(not_found())
    }
}

/// The person of the option `personne`: an id as suggested, a full mail or phone, or the name that one member of the group
/// bears.
async fn find(tx: &mut Tx, authority: &Authority, typed: &str, group: Option<&Group>) -> Outcome<Person> {
    let mut found = Vec::new();
    for person in by_index(tx, typed).await? {
        if steers(tx, authority, &person).await? {
            found.push(person);
        }
    }
    if let Some(group) = group.filter(|_| found.is_empty()) {
        let wanted = crate::domain::fold::fold(typed);
        found.extend(
            memberships::of_group(tx, group.id)
                .await?
                .into_iter()
                .filter_map(|(_, person)| {
                    let same = person.identity.as_ref().is_some_and(|known| known.fold() == wanted);
                    same.then_some(person)
                }),
        );
    }
    if found.is_empty()
        && let Ok(id) = typed.parse::<PersonId>()
    {
        return within_reach(tx, authority, id).await;
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(not_found()),
    }
}

/// The people of the option `personne`: the members of the group of the other option, else by full mail or phone only
/// (product.md §16).
///
/// # Errors
/// Reserved to referents and the national team.
pub async fn suggest(app: &App, actor: Actor, typed: &str, group: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = reader(&mut tx, actor).await?;
    let mut found: Vec<Person> = Vec::new();
    if !group.trim().is_empty() {
        match lookup::find_steered(&mut tx, &authority, group).await {
            Ok(group) => found.extend(
                memberships::of_group(&mut tx, group.id)
                    .await?
                    .into_iter()
                    .map(|(_, person)| person)
                    .filter(|person| answers(person, typed)),
            ),
            Err(Failure::User(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    if found.is_empty() {
        for person in by_index(&mut tx, typed).await? {
            if steers(&mut tx, &authority, &person).await? {
                found.push(person);
            }
        }
    }
    Ok(found
        .iter()
        .take(OPTIONS_MAX)
        .map(|person| Suggestion {
            label: texts::inscrits::suggestion(&person.short(), &person.place.postal_code, person.id),
            value: person.id.to_string(),
        })
        .collect())
}

/// The acts from somewhere on, one more than a page when there are more; nearest first.
async fn acts(tx: &mut Tx, which: &Which<'_>, way: Way) -> Result<Vec<Acts>, StoreError> {
    let mut found: Vec<Acts> = Vec::with_capacity(PAGE + 1);
    let mut way = way;
    loop {
        let lines = journal::lines(tx, which, way, CHUNK).await?;
        let read = lines.len();
        for line in lines {
            way = match way {
                Way::Older(_) => Way::Older(Some(line.id)),
                Way::Newer(_) => Way::Newer(line.id),
            };
            let whole = found.len() > PAGE;
            match found.last_mut() {
                Some(last) if last.holds(&line) => last.add(line),
                // The act after the page has begun: the page is whole.
                _ if whole => return Ok(found),
                _ => found.push(Acts::new(line)),
            }
        }
        if read < CHUNK as usize {
            return Ok(found);
        }
    }
}

async fn page(tx: &mut Tx, app: &App, authority: &Authority, at: JournalAt, now: DateTime<Utc>) -> Outcome<Page> {
    let regions = (!authority.national).then(|| authority.regions.clone());
    let mut inside = Vec::new();
    if let Some(group) = at.group {
        inside.push(group);
        inside.extend(regroup::absorbed(tx, group).await?);
    }
    let which = Which {
        regions: regions.as_deref(),
        groups: at.group.map(|_| inside.as_slice()),
        person: at.person,
    };
    let (mut told, newer, older) = match at.from {
        JournalFrom::After(line) => {
            let mut newer = acts(tx, &which, Way::Newer(line)).await?;
            let more = newer.len() > PAGE;
            if more {
                newer.truncate(PAGE);
                newer.reverse();
                (newer, true, true)
            } else {
                let mut latest = acts(tx, &which, Way::Older(None)).await?;
                let more = latest.len() > PAGE;
                latest.truncate(PAGE);
                (latest, false, more)
            }
        }
        JournalFrom::Latest | JournalFrom::Before(_) => {
            let from = match at.from {
                JournalFrom::Before(line) => Some(line),
                _ => None,
            };
            let mut older = acts(tx, &which, Way::Older(from)).await?;
            let more = older.len() > PAGE;
            older.truncate(PAGE);
            (older, from.is_some(), more)
        }
    };
    let mut shown = Vec::with_capacity(told.len());
    let mut desk = Desk {
        app,
        authority,
        names: HashMap::new(),
        groups: HashMap::new(),
        now,
    };
    desk.read_names(tx, &told, at.person).await?;
    let ends = (told.first().map(|act| act.first.id), told.last().map(|act| act.last));
    for act in told.drain(..) {
        shown.push(desk.show(tx, act).await?);
    }
    let go = |from: Option<JournalFrom>| from.map(|from| JournalAt { from, ..at });
    Ok(Page {
        lines: shown,
        newer: go(ends.0.filter(|_| newer).map(JournalFrom::After)),
        older: go(ends.1.filter(|_| older).map(JournalFrom::Before)),
        group: match at.group {
            Some(group) => desk.group(tx, group).await?,
            None => None,
        },
        person: at.person.map(|person| desk.whom(person)),
    })
}

/// What lines are put into words with.
struct Desk<'a> {
    app: &'a App,
    authority: &'a Authority,
    names: HashMap<PersonId, String>,
    groups: HashMap<GroupId, Option<String>>,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    /// Reads who is named on a page, those within scope.
    async fn read_names(&mut self, tx: &mut Tx, told: &[Acts], asked: Option<PersonId>) -> Outcome<()> {
        let ids: BTreeSet<PersonId> = told
            .iter()
            .flat_map(|act| act.people.iter().copied().take(NAMED))
            .chain(asked)
            .collect();
        let ids: Vec<PersonId> = ids.into_iter().collect();
        for person in people::some(tx, &ids).await? {
            if person.identity.is_some() && steers(tx, self.authority, &person).await? {
                self.names.insert(person.id, person.short());
            }
        }
        Ok(())
    }

    fn whom(&self, person: PersonId) -> Whom {
        Whom {
            id: person,
            name: self.names.get(&person).cloned(),
        }
    }

    async fn group(&mut self, tx: &mut Tx, group: GroupId) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.groups.get(&group) {
            return Ok(known.clone());
        }
        let name = groups::even_merged(tx, group).await?.map(|group| group.name);
        self.groups.insert(group, name.clone());
        Ok(name)
    }

    /// The group whose id a line bears as a state, by its name.
    async fn named(&mut self, tx: &mut Tx, state: Option<&str>) -> Result<Option<String>, StoreError> {
        match state.and_then(|id| id.parse().ok()) {
            Some(group) => self.group(tx, group).await,
            None => Ok(None),
        }
    }

    async fn show(&mut self, tx: &mut Tx, act: Acts) -> Outcome<Shown> {
        let Acts {
            first, count, people, ..
        } = act;
        let (mut before, mut after) = (first.before.clone(), first.after.clone());
        match first.event.as_str() {
            "group.merged" | "group.split" | "membership.moved" => {
                before = self.named(tx, before.as_deref()).await?;
                after = self.named(tx, after.as_deref()).await?;
            }
            "group.merge_undone" | "group.split_undone" => after = self.named(tx, after.as_deref()).await?,
            "person.placed" => {
                let key = after.as_deref().and_then(TerritoryKey::parse);
                after = key.and_then(|key| self.app.atlas().label_with_departement(&key));
            }
            _ => {}
        }
        let group = match first.group {
            Some(group) => self.group(tx, group).await?,
            None => None,
        };
        Ok(Shown {
            id: first.id,
            at: first.at,
            actor: first.actor,
            people: people.iter().take(NAMED).map(|person| self.whom(*person)).collect(),
            count,
            region: first.region.as_ref().map(|code| region_name(&self.app.atlas(), code)),
            undo: self.undo(tx, &first).await?,
            event: first.event,
            group,
            before,
            after,
        })
    }

    /// What can be undone, by the national team.
    async fn undo(&self, tx: &mut Tx, line: &Line) -> Result<Undo, StoreError> {
        if !undos::UNDOABLE.contains(&line.event.as_str()) {
            return Ok(Undo::Never);
        }
        Ok(match undos::standing(tx, line.id, self.now).await? {
            Standing::Open(kept) if self.authority.national => Undo::Until(kept.until),
            Standing::Done(at) => Undo::Done(at),
            Standing::Open(_) | Standing::TooLate | Standing::Never => Undo::Never,
        })
    }
}
