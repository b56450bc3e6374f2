//! `/groupe scinder`: some communes of a group become a group of their own (product.md §3).
//!
//! The communes are chosen page by page, 25 at a time, or found by their beginning; a draft remembers what is chosen. The
//! new group holds them for good: who signs up there later is on its list. Someone whose commune is not known stays where he
//! is. Relays stay too: a new group needs relays of its own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::authority::{self, Actor, Authority};
use super::super::undo::Undone;
use super::super::{App, group_changes, ladder, lookup, standing};
use super::{
    carry_relays, changed_since, close_transfers, note, refuse, refuse_later, tell_members, tell_posts, tell_space,
    there,
};
use crate::domain::action::DraftId;
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, JournalId, TerritoryId};
use crate::domain::ladder::Step;
use crate::domain::notice::Notice;
use crate::domain::territory::{PostalCode, TerritoryKey};
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Outcome, Refusal};
use crate::store::drafts::{self, Draft};
use crate::store::groups::{self, Group};
use crate::store::regroup::{self, Dwellers, Spot};
use crate::store::undos::{self, Kind};
use crate::store::{Tx, calls, ladder as rows, territories};
use crate::texts;
use crate::texts::regroup::{Choosing, CommuneLine, Split};

/// The kind of the drafts.
const KIND: &str = "split";

/// What has been chosen so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sheet {
    group: GroupId,
    name: String,
    chosen: BTreeSet<Spot>,
    page: u32,
    search: String,
}

/// What an undo needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    source: GroupId,
    target: GroupId,
    communes: Vec<Spot>,
    had: Vec<Spot>,
}

/// A commune that the group has.
struct Commune {
    spot: Spot,
    name: String,
    departement: String,
    population: u32,
    dwellers: Dwellers,
}

/// How a commune is named in a select: «12.34145».
fn value(spot: &Spot) -> String {
    format!("{}.{}", spot.territory, spot.insee)
}

async fn national(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let authority = authority::of(tx, actor).await?;
    authority.require_national()?;
    Ok(authority)
}

/// Begins a split: the group of the option `groupe`, the name of the new one, and the first page of its communes.
///
/// # Errors
/// Reserved to the national team; not found; archived; a name that is empty, too long, or taken; a single commune.
pub async fn start(app: &App, actor: Actor, group: &str, name: &str, now: DateTime<Utc>) -> Outcome<Choosing> {
    let mut tx = app.store.write().await?;
    let authority = national(&mut tx, actor).await?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let name = group_changes::clean(name)?;
    check(&mut tx, &group, &name).await?;
    let communes = communes(&mut tx, app, group.id).await?;
    if communes.len() < 2 {
        return Err(refuse(Refusal::Conflict, texts::regroup::one_commune(&group.name)));
    }
    let sheet = Sheet {
        group: group.id,
        name,
        chosen: BTreeSet::new(),
        page: 0,
        search: String::new(),
    };
    let draft = drafts::put(&mut tx, actor.user, KIND, &sheet, app.settings.data.drafts, now).await?;
    tx.commit_quietly().await?;
    Ok(choosing(draft, &group, &sheet, &communes, app))
}

async fn check(tx: &mut Tx, group: &Group, name: &str) -> Outcome<()> {
    if group.archived {
        return Err(refuse(Refusal::Conflict, texts::regroup::archived(&group.name)));
    }
    group_changes::refuse_bearer(tx, None, name).await
}

