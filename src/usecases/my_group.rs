//! `/mon-groupe`: where one's group stands, or how to join one (product.md §12).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::{App, meeting, standing};
use crate::domain::bindings::Room;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::territory::TerritoryKey;
use crate::error::Outcome;
use crate::store::{Tx, bindings, groups, ladder, names, people, posts, statutes, territories};
use crate::texts::my_group::{Basin, MyGroup, NoGroup, Shown};

/// What `/mon-groupe` shows to this account.
///
/// # Errors
/// When the database fails.
pub async fn show(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Shown> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let meeting = meeting::next(app, &mut tx, now).await?.map(|next| next.starts_at);
    if let Some(group) = authority.member_of
        && let Some(found) = member(&mut tx, app, group, meeting).await?
    {
        return Ok(Shown::Member(Box::new(found)));
    }
    let basin = basin(&mut tx, app, actor.user).await?;
    let mut relays = Vec::new();
    for id in &authority.relays {
        relays.extend(groups::get(&mut tx, *id).await?.map(|group| group.name));
    }
    let links = &app.settings.links;
    Ok(Shown::NoGroup(NoGroup {
        relays,
        basin,
        signup: links.signup.clone(),
        possible: app.rules().thresholds.possible,
        meeting,
    }))
}

async fn member(tx: &mut Tx, app: &App, group: GroupId, meeting: Option<DateTime<Utc>>) -> Outcome<Option<MyGroup>> {
    let Some(group) = groups::get(tx, group).await? else {
        return Ok(None);
    };
    let standing = standing::of(tx, &app.rules(), group.id).await?;
    let mut relays = Vec::new();
    for holder in posts::relays(tx, group.id).await? {
        relays.push(name(tx, holder.user).await?);
    }
    let mut referents = Vec::new();
    for holder in posts::referents(tx, &group.region).await? {
        referents.push(name(tx, holder.user).await?);
    }
    let mut rooms = Vec::new();
    for room in Room::ALL {
        rooms.extend(bindings::room(tx, group.id, room).await?.map(|channel| (room, channel)));
    }
    Ok(Some(MyGroup {
        stage: standing.stage(),
        members: standing.members,
        next: standing.next,
        top: standing.top,
        statutes: statutes::version(tx, group.id).await?,
        name: group.name,
        archived: group.archived,
        relays,
        referents,
        rooms,
        under_since: standing.under_since,
        meeting,
    }))
}

/// The name of whoever holds a function; the account itself when none is known.
async fn name(tx: &mut Tx, user: UserId) -> Outcome<(UserId, Option<String>)> {
    Ok((user, names::display_name(tx, user).await?))
}

/// The basin of someone on file, with the people signed up there and the group, when there is one.
async fn basin(tx: &mut Tx, app: &App, user: UserId) -> Outcome<Option<Basin>> {
    let Some(person) = people::of_account(tx, user).await? else {
        return Ok(None);
    };
    let Some(territory) = person.place.territory else {
        return Ok(None);
    };
    let Some(row) = territories::get(tx, territory).await? else {
        return Ok(None);
    };
    let key = TerritoryKey::new(row.basin, row.departement);
    let group = match groups::of_place(tx, territory, person.place.insee.as_deref()).await? {
        Some(group) => groups::get(tx, group).await?.map(|group| group.name),
        None => None,
    };
    Ok(Some(Basin {
        name: app.atlas().label_with_departement(&key).unwrap_or(row.name),
        signed_up: ladder::signed_up(tx, territory).await?,
        group,
    }))
}
