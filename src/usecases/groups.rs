//! Groups as the national team and the referents see them: declared, listed, shown (product.md §3).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::posts::{region_name, shown};
use super::{App, ladder, lookup};
use crate::domain::bindings::Room;
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, RegionCode, UserId};
use crate::domain::territory::{Atlas, Territory, TerritoryKey};
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::{StoreError, Tx, bindings, ladder as rows, overview, posts, territories};
use crate::texts;
use crate::texts::groups::{GroupLine, GroupSheet, List, Possible};
use crate::usecases::validation::suggest::Suggestion;

/// What came of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The group.
    pub group: Possible,
    /// Whether the group was there already: nothing was done.
    pub already: bool,
}

/// A group with its département in full, as parts of the country are shown: «Lunel (Hérault)», and «Saint-Denis
/// (Seine-Saint-Denis)» for the group «Saint-Denis (93)».
#[must_use]
pub fn label(atlas: &Atlas, group: &Group) -> String {
    let marked = format!(" ({})", group.departement);
    match atlas.departement(&group.departement) {
        Some(departement) => {
            let name = group.name.strip_suffix(&marked).unwrap_or(&group.name);
            format!("{name} ({})", departement.name)
        }
        None => group.name.clone(),
    }
}

/// The parts of the country that answer to what was typed so far: for the option `bassin`.
///
/// # Errors
/// Reserved to the national team.
pub async fn suggest_basins(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    Ok(app
        .atlas()
        .search(typed, OPTIONS_MAX)
        .into_iter()
        .map(|territory| Suggestion {
            label: texts::groups::basin_suggestion(territory),
            value: territory.key.to_string(),
        })
        .collect())
}

/// The part of the option `bassin`: a key as suggested, else the name of one part only.
fn find_basin<'a>(atlas: &'a Atlas, typed: &str) -> Outcome<&'a Territory> {
    if let Some(territory) = TerritoryKey::parse(typed).and_then(|key| atlas.territory(&key)) {
        return Ok(territory);
    }
    let wanted = fold(typed);
    let mut named = atlas
        .territories()
        .iter()
        .filter(|territory| fold(&territory.name) == wanted || fold(&territory.label()) == wanted);
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(UserError::new(Refusal::NotFound, texts::groups::basin_not_found()).into()),
    }
}

/// Declares the group of a part, whatever the number of people signed up there.
///
/// # Errors
/// Reserved to the national team; no such part.
pub async fn declare(app: &App, actor: Actor, basin: &str, now: DateTime<Utc>) -> Outcome<Declared> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let atlas = app.atlas();
    let part = find_basin(&atlas, basin)?;
    let region = RegionCode(part.region.clone());
    let territory = territories::ensure(&mut tx, &part.key.basin, &part.key.departement, &region, &part.name).await?;
    if let Some(group) = groups::of_place(&mut tx, territory, None).await? {
        let group = possible(&mut tx, &atlas, group)
            .await?
            .ok_or_else(authority::group_not_found)?;
        return Ok(Declared { group, already: true });
    }
    let by = Some(actor.user);
    let group = ladder::declare(&mut tx, territory, by, by, now)
        .await?
        .ok_or_else(authority::group_not_found)?;
    ladder::announce(&mut tx, &[group], now).await?;
    let group = possible(&mut tx, &atlas, group)
        .await?
        .ok_or_else(authority::group_not_found)?;
    tx.commit().await?;
    Ok(Declared { group, already: false })
}

async fn possible(tx: &mut Tx, atlas: &Atlas, group: GroupId) -> Result<Option<Possible>, StoreError> {
    let Some(facts) = groups::get(tx, group).await? else {
        return Ok(None);
    };
    Ok(Some(Possible {
        group,
        label: label(atlas, &facts),
        signed_up: rows::counts(tx, group).await?.signed_up,
        relays: posts::relays(tx, group).await?.len(),
    }))
}

/// The groups in scope, by région, then by name.
///
/// # Errors
/// Reserved to referents and the national team.
pub async fn list(app: &App, actor: Actor) -> Outcome<List> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_referent()?;
    let (atlas, thresholds) = (app.atlas(), app.rules().thresholds);
    let mut lines: Vec<GroupLine> = overview::all(&mut tx)
        .await?
        .into_iter()
        .filter(|seen| authority.steers(&seen.group.region))
        .map(|seen| GroupLine {
            region: region_name(&atlas, &seen.group.region),
            name: texts::people::group_suggestion(&seen.group.name, &seen.group.departement),
            stage: seen.group.stage,
            archived: seen.group.archived,
            members: seen.counts.members,
            next: thresholds.next(&seen.steps).map(|(_, number)| number),
            top: thresholds.publish_works,
            signed_up: seen.counts.signed_up,
            relays: seen.relays.len(),
            under: seen.under_since.is_some(),
        })
        .collect();
    lines.sort_by_cached_key(|line| (fold(&line.region), fold(&line.name)));
    // Those who are nowhere are in no référent's région.
    let to_place = if authority.national {
        Some(overview::to_place(&mut tx).await?)
    } else {
        None
    };
    Ok(List { lines, to_place })
}

/// All that is known of one group.
///
/// # Errors
/// Reserved to referents and the national team; not found out of scope.
pub async fn sheet(app: &App, actor: Actor, group: &str) -> Outcome<GroupSheet> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let (atlas, thresholds) = (app.atlas(), app.rules().thresholds);
    let counts = rows::counts(&mut tx, group.id).await?;
    let steps = rows::steps(&mut tx, group.id).await?;
    let reached: Vec<_> = steps.iter().map(|row| row.step).collect();
    let relays = posts::relays(&mut tx, group.id).await?;
    let referents = posts::referents(&mut tx, &group.region).await?;
    let users: Vec<UserId> = relays.iter().chain(&referents).map(|holder| holder.user).collect();
    let names = shown(&mut tx, users).await?;
    let named = |holders: &[posts::Holder]| -> Vec<(String, DateTime<Utc>)> {
        holders
            .iter()
            .filter_map(|holder| names.get(&holder.user).map(|name| (name.clone(), holder.since)))
            .collect()
    };
    let mut parts = Vec::new();
    let mut communes = 0;
    for id in groups::territories(&mut tx, group.id).await? {
        let Some(row) = territories::get(&mut tx, id).await? else {
            continue;
        };
        let part = atlas.territory(&TerritoryKey::new(row.basin, row.departement));
        communes += part.map_or(0, |part| part.communes);
        parts.push(part.map_or(row.name, |part| part.basin_name.clone()));
    }
    let (given, taken) = overview::split_communes(&mut tx, group.id).await?;
    let communes = (communes + given as usize).saturating_sub(taken as usize);
    let link = match app.guild() {
        Some(guild) => bindings::room(&mut tx, group.id, Room::Discussion)
            .await?
            .map(|channel| texts::valider::channel_link(guild, channel)),
        None => None,
    };
    Ok(GroupSheet {
        group: group.id,
        label: label(&atlas, &group),
        region: region_name(&atlas, &group.region),
        stage: group.stage,
        archived: group.archived,
        declared_at: group.declared_at,
        members: counts.members,
        signed_up: counts.signed_up,
        next: thresholds.next(&reached),
        top: thresholds.publish_works,
        steps: steps.iter().map(|row| (row.step, row.at, row.under_since)).collect(),
        relays: named(&relays),
        referents: named(&referents),
        basins: parts,
        communes,
        link,
    })
}