/// The open draft of a split, with its group.
async fn open(tx: &mut Tx, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<(Sheet, Group)> {
    national(tx, actor).await?;
    let sheet = match drafts::get::<Sheet>(tx, draft, actor.user, KIND, now).await? {
        Some(Draft::Open(sheet)) => sheet,
        Some(Draft::Spent(_)) => return Err(refuse(Refusal::Conflict, texts::regroup::already_done())),
        None => return Err(refuse(Refusal::Conflict, texts::regroup::expired())),
    };
    let group = groups::get(tx, sheet.group).await?;
    match group {
        Some(group) => Ok((sheet, group)),
        None => Err(refuse(Refusal::Conflict, texts::regroup::changed_meanwhile())),
    }
}

/// What changes of the choice.
#[derive(Debug, Clone)]
pub enum Turn<'a> {
    /// Another page, from 0.
    Page(u32),
    /// The chosen communes of a page; those of the page that are not among them are not chosen.
    Pick(u32, &'a [String]),
    /// Only the communes that answer to this; all of them when it is empty.
    Search(&'a str),
}

/// Changes the choice, and shows it.
///
/// # Errors
/// Reserved to the national team; an expired draft; done already.
pub async fn turn(app: &App, actor: Actor, draft: &DraftId, turn: Turn<'_>, now: DateTime<Utc>) -> Outcome<Choosing> {
    let mut tx = app.store.write().await?;
    let (mut sheet, group) = open(&mut tx, actor, draft, now).await?;
    let communes = communes(&mut tx, app, group.id).await?;
    match turn {
        Turn::Page(page) => sheet.page = page,
        Turn::Search(typed) => {
            sheet.search = typed.trim().chars().take(50).collect();
            sheet.page = 0;
        }
        Turn::Pick(page, values) => {
            for commune in page_of(&answering(&communes, &sheet.search, app), page) {
                if values.contains(&value(&commune.spot)) {
                    sheet.chosen.insert(commune.spot.clone());
                } else {
                    sheet.chosen.remove(&commune.spot);
                }
            }
            sheet.page = page;
        }
    }
    drafts::replace(&mut tx, draft, &sheet).await?;
    tx.commit_quietly().await?;
    Ok(choosing(draft.clone(), &group, &sheet, &communes, app))
}

/// «Continuer»: what splitting would do. Nothing is done.
///
/// # Errors
/// Reserved to the national team; an expired draft; nothing chosen, or everything; a name taken meanwhile.
pub async fn review(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Split> {
    let mut tx = app.store.write().await?;
    let (sheet, group) = open(&mut tx, actor, draft, now).await?;
    carry_out(&mut tx, app, actor, &group, &sheet, now).await
}

/// «Confirmer»: the new group is there.
///
/// # Errors
/// As [`review`].
pub async fn confirm(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Split> {
    let mut tx = app.store.write().await?;
    let (sheet, group) = open(&mut tx, actor, draft, now).await?;
    let split = carry_out(&mut tx, app, actor, &group, &sheet, now).await?;
    drafts::spend(&mut tx, draft, Some(split.line.0), now).await?;
    tx.commit().await?;
    Ok(split)
}

/// «Annuler»: forgets the draft.
///
/// # Errors
/// Reserved to the national team; done already.
pub async fn cancel(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    open(&mut tx, actor, draft, now).await?;
    drafts::spend(&mut tx, draft, None, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

/// The communes that a group has, in order of name: those of its territories, but for those given to other groups, and those
/// given to it.
async fn communes(tx: &mut Tx, app: &App, group: GroupId) -> Outcome<Vec<Commune>> {
    let atlas = app.atlas();
    let given = regroup::given_communes(tx, group).await?;
    let dwellers = regroup::dwellers(tx, group).await?;
    let commune = |territory: TerritoryId, insee: &str| {
        let place = atlas.place_of_code(insee)?;
        let spot = Spot {
            territory,
            insee: insee.to_owned(),
        };
        let key = (territory, Some(insee.to_owned()));
        Some(Commune {
            name: place.unit_name.to_owned(),
            departement: place.departement.code.clone(),
            population: place.population,
            dwellers: dwellers.get(&key).copied().unwrap_or_default(),
            spot,
        })
    };
    let mut found = Vec::new();
    for territory in groups::territories(tx, group).await? {
        let Some(row) = territories::get(tx, territory).await? else {
            continue;
        };
        let places = atlas.places_of(&TerritoryKey::new(row.basin, row.departement));
        let kept = places.iter().filter(|place| {
            !given
                .iter()
                .any(|(spot, _)| spot.territory == territory && spot.insee == place.unit)
        });
        found.extend(kept.filter_map(|place| commune(territory, place.unit)));
    }
    let own = given.iter().filter(|(_, of)| *of == group);
    found.extend(own.filter_map(|(spot, _)| commune(spot.territory, &spot.insee)));
    found.sort_by_cached_key(|commune| (fold(&commune.name), commune.spot.insee.clone()));
    Ok(found)
}

/// The communes of which every typed word begins a word of the name, or that bear the typed postal code.
fn answering<'a>(communes: &'a [Commune], typed: &str, app: &App) -> Vec<&'a Commune> {
    if let Ok(code) = PostalCode::parse(typed) {
        let atlas = app.atlas();
        let units = atlas.places(code);
        return communes
            .iter()
            .filter(|commune| units.iter().any(|place| place.unit == commune.spot.insee))
            .collect();
    }
    let wanted = fold(typed);
    communes
        .iter()
        .filter(|commune| {
            let name = fold(&commune.name);
            wanted
                .split(' ')
                .all(|word| name.split(' ').any(|own| own.starts_with(word)))
        })
        .collect()
}

fn page_of<'a, 'b>(communes: &'b [&'a Commune], page: u32) -> &'b [&'a Commune] {
    communes.chunks(OPTIONS_MAX).nth(page as usize).unwrap_or_default()
}

fn choosing(draft: DraftId, group: &Group, sheet: &Sheet, communes: &[Commune], app: &App) -> Choosing {
    let found = answering(communes, &sheet.search, app);
    let pages = u32::try_from(found.len().div_ceil(OPTIONS_MAX).max(1)).unwrap_or(u32::MAX);
    let page = sheet.page.min(pages - 1);
    Choosing {
        draft,
        group: group.name.clone(),
        name: sheet.name.clone(),
        total: communes.len(),
        found: found.len(),
        search: sheet.search.clone(),
        page,
        pages,
        lines: page_of(&found, page)
            .iter()
            .map(|commune| CommuneLine {
                value: value(&commune.spot),
                name: commune.name.clone(),
                departement: commune.departement.clone(),
                population: commune.population,
                members: commune.dwellers.members,
                signed_up: commune.dwellers.signed_up,
                chosen: sheet.chosen.contains(&commune.spot),
            })
            .collect(),
        chosen: communes
            .iter()
            .filter(|commune| sheet.chosen.contains(&commune.spot))
            .map(|commune| commune.name.clone())
            .collect(),
    }
}

async fn carry_out(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    source: &Group,
    sheet: &Sheet,
    now: DateTime<Utc>,
) -> Outcome<Split> {
    check(tx, source, &sheet.name).await?;
    let communes = communes(tx, app, source.id).await?;
    let chosen: Vec<&Commune> = communes
        .iter()
        .filter(|commune| sheet.chosen.contains(&commune.spot))
        .collect();
    if chosen.len() != sheet.chosen.len() {
        return Err(refuse(Refusal::Conflict, texts::regroup::territory_changed()));
    }
    if chosen.is_empty() {
        return Err(refuse(Refusal::Invalid, texts::regroup::nothing_chosen()));
    }
    if chosen.len() == communes.len() {
        return Err(refuse(
            Refusal::Invalid,
            texts::regroup::everything_chosen(&source.name),
        ));
    }
    let spots: Vec<Spot> = chosen.iter().map(|commune| commune.spot.clone()).collect();
    let group = found(tx, actor, source, &sheet.name, &spots, now).await?;
    let (before, after) = (source.id.to_string(), group.id.to_string());
    let line = note(tx, actor, "group.split", source, &before, &after, now).await?;
    regroup::record(tx, line, source.id, group.id).await?;
    let had = regroup::give_communes(tx, source.id, group.id, &spots).await?;
    let moved = regroup::pass(tx, source.id, group.id, Some(&spots), line).await?;
    regroup::tell_passages(tx, line, Some(actor.user), now).await?;
    regroup::follow_members(tx, source.id, group.id).await?;
    calls::release_strangers(tx, group.id).await?;
    let rules = app.rules();
    let mut reached = ladder::settle(tx, &rules, group.id, Some(actor.user), now).await?;
    reached.retain(|step| *step != Step::Possible);
    ladder::settle(tx, &rules, source.id, Some(actor.user), now).await?;
    let kept = Before {
        source: source.id,
        target: group.id,
        communes: spots,
        had,
    };
    let until = now + app.settings.data.undo;
    undos::keep(tx, line, Kind::GroupSplit, (None, Some(source.id)), &kept, until).await?;
    let notice = Notice::GroupSplit {
        source: source.id,
        group: group.id,
    };
    tell_posts(tx, line, &notice, [source, &group], &[], now).await?;
    tell_space(tx, line, &notice, source.id, now).await?;
    tell_members(tx, line, &notice, now).await?;
    let unknown: u32 = regroup::dwellers(tx, source.id)
        .await?
        .into_iter()
        .filter(|((_, insee), _)| insee.is_none())
        .map(|(_, dwellers)| dwellers.signed_up)
        .sum();
    Ok(Split {
        line,
        group: group.id,
        source: source.name.clone(),
        name: group.name.clone(),
        communes: chosen.iter().map(|commune| commune.name.clone()).collect(),
        moved,
        signed_up: rows::counts(tx, group.id).await?.signed_up,
        standing: standing::of(tx, &rules, group.id).await?.progress(),
        reached,
        source_standing: standing::of(tx, &rules, source.id).await?.progress(),
        unknown,
    })
}

/// Writes the new group. Its département is the one of most of its communes.
async fn found(
    tx: &mut Tx,
    actor: Actor,
    source: &Group,
    name: &str,
    spots: &[Spot],
    now: DateTime<Utc>,
) -> Outcome<Group> {
    let of = |territory: TerritoryId| spots.iter().filter(|spot| spot.territory == territory).count();
    let largest = spots
        .iter()
        .map(|spot| spot.territory)
        .max_by_key(|territory| (of(*territory), std::cmp::Reverse(*territory)));
    let part = match largest {
        Some(territory) => territories::get(tx, territory).await?,
        None => None,
    };
    let (departement, region) = part.map_or_else(
        || (source.departement.clone(), source.region.clone()),
        |part| (part.departement, part.region),
    );
    let id = groups::found(tx, name, &departement, &region, Some(actor.user), now).await?;
    rows::reach(tx, id, Step::Possible, now).await?;
    there(tx, id).await
}

/// Undoes a split: whoever is a member of the new group by now goes to the one that it came from, and what it held with it.
pub(in crate::usecases) async fn undo(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    line: JournalId,
    kept: &undos::Kept,
    now: DateTime<Utc>,
) -> Outcome<Undone> {
    let before: Before = kept.open(tx)?;
    let source = there(tx, before.source).await?;
    let Some(part) = groups::get(tx, before.target).await? else {
        return Err(changed_since());
    };
    refuse_later(tx, line, [source.id, part.id]).await?;
    if source.archived {
        return Err(refuse(Refusal::Conflict, texts::regroup::archived(&source.name)));
    }
    if !regroup::take_communes_back(tx, part.id, source.id, &before.communes, &before.had).await? {
        return Err(refuse(Refusal::Conflict, texts::regroup::territory_changed()));
    }
    let told = line.to_string();
    let own = note(
        tx,
        actor,
        "group.split_undone",
        &source,
        &told,
        &part.id.to_string(),
        now,
    )
    .await?;
    regroup::note_undone(tx, line, own).await?;
    let relays = carry_relays(tx, actor, &part, &source, now).await?;
    regroup::set_merged(tx, part.id, Some(source.id)).await?;
    let back = regroup::pass_back(tx, line, part.id, source.id, own).await?;
    let others = regroup::pass(tx, part.id, source.id, None, own).await?;
    regroup::tell_passages(tx, own, Some(actor.user), now).await?;
    regroup::follow_members(tx, part.id, source.id).await?;
    regroup::redirect(tx, part.id, source.id, None).await?;
    close_transfers(tx, actor, &source, now).await?;
    calls::release_strangers(tx, source.id).await?;
    ladder::settle(tx, &app.rules(), source.id, Some(actor.user), now).await?;
    let notice = Notice::GroupMerged {
        source: part.id,
        target: source.id,
    };
    tell_posts(tx, own, &notice, [&source, &part], &relays.relieved, now).await?;
    tell_space(tx, own, &notice, source.id, now).await?;
    if !tell_space(tx, own, &notice, part.id, now).await? {
        tell_members(tx, own, &notice, now).await?;
    }
    Ok(Undone {
        will: texts::regroup::split_undo(&part.name, &source.name, back, others),
        done: texts::regroup::split_undone(&part.name, &source.name, back + others),
    })
}
